/* review.h - compare messages with the same content again, before the first of them leaves. Internal to tap.
 *
 * When a delivery comes, its message cannot always be decided for good: which of two equal messages a
 * subscription received may depend on an UNSUB that follows, or on a SUB that is not yet proven to be
 * processed. When a message leaves, all that it depends on was seen. A delivery that may then belong to another
 * message is counted for none. */
#ifndef TAP_SESSION_REVIEW_H
#define TAP_SESSION_REVIEW_H

#include "tap/session/search.h"

/* Called for a delivery that was counted for the message: it belongs to no known message after all. May add
 * entries. */
typedef void tap__unjoin(void *context, const struct tap__pending_event *message, struct tap__sub *sub);

/* Compare the oldest message with those of the same content after it. */
void tap__review(const struct tap__search *search, uint64_t oldest, tap__unjoin *unjoin, void *context);

#endif
