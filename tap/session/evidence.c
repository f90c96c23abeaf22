#include "tap/session/evidence.h"

/* When the message is proven to have been processed; INT64_MAX = not proven yet. A delivery proves it if it can
 * belong to no other message. */
static int64_t processed_ns(const struct tap__pending_event *message)
{
	int64_t time_ns = tap__client_processed_ns(message->client, message->op_number);
	return message->is_repeated || time_ns < message->delivered_ns ? time_ns : message->delivered_ns;
}

static enum tap__fit fit_own(const struct tap__pending_event *message, const struct tap__sub *sub)
{
	if (sub->client->has_no_echo)
		return TAP__IMPOSSIBLE;
	return !sub->is_known ||
		       (message->op_number > sub->op_number && message->op_number < sub->end_op_number)
		   ? TAP__CERTAIN
		   : TAP__IMPOSSIBLE;
}

enum tap__fit tap__fit_closely(const struct tap__pending_event *message, const struct tap__sub *sub)
{
	if (message->conn == sub->conn)
		return fit_own(message, sub);
	if (message->seen_ns > sub->gone_ns)
		return TAP__IMPOSSIBLE;
	if (message->seen_ns > sub->since_ns && message->seen_ns < sub->ended_ns)
		return TAP__CERTAIN;
	return processed_ns(message) < sub->made_ns ? TAP__IMPOSSIBLE : TAP__POSSIBLE;
}

bool tap__is_after_sub(const struct tap__pending_event *message, const struct tap__sub *sub)
{
	if (message->conn == sub->conn)
		return fit_own(message, sub) == TAP__CERTAIN;
	return message->seen_ns > sub->since_ns;
}

bool tap__is_before_unsub(const struct tap__pending_event *message, const struct tap__sub *sub)
{
	if (message->conn == sub->conn)
		return fit_own(message, sub) == TAP__CERTAIN;
	return sub->ended_ns == INT64_MAX || processed_ns(message) < sub->ended_ns;
}

/* Mark the subscriptions that received the message. The mark is the message's number, so it need not be
 * cleared. */
static void count_receivers(const struct tap__pending_event *message)
{
	for (const struct tap__receiver *receiver = tap__receivers_first(message); receiver;
	     receiver = receiver->next)
		receiver->sub->counted = message->number;
}

/* The message reached no member of the subscription's lane. Is that possible without a loss? */
static bool may_lack(const struct tap__pending_event *message, const struct tap__sub *sub, bool is_over)
{
	enum tap__fit fit = tap__fit(message, sub);
	if (fit == TAP__IMPOSSIBLE)
		return true;
	if (sub->client->hole_ns >= message->seen_ns || sub->stray_ns >= message->seen_ns)
		return false;
	bool is_full = sub->max > 0 && sub->deliveries >= sub->max;
	return is_full || sub->is_over || (fit == TAP__POSSIBLE && is_over);
}

/* Did a member of the lane receive the message without being in its match? */
static bool has_unmatched_receiver(const struct tap__pending_event *message, const struct tap__lane *lane)
{
	for (const struct tap__receiver *receiver = tap__receivers_first(message); receiver;
	     receiver = receiver->next)
		if (receiver->sub->lane == lane)
			return true;
	return false;
}

/* Did the lane of subscriptions [first, end) receive the message, or need it not have? */
static bool is_lane_served(const struct tap__pending_event *message, uint32_t first, uint32_t end,
			   bool is_over)
{
	struct tap__sub *const *subs = message->match->subs;
	bool may_be_missing = true;
	for (uint32_t i = first; i < end; i++)
		if (subs[i]->counted == message->number)
			return true;
	if (message->has_unmatched_receiver && has_unmatched_receiver(message, subs[first]->lane))
		return true;
	for (uint32_t i = first; i < end && may_be_missing; i++)
		may_be_missing = may_lack(message, subs[i], is_over);
	return may_be_missing;
}

bool tap__has_all_receivers(const struct tap__pending_event *message, bool is_over,
			    tap__lane_is_missing *missing, void *context)
{
	const struct tap__match *match = message->match;
	bool has_all = true;
	if (!match)
		return false;
	if (message->receiver_count == match->lanes && !message->has_unmatched_receiver)
		return true;
	count_receivers(message);
	for (uint32_t first = 0, end; first < match->count; first = end) {
		end = first + 1;
		while (end < match->count && match->subs[end]->lane == match->subs[first]->lane)
			end++;
		if (is_lane_served(message, first, end, is_over))
			continue;
		missing(context, message, match->subs[first]->lane);
		has_all = false;
	}
	return has_all;
}
