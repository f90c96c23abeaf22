/* given.h - the event that a cluster has given out: a message with the deliveries that joined it as receivers. Internal to
 * store. */
#ifndef STORE_CLUSTER_GIVEN_H
#define STORE_CLUSTER_GIVEN_H

#include "store/cluster/order.h"

/* Zeroed: none. */
struct store__given {
	struct store__entry *entry; /* borrowed */
	struct wire_receiver *receivers;
	int64_t *delays_ns; /* theirs; both owned */
	size_t receivers_cap;
};

void store__given_fini(struct store__given *given);

/* Make *event of an entry; it borrows both. 0 or -ENOMEM. */
int store__given_set(struct store__given *given, const struct store__order *order, struct store__entry *entry,
		     struct wire_event *event);

/* The client of a connection that the event names (wire/conn.h), NULL when it is not known. */
const struct wire_client *store__given_client(const struct store__given *given, uint64_t conn);

#endif
