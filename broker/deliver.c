/* deliver.c - the hot path: with many small messages every nanosecond here counts, so what is common is decided first
 * and a message is copied as one run of bytes wherever it can. */
#include "broker/deliver.h"

#include <stdio.h>
#include <stdlib.h>

#include "broker/emit.h"
#include "broker/ops.h"
#include "broker/quote.h"
#include "broker/trace.h"
#include "wire/write.h"

/* A message as it is put behind a head "MSG subject sid ". */
struct parcel {
	struct broker_client *publisher;
	const struct wire_op *op;
	struct wire_slice whole; /* reply, sizes, line end, headers, payload, line end */
	struct wire_slice bare;  /* likewise without the headers; empty until somebody needs it */
	size_t size, bare_size;  /* bytes as counted: with and without headers */
	bool has_headers;
	char *rewritten, *rewritten_bare; /* owned, when the line was not in its shortest form */
};

/* ---- preparing ---- */

/* The operation up to its end as it stood on the wire, if that is how we would write it: single blanks, CRLF. */
static inline struct wire_slice run_on_wire(const struct wire_op *op, const char *end)
{
	const char *start = op->size_text.data, *line_end = op->size_text.data + op->size_text.len;
	const char *content = op->headers.len > 0 ? op->headers.data : op->payload.data;
	if (op->reply.len > 0) {
		start = op->reply.data;
		if (start + op->reply.len + 1 != op->size_text.data || start[op->reply.len] != ' ')
			return wire_slice(NULL, 0);
	}
	if (line_end + 2 != content || *line_end != '\r')
		return wire_slice(NULL, 0);
	return wire_slice(start, (size_t)(end - start));
}

static char *append(char *at, struct wire_slice piece)
{
	if (piece.len > 0)
		memcpy(at, piece.data, piece.len);
	return at + piece.len;
}

/* `[reply ]sizes CRLF [headers]payload CRLF` in memory of its own, sizes with single blanks. NULL: no memory. */
static char *rewrite(const struct wire_op *op, struct wire_slice sizes, struct wire_slice headers,
		     struct wire_slice *run)
{
	size_t cap = op->reply.len + 1 + sizes.len + 2 + headers.len + op->payload.len + 2 + BROKER__SLACK;
	char *start = malloc(cap), *at = start;
	if (!start)
		return NULL;
	if (op->reply.len > 0) {
		at = append(at, op->reply);
		*at++ = ' ';
	}
	for (size_t i = 0; i < sizes.len; i++) {
		bool is_blank = sizes.data[i] == ' ' || sizes.data[i] == '\t';
		if (!is_blank)
			*at++ = sizes.data[i];
		else if (at[-1] != ' ')
			*at++ = ' ';
	}
	at = append(at, WIRE_LITERAL("\r\n"));
	at = append(at, headers);
	at = append(at, op->payload);
	at = append(at, WIRE_LITERAL("\r\n"));
	*run = wire_slice(start, (size_t)(at - start));
	return start;
}

/* For receivers without headers. A header block that announces zero bytes is none. */
static bool prepare_bare(struct parcel *parcel)
{
	char digits[20];
	size_t len = wire_write_decimal(digits, parcel->op->payload.len);
	parcel->rewritten_bare =
	    rewrite(parcel->op, wire_slice(digits, len), wire_slice(NULL, 0), &parcel->bare);
	return parcel->rewritten_bare != NULL;
}

/* False when out of memory. HPUB with a header size of 0 goes on as a plain message with the total size, as in
 * nats-server. */
static inline bool prepare(struct parcel *parcel, const struct wire_op *op, const char *end)
{
	parcel->op = op;
	parcel->has_headers = op->headers.len > 0;
	parcel->size = op->headers.len + op->payload.len;
	parcel->bare_size = op->payload.len;
	parcel->rewritten = parcel->rewritten_bare = NULL;
	parcel->bare = wire_slice(NULL, 0);
	if (op->verb == WIRE_HPUB && !parcel->has_headers)
		return prepare_bare(parcel) && (parcel->whole = parcel->bare, true);
	parcel->whole = run_on_wire(op, end);
	if (parcel->whole.data)
		return true;
	parcel->rewritten = rewrite(op, op->size_text, op->headers, &parcel->whole);
	return parcel->rewritten != NULL;
}

/* ---- one receiver ---- */

enum wire_outcome broker__put_slowly(struct broker_client *to, struct wire_slice head, struct wire_slice run)
{
	struct broker__loop *loop = to->loop;
	broker__pressure_relieve(loop);
	if (!broker__client_is_open(to))
		return WIRE_DROPPED_SLOW;
	const struct wire_slice pieces[] = {head, run};
	if (broker__output_put(&to->output, pieces, 2) < 0) {
		broker__client_is_slow(to);
		return WIRE_DROPPED_SLOW;
	}
	broker__output_count_message(&to->output);
	uint64_t pending = broker__output_pending(&to->output);
	if (pending >= 4 * BROKER__CHUNK_LARGE && to->output.queued == 0)
		broker__client_flush(to);
	if (pending > broker__pressure_threshold(loop->broker))
		loop->stalled_by = to;
	return WIRE_SENT;
}

static __attribute__((noinline)) void grant_reply(struct broker_client *to, struct wire_slice reply)
{
	broker__replies_grant(to->replies, reply, to->loop->now_ns);
}

static inline enum wire_outcome put(const struct broker__receiver *receiver, struct parcel *parcel)
{
	struct broker__sub *sub = receiver->sub;
	struct broker_client *to = receiver->client;
	if (receiver->is_denied)
		return WIRE_DROPPED_PERMISSION;
	if (sub->is_closed || !broker__client_is_open(to))
		return WIRE_DROPPED_CLOSED;
	struct wire_slice run = parcel->whole;
	struct wire_slice head = wire_slice(receiver->head + 1, receiver->head_len - 1);
	size_t size = parcel->size;
	if (parcel->has_headers && to->has_headers) {
		head = wire_slice(receiver->head, receiver->head_len);
	} else if (parcel->has_headers) {
		if (!parcel->bare.data && !prepare_bare(parcel))
			return WIRE_DROPPED_CLOSED;
		run = parcel->bare;
		size = parcel->bare_size;
	}
	if (head.len + run.len <= broker__output_room(&to->output)) {
		broker__output_append(&to->output, head.data, head.len);
		broker__output_append(&to->output, run.data, run.len);
		broker__output_count_message(&to->output);
	} else {
		enum wire_outcome outcome = broker__put_slowly(to, head, run);
		if (outcome != WIRE_SENT)
			return outcome;
	}
	if (!to->is_dirty)
		broker__client_touch(to);
	to->out_msgs++;
	to->out_bytes += size;
	to->loop->counters.out_msgs++;
	to->loop->counters.out_bytes += parcel->size; /* nats-server's total is before stripping */
	if (to->replies && parcel->op->reply.len > 0)
		grant_reply(to, parcel->op->reply);
	if (broker__traces(to))
		broker__trace_delivery(sub, parcel->op, parcel->has_headers && to->has_headers);
	sub->delivered++;
	if (sub->max > 0 && sub->delivered >= sub->max)
		broker__client_unsubscribe(to, sub);
	return WIRE_SENT;
}

/* ---- all receivers ---- */

/* What became of a message. */
struct result {
	uint32_t sent;
	uint32_t described_len;
	const struct wire_receiver *described;
	struct wire_memo *memo;
};

struct wire_receiver *broker__describe(struct broker__loop *loop, const struct broker__route *route,
				       size_t len)
{
	size_t wanted = (size_t)route->receivers_len + route->picks_len;
	if (wanted > loop->receivers_cap) {
		struct wire_receiver *grown = realloc(loop->receivers, wanted * sizeof *grown);
		if (!grown)
			return NULL;
		loop->receivers = grown;
		loop->receivers_cap = wanted;
	}
	memcpy(loop->receivers, route->described, len * sizeof *loop->receivers);
	return loop->receivers;
}

/* xorshift64*: picks queue members, nothing secret. */
static inline uint32_t random_below(struct broker__loop *loop, uint32_t bound)
{
	uint64_t x = loop->random;
	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	loop->random = x;
	return (uint32_t)(((x * 2685821657736338717u >> 32) * bound) >> 32);
}

static bool is_behind(const struct broker__receiver *receiver, uint64_t threshold)
{
	return broker__output_pending(&receiver->client->output) > threshold;
}

/* Offer to the members in turn from `start` on: first to those that keep up, then to those that are behind. Returns the
 * index of who took it, or `start`, with the outcome of the last who could not. */
static __attribute__((noinline)) uint32_t offer_in_turn(const struct broker__pick *pick, uint32_t start,
							uint64_t threshold, struct parcel *parcel,
							enum wire_outcome *outcome)
{
	for (uint32_t pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; i < pick->members_len; i++) {
			uint32_t at = (start + i) % pick->members_len;
			if (is_behind(&pick->members[at], threshold) != (pass == 1))
				continue;
			*outcome = put(&pick->members[at], parcel);
			if (*outcome == WIRE_SENT)
				return at;
		}
	}
	return start;
}

/* Offer to a random member, to others when it cannot take it or is behind. */
static uint32_t offer(struct broker__loop *loop, const struct broker__pick *pick, struct parcel *parcel,
		      enum wire_outcome *outcome)
{
	uint32_t start = random_below(loop, pick->members_len);
	uint64_t threshold = broker__pressure_threshold(loop->broker);
	*outcome = WIRE_DROPPED_CLOSED;
	if (!is_behind(&pick->members[start], threshold))
		*outcome = put(&pick->members[start], parcel);
	if (*outcome == WIRE_SENT)
		return start;
	return offer_in_turn(pick, start, threshold, parcel, outcome);
}

static void deliver_to_picks(struct broker__loop *loop, struct broker__route *route, struct parcel *parcel,
			     struct wire_receiver **scratch, struct result *result)
{
	for (uint32_t i = 0; i < route->picks_len; i++) {
		struct broker__pick *pick = &route->picks[i];
		if (pick->members_len == 0)
			continue;
		enum wire_outcome outcome;
		uint32_t member = offer(loop, pick, parcel, &outcome);
		uint32_t at = result->described_len++;
		route->described[at] = pick->described[member];
		if (outcome == WIRE_SENT) {
			result->sent++;
			result->memo = &pick->memos[member];
		} else if (!*scratch) {
			*scratch = broker__describe(loop, route, at);
		}
		if (*scratch) {
			(*scratch)[at] = pick->described[member];
			(*scratch)[at].outcome = outcome;
		}
	}
	if (route->picks_len > 1)
		result->memo = NULL;
}

static inline struct result deliver_to_all(struct broker__loop *loop, struct broker__route *route,
					   struct parcel *parcel)
{
	struct result result = {.described_len = route->receivers_len, .memo = &route->memos->receivers};
	struct wire_receiver *scratch = NULL;
	for (uint32_t i = 0; i < route->receivers_len; i++) {
		enum wire_outcome outcome = put(&route->receivers[i], parcel);
		if (outcome == WIRE_SENT)
			result.sent++;
		else if (!scratch)
			scratch = broker__describe(loop, route, route->receivers_len);
		if (outcome != WIRE_SENT && scratch)
			scratch[i].outcome = outcome;
	}
	if (route->picks_len > 0)
		deliver_to_picks(loop, route, parcel, &scratch, &result);
	result.described = scratch ? scratch : route->described;
	if (scratch)
		result.memo = NULL;
	return result;
}

/* ---- the message ---- */

static inline void emit(struct broker_client *publisher, const struct wire_op *op,
			struct broker__route *route, const struct result *result)
{
	struct broker__loop *loop = publisher->loop;
	struct wire_event *event = &loop->message;
	event->time_ns = loop->now_ns;
	event->conn = publisher->cid;
	event->subject = op->subject;
	event->reply = op->reply;
	event->headers = op->headers;
	event->payload = op->payload;
	event->size = op->payload.len;
	event->receiver_count = result->sent;
	event->receivers_len = result->described_len;
	event->receivers = result->described;
	event->subject_memo = route ? &route->memos->subject : NULL;
	event->receivers_memo = result->memo;
	loop->broker->sink->event(loop->broker->sink, event);
	broker__emit_later(loop);
}

struct own_plain {
	const struct broker_client *client;
	const struct broker__sub *found;
};

static void find_own_plain(void *context, struct broker__node *node)
{
	struct own_plain *own = context;
	for (const struct broker__sub *sub = node->plain; sub && !own->found; sub = sub->next)
		if (sub->client == own->client)
			own->found = sub;
}

/* Nobody got a request: tell its publisher, through its own plain subscription on the reply. */
static void answer_no_responders(struct broker_client *publisher, struct wire_slice reply)
{
	struct own_plain own = {.client = publisher};
	broker__sublist_match(&publisher->loop->broker->sublist, reply, find_own_plain, &own);
	if (!own.found)
		return;
	const struct wire_slice pieces[] = {WIRE_LITERAL("HMSG "), reply, WIRE_LITERAL(" "), own.found->sid,
					    WIRE_LITERAL(" 16 16\r\nNATS/1.0 503\r\n\r\n\r\n")};
	broker__client_send_pieces(publisher, pieces, sizeof pieces / sizeof *pieces);
}

/* Replies that mean something inside clusters and JetStream: nats-server takes none of them from a client. */
static bool is_reserved_reply(struct wire_slice reply)
{
	return (reply.len > 4 && memcmp(reply.data, "_R_.", 4) == 0) ||
	       (reply.len > 8 && memcmp(reply.data, "$JS.ACK.", 8) == 0) ||
	       (reply.len > 5 && memcmp(reply.data, "_GR_.", 5) == 0);
}

static void refuse(struct broker_client *publisher, const char *what, struct wire_slice subject,
		   const char *log_word)
{
	char *quoted = broker__quote(subject), *text = NULL;
	if (quoted && asprintf(&text, "Permissions Violation for Publish %s %s", what, quoted) >= 0) {
		broker__client_log(publisher, BROKER_LOG_ERROR, "Publish Violation - User \"%s\", %s %s",
				   publisher->user ? publisher->user : "N/A", log_word, quoted);
		broker__client_send_error(publisher, wire_slice_str(text));
	}
	free(text);
	free(quoted);
}

/* False when the publisher may not; it has been told. */
static bool check(struct broker_client *publisher, const struct broker__route *route,
		  const struct wire_op *op)
{
	bool may = route->may_publish && !route->is_reserved;
	if (!may && !route->is_reserved && publisher->replies)
		may = broker__replies_use(publisher->replies, op->subject, publisher->permissions,
					  publisher->loop->now_ns);
	if (!may) {
		refuse(publisher, "to", op->subject, "Subject");
		return false;
	}
	if (op->reply.len > 4 && is_reserved_reply(op->reply)) {
		refuse(publisher, "with Reply of", op->reply, "Reply");
		return false;
	}
	return true;
}

static struct result hand_out(struct broker_client *publisher, struct broker__route *route,
			      const struct wire_op *op, const char *end)
{
	struct parcel parcel;
	struct result result = {0};
	parcel.publisher = publisher;
	if (prepare(&parcel, op, end))
		result = deliver_to_all(publisher->loop, route, &parcel);
	if (parcel.rewritten || parcel.rewritten_bare) {
		free(parcel.rewritten);
		free(parcel.rewritten_bare);
	}
	return result;
}

void broker__deliver_by(struct broker_client *publisher, struct broker__route *route,
			const struct wire_op *op, const char *end)
{
	struct broker__loop *loop = publisher->loop;
	size_t size = op->headers.len + op->payload.len;
	struct result result = {0};
	publisher->in_msgs++;
	publisher->in_bytes += size;
	loop->counters.in_msgs++;
	loop->counters.in_bytes += size;
	bool is_allowed = route && (!(publisher->permissions || route->is_reserved || op->reply.len > 4) ||
				    check(publisher, route, op));
	if (is_allowed) {
		broker__answer_ok(publisher);
		result = hand_out(publisher, route, op, end);
	}
	if (loop->broker->sink)
		emit(publisher, op, route, &result);
	if (result.sent == 0 && is_allowed && op->reply.len > 0 && publisher->no_responders)
		answer_no_responders(publisher, op->reply);
}

void broker__deliver(struct broker_client *publisher, const struct wire_op *op, const char *end)
{
	struct broker__loop *loop = publisher->loop;
	const struct broker__sublist *list = &loop->broker->sublist;
	struct broker__route *route = broker__route_again(&publisher->routes, list, op->subject);
	if (route)
		loop->counters.route_hits++;
	else
		route = broker__route_find(publisher, op->subject, broker__sublist_hash(list, op->subject));
	broker__deliver_by(publisher, route, op, end);
}
