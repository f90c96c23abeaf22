/* contents.h - the messages and deliveries in the window by what they say: cluster, subject, reply, headers and payload.
 * Internal to store. */
#ifndef STORE_CLUSTER_CONTENTS_H
#define STORE_CLUSTER_CONTENTS_H

#include "store/cluster/lanes.h"
#include "store/cluster/order.h"

struct store__contents {
	struct store__order order;
	struct store__chains chains;
	struct store__lanes lanes;
	struct store__chains subs;
	size_t bytes; /* of the contents without their lanes */
};

void store__contents_init(struct store__contents *contents, const struct store__order *order);
void store__contents_fini(struct store__contents *contents); /* all entries must have been removed */

/* Add a message or a delivery of this cluster, or a subscribe or connect event. 0, or -ENOMEM with nothing added. */
int store__contents_add(struct store__contents *contents, struct store__entry *entry, uint32_t cluster);

/* Take out an entry (is_listed) that leaves the window, or a delivery that joins a message. A content without entries is freed. */
void store__contents_remove(struct store__contents *contents, struct store__entry *entry);

/* Call `each` for every content. It may not add or remove any. */
void store__contents_each(const struct store__contents *contents,
			  void (*each)(void *context, struct store__content *content), void *context);

/* The clocks have changed: put the messages and deliveries into the order of this array, which has all of them by rising key. */
void store__contents_reorder(struct store__contents *contents, struct store__entry *const *entries,
			     size_t count);

/* Memory, without that of the entries. */
static inline size_t store__contents_bytes(const struct store__contents *contents)
{
	return contents->bytes + contents->lanes.bytes;
}

#endif
