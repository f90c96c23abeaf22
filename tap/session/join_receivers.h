/* join_receivers.h - deliveries become receivers of messages that wait in a join. Internal to tap. */
#ifndef TAP_SESSION_JOIN_RECEIVERS_H
#define TAP_SESSION_JOIN_RECEIVERS_H

#include "tap/session/join_state.h"

/* Count a delivery that was seen at seen_ns as one of the message. False when there is no memory. */
bool tap__join_add_receiver(struct tap_join *join, struct tap__pending_event *message, struct tap__sub *sub,
			    int64_t seen_ns, bool is_guess);

/* A new message takes the waiting deliveries that were captured together with it or later, but decoded before it: one for
 * each lane. */
void tap__join_take_orphans(struct tap_join *join, struct tap__pending_event *message);

#endif
