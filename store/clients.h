/* clients.h - what is known of connections, gathered from connect events. */
#ifndef STORE_CLIENTS_H
#define STORE_CLIENTS_H

#include "wire/event.h"

struct store_client {
	uint64_t conn;
	struct wire_client client; /* its slices lie behind this struct */
};

/* By rising conn. Zeroed = empty. */
struct store_clients {
	struct store_client **list; /* owned, each one too */
	size_t count, cap;
};

void store_clients_fini(struct store_clients *clients);

/* Remember a copy; replaces what was known. 0 or -ENOMEM. */
int store_clients_put(struct store_clients *clients, uint64_t conn, const struct wire_client *client);
void store_clients_remove(struct store_clients *clients, uint64_t conn);

/* NULL when nothing is known. Valid until the connection is put again or removed. */
const struct wire_client *store_clients_find(const struct store_clients *clients, uint64_t conn);

#endif
