/* servers.h - which connections lead to the same server: by address and port, and by the id in its INFO. Internal to
 * tap. */
#ifndef TAP_SESSION_SERVERS_H
#define TAP_SESSION_SERVERS_H

#include "tap/stream/flow.h"

enum { TAP__SERVERS_MAX = 1024 }; /* those beyond count as one */

struct tap__servers {
	struct tap__server {
		struct tap_endpoint end;
		uint32_t number;      /* its own, or that of another end of the same server */
		uint32_t blind;       /* connections to it that may have subscriptions which were not seen */
		char id[64];          /* NUL-terminated; "": not known */
		uint64_t max_payload; /* bytes; 0: not known */
	} * list;
	uint32_t count;
};

void tap__servers_fini(struct tap__servers *servers); /* zeroed: fine */

/* The number of the server that listens there. */
uint32_t tap__servers_at(struct tap__servers *servers, const struct tap_endpoint *end);

/* Does a server listen there that was seen before? */
bool tap__servers_know(const struct tap__servers *servers, const struct tap_endpoint *end);

/* The server that listens there calls itself so ("": it does not): its number. *is_new: it is the first to do so. */
uint32_t tap__servers_name(struct tap__servers *servers, const struct tap_endpoint *end, const char *id,
			   bool *is_new);

/* Where the limit of the server that listens there is kept, in bytes, 0 = not known; NULL when there is no room. */
uint64_t *tap__servers_max_payload(struct tap__servers *servers, const struct tap_endpoint *end);

/* One more, or one less, connection to the server that listens there may have subscriptions which were not seen. Both
 * return the server's number. */
uint32_t tap__servers_add_blind(struct tap__servers *servers, const struct tap_endpoint *end);
uint32_t tap__servers_remove_blind(struct tap__servers *servers, const struct tap_endpoint *end);

/* There is such a connection to the server of that number, at any of its ends. */
bool tap__servers_are_blind(const struct tap__servers *servers, uint32_t number);

#endif
