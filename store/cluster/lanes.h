/* lanes.h - the lanes of contents: who gets a message at most once. Internal to store. */
#ifndef STORE_CLUSTER_LANES_H
#define STORE_CLUSTER_LANES_H

#include "store/cluster/types.h"

struct store__lanes {
	struct store__chains chains;
	size_t bytes;
};

void store__lanes_init(struct store__lanes *lanes);

/* The lane of a delivery of this content, which is added when there is none. NULL when out of memory. */
struct store__lane *store__lanes_of(struct store__lanes *lanes, struct store__content *content,
				    const struct store__entry *delivery);

/* Free the lanes of a content that have no delivery, and have had none since this key; INT64_MAX: all. */
void store__lanes_drop(struct store__lanes *lanes, struct store__content *content, int64_t key);

/* Is the receiver of a message of the log `input` this subscription, or a member of this queue group? */
bool store__lane_is_of(const struct store__lane *lane, uint32_t input, const struct wire_receiver *receiver);

#endif
