/* announce.h - say to a server whose connection it gets, by a header of the PROXY protocol, when --send-proxy asks for it.
 * Internal to tap. */
#ifndef TAP_PROXY_ANNOUNCE_H
#define TAP_PROXY_ANNOUNCE_H

#include "tap/proxy/proxy_state.h"

/* The server connection of the link, which is not started yet, will begin with the client's addresses. Out of memory, it will begin
 * without a header, which the server refuses. */
void tap__announce_client(struct tap__link *link);

/* Likewise for a connection of the proxy's own. */
void tap__announce_check(const struct tap_proxy *proxy, struct net_stream *server);

#endif
