/*	loop->input:  [ headroom ][ bytes of this read ......... ][ slack ]
 *	                    ▲ the beginning of an operation, kept from the previous read, is copied here
 *
 * All clients of a loop read into one buffer. An operation that is incomplete at the end of a read is kept per client:
 * a short one until it can be put before the next read, a long one in a buffer of its own, which grows as bytes arrive
 * and is read into directly. Operations that did not fit into the client's turn are kept too, and nothing more is read
 * until they are done. */
#include "broker/input.h"

#include <errno.h>
#include <stdlib.h>

#include "broker/connect.h"
#include "broker/connection.h"
#include "broker/emit.h"
#include "broker/flush.h"
#include "broker/large.h"
#include "broker/memory.h"
#include "broker/operations.h"
#include "broker/pipeline.h"
#include "broker/pressure.h"
#include "broker/reading.h"
#include "broker/turn.h"
#include "wire/batch.h"

enum {
	GROW_MIN = 128 * 1024,
	OWN_BYTES = 1024 * 1024, /* read into a client's own buffer at once */
	LATE_BYTES = 16 * 1024,  /* read at once when the round is over or the sink is full */
};

static struct wire_limits limits_of(const struct broker *broker)
{
	return (struct wire_limits){.max_control_line = broker->options.max_control_line,
				    .max_payload = broker->options.max_payload};
}

/* In the middle of a large message: a read into the client's own buffer, which costs page faults. */
static bool is_in_large(const struct broker_client *client)
{
	return client->partial_cap > client->partial_len;
}

/* Offer little room when the round is over, the sink is full or memory is short: clients that send little, such as
 * a PING, are served all the same. Without room the stream stops. */
uv_buf_t broker__input_room(struct broker_client *client)
{
	struct broker__loop *loop = client->loop;
	bool has_own = is_in_large(client), is_over = broker__round_is_over(loop);
	if (!broker__client_is_open(client))
		return uv_buf_init(NULL, 0);
	if (has_own && is_over && ++loop->late_reads > BROKER__LATE_READS) {
		broker__turn_serve(client);
		return uv_buf_init(NULL, 0);
	}
	bool is_late = is_over || broker__sink_is_full(loop);
	size_t wanted = has_own ? client->partial_cap - client->partial_len : BROKER__INPUT_BYTES;
	size_t most = is_late ? LATE_BYTES : OWN_BYTES;
	size_t room = broker__pressure_room(client, wanted < most ? wanted : most);
	if (has_own)
		return uv_buf_init(client->partial + client->partial_len, (unsigned)room);
	return uv_buf_init(loop->input + BROKER__INPUT_HEADROOM, (unsigned)room);
}

/* ---- input held for a client ---- */

static void count_held(struct broker_client *client, size_t bytes)
{
	client->loop->partial_bytes += bytes - client->held_bytes;
	client->held_bytes = bytes;
}

void broker__input_drop(struct broker_client *client)
{
	free(client->partial);
	client->partial = NULL;
	client->partial_len = client->partial_cap = client->kept_at = 0;
	client->is_kept = false;
	count_held(client, 0);
}

/* Keep a copy, followed by the bytes that broker__copy may touch when operations are executed from it (is_kept). */
static int keep_copy(struct broker_client *client, const char *data, size_t len)
{
	client->partial = malloc(len + BROKER__SLACK);
	if (!client->partial)
		return -ENOMEM;
	memcpy(client->partial, data, len);
	client->partial_len = len;
	count_held(client, len);
	return 0;
}

/* Make the client's own buffer `cap` bytes large. */
static int grow(struct broker_client *client, size_t cap)
{
	char *grown = realloc(client->partial, cap + BROKER__SLACK);
	if (!grown)
		return -ENOMEM;
	client->partial = grown;
	client->partial_cap = cap;
	return 0;
}

/* Keep the beginning of an operation of `need` bytes in a buffer of its own. The buffer doubles as bytes arrive, so
 * that announcing a large payload costs nothing. A line without an end (its limit does not count blanks) fails. */
static int keep_beginning(struct broker_client *client, const char *data, size_t len, size_t need)
{
	const struct wire_limits limits = limits_of(client->loop->broker);
	struct wire_op op;
	size_t body, line_need;
	if (wire_parse_line(data, len, &limits, &op, &body, &line_need) == 0) {
		broker__op_failed(client, WIRE_ELINE);
		return 0;
	}
	size_t cap = len * 2 > GROW_MIN ? len * 2 : GROW_MIN;
	int error = grow(client, cap < need ? cap : need);
	if (error)
		return error;
	memcpy(client->partial, data, len);
	client->partial_len = len;
	count_held(client, len);
	return 0;
}

/* ---- executing operations ---- */

/* Where credentials are required, the first operation must be CONNECT. */
static bool may_begin(struct broker_client *client, char first)
{
	return client->life != BROKER__AWAITS_CONNECT || first == 'C' || first == 'c' ||
	       broker__op_without_connect(client);
}

/* MSG and HMSG are refused before their payload arrives, like any other word that a client may not send. */
static bool is_from_server(const char *data, size_t len)
{
	char first = data[0], second = len > 1 ? data[1] : 0;
	return first == 'M' || first == 'm' ||
	       ((first == 'H' || first == 'h') && (second == 'M' || second == 'm'));
}

/* PING and PONG make no events. */
static bool is_silent(const char *data, size_t len)
{
	char first = data[0], second = len > 1 ? data[1] : 'I';
	return (first == 'P' || first == 'p') && second != 'U' && second != 'u';
}

/* Whether the turn has units left for the next operation, and the sink room for its events. A message in progress
 * continues even when its publisher is leaving. */
static bool may_continue(struct broker_client *client, const char *data, size_t len)
{
	const struct broker__loop *loop = client->loop;
	if (loop->work_left <= 0 || client->login)
		return false;
	if (client->is_begun)
		return broker__client_is_open(client) || broker__large_is_of(loop, client);
	if (!broker__client_is_open(client))
		return false;
	if (loop->is_sink_full && !is_silent(data, len)) {
		broker__pressure_hold(client);
		return false;
	}
	return true;
}

/* Execute the complete operations of data[0..len), as many as the turn allows. Returns the bytes used; *need is the
 * size of the next operation if it is incomplete, 0 if another reason stopped it. */
static size_t execute(struct broker_client *client, const char *data, size_t len, size_t *need)
{
	struct broker__loop *loop = client->loop;
	const struct wire_limits limits = limits_of(loop->broker);
	size_t at = 0;
	*need = 0;
	while (at < len && may_continue(client, data + at, len - at)) {
		struct wire_op op;
		if (!may_begin(client, data[at]))
			break;
		if (client->matches.count >= BROKER__MATCHES_FAR && !client->is_begun) {
			at += broker__pipeline_ahead(client, data + at, len - at, &limits);
			if (at == len || !may_continue(client, data + at, len - at))
				break;
		}
		int64_t used = wire_parse(data + at, len - at, &limits, &op, need);
		if (used == 0 && is_from_server(data + at, len - at))
			used = WIRE_EPROTOCOL;
		if (used < 0)
			broker__op_failed(client, (int)used);
		if (used <= 0)
			break;
		loop->work_left -= BROKER__OP_UNITS;
		client->is_begun = broker__op(client, &op, data + at + used) == BROKER__AGAIN;
		if (client->is_begun)
			break;
		at += (size_t)used;
		if (wire_batch_may_begin(&op, data + at, len - at))
			at += broker__pipeline_batch(client, &op, data + at, len - at, &limits);
		if (loop->pool.in_use_bytes > loop->flush_above_bytes)
			broker__memory_relieve(loop);
	}
	return at;
}

/* ---- keeping the rest ---- */

/* The turn is over or the sink is full: keep the rest, in the client's own buffer or as a copy, for the next turn. */
static int keep_rest(struct broker_client *client, const char *rest, size_t len)
{
	int error = 0;
	if (client->partial)
		client->kept_at = (size_t)(rest - client->partial);
	else
		error = keep_copy(client, rest, len);
	client->partial_cap = 0;
	client->is_kept = !error;
	return error;
}

/* Keep the beginning of an operation that needs more bytes. It is copied out of the client's own buffer if it lies
 * there. */
static int keep_unfinished(struct broker_client *client, const char *rest, size_t len, size_t need)
{
	char *own = client->partial;
	client->partial = NULL;
	broker__input_drop(client);
	int error = 0;
	if (len > 0 && need <= BROKER__INPUT_HEADROOM)
		error = keep_copy(client, rest, len);
	else if (len > 0)
		error = keep_beginning(client, rest, len, need);
	free(own);
	return error;
}

/* Execute the operations in the loop's buffer or the client's own, then keep the rest. */
static void take_bytes(struct broker_client *client, const char *data, size_t len)
{
	size_t need, used = execute(client, data, len, &need), left = len - used;
	bool may_go_on = broker__client_is_open(client) || broker__large_is_of(client->loop, client);
	int error = 0;
	if (!may_go_on)
		broker__input_drop(client);
	else if (left > 0 && need == 0)
		error = keep_rest(client, data + used, left);
	else
		error = keep_unfinished(client, data + used, left, need);
	if (error)
		broker__client_cut(client, "Read Error");
}

/* len bytes were read into the client's own buffer, which holds one operation at most. */
static void take_grown(struct broker_client *client, size_t len)
{
	client->partial_len += len;
	count_held(client, client->partial_len);
	if (client->partial_len < client->partial_cap)
		return;
	size_t need, used = execute(client, client->partial, client->partial_len, &need);
	if (used > 0 || !broker__client_is_open(client)) {
		broker__input_drop(client);
		return;
	}
	int error = 0;
	if (need == 0)
		error = keep_rest(client, client->partial, client->partial_len);
	else
		error = grow(client, client->partial_cap * 2 < need ? client->partial_cap * 2 : need);
	if (error)
		broker__client_cut(client, "Read Error");
}

/* len bytes were read into the loop's buffer: put the kept beginning before them. */
static void take_shared(struct broker_client *client, char *data, size_t len)
{
	size_t kept = client->partial_len;
	if (kept > 0) {
		memcpy(data - kept, client->partial, kept);
		broker__input_drop(client);
	}
	take_bytes(client, data - kept, kept + len);
}

/* ---- turns ---- */

static void begin_turn(struct broker__loop *loop)
{
	broker__read_clock(loop);
	loop->stalled_by = NULL;
	broker__turn_begin(loop);
}

/* End the turn: write the output, the client's own answers first, and queue the client for another turn if
 * operations are left. */
static void end_turn(struct broker_client *client, uint64_t in_msgs_before)
{
	struct broker__loop *loop = client->loop;
	bool has_published = client->in_msgs != in_msgs_before;
	if (has_published)
		client->last_ns = loop->now_ns;
	if (client->is_dirty && broker__client_is_open(client)) {
		broker__client_untouch(client);
		broker__client_flush(client);
	}
	broker__flush(loop);
	broker__pressure_apply(client, has_published);
	if (client->is_kept && !(client->paused & (BROKER__HELD | BROKER__VERIFYING)))
		broker__turn_wait(client);
}

void broker__input_take(struct broker_client *client, char *data, size_t len)
{
	uint64_t before = client->in_msgs;
	begin_turn(client->loop);
	client->fed_ms = uv_now(&client->loop->uv);
	if (client->partial_cap > 0)
		take_grown(client, len);
	else
		take_shared(client, data, len);
	end_turn(client, before);
	if (client->paused == 0 && broker__client_is_open(client) && broker__round_is_over(client->loop)) {
		broker__turn_serve(client);
		net_stream_pause(client->stream);
	}
}

void broker__input_continue(struct broker_client *client)
{
	uint64_t before = client->in_msgs;
	if (!client->is_kept) {
		broker__client_resume(client, BROKER__WAITING);
		return;
	}
	begin_turn(client->loop);
	take_bytes(client, client->partial + client->kept_at, client->partial_len - client->kept_at);
	end_turn(client, before);
	if (!client->is_kept)
		broker__client_resume(client, BROKER__WAITING);
}
