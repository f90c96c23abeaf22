/* deliver.c - the hot path: with many small messages every nanosecond counts. Common cases are decided first, and a
 * message is copied as one range of bytes wherever possible. */
#include "broker/deliver.h"

#include <stdio.h>
#include <stdlib.h>

#include "broker/client_log.h"
#include "broker/connection.h"
#include "broker/emit.h"
#include "broker/match_builder.h"
#include "broker/memory.h"
#include "broker/pressure.h"
#include "broker/quote.h"
#include "broker/subscriptions.h"
#include "broker/trace.h"

enum {
	LOOK_MAX = 256,        /* members of a queue group to look at for one that keeps up */
	NAMED_MAX = 64 * 1024, /* receivers that an event names; for more it has only their number */
};

/* ---- one receiver ---- */

enum wire_outcome broker__deliver_slowly(struct broker_client *to, struct wire_slice head,
					 struct wire_slice run)
{
	struct broker__loop *loop = to->loop;
	broker__memory_relieve(loop);
	if (!broker__client_is_open(to))
		return WIRE_DROPPED_SLOW;
	const struct wire_slice pieces[] = {head, run};
	if (broker__output_put(&to->output, pieces, 2) < 0) {
		broker__client_cut_slow(to);
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

/* Write "HMSG subject sid " for a receiver whose match has no heads. Valid until the next call. */
static __attribute__((noinline)) struct wire_slice write_head(const struct broker__receiver *receiver,
							      struct wire_slice subject)
{
	char *head = receiver->client->loop->head;
	return wire_slice(head, broker__head_write(head, subject, receiver->sub->sid));
}

static inline enum wire_outcome put(const struct broker__receiver *receiver,
				    struct broker__outgoing *outgoing)
{
	struct broker__sub *sub = receiver->sub;
	struct broker_client *to = receiver->client;
	if (receiver->is_denied)
		return WIRE_DROPPED_PERMISSION;
	if (sub->is_closed || !broker__client_is_open(to))
		return WIRE_DROPPED_CLOSED;
	struct wire_slice run = outgoing->whole, head = wire_slice(receiver->head, receiver->head_len);
	size_t size = outgoing->size;
	if (!head.data)
		head = write_head(receiver, outgoing->op->subject);
	if (!(outgoing->has_headers && to->options.headers))
		head = wire_slice(head.data + 1, head.len - 1);
	if (outgoing->has_headers && !to->options.headers) {
		if (!outgoing->bare.data && !broker__outgoing_strip(outgoing))
			return WIRE_DROPPED_CLOSED;
		run = outgoing->bare;
		size = outgoing->bare_size;
	}
	if (head.len + run.len <= broker__output_room(&to->output)) {
		broker__output_append(&to->output, head.data, head.len);
		broker__output_append(&to->output, run.data, run.len);
		broker__output_count_message(&to->output);
	} else {
		enum wire_outcome outcome = broker__deliver_slowly(to, head, run);
		if (outcome != WIRE_SENT)
			return outcome;
	}
	if (!to->is_dirty)
		broker__client_touch(to);
	to->out_msgs++;
	to->out_bytes += size;
	to->loop->counters.out_msgs++;
	to->loop->counters.out_bytes += outgoing->size; /* nats-server's total includes stripped headers */
	if (to->replies && outgoing->op->reply.len > 0)
		grant_reply(to, outgoing->op->reply);
	if (broker__traces(to))
		broker__trace_delivery(sub, outgoing->op, outgoing->has_headers && to->options.headers);
	sub->delivered++;
	if (sub->max > 0 && sub->delivered >= sub->max)
		broker__client_unsubscribe(to, sub);
	return WIRE_SENT;
}

/* ---- all receivers ---- */

struct wire_receiver *broker__describe(struct broker__loop *loop, const struct broker__match *match,
				       size_t len)
{
	size_t wanted = (size_t)match->receivers_len + match->queue_groups_len;
	if (wanted > loop->receivers_cap) {
		struct wire_receiver *grown = realloc(loop->receivers, wanted * sizeof *grown);
		if (!grown)
			return NULL;
		loop->receivers = grown;
		loop->receivers_cap = wanted;
	}
	memcpy(loop->receivers, match->described, len * sizeof *loop->receivers);
	return loop->receivers;
}

static inline bool are_named(const struct broker__match *match)
{
	return match->receivers_len + match->queue_groups_len <= NAMED_MAX;
}

/* Copy the first `len` receivers as they usually are, with room for all. Owned by a message that takes several
 * turns. */
static struct wire_receiver *describe_large(const struct broker__match *match, size_t len)
{
	size_t room = (size_t)match->receivers_len + match->queue_groups_len;
	struct wire_receiver *described = malloc(room * sizeof *described);
	if (described)
		memcpy(described, match->described, len * sizeof *described);
	return described;
}

/* Note the outcome for the receiver at index `at`; indexes after the plain receivers are queue groups, served in
 * order. Nothing is noted while everybody got the message, or when the receivers are too many to be named. */
static inline void note(struct broker__loop *loop, const struct broker__match *match,
			struct broker__fanout *fanout, uint32_t at, enum wire_outcome outcome)
{
	fanout->sent += outcome == WIRE_SENT;
	uint32_t known = at < match->receivers_len ? match->receivers_len : at;
	if (outcome != WIRE_SENT && !fanout->unusual && are_named(match))
		fanout->unusual =
		    fanout->is_large ? describe_large(match, known) : broker__describe(loop, match, known);
	if (fanout->unusual && at >= match->receivers_len)
		fanout->unusual[at] = match->described[at];
	if (fanout->unusual)
		fanout->unusual[at].outcome = outcome;
}

/* xorshift64*: chooses queue members, nothing secret. */
static inline uint32_t random_below(struct broker__loop *loop, uint32_t bound)
{
	uint64_t x = loop->random;
	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	loop->random = x;
	return (uint32_t)(((x * 2685821657736338717u >> 32) * bound) >> 32);
}

/* Do not look at clients that have gone: put() handles them. */
static bool is_behind(const struct broker__receiver *receiver, uint64_t threshold)
{
	return !receiver->sub->is_closed && broker__output_pending(&receiver->client->output) > threshold;
}

/* Offer the message to the members in turn, beginning at `start`: first to those that keep up, looking at LOOK_MAX
 * of them, then to all. Returns the index of the member that took it, or `start` with the outcome of the last one
 * that could not. */
static __attribute__((noinline)) uint32_t offer_in_turn(const struct broker__queue_group *group,
							uint32_t start, uint64_t threshold,
							struct broker__outgoing *outgoing,
							enum wire_outcome *outcome)
{
	for (uint32_t pass = 0; pass < 2; pass++) {
		uint32_t most = pass == 0 && group->members_len > LOOK_MAX ? LOOK_MAX : group->members_len;
		for (uint32_t i = 0; i < most; i++) {
			uint32_t at = (start + i) % group->members_len;
			if (pass == 0 && is_behind(&group->members[at], threshold))
				continue;
			*outcome = put(&group->members[at], outgoing);
			if (*outcome == WIRE_SENT)
				return at;
		}
	}
	return start;
}

/* Offer the message to a random member, and to others when that one cannot take it or is behind. */
static uint32_t offer(struct broker__loop *loop, const struct broker__queue_group *group,
		      struct broker__outgoing *outgoing, enum wire_outcome *outcome)
{
	uint32_t start = random_below(loop, group->members_len);
	uint64_t threshold = broker__pressure_threshold(loop->broker);
	*outcome = WIRE_DROPPED_CLOSED;
	if (!is_behind(&group->members[start], threshold))
		*outcome = put(&group->members[start], outgoing);
	if (*outcome == WIRE_SENT)
		return start;
	return offer_in_turn(group, start, threshold, outgoing, outcome);
}

/* Deliver to one member of the next queue group. */
static void deliver_to_queue_group(struct broker__loop *loop, struct broker__match *match,
				   struct broker__outgoing *outgoing, struct broker__fanout *fanout)
{
	struct broker__queue_group *group = &match->queue_groups[fanout->next++ - match->receivers_len];
	if (group->members_len == 0)
		return;
	enum wire_outcome outcome;
	uint32_t member = offer(loop, group, outgoing, &outcome);
	uint32_t at = fanout->described_len++;
	match->described[at] = group->described[member];
	if (outcome == WIRE_SENT)
		fanout->hint = &group->hints[member];
	note(loop, match, fanout, at, outcome);
}

/* Hot. Deliver to receivers first, then to queue groups. */
static inline void deliver_until(struct broker__loop *loop, struct broker__match *match,
				 struct broker__outgoing *outgoing, struct broker__fanout *fanout,
				 uint32_t until)
{
	uint32_t plain = until < match->receivers_len ? until : match->receivers_len;
	for (; fanout->next < plain; fanout->next++) {
		enum wire_outcome outcome = put(&match->receivers[fanout->next], outgoing);
		if (outcome == WIRE_SENT && !fanout->unusual)
			fanout->sent++;
		else
			note(loop, match, fanout, fanout->next, outcome);
	}
	while (fanout->next < until)
		deliver_to_queue_group(loop, match, outgoing, fanout);
}

void broker__deliver_until(struct broker__loop *loop, struct broker__match *match,
			   struct broker__outgoing *outgoing, struct broker__fanout *fanout, uint32_t until)
{
	deliver_until(loop, match, outgoing, fanout, until);
}

/* ---- the message ---- */

static inline void emit(struct broker_client *publisher, const struct wire_op *op,
			struct broker__match *match, const struct broker__fanout *fanout)
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
	event->subject_hint = match ? &match->hints->subject : NULL;
	event->receivers_hint =
	    fanout->unusual || (match && match->queue_groups_len > 1) ? NULL : fanout->hint;
	if (match && !are_named(match)) {
		event->receivers = NULL;
		event->receivers_hint = NULL;
		event->receivers_len = 0;
	}
	loop->broker->sink->event(loop->broker->sink, event);
	broker__schedule_tick(loop);
}

void broker__answer_no_responders(struct broker_client *publisher, struct wire_slice reply,
				  const struct broker__sub *sub)
{
	const struct wire_slice pieces[] = {WIRE_LITERAL("HMSG "), reply, WIRE_LITERAL(" "), sub->sid,
					    WIRE_LITERAL(" 16 16\r\nNATS/1.0 503\r\n\r\n\r\n")};
	broker__client_send_pieces(publisher, pieces, sizeof pieces / sizeof *pieces);
}

/* Reply subjects with a meaning inside clusters and JetStream: nats-server accepts none of them from a client. */
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

/* False when the publisher may not publish this; it got an error. */
static bool check(struct broker_client *publisher, const struct broker__match *match,
		  const struct wire_op *op)
{
	bool may = match->may_publish && !match->is_reserved;
	if (!may && !match->is_reserved && publisher->replies)
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

bool broker__deliver_begin(struct broker_client *publisher, const struct broker__match *match,
			   const struct wire_op *op)
{
	struct broker__loop *loop = publisher->loop;
	size_t size = op->headers.len + op->payload.len;
	publisher->in_msgs++;
	publisher->in_bytes += size;
	loop->counters.in_msgs++;
	loop->counters.in_bytes += size;
	bool is_allowed = match && (!(publisher->permissions || match->is_reserved || op->reply.len > 4) ||
				    check(publisher, match, op));
	if (is_allowed)
		broker__client_send_ok(publisher);
	return is_allowed;
}

bool broker__deliver_end(struct broker_client *publisher, struct broker__match *match,
			 const struct wire_op *op, const struct broker__fanout *fanout, bool is_allowed)
{
	if (publisher->loop->broker->sink)
		emit(publisher, op, match, fanout);
	return !(fanout->sent == 0 && is_allowed && op->reply.len > 0 && publisher->options.no_responders);
}

/* Hot. */
bool broker__deliver(struct broker_client *publisher, struct broker__match *match, const struct wire_op *op,
		     const char *end)
{
	struct broker__loop *loop = publisher->loop;
	struct broker__fanout fanout = {0};
	struct broker__outgoing outgoing;
	bool is_allowed = broker__deliver_begin(publisher, match, op);
	if (is_allowed) {
		broker__fanout_init(&fanout, match);
		if (broker__outgoing_init(&outgoing, op, end))
			deliver_until(loop, match, &outgoing, &fanout,
				      match->receivers_len + match->queue_groups_len);
		broker__outgoing_fini(&outgoing);
	}
	return broker__deliver_end(publisher, match, op, &fanout, is_allowed);
}
