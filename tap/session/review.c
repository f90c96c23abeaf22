#include "tap/session/review.h"

enum { SCAN_MAX = 1024 }; /* steps in search of messages with the same content */

struct review {
	tap__set_apart *set_apart;
	void *context;
	int steps;
};

static bool has_same_content(const struct tap__waiting *a, const struct tap__waiting *b)
{
	return wire_slice_equal(tap__payload_of(a), tap__payload_of(b)) &&
	       wire_slice_equal(tap__subject_of(a), tap__subject_of(b)) &&
	       wire_slice_equal(tap__reply_of(a), tap__reply_of(b));
}

static void leave_open(struct review *review, struct tap__waiting *message, struct tap__receiver *receiver,
		       struct tap__waiting *other)
{
	receiver->is_guess = true;
	message->guess_count++;
	message->is_undecided = other->is_undecided = true;
	review->set_apart(review->context, message, receiver->sub);
}

/* The lane received `received` and not `other`, as far as was counted. May it be the other way round? Messages of one
 * publisher are received from the SUB to the UNSUB without exception: whoever received only the later one subscribed
 * between the two, and whoever received only the earlier one unsubscribed between them. */
static bool may_be_swapped(const struct tap__waiting *received, const struct tap__waiting *other,
			   const struct tap__sub *sub)
{
	if (tap__fit(other, sub) == TAP__IMPOSSIBLE || tap__is_owed(received, sub))
		return false;
	if (received->conn != other->conn)
		return true;
	return received->number < other->number ? !tap__is_after_sub(received, sub)
						: !tap__is_before_unsub(received, sub);
}

static void compare(struct review *review, struct tap__waiting *received, struct tap__waiting *other)
{
	for (struct tap__receiver *receiver = tap__receivers_of(received); receiver;
	     receiver = receiver->next)
		if (!receiver->is_guess && !tap__has_received(other, receiver->sub, &review->steps) &&
		    may_be_swapped(received, other, receiver->sub))
			leave_open(review, received, receiver, other);
}

void tap__review(const struct tap__search *search, struct tap__waiting *message, tap__set_apart *set_apart,
		 void *context)
{
	struct review review = {.set_apart = set_apart, .context = context, .steps = SCAN_MAX};
	for (uint64_t number = message->next_same; number != 0 && review.steps > 0; review.steps--) {
		struct tap__waiting *other = tap__pending_entry(search->pending, number);
		number = other->next_same;
		if (other->seen_ns - message->seen_ns > search->window_ns)
			return;
		if (!has_same_content(message, other))
			continue;
		compare(&review, message, other);
		compare(&review, other, message);
	}
}
