/* connect.h - how a client connects, and what libnats calls of it. Internal to net.
 *
 * A watched client is connected again by libnats. A client with a loop gets a new connection of libnats, and new subscriptions, by the
 * loop's reopener (reopener.h says why). */
#ifndef NET_CLIENT_CONNECT_H
#define NET_CLIENT_CONNECT_H

#include <nats/nats.h>
#include <stdbool.h>

#include "net/client/client.h"

/* Connect to the client's target. The connection calls the client until it has posted `closed`. Waits for other clients of the target
 * that connect at the same time. */
natsStatus net__client_connect(struct net_client *client, natsConnection **nats);

/* The server refuses the login. */
static inline bool net__client_is_refusal(natsStatus status)
{
	return status == NATS_CONNECTION_AUTH_FAILED || status == NATS_NOT_PERMITTED;
}

/* Of struct net__reopening; context: the client. True when it has its next connection, or when it will have none, because the server
 * has refused the login twice. */
bool net__client_reopen(void *context);

#endif
