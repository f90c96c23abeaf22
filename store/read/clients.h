/* clients.h - descriptions of connections, collected from connect events.
 *
 * Bounded, as a log may come from anyone: see STORE_CLIENTS_BYTES_MAX. */
#ifndef STORE_READ_CLIENTS_H
#define STORE_READ_CLIENTS_H

#include "wire/event.h"

enum {
	STORE_CLIENTS_BYTES_MAX = 64 << 20, /* memory of a table; clients beyond it are not remembered */
	/* Connections of one event loop come by rising number. One that comes after more than so many larger ones is not remembered,
	 * which bounds the time it takes to keep them in order. */
	STORE_CLIENTS_DISORDER_MAX = 4096,
};

struct store_client {
	uint64_t conn;
	struct wire_client client; /* its slices point to memory after this struct */
};

/* A copy in one piece of memory, freed by free. NULL when out of memory. */
struct store_client *store_client_copy(uint64_t conn, const struct wire_client *client);

/* By rising conn. Zeroed = empty. */
struct store_clients {
	struct store_client **list; /* owned, each one too */
	size_t count, cap;
	size_t bytes; /* of the entries */
};

void store_clients_fini(struct store_clients *clients);

/* Remember a copy, in the place of an earlier one. 0, -ENOMEM, or -E2BIG when it would exceed a bound; on failure nothing
 * has changed. */
int store_clients_put(struct store_clients *clients, uint64_t conn, const struct wire_client *client);
void store_clients_remove(struct store_clients *clients, uint64_t conn);

/* NULL when nothing is known. Valid until the connection is put again or removed. */
const struct wire_client *store_clients_find(const struct store_clients *clients, uint64_t conn);

#endif
