/* proxy_header.h - the header of the PROXY protocol, in which a load balancer says whose connection it passes on.
 *
 * Version 1 is a line of text, version 2 is binary. Specification: HAProxy's doc/proxy-protocol.txt, of 2020. Pure. */
#ifndef NET_PROXY_HEADER_H
#define NET_PROXY_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include "net/address.h"

enum {
	NET_PROXY_HEADER_FIRST = 15, /* the shortest header has so many bytes */
	NET_PROXY_HEADER_V1_MAX = 107,
	NET_PROXY_HEADER_ROOM = 128, /* for what must be seen of any header, and for any that is written */
};

/* One end of a connection. */
struct net_proxy_end {
	char ip[NET_IP_TEXT]; /* numeric */
	int port;
};

struct net_proxy_header {
	/* False: of a connection that the sender has made itself (LOCAL), or whose addresses it does not say in a form that is
	 * known: the addresses of the connection itself count. */
	bool has_ends;
	struct net_proxy_end source, destination;
};

/* Parse the header at the beginning of bytes[0..len).
 *
 * Returns its whole length with *header filled in: of one that ends with fields which are skipped (version 2), this may be more
 * than len, up to 64 KiB. Returns 0 when it is incomplete, with *need set to the smallest length worth calling again with, never
 * beyond the end of the header and at most NET_PROXY_HEADER_ROOM; or NET_EPROXYHEADER. */
int64_t net_proxy_header_parse(const char *bytes, size_t len, struct net_proxy_header *header, size_t *need);

/* Write a header of version 1 or 2. The ends NULL: of a connection that the sender has made itself. Returns its length. */
size_t net_proxy_header_write(char bytes[NET_PROXY_HEADER_ROOM], int version,
			      const struct net_proxy_end *source, const struct net_proxy_end *destination);

#endif
