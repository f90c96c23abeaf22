/* evidence.h - which delivery can be of which message, and whether all receivers of a message are known.
 * Internal to tap.
 *
 * A delivery is seen after its message, unless the capture is out of order, and no later than the join window. Whether its subscription existed when
 * the server processed the message is told by
 *
 *   order within a connection   what a client publishes before its SUB, or after its UNSUB, does not reach it
 *   order across the server     a SUB that was processed before the message was seen is older than the message; a
 *                               message that was processed before the SUB was seen is older than the SUB
 *
 * where "processed" is shown by PONG, +OK and deliveries (tap/session/client.h), and taken for granted after the join window.
 * Between the two the order is not known: the captured order of two connections need not be the server's. */
#ifndef TAP_SESSION_EVIDENCE_H
#define TAP_SESSION_EVIDENCE_H

#include "tap/session/pending.h"

enum tap__fit {
	TAP__IMPOSSIBLE,
	TAP__POSSIBLE, /* SUB and message, or message and UNSUB, were under way at the same time */
	TAP__CERTAIN,  /* the subscription existed when the message was processed: it must receive it */
};

/* Where the order of message and subscription is not told by times alone. */
enum tap__fit tap__fit_closely(const struct tap__waiting *message, const struct tap__sub *sub);

/* Did the subscription exist when the message was processed? Hot. */
static inline enum tap__fit tap__fit(const struct tap__waiting *message, const struct tap__sub *sub)
{
	if (message->seen_ns > sub->since_ns && message->seen_ns < sub->ended_ns &&
	    message->conn != sub->conn)
		return TAP__CERTAIN;
	return tap__fit_closely(message, sub);
}

/* The server has certainly processed the SUB before the message, or the message before the UNSUB. */
bool tap__is_after_sub(const struct tap__waiting *message, const struct tap__sub *sub);
bool tap__is_before_unsub(const struct tap__waiting *message, const struct tap__sub *sub);

/* Both: the subscription must have received the message. */
static inline bool tap__is_owed(const struct tap__waiting *message, const struct tap__sub *sub)
{
	return tap__is_after_sub(message, sub) && tap__is_before_unsub(message, sub);
}

/* A delivery that was seen at seen_ns can be of the message, as far as time tells. */
static inline bool tap__is_in_time(const struct tap__waiting *message, int64_t seen_ns, int64_t window_ns)
{
	return seen_ns >= message->seen_ns && seen_ns - message->seen_ns <= window_ns;
}

/* A lane may still receive the message, or may have received it unseen. */
typedef void tap__lane_is_missing(void *context, const struct tap__waiting *message,
				  const struct tap__lane *lane);

/* Every subscription that must have received the message did, and the others can be excluded. The subscriptions of
 * the server are known; is_over: no delivery can come any more. Calls missing for each lane that fails. */
bool tap__has_all_receivers(const struct tap__waiting *message, bool is_over, tap__lane_is_missing *missing,
			    void *context);

#endif
