/* review.h - messages with the same content, looked at again before the first of them leaves. Internal to tap.
 *
 * When a delivery came, not all that matters was known: which of two equal messages a subscription received may depend on
 * an UNSUB that followed, or on a SUB that was under way. By the time a message leaves everything that it depends on was
 * seen. Where a delivery may then be of another message, it belongs to none. */
#ifndef TAP_SESSION_REVIEW_H
#define TAP_SESSION_REVIEW_H

#include "tap/session/search.h"

/* A delivery to the subscription, which was counted for the message, is of no message that is known. */
typedef void tap__set_apart(void *context, const struct tap__waiting *message, struct tap__sub *sub);

/* Look at the oldest message, and at those with the same content after it. */
void tap__review(const struct tap__search *search, struct tap__waiting *message, tap__set_apart *set_apart,
		 void *context);

#endif
