#include "tap/session/review.h"

enum { SCAN_MAX = 1024 }; /* steps in search of messages with the same content */

struct review {
	const struct tap__pending *pending;
	tap__unjoin *unjoin;
	void *context;
	int steps;
};

static bool has_same_content(const struct tap__pending_event *a, const struct tap__pending_event *b)
{
	return a->server == b->server && wire_slice_equal(tap__payload_of(a), tap__payload_of(b)) &&
	       wire_slice_equal(tap__subject_of(a), tap__subject_of(b)) &&
	       wire_slice_equal(tap__reply_of(a), tap__reply_of(b));
}

/* A delivery that is a guess already may belong to further messages. */
static void leave_open(struct review *review, struct tap__pending_event *message,
		       struct tap__receiver *receiver, struct tap__pending_event *other)
{
	message->is_undecided = other->is_undecided = true;
	if (receiver->is_guess)
		return;
	receiver->is_guess = true;
	message->guess_count++;
	review->unjoin(review->context, message, receiver->sub);
}

/* Can the subscription have ended before it received the message: by UNSUB, or by itself, with its last delivery? */
static bool may_have_ended(const struct tap__pending_event *message, const struct tap__sub *sub)
{
	bool is_used_up = sub->max > 0 && sub->deliveries >= sub->max;
	return is_used_up || !tap__is_before_unsub(message, sub);
}

/* The lane is counted as a receiver of `received` and not of `other`. May it be the other way round? A
 * subscription receives every message of a publisher from its SUB to its end: if it received only the later one
 * it subscribed between the two, and if only the earlier one it ended between them. */
static bool may_be_swapped(const struct tap__pending_event *received, const struct tap__pending_event *other,
			   const struct tap__sub *sub)
{
	bool may_be_before_sub = !tap__is_after_sub(received, sub),
	     may_be_over = may_have_ended(received, sub);
	if (tap__fit(other, sub) == TAP__IMPOSSIBLE || (!may_be_before_sub && !may_be_over))
		return false;
	if (received->conn != other->conn)
		return true;
	return received->number < other->number ? may_be_before_sub : may_be_over;
}

/* If the lane received `other` instead of the earlier `received`, one of the deliveries that are counted for earlier
 * messages was seen after `other`. */
static bool is_late_enough(struct review *review, uint64_t received, const struct tap__pending_event *other,
			   const struct tap__lane *lane)
{
	for (uint64_t number = received; number != other->number; review->steps--) {
		const struct tap__pending_event *message = tap__pending_entry(review->pending, number);
		for (const struct tap__receiver *receiver = tap__receivers_first(message); receiver;
		     receiver = receiver->next)
			if (receiver->sub->lane == lane && receiver->seen_ns >= other->seen_ns)
				return true;
		number = message->next_same;
	}
	return false;
}

/* Did the subscription's lane receive the message? If a delivery to one member of a queue group is a guess, another
 * member may have received the message. */
static bool has_received(struct review *review, const struct tap__pending_event *message,
			 const struct tap__sub *sub)
{
	for (const struct tap__receiver *receiver = tap__receivers_first(message); receiver;
	     receiver = receiver->next, review->steps--)
		if (receiver->sub->lane == sub->lane)
			return receiver->sub == sub || !receiver->is_guess;
	return false;
}

/* An entry may have moved after a delivery was left open. */
static void compare(struct review *review, uint64_t received_number, uint64_t other_number)
{
	struct tap__pending_event *received = tap__pending_entry(review->pending, received_number),
				  *other = tap__pending_entry(review->pending, other_number);
	for (struct tap__receiver *receiver = tap__receivers_of(received), *next; receiver; receiver = next) {
		next = receiver->next;
		if (has_received(review, other, receiver->sub) ||
		    !may_be_swapped(received, other, receiver->sub) ||
		    (received_number < other_number &&
		     !is_late_enough(review, received_number, other, receiver->sub->lane)))
			continue;
		leave_open(review, received, receiver, other);
		received = tap__pending_entry(review->pending, received_number);
		other = tap__pending_entry(review->pending, other_number);
	}
}

void tap__review(const struct tap__search *search, uint64_t oldest, tap__unjoin *unjoin, void *context)
{
	struct review review = {
	    .pending = search->pending, .unjoin = unjoin, .context = context, .steps = SCAN_MAX};
	const struct tap__pending_event *message = tap__pending_entry(search->pending, oldest), *other;
	int64_t last_ns = message->seen_ns + search->window_ns;
	for (uint64_t number = message->next_same; number != 0 && review.steps > 0; review.steps--) {
		message = tap__pending_entry(search->pending, oldest);
		other = tap__pending_entry(search->pending, number);
		if (other->seen_ns > last_ns)
			return;
		uint64_t next = other->next_same;
		if (has_same_content(message, other)) {
			compare(&review, oldest, number);
			compare(&review, number, oldest);
		}
		number = next;
	}
}
