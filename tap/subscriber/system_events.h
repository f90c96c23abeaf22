/* system_events.h - connects and disconnects of clients, from the events of the system account. Internal to tap. */
#ifndef TAP_SUBSCRIBER_SYSTEM_EVENTS_H
#define TAP_SUBSCRIBER_SYSTEM_EVENTS_H

#include "net/client/subscription.h"
#include "tap/subscriber/presence.h"

struct tap__system_events;

/* Connect to the system account and subscribe to $SYS.ACCOUNT.*.CONNECT and DISCONNECT. The target and the presence are borrowed. 0, or
 * a negative code with *fault as of net_client_open. */
int tap__system_events_open(struct tap__system_events **events, struct net_client_target *target,
			    struct tap__presence *presence, struct wire_fault *fault);
/* NULL is allowed. */
void tap__system_events_close(struct tap__system_events *events);

#endif
