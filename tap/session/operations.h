/* operations.h - what the operations of a client and a server mean: events for the join, roles, subscriptions.
 * Internal to tap. */
#ifndef TAP_SESSION_OPERATIONS_H
#define TAP_SESSION_OPERATIONS_H

#include "tap/session/connection.h"

/* Handle the operations, partial messages and gaps that the stream of a peer has to give. */
void tap__operations_decode(struct tap_sessions *sessions, struct tap__connection *connection,
			    enum tap_peer from);

#endif
