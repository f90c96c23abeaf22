#include "tap/session/review.h"

enum { SCAN_MAX = 1024 }; /* steps in search of messages with the same content */

struct review {
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

static void leave_open(struct review *review, struct tap__pending_event *message,
		       struct tap__receiver *receiver, struct tap__pending_event *other)
{
	receiver->is_guess = true;
	message->guess_count++;
	message->is_undecided = other->is_undecided = true;
	review->unjoin(review->context, message, receiver->sub);
}

/* The lane is counted as a receiver of `received` and not of `other`. May it be the other way round? A
 * subscription receives every message of a publisher from its SUB to its UNSUB: if it received only the later
 * one it subscribed between the two, and if only the earlier one it unsubscribed between them. */
static bool may_be_swapped(const struct tap__pending_event *received, const struct tap__pending_event *other,
			   const struct tap__sub *sub)
{
	if (tap__fit(other, sub) == TAP__IMPOSSIBLE || tap__must_receive(received, sub))
		return false;
	if (received->conn != other->conn)
		return true;
	return received->number < other->number ? !tap__is_after_sub(received, sub)
						: !tap__is_before_unsub(received, sub);
}

static void compare(struct review *review, struct tap__pending_event *received,
		    struct tap__pending_event *other)
{
	for (struct tap__receiver *receiver = tap__receivers_of(received); receiver;
	     receiver = receiver->next)
		if (!receiver->is_guess && !tap__has_received(other, receiver->sub, &review->steps) &&
		    may_be_swapped(received, other, receiver->sub))
			leave_open(review, received, receiver, other);
}

void tap__review(const struct tap__search *search, struct tap__pending_event *message, tap__unjoin *unjoin,
		 void *context)
{
	struct review review = {.unjoin = unjoin, .context = context, .steps = SCAN_MAX};
	for (uint64_t number = message->next_same; number != 0 && review.steps > 0; review.steps--) {
		struct tap__pending_event *other = tap__pending_entry(search->pending, number);
		number = other->next_same;
		if (other->seen_ns - message->seen_ns > search->window_ns)
			return;
		if (!has_same_content(message, other))
			continue;
		compare(&review, message, other);
		compare(&review, other, message);
	}
}
