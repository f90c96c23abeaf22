/* deliver.c - the hot path: with many small messages every nanosecond here counts, so what is common is decided first
 * and a message is copied as one run of bytes wherever it can. */
#include "broker/deliver.h"

#include <stdio.h>
#include <stdlib.h>

#include "broker/emit.h"
#include "broker/large.h"
#include "broker/ops.h"
#include "broker/quote.h"
#include "broker/trace.h"

enum { LOOK_MAX = 256 /* members of a queue group that are asked whether they keep up */ };

/* ---- one receiver ---- */

enum wire_outcome broker__put_slowly(struct broker_client *to, struct wire_slice head, struct wire_slice run)
{
	struct broker__loop *loop = to->loop;
	broker__memory_relieve(loop);
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

/* "HMSG subject sid " of a receiver whose route has no heads, valid until the next call. */
static __attribute__((noinline)) struct wire_slice write_head(const struct broker__receiver *receiver,
							      struct wire_slice subject)
{
	char *head = receiver->client->loop->head;
	return wire_slice(head, broker__head_write(head, subject, receiver->sub->sid));
}

static inline enum wire_outcome put(const struct broker__receiver *receiver, struct broker__parcel *parcel)
{
	struct broker__sub *sub = receiver->sub;
	struct broker_client *to = receiver->client;
	if (receiver->is_denied)
		return WIRE_DROPPED_PERMISSION;
	if (sub->is_closed || !broker__client_is_open(to))
		return WIRE_DROPPED_CLOSED;
	struct wire_slice run = parcel->whole;
	struct wire_slice head = wire_slice(receiver->head, receiver->head_len);
	size_t size = parcel->size;
	if (!head.data)
		head = write_head(receiver, parcel->op->subject);
	if (!(parcel->has_headers && to->has_headers))
		head = wire_slice(head.data + 1, head.len - 1);
	if (parcel->has_headers && !to->has_headers) {
		if (!parcel->bare.data && !broker__parcel_strip(parcel))
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

/* Note what became of the receiver at `at`, the last one so far of a queue group if it is behind the plain ones. Nothing
 * is noted while everybody got it, nor of receivers that are too many to be named. */
static inline void note(struct broker__loop *loop, const struct broker__route *route,
			struct broker__fanout *fanout, uint32_t at, enum wire_outcome outcome)
{
	fanout->sent += outcome == WIRE_SENT;
	uint32_t known = at < route->receivers_len ? route->receivers_len : at;
	if (outcome != WIRE_SENT && !fanout->unusual && broker__are_named(route))
		fanout->unusual = fanout->is_large ? broker__large_describe(route, known)
						   : broker__describe(loop, route, known);
	if (fanout->unusual && at >= route->receivers_len)
		fanout->unusual[at] = route->described[at];
	if (fanout->unusual)
		fanout->unusual[at].outcome = outcome;
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

/* A client that is gone is not looked at: put knows. */
static bool is_behind(const struct broker__receiver *receiver, uint64_t threshold)
{
	return !receiver->sub->is_closed && broker__output_pending(&receiver->client->output) > threshold;
}

/* Offer to the members in turn from `start` on: first to those that keep up, as far as we look for them, then to all.
 * Returns the index of who took it, or `start`, with the outcome of the last who could not. */
static __attribute__((noinline)) uint32_t offer_in_turn(const struct broker__pick *pick, uint32_t start,
							uint64_t threshold, struct broker__parcel *parcel,
							enum wire_outcome *outcome)
{
	for (uint32_t pass = 0; pass < 2; pass++) {
		uint32_t most = pass == 0 && pick->members_len > LOOK_MAX ? LOOK_MAX : pick->members_len;
		for (uint32_t i = 0; i < most; i++) {
			uint32_t at = (start + i) % pick->members_len;
			if (pass == 0 && is_behind(&pick->members[at], threshold))
				continue;
			*outcome = put(&pick->members[at], parcel);
			if (*outcome == WIRE_SENT)
				return at;
		}
	}
	return start;
}

/* Offer to a random member, to others when it cannot take it or is behind. */
static uint32_t offer(struct broker__loop *loop, const struct broker__pick *pick,
		      struct broker__parcel *parcel, enum wire_outcome *outcome)
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

/* One queue group's turn. */
static void deliver_to_pick(struct broker__loop *loop, struct broker__route *route,
			    struct broker__parcel *parcel, struct broker__fanout *fanout)
{
	struct broker__pick *pick = &route->picks[fanout->next++ - route->receivers_len];
	if (pick->members_len == 0)
		return;
	enum wire_outcome outcome;
	uint32_t member = offer(loop, pick, parcel, &outcome);
	uint32_t at = fanout->described_len++;
	route->described[at] = pick->described[member];
	if (outcome == WIRE_SENT)
		fanout->hint = &pick->hints[member];
	note(loop, route, fanout, at, outcome);
}

/* Hot. Receivers come first, then queue groups. */
static inline void deliver_until(struct broker__loop *loop, struct broker__route *route,
				 struct broker__parcel *parcel, struct broker__fanout *fanout, uint32_t until)
{
	uint32_t plain = until < route->receivers_len ? until : route->receivers_len;
	for (; fanout->next < plain; fanout->next++) {
		enum wire_outcome outcome = put(&route->receivers[fanout->next], parcel);
		if (outcome == WIRE_SENT && !fanout->unusual)
			fanout->sent++;
		else
			note(loop, route, fanout, fanout->next, outcome);
	}
	while (fanout->next < until)
		deliver_to_pick(loop, route, parcel, fanout);
}

void broker__deliver_until(struct broker__loop *loop, struct broker__route *route,
			   struct broker__parcel *parcel, struct broker__fanout *fanout, uint32_t until)
{
	deliver_until(loop, route, parcel, fanout, until);
}

/* ---- the message ---- */

static inline void emit(struct broker_client *publisher, const struct wire_op *op,
			struct broker__route *route, const struct broker__fanout *fanout)
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
	event->receiver_count = fanout->sent;
	event->receivers_len = fanout->described_len;
	event->receivers = fanout->unusual ? fanout->unusual : fanout->described;
	event->subject_hint = route ? &route->hints->subject : NULL;
	event->receivers_hint = fanout->unusual || (route && route->picks_len > 1) ? NULL : fanout->hint;
	if (route && !broker__are_named(route)) {
		event->receivers = NULL;
		event->receivers_hint = NULL;
		event->receivers_len = 0;
	}
	loop->broker->sink->event(loop->broker->sink, event);
	broker__emit_later(loop);
}

void broker__answer_no_responders(struct broker_client *publisher, struct wire_slice reply,
				  const struct broker__sub *sub)
{
	const struct wire_slice pieces[] = {WIRE_LITERAL("HMSG "), reply, WIRE_LITERAL(" "), sub->sid,
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

bool broker__deliver_begin(struct broker_client *publisher, const struct broker__route *route,
			   const struct wire_op *op)
{
	struct broker__loop *loop = publisher->loop;
	size_t size = op->headers.len + op->payload.len;
	publisher->in_msgs++;
	publisher->in_bytes += size;
	loop->counters.in_msgs++;
	loop->counters.in_bytes += size;
	bool is_allowed = route && (!(publisher->permissions || route->is_reserved || op->reply.len > 4) ||
				    check(publisher, route, op));
	if (is_allowed)
		broker__answer_ok(publisher);
	return is_allowed;
}

bool broker__deliver_end(struct broker_client *publisher, struct broker__route *route,
			 const struct wire_op *op, const struct broker__fanout *fanout, bool is_allowed)
{
	if (publisher->loop->broker->sink)
		emit(publisher, op, route, fanout);
	return !(fanout->sent == 0 && is_allowed && op->reply.len > 0 && publisher->no_responders);
}

/* Hot. */
enum broker__progress broker__deliver_by(struct broker_client *publisher, struct broker__route *route,
					 const struct wire_op *op, const char *end)
{
	struct broker__loop *loop = publisher->loop;
	struct broker__fanout fanout = {0};
	struct broker__parcel parcel;
	if (route) {
		int64_t units = broker__deliver_units(route, (size_t)(end - op->subject.data));
		if (units > loop->turn_units && route->receivers_len + route->picks_len > 1)
			return broker__large_deliver(publisher, route, op, end);
		loop->work_left -= units;
	}
	bool is_allowed = broker__deliver_begin(publisher, route, op);
	if (is_allowed) {
		broker__fanout_init(&fanout, route);
		if (broker__parcel_init(&parcel, op, end))
			deliver_until(loop, route, &parcel, &fanout, route->receivers_len + route->picks_len);
		broker__parcel_fini(&parcel);
	}
	if (broker__deliver_end(publisher, route, op, &fanout, is_allowed))
		return BROKER__DONE;
	return broker__large_answer(publisher, op->reply);
}

enum broker__progress broker__deliver(struct broker_client *publisher, const struct wire_op *op,
				      const char *end)
{
	struct broker__loop *loop = publisher->loop;
	const struct broker__sublist *list = &loop->broker->sublist;
	if (publisher->is_begun && (publisher->owes_answer || broker__large_is_of(loop, publisher)))
		return broker__large_go_on(publisher, op, end);
	struct broker__route *route = broker__route_again(&publisher->routes, list, op->subject);
	if (route)
		loop->counters.route_hits++;
	else if (broker__route_find(publisher, op->subject, broker__sublist_hash(list, op->subject),
				    &route) == BROKER__AGAIN)
		return BROKER__AGAIN;
	return broker__deliver_by(publisher, route, op, end);
}
