#include "tap/session/join_output.h"

#include <stdlib.h>

#include "tap/session/join_queue.h"
#include "tap/session/review.h"

#define LATE_WINDOW_NS INT64_C(200000000)
#define LATE_NS        INT64_C(500000000) /* what was late is late for so long */

void tap_join_finish(struct tap_join *join)
{
	join->is_finished = true;
}

static bool is_crowded(const struct tap_join *join)
{
	return tap__pending_is_crowded(&join->pending, join->limit_bytes);
}

/* Did the server certainly process the message? */
static bool is_processed(const struct tap__pending_event *message)
{
	const struct tap__client *client = message->client;
	return message->op_number <= client->delivered || message->op_number <= tap__client_processed(client);
}

/* Can the message of a proxy have no more receivers? All that must receive it have. A subscription that comes later
 * does not receive what was processed, and none came or ended near the message. */
static bool is_complete(const struct tap_join *join, const struct tap__pending_event *message)
{
	int64_t near_ns = message->seen_ns - join->window_ns;
	return join->is_relay && message->kind == WIRE_EVENT_MESSAGE && message->match &&
	       message->receiver_count == message->match->lanes && !message->has_unmatched_receiver &&
	       message->guess_count == 0 && !message->is_undecided && join->interest.changed_ns < near_ns &&
	       join->unseen_until_ns[message->server] < near_ns && is_processed(message);
}

/* While deliveries of a relay come late, messages wait longer for them. */
static bool is_late(const struct tap_join *join)
{
	return join->late_ns != INT64_MIN && join->now_ns - join->late_ns < LATE_NS;
}

static bool is_due(const struct tap_join *join, const struct tap__pending_event *entry)
{
	return entry->state != TAP__JOINABLE || join->is_finished ||
	       entry->time_ns <= join->now_ns - join->search.window_ns || is_complete(join, entry);
}

static void note_overdue(void *context, const struct tap__pending_event *message, struct tap__lane *lane)
{
	struct tap_join *join = context;
	if (message->state != TAP__JOINABLE)
		return;
	tap__search_note_overdue(&join->search, message, lane);
	lane->missed++;
}

/* Are all receivers of the message known? No subscription at the server may be unseen, and every subscription
 * that must have received the message did. */
static bool are_receivers_known(struct tap_join *join, const struct tap__pending_event *message)
{
	bool is_over = message->time_ns <= join->now_ns - join->window_ns;
	bool lags = tap__lag_affects(&join->lag, message->server, message->seen_ns, join->now_ns,
				     join->window_ns / 2);
	bool has_all = tap__has_all_receivers(message, is_over && !lags, note_overdue, join);
	return has_all && !lags && !message->is_undecided && message->guess_count == 0 &&
	       !join->assumes_unseen_subs && join->unseen_until_ns[message->server] < message->seen_ns;
}

/* Make room for `count` receivers and one more: an empty list is not NULL. */
static bool reserve_receivers(struct tap_join *join, size_t count)
{
	if (count < join->receivers_cap)
		return true;
	size_t cap = (count + 1) * 2;
	struct wire_receiver *receivers = realloc(join->receivers, cap * sizeof *receivers);
	if (receivers)
		join->receivers = receivers;
	int64_t *delays_ns = realloc(join->delays_ns, cap * sizeof *delays_ns);
	if (delays_ns)
		join->delays_ns = delays_ns;
	if (!receivers || !delays_ns)
		return false;
	join->receivers_cap = cap;
	return true;
}

static bool list_receivers(struct tap_join *join, const struct tap__pending_event *entry)
{
	size_t count = 0;
	if (!reserve_receivers(join, entry->receiver_count))
		return false;
	for (const struct tap__receiver *receiver = tap__receivers_first(entry); receiver;
	     receiver = receiver->next) {
		if (receiver->is_guess)
			continue;
		join->delays_ns[count] = receiver->seen_ns - entry->time_ns;
		join->receivers[count++] = (struct wire_receiver){.conn = receiver->sub->conn,
								  .sid = receiver->sub->sid,
								  .queue = receiver->sub->queue,
								  .outcome = WIRE_SENT};
	}
	return true;
}

/* A delivery that was counted for the message leaves as an event of its own. */
static void unjoin(void *context, const struct tap__pending_event *message, struct tap__sub *sub)
{
	struct tap_join *join = context;
	const struct wire_op op = {.subject = tap__subject_of(message),
				   .reply = tap__reply_of(message),
				   .headers = tap__headers_of(message),
				   .payload = tap__payload_of(message)};
	const struct tap_join_message delivery = {
	    .time_ns = join->newest_ns, .server = message->server, .op = &op, .size = message->size};
	join->stats.undecided++;
	tap__join_add_delivery(join, sub, &delivery, 0);
}

/* Compare messages with the same content again when a SUB or an UNSUB came close to them. */
static struct tap__pending_event *review(struct tap_join *join, struct tap__pending_event *entry)
{
	uint64_t number = entry->number;
	if (entry->kind != WIRE_EVENT_MESSAGE || entry->state != TAP__JOINABLE ||
	    join->interest.changed_ns < entry->seen_ns - join->window_ns)
		return entry;
	tap__pending_find(&join->pending, tap__pending_key(entry));
	tap__review(&join->search, number, unjoin, join);
	return tap__pending_entry(&join->pending, number);
}

static const struct wire_event empty;

static void give_out(struct tap_join *join, const struct tap__pending_event *entry, struct wire_event *event)
{
	if (entry->kind > WIRE_EVENT_DELIVERY) {
		*event = entry->rare->event;
		return;
	}
	*event = empty; /* copying is faster than filling with zeros, see tap/session/pending.c */
	event->kind = (enum wire_event_kind)entry->kind;
	event->flags = entry->flags;
	event->time_ns = entry->time_ns;
	event->conn = entry->conn;
	event->subject = tap__subject_of(entry);
	event->reply = tap__reply_of(entry);
	event->headers = tap__headers_of(entry);
	event->payload = tap__payload_of(entry);
	event->size = entry->size;
	event->receiver_count = entry->receiver_count - entry->guess_count;
	if (entry->kind == WIRE_EVENT_DELIVERY) {
		event->sid = entry->sub->sid;
		event->queue = entry->sub->queue;
		join->stats.unjoined_deliveries++;
		return;
	}
	if (list_receivers(join, entry)) {
		event->receivers = join->receivers;
		event->receivers_len = event->receiver_count;
		event->delays_ns = join->delays_ns;
	}
	if (!are_receivers_known(join, entry)) {
		event->flags |= WIRE_EVENT_RECEIVERS_UNKNOWN;
		join->stats.unknown_receivers++;
	}
}

/* Report what found no memory, once all earlier events have left. */
static bool report_loss(struct tap_join *join, struct wire_event *event)
{
	if (join->loss.events == 0)
		return false;
	*event = (struct wire_event){.kind = WIRE_EVENT_GAP,
				     .time_ns = join->newest_ns,
				     .text = WIRE_LITERAL("the sniffer had no memory left"),
				     .lost_messages = join->loss.messages,
				     .lost_bytes = join->loss.bytes,
				     .from_ns = join->loss.from_ns,
				     .to_ns = join->loss.to_ns};
	join->loss.events = join->loss.messages = join->loss.bytes = 0;
	return true;
}

static void drop(struct tap_join *join, const struct tap__pending_event *entry)
{
	if (entry->state == TAP__JOINABLE && entry->kind == WIRE_EVENT_DELIVERY)
		join->orphans--;
	tap__pending_drop(&join->pending);
}

bool tap_join_is_empty(const struct tap_join *join)
{
	return tap__pending_is_empty(&join->pending) && join->loss.events == 0;
}

bool tap_join_next(struct tap_join *join, struct wire_event *event)
{
	struct tap__pending *pending = &join->pending;
	join->search.window_ns = is_late(join) ? LATE_WINDOW_NS : join->window_ns;
	if (join->is_given)
		drop(join, tap__pending_entry(pending, pending->oldest));
	join->is_given = false;
	while (!tap__pending_is_empty(pending)) {
		struct tap__pending_event *entry = tap__pending_entry(pending, pending->oldest);
		bool is_taken = entry->state == TAP__TAKEN;
		if (!is_taken && !is_due(join, entry) && !is_crowded(join))
			return false;
		if (!is_taken) {
			join->stats.released_early += !is_due(join, entry);
			entry = review(join, entry);
			give_out(join, entry, event);
			return join->is_given = true;
		}
		drop(join, entry);
	}
	return report_loss(join, event);
}
