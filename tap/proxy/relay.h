/* relay.h - one direction of a connection: bytes from one stream to the other. Internal to tap.
 *
 *	from ──▶ read buffer ──▶ to        usual: all is taken at once
 *	from ─╳  rest ─────────▶ to        `to` does not take all: `from` is not read until it has
 *
 * While several connections have much to read, each gets a part of every turn of the loop. */
#ifndef TAP_PROXY_RELAY_H
#define TAP_PROXY_RELAY_H

#include "tap/proxy/proxy_state.h"

/* Where the next bytes of `from` go; no room while they must wait. */
uv_buf_t tap__relay_room(struct tap_proxy *proxy, struct tap__relay *relay);

/* Pass on bytes that lie in the read buffer or in memory that is taken. The caller must not use the read buffer of the proxy
 * for other bytes before it has looked at these. */
void tap__relay_pass(struct tap_proxy *proxy, struct tap__relay *relay, const struct tap__passed *passed);

/* `from` has ended its side: end that of `to` after the last byte. */
void tap__relay_end(struct tap__relay *relay);

/* What `to` has begun was taken (status 0), or could not be. */
void tap__relay_drained(struct tap_proxy *proxy, struct tap__relay *relay, int status);

/* Read `from` if nothing is against it. */
void tap__relay_read(struct tap__relay *relay);

/* Was everything that `from` has sent passed on, its end included? Or can nothing be passed on any more? */
bool tap__relay_is_done(const struct tap__relay *relay);

/* Wait no longer for a turn. */
void tap__relay_stop(struct tap_proxy *proxy, struct tap__relay *relay);

/* Free what it holds. Both streams must have been closed: bytes that were begun stay in place until then. */
void tap__relay_fini(struct tap_proxy *proxy, struct tap__relay *relay);

/* Has the sink room, so that relays that wait may go on? */
bool tap__relays_may_resume(const struct tap_proxy *proxy);

/* Go on with the relays that wait, unless the sink has no room. */
void tap__relays_resume(struct tap_proxy *proxy);

#endif
