/* queues.h - the events that a cluster has read and not given out: one queue for each log, in the log's order. Internal to
 * store. */
#ifndef STORE_CLUSTER_QUEUES_H
#define STORE_CLUSTER_QUEUES_H

#include "store/cluster/types.h"

struct store__queues {
	struct store__queue {
		struct store__entry *first, *last;
	} * list; /* owned, one for each input */
	uint32_t count;
	uint64_t numbers; /* given to entries so far */
	size_t bytes;     /* of the entries, receivers of messages included */
};

int store__queues_init(struct store__queues *queues, uint32_t count); /* 0 or -ENOMEM */
void store__queues_fini(struct store__queues *queues);

/* Add a copy of the event that the source has just given. NULL when out of memory. */
struct store__entry *store__queues_add(struct store__queues *queues, const struct wire_event *event,
				       struct wire_source *source);

/* Take an entry out of its queue; it still belongs to the queues' memory. */
void store__queues_remove(struct store__queues *queues, struct store__entry *entry);

/* Free an entry that was removed, and the deliveries that joined it. */
void store__queues_free(struct store__queues *queues, struct store__entry *entry);

#endif
