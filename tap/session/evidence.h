/* evidence.h - which message a delivery can belong to, and whether all receivers of a message are known. Internal to tap.
 *
 * A delivery is seen after its message (unless the capture is out of order) and within the join window. Two rules show
 * whether its subscription existed when the server processed the message:
 *
 *   order within a connection   a subscription does not receive what its client publishes before SUB or after UNSUB
 *   order at the server         a SUB that was processed before the message was seen comes first; a message that was
 *                               processed before the SUB was seen comes first
 *
 * PONG, +OK and deliveries show that an operation was processed (tap/session/client.h). After the join window this is
 * taken for granted. Otherwise the order is unknown: the captured order of two connections need not be the server's. */
#ifndef TAP_SESSION_EVIDENCE_H
#define TAP_SESSION_EVIDENCE_H

#include "tap/session/pending.h"

enum tap__fit {
	TAP__IMPOSSIBLE,
	TAP__POSSIBLE, /* SUB and message, or message and UNSUB, may have been processed in either order */
	TAP__CERTAIN,  /* the subscription existed when the message was processed: it must receive it */
};

/* As tap__fit when times alone do not decide. */
enum tap__fit tap__fit_closely(const struct tap__pending_event *message, const struct tap__sub *sub);

/* Did the subscription exist when the message was processed? Hot. */
static inline enum tap__fit tap__fit(const struct tap__pending_event *message, const struct tap__sub *sub)
{
	if (message->seen_ns > sub->since_ns && message->seen_ns < sub->ended_ns &&
	    message->conn != sub->conn)
		return TAP__CERTAIN;
	return tap__fit_closely(message, sub);
}

/* Did the server certainly process the SUB before the message? Or the message before the UNSUB? */
bool tap__is_after_sub(const struct tap__pending_event *message, const struct tap__sub *sub);
bool tap__is_before_unsub(const struct tap__pending_event *message, const struct tap__sub *sub);

/* Can a delivery that was seen at seen_ns belong to the message, as far as time is concerned? */
static inline bool tap__is_in_time(const struct tap__pending_event *message, int64_t seen_ns,
				   int64_t window_ns)
{
	return seen_ns >= message->seen_ns && seen_ns - message->seen_ns <= window_ns;
}

/* Called for a lane that may still receive the message, or may have received it without being seen. */
typedef void tap__lane_is_missing(void *context, const struct tap__pending_event *message,
				  struct tap__lane *lane);

/* Did every subscription that must have received the message do so, and can all others be excluded? All
 * subscriptions of the server must be known. is_over: no more deliveries can come. Calls missing for each lane
 * for which this does not hold. */
bool tap__has_all_receivers(const struct tap__pending_event *message, bool is_over,
			    tap__lane_is_missing *missing, void *context);

#endif
