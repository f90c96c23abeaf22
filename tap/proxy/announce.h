/* announce.h - say to a server whose connection it gets, by a header of the PROXY protocol, when --send-proxy asks for it.
 * Internal to tap. */
#ifndef TAP_PROXY_ANNOUNCE_H
#define TAP_PROXY_ANNOUNCE_H

#include "tap/proxy/proxy_state.h"

/* A TCP connection to a server, which is not started yet, will begin with the client's addresses; client NULL: with a header that
 * says that it is the proxy's own. Out of memory, it will begin without a header, which the server refuses. */
void tap__announce(const struct tap_proxy *proxy, const struct net_stream *client, struct net_stream *server);

#endif
