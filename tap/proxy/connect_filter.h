/* connect_filter.h - pass on the bytes of a client, with the signature of the proxy in its CONNECT. Internal to tap.
 *
 * NATS servers since 2.12 trust proxies whose public key they know: INFO has a nonce, and the proxy adds `proxy_sig`, its signature of
 * the nonce, to what the client says in CONNECT (ADR-55 of the NATS project). CONNECT is the first operation of a client; all that
 * follows it passes unchanged, and so does a beginning that is no CONNECT. Only a CONNECT that has not ended waits. */
#ifndef TAP_PROXY_CONNECT_FILTER_H
#define TAP_PROXY_CONNECT_FILTER_H

#include "net/client/signing_key.h"
#include "tap/proxy/info_filter.h"

enum { TAP__CONNECT_LINE_MAX = 256 << 10 }; /* bytes; a longer CONNECT passes unchanged */

/* Zeroed: at the start of the stream. */
struct tap__connect_filter {
	char *line; /* the beginning of the CONNECT; owned */
	size_t line_len;
	bool is_over; /* all that comes passes */
};

void tap__connect_filter_fini(struct tap__connect_filter *filter);

/* Take bytes of the client; *passed is what to send to the server, maybe nothing. nonce: of the server; "" when it trusts no proxies:
 * then CONNECT passes unchanged. 0 or -ENOMEM. */
int tap__connect_filter_take(struct tap__connect_filter *filter, const struct net_signing_key *key,
			     const char *nonce, struct wire_slice input, struct tap__passed *passed);

/* The client has ended its stream: pass on what waits. */
void tap__connect_filter_end(struct tap__connect_filter *filter, struct tap__passed *passed);

#endif
