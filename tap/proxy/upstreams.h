/* upstreams.h - the servers that clients are connected to: which one is next, and which ones answer. Internal to tap.
 *
 * An upstream is up until a connection to it fails or stays silent, and again once it has sent its INFO. Checks (check.h) find
 * out when it is back. Clients are connected to those that are up first, and to the others when none of these answers. */
#ifndef TAP_PROXY_UPSTREAMS_H
#define TAP_PROXY_UPSTREAMS_H

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>

#include "tap/proxy/url.h"

enum { TAP__UPSTREAMS_MAX = 64, TAP__UPSTREAM_ADDRESSES = 8 };

struct tap__check;

struct tap__upstream {
	struct tap__url url;
	char name[NET_ADDRESS_TEXT]; /* "host:port" */
	struct sockaddr_storage
	    addresses[TAP__UPSTREAM_ADDRESSES]; /* of the host; one is used until it fails */
	size_t address_count, address_at;       /* count 0: they are not known */
	bool is_up;
	bool is_listed;           /* new clients are connected to it; else a reload has removed it */
	struct tap__check *check; /* borrowed; NULL: it was never checked */
	unsigned failures;        /* since it last answered */
	uint64_t connections, total_connections;
	uint64_t bytes[2];    /* from clients, from the server */
	uint64_t messages[2]; /* published, delivered; while they are recorded */
	uint64_t answers;     /* to clients */
	uint64_t total_failures;
};

struct tap__upstreams {
	struct tap__upstream *list[TAP__UPSTREAMS_MAX]; /* in order of preference */
	size_t count;
	/* All that were ever listed; owned. They stay: connections, and what is counted, refer to them. */
	struct tap__upstream **known;
	size_t known_count;
	bool is_random;
	uint64_t random; /* state of the generator */
};

/* Take URLs that end with NULL. Hosts are looked up while the caller waits; one that is not found has no address yet. 0, or a negative code with *fault. */
int tap__upstreams_init(struct tap__upstreams *upstreams, const char *const *urls, bool is_random,
			struct wire_fault *fault);
/* Likewise, in place of those that are listed. One that was known keeps its state. On failure nothing has changed. */
int tap__upstreams_replace(struct tap__upstreams *upstreams, const char *const *urls, bool is_random,
			   struct wire_fault *fault);
void tap__upstreams_fini(struct tap__upstreams *upstreams);

/* The host is a name that must be looked up. */
bool tap__upstream_has_name(const struct tap__upstream *upstream);

/* Set the addresses of the host. The one in use stays in use when it is still among them. */
void tap__upstream_set_addresses(struct tap__upstream *upstream, const struct addrinfo *found);

/* The next one to try for a client; NULL when all were tried. *tried holds a bit for each, and gets that of the result. */
struct tap__upstream *tap__upstreams_next(struct tap__upstreams *upstreams, uint64_t *tried);

/* Is there one that was not tried? */
bool tap__upstreams_are_left(const struct tap__upstreams *upstreams, uint64_t tried);

/* It has answered, or failed: then its next address is used. Both return true when that is a change. */
bool tap__upstream_answered(struct tap__upstream *upstream);
bool tap__upstream_failed(struct tap__upstream *upstream);

/* How long to wait with the next check: longer after each failure. */
uint64_t tap__upstream_check_ms(const struct tap__upstream *upstream);

#endif
