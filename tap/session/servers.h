/* servers.h - the servers in a capture: an address and port, and the id in its INFO, tell which connections
 * lead to the same one. Internal to tap. */
#ifndef TAP_SESSION_SERVERS_H
#define TAP_SESSION_SERVERS_H

#include "tap/stream/flow.h"

enum { TAP__SERVERS_MAX = 1024 }; /* those beyond share number 0 */

struct tap__servers {
	struct tap__server {
		struct tap_endpoint end;
		uint32_t number;      /* its own, or that of an earlier address of the same server */
		uint32_t unseen_subs; /* connections to it that may have unseen subscriptions */
		char id[64];          /* NUL-terminated; "": unknown */
		char cluster[64];     /* name of its cluster, likewise */
		int64_t clustered_ns; /* when that was last found to be due for a mark */
		uint64_t max_payload; /* bytes; 0: unknown */
	} * list;
	uint32_t count;
};

void tap__servers_fini(struct tap__servers *servers); /* zeroed is a valid state */

/* The number of the server at this address. */
uint32_t tap__servers_at(struct tap__servers *servers, const struct tap_endpoint *end);

/* Is there a known server at this address? */
bool tap__servers_know(const struct tap__servers *servers, const struct tap_endpoint *end);

/* Set the id of the server at this address ("": it has none). Returns the server's number. *is_new: the id was
 * not seen before. */
uint32_t tap__servers_name(struct tap__servers *servers, const struct tap_endpoint *end, const char *id,
			   bool *is_new);

/* The server at this address belongs to this cluster ("": to none). True when a mark is due: it is new, or an hour has passed,
 * after which retention may have deleted the mark before. */
bool tap__servers_set_cluster(struct tap__servers *servers, const struct tap_endpoint *end, const char *name,
			      int64_t time_ns);

/* The payload limit of the server at this address, in bytes, 0 = unknown, to be read or set. NULL when there is
 * no room. */
uint64_t *tap__servers_max_payload(struct tap__servers *servers, const struct tap_endpoint *end);

/* One connection more, or less, to the server at this address may have unseen subscriptions. Both return the
 * server's number. */
uint32_t tap__servers_add_unseen(struct tap__servers *servers, const struct tap_endpoint *end);
uint32_t tap__servers_remove_unseen(struct tap__servers *servers, const struct tap_endpoint *end);

/* Is there such a connection to the server with this number, at any of its addresses? */
bool tap__servers_have_unseen(const struct tap__servers *servers, uint32_t number);

#endif
