/* info_rewrite.h - make the INFO of a server describe the proxy. Internal to tap.
 *
 * Replaced are `host`, `port` and the lists of further addresses (`connect_urls`, `ws_connect_urls`): they would lead
 * clients past the proxy. All other members keep their bytes. The TLS flags stay as they are where a client that the server
 * asks for TLS negotiates it with the server, through the proxy; where the proxy itself speaks TLS they are its own. Pure. */
#ifndef TAP_PROXY_INFO_REWRITE_H
#define TAP_PROXY_INFO_REWRITE_H

#include "net/address.h"
#include "wire/slice.h"

struct tap__url_map {
	char from[NET_ADDRESS_TEXT], to[NET_ADDRESS_TEXT]; /* "host:port" */
};

struct tap__info_rules {
	const char *host; /* of the proxy, as is all below */
	int port;
	char (*advertised)[NET_ADDRESS_TEXT]; /* "host:port" of further proxies */
	size_t advertised_count;
	struct tap__url_map *maps; /* addresses of the cluster that are translated; all others are left out */
	size_t maps_count;
	bool wants_nonce; /* for the signature of the proxy (connect_filter.h) */
	bool has_own_tls; /* the flags of INFO are these two */
	bool tls_required, tls_verify;
};

/* The JSON text of an INFO, rewritten: owned, *len bytes. NULL when the text is not an object, or when out of memory. */
char *tap__info_rewrite(struct wire_slice json, const struct tap__info_rules *rules, size_t *len);

#endif
