/* contents.h - the messages and deliveries in the window by what they say: cluster, subject, reply, headers and payload.
 * Internal to store. */
#ifndef STORE_CLUSTER_CONTENTS_H
#define STORE_CLUSTER_CONTENTS_H

#include "store/cluster/types.h"

struct store__contents {
	const struct store__clocks *clocks; /* borrowed */
	bool reverse;                       /* the latest comes first */
	struct store__chains chains;
	struct store__chains lanes;
	struct store__chains subs; /* subscribe and connect events in the window */
	size_t bytes;              /* of contents and lanes */
};

/* The time of an entry without what its clock is ahead of that of the first log. */
int64_t store__entry_ns(const struct store__clocks *clocks, const struct store__entry *entry);

/* Likewise; in reverse negated, so that it rises in the order of reading. */
int64_t store__entry_key(const struct store__contents *contents, const struct store__entry *entry);

void store__contents_fini(struct store__contents *contents); /* of which all entries were removed */

/* Add a message or a delivery of this cluster, or a subscribe or connect event. 0, or -ENOMEM with nothing added. */
int store__contents_add(struct store__contents *contents, struct store__entry *entry, uint32_t cluster);

/* The clocks have changed: put the messages and deliveries into the order of this list, which has all of them by rising key. */
void store__contents_reorder(struct store__contents *contents, struct store__entry *const *entries,
			     size_t count);

/* Take out an entry (is_listed) that leaves the window, or a delivery that joins a message. A content without entries is freed. */
void store__contents_remove(struct store__contents *contents, struct store__entry *entry);

/* Free the lanes that have had no delivery since this key. */
void store__contents_drop_idle(struct store__contents *contents, struct store__content *content, int64_t key);

/* Does the same connection, or for a queue group any of its members, get both? The receiver is one of a message of the log `input`. */
bool store__lane_is_of(const struct store__lane *lane, uint32_t input, const struct wire_receiver *receiver);

#endif
