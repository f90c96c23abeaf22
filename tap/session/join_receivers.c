#include "tap/session/join_receivers.h"

#include "tap/session/join_queue.h"

enum { SCAN_MAX = 1024 }; /* steps in search of deliveries for a message */

/* A capture that combines several queues or links may swap packets of two connections: a delivery may be
 * captured this much before its message. */
#define DISORDER_NS INT64_C(1000000)

/* The first receiver is mostly the only one. It lies in the entry, which is in cache when the entry leaves. */
static struct tap__receiver *add_receiver(struct tap_join *join, struct tap__pending_event *message,
					  struct tap__sub *sub)
{
	struct tap__receiver *receiver = &message->first_receiver;
	if (message->receiver_count > 0)
		receiver = tap__pending_alloc(&join->pending, sizeof *receiver);
	if (!receiver)
		return NULL;
	*receiver = (struct tap__receiver){.sub = tap__sub_hold(sub)};
	if (message->receiver_count == 1)
		message->first_receiver.next = receiver;
	else if (message->receiver_count > 1)
		message->last_receiver->next = receiver;
	message->last_receiver = receiver;
	message->receiver_count++;
	sub->lane->latest = message->number;
	if (message->number > sub->lane->newest)
		sub->lane->newest = message->number;
	return receiver;
}

/* Of messages with the same content and one publisher the oldest is delivered first. So the delivery proves that this
 * one was processed, unless it may be that of another publisher. */
static void note_delivered(struct tap_join *join, struct tap__pending_event *message, int64_t seen_ns)
{
	struct tap__client *client = message->client;
	message->delivered_ns = seen_ns;
	if (join->is_relay && message->op_number > client->delivered &&
	    !tap__pending_is_shared(&join->pending, message))
		client->delivered = message->op_number;
}

bool tap__join_add_receiver(struct tap_join *join, struct tap__pending_event *message, struct tap__sub *sub,
			    int64_t seen_ns, bool is_guess)
{
	struct tap__receiver *receiver = add_receiver(join, message, sub);
	if (!receiver)
		return false;
	receiver->seen_ns = seen_ns;
	receiver->is_guess = is_guess;
	message->guess_count += is_guess;
	message->has_unmatched_receiver |= sub->made_ns >= message->seen_ns;
	if (message->delivered_ns == INT64_MAX && !is_guess)
		note_delivered(join, message, seen_ns);
	if (seen_ns < sub->since_ns)
		sub->since_ns = seen_ns; /* the subscription exists */
	return true;
}

/* Were all messages seen whole that the server may have delivered at seen_ns, and have not left? */
static bool saw_all(const struct tap_join *join, uint32_t server, int64_t seen_ns)
{
	int64_t begin_ns = seen_ns - join->window_ns;
	return !join->assumes_unseen_subs && join->unseen_until_ns[server] < begin_ns &&
	       join->partial_ns < begin_ns &&
	       !tap__lag_affects(&join->lag, server, begin_ns, seen_ns, join->window_ns / 2);
}

/* A delivery captured before its message is explained by disorder only when it can belong to no other message. */
static bool is_in_time(const struct tap_join *join, const struct tap__pending_event *message,
		       const struct tap__pending_event *delivery)
{
	int64_t before_ns = message->seen_ns - delivery->seen_ns;
	if (before_ns > 0)
		return before_ns <= DISORDER_NS && saw_all(join, message->server, delivery->seen_ns);
	return tap__is_in_time(message, delivery->seen_ns, join->window_ns);
}

static bool can_take(const struct tap_join *join, const struct tap__pending_event *message,
		     const struct tap__pending_event *delivery, int *steps)
{
	return message->server == delivery->server && is_in_time(join, message, delivery) &&
	       tap__fit(message, delivery->sub) != TAP__IMPOSSIBLE &&
	       tap__may_be_headers(tap__headers_of(message), tap__headers_of(delivery)) &&
	       wire_slice_equal(tap__payload_of(message), tap__payload_of(delivery)) &&
	       wire_slice_equal(tap__subject_of(message), tap__subject_of(delivery)) &&
	       wire_slice_equal(tap__reply_of(message), tap__reply_of(delivery)) &&
	       !tap__has_received(message, delivery->sub, steps);
}

void tap__join_take_orphans(struct tap_join *join, struct tap__pending_event *message)
{
	struct tap__pending_event *previous = NULL;
	uint64_t number = tap__pending_find(&join->pending, tap__pending_key(message) ^ TAP__JOIN_ORPHAN);
	for (int steps = SCAN_MAX; number != 0 && steps > 0; steps--) {
		struct tap__pending_event *delivery = tap__pending_entry(&join->pending, number);
		number = delivery->next_same;
		if (can_take(join, message, delivery, &steps) &&
		    tap__join_add_receiver(join, message, delivery->sub, delivery->seen_ns, false)) {
			tap__pending_leave_group(&join->pending, delivery, previous);
			delivery->state = TAP__TAKEN;
			join->orphans--;
		} else {
			previous = delivery;
		}
	}
}
