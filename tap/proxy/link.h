/* link.h - a client's connection, the server connection made for it, and what passes between them. Internal to tap.
 *
 * The server is the next upstream that answers: as long as no byte has passed, another one may be tried. An end of either side
 * is passed on when all bytes before it were: a half-closed connection stays half-closed, a reset is a reset. */
#ifndef TAP_PROXY_LINK_H
#define TAP_PROXY_LINK_H

#include "tap/proxy/proxy_state.h"

/* Take an accepted stream, and connect it to an upstream. */
void tap__link_open(struct tap_proxy *proxy, struct net_stream *client);

/* End it from our side, at once. */
void tap__link_cut(struct tap__link *link);

#endif
