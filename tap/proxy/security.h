/* security.h - TLS of the proxy, towards clients and towards servers: contexts, and which connections are encrypted. Internal
 * to tap. */
#ifndef TAP_PROXY_SECURITY_H
#define TAP_PROXY_SECURITY_H

#include "tap/proxy/proxy_state.h"

/* Read the certificates of the options, and follow their files. 0, or a negative code with *fault. */
int tap__security_open(struct tap_proxy *proxy, struct wire_fault *fault);
void tap__security_close(struct tap_proxy *proxy);
/* The servers or the rules of the proxy are others now: follow. 0, or a negative code with *fault: servers with TLS that were added
 * are not connected to. */
int tap__security_follow(struct tap_proxy *proxy, struct wire_fault *fault);

/* Read the files again, and report what is wrong with them. */
void tap__security_reload(struct tap_proxy *proxy);

/* For a client of this server, the proxy itself speaks TLS on one side or both: flags of INFO are its own. */
bool tap__security_is_own(const struct tap_proxy *proxy, const struct tap__upstream *upstream);

/* Does a server with this INFO get TLS? *why: it ought to, but does not offer it; else NULL. */
bool tap__security_wants_server(const struct tap_proxy *proxy, const struct tap__upstream *upstream,
				struct wire_slice info, const char **why);

/* The rules for its INFO. */
const struct tap__info_rules *tap__security_rules(const struct tap_proxy *proxy,
						  const struct tap__upstream *upstream);

/* Put TLS on a new stream of a client, when the handshake comes first; takes the stream on failure. 0, or a negative code. */
int tap__security_accept(struct net_stream **client, const struct tap_proxy *proxy);
bool tap__security_is_client_first(const struct tap_proxy *proxy);

/* A stream to the server, which is announced the client if it is to be (announce.h), with TLS when the handshake comes first
 * there. client: NULL for a check. 0, or a negative code. */
int tap__security_connect(struct net_stream **server, struct tap_proxy *proxy,
			  const struct tap__upstream *upstream, const struct net_stream *client);

/* Put TLS on an open stream, in its place; it is to be started again. `read`: what the peer has sent already; copied. 0, or a
 * negative code. */
int tap__security_upgrade_server(struct net_stream **server, const struct tap_proxy *proxy,
				 const struct tap__upstream *upstream, struct wire_slice read);
int tap__security_upgrade_client(struct net_stream **client, const struct tap_proxy *proxy,
				 struct wire_slice read);

#endif
