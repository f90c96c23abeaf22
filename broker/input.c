/* input.c - bytes come in, operations go out.
 *
 *	loop->input:  [ headroom ][ what was read ............ ][ slack ]
 *	                    ▲ the beginning of an operation, kept from the read before, is put in front
 *
 * All clients of a loop read into one buffer. What is left of an operation at the end of a read is kept per client: if
 * it is short, until it can be put in front of the next read; if it is the beginning of something long, in a buffer
 * that grows as bytes arrive and is read into directly. */
#include <errno.h>
#include <stdlib.h>

#include "broker/emit.h"
#include "broker/ops.h"
#include "wire/run.h"

enum { GROW_MIN = 128 * 1024 };

static struct wire_limits limits_of(const struct broker *broker)
{
	return (struct wire_limits){.max_control_line = broker->options.max_control_line,
				    .max_payload = broker->options.max_payload};
}

uv_buf_t broker__input_room(struct broker_client *client)
{
	struct broker__loop *loop = client->loop;
	if (client->login && client->partial_len >= BROKER__INPUT_HEADROOM)
		return uv_buf_init(NULL, 0);
	if (client->state == BROKER__OPEN && !broker__pressure_may_read(client))
		return uv_buf_init(NULL, 0);
	if (client->state == BROKER__OPEN && client->partial_cap > client->partial_len)
		return uv_buf_init(client->partial + client->partial_len,
				   (unsigned)(client->partial_cap - client->partial_len));
	return uv_buf_init(loop->input + BROKER__INPUT_HEADROOM, BROKER__INPUT_BYTES);
}

void broker__input_drop(struct broker_client *client)
{
	client->loop->partial_bytes -= client->partial_cap ? client->partial_cap : client->partial_len;
	free(client->partial);
	client->partial = NULL;
	client->partial_len = client->partial_cap = 0;
}

/* Keep a copy: a short beginning, or what waits until its client is logged in; behind what is kept already. */
static int keep_copy(struct broker_client *client, const char *data, size_t len)
{
	char *grown = realloc(client->partial, client->partial_len + len + BROKER__SLACK);
	if (!grown)
		return -ENOMEM;
	memcpy(grown + client->partial_len, data, len);
	client->partial = grown;
	client->partial_len += len;
	client->loop->partial_bytes += len;
	return 0;
}

/* Make the client's own buffer `cap` bytes large. */
static int grow(struct broker_client *client, size_t cap)
{
	char *grown = realloc(client->partial, cap + BROKER__SLACK);
	if (!grown)
		return -ENOMEM;
	client->loop->partial_bytes += cap - client->partial_cap;
	client->partial = grown;
	client->partial_cap = cap;
	return 0;
}

/* Keep the beginning of an operation of `need` bytes in a buffer of its own. It doubles with what has arrived, so that
 * announcing much costs us nothing. A line that never ends (blanks are not counted by its limit) is given up. */
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
	return 0;
}

/* Operations must begin with CONNECT where credentials are asked for. */
static bool may_begin(struct broker_client *client, char first)
{
	return !client->is_expected || first == 'C' || first == 'c' || broker__op_without_connect(client);
}

/* MSG and HMSG are refused before their payload is there, as any other word that is not a client's. */
static bool is_from_server(const char *data, size_t len)
{
	char first = data[0], second = len > 1 ? data[1] : 0;
	return first == 'M' || first == 'm' ||
	       ((first == 'H' || first == 'h') && (second == 'M' || second == 'm'));
}

/* Obey all whole operations of data[0..len). Returns the bytes used; *need is what the next one needs. */
static size_t obey(struct broker_client *client, const char *data, size_t len, size_t *need)
{
	struct broker__loop *loop = client->loop;
	const struct wire_limits limits = limits_of(loop->broker);
	size_t at = 0;
	*need = 0;
	while (at < len && broker__client_is_open(client) && !client->login) {
		struct wire_op op;
		if (!may_begin(client, data[at]))
			break;
		if (client->routes.count >= BROKER__ROUTES_FAR)
			at += broker__op_ahead(client, data + at, len - at, &limits);
		if (at == len || !broker__client_is_open(client))
			break;
		int64_t used = wire_parse(data + at, len - at, &limits, &op, need);
		if (used == 0 && is_from_server(data + at, len - at))
			used = WIRE_EPROTOCOL;
		if (used < 0)
			broker__op_failed(client, (int)used);
		if (used <= 0)
			break;
		at += (size_t)used;
		broker__op(client, &op, data + at);
		if (wire_may_run(&op, data + at, len - at))
			at += broker__op_run(client, &op, data + at, len - at, &limits);
		if (loop->pool.in_use_bytes > loop->flush_above_bytes)
			broker__pressure_relieve(loop);
	}
	return at;
}

/* Obey, then keep what is left over. */
static void take_run(struct broker_client *client, const char *data, size_t len)
{
	size_t need, used = obey(client, data, len, &need), left = len - used;
	int error = 0;
	if (!broker__client_is_open(client) || left == 0)
		return;
	if (need <= BROKER__INPUT_HEADROOM)
		error = keep_copy(client, data + used, left);
	else
		error = keep_beginning(client, data + used, left, need);
	if (error)
		broker__client_cut(client, "Read Error");
}

/* The client's own buffer was read into. */
static void take_grown(struct broker_client *client, size_t len)
{
	client->partial_len += len;
	if (client->partial_len < client->partial_cap)
		return;
	size_t need, used = obey(client, client->partial, client->partial_len, &need);
	if (!broker__client_is_open(client) || used > 0) {
		broker__input_drop(client);
		return;
	}
	size_t cap = client->partial_cap * 2 < need ? client->partial_cap * 2 : need;
	if (grow(client, cap) < 0)
		broker__client_cut(client, "Read Error");
}

/* What was read lies in the loop's buffer: put the kept beginning in front. */
static void take_shared(struct broker_client *client, char *data, size_t len)
{
	size_t kept = client->partial_len;
	if (kept > 0) {
		memcpy(data - kept, client->partial, kept);
		broker__input_drop(client);
	}
	take_run(client, data - kept, kept + len);
}

/* Go on with what was kept while the client waited. */
static void take_kept(struct broker_client *client)
{
	char *kept = client->partial;
	size_t len = client->partial_len;
	client->loop->partial_bytes -= len;
	client->partial = NULL;
	client->partial_len = 0;
	take_run(client, kept, len);
	free(kept);
}

/* data NULL: what was kept. */
static void take(struct broker_client *client, char *data, size_t len)
{
	uint64_t before = client->in_msgs;
	struct broker__loop *loop = client->loop;
	broker__loop_read_clock(loop);
	loop->stalled_by = NULL;
	if (!data)
		take_kept(client);
	else if (client->partial_cap > 0)
		take_grown(client, len);
	else
		take_shared(client, data, len);
	bool has_published = client->in_msgs != before;
	if (has_published)
		client->last_ns = loop->now_ns;
	broker__loop_flush(loop);
	broker__pressure_apply(client, has_published);
}

void broker__input_take(struct broker_client *client, char *data, size_t len)
{
	if (!client->login)
		take(client, data, len);
	else if (keep_copy(client, data, len) < 0)
		broker__client_cut(client, "Read Error");
}

void broker__input_resume(struct broker_client *client)
{
	if (!broker__client_is_open(client) || client->login)
		return;
	broker__transport_read(&client->transport);
	if (client->partial_len > 0)
		take(client, NULL, 0);
}
