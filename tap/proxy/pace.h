/* pace.h - clients rest while their server is behind. Internal to tap.
 *
 * When clients send more than a server can do, what they send waits in the server's input for longer and longer, and more
 * and more messages are on their way that the tap must remember until their deliveries come. A server with some
 * milliseconds of work in its input loses nothing when its clients send a little later: what would wait in the server
 * waits in the client instead.
 *
 * Only a server that delivers late makes clients rest, and no receiver that is slow to read (tap_join_is_behind). */
#ifndef TAP_PROXY_PACE_H
#define TAP_PROXY_PACE_H

#include "tap/proxy/proxy_state.h"

void tap__pace_open(struct tap_proxy *proxy);
void tap__pace_close(struct tap_proxy *proxy);

/* The client's bytes were relayed and shown. If its server is behind, do not read the client until the server is no longer
 * behind, and for 20 ms at most. Hot: once for every read. */
void tap__pace_client(struct tap__link *link);

/* The link ends. */
void tap__pace_stop(struct tap__link *link);

#endif
