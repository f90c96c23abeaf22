/* timers.h - deadlines of a client: authenticate in time, answer pings. Inside this folder. (Deadlines of its output:
 * connection.c.) */
#ifndef BROKER_TIMERS_H
#define BROKER_TIMERS_H

#include "broker/client.h"

/* Start the deadline to authenticate, or pings when no CONNECT is needed. */
void broker__timers_start(struct broker_client *client);
/* The client was admitted. The first ping: soon after CONNECT, else after the whole interval. */
void broker__timers_await_ping(struct broker_client *client);

#endif
