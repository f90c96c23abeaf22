/* deliveries.h - the last messages that each client got, the newest first. Internal to trace.
 *
 * A ring for each client, with what is asked of its messages most often, so that looking through a ring touches no node.
 *
 * Bounded: when the rings exceed bytes_max, the one that got no delivery for longest is freed. */
#ifndef TRACE_CONVERSATION_DELIVERIES_H
#define TRACE_CONVERSATION_DELIVERIES_H

#include "trace/conversation/types.h"

enum { TRACE__DELIVERIES_MAX = 32 /* of a client; a power of two */ };

struct trace__delivery {
	struct trace_node *node; /* NULL: forgotten */
	int64_t at_ns;           /* steady */
	uint64_t class;          /* what is being handled: that of the node, or after its reply */
	uint64_t effects; /* classes of what was published because of it: a bit for each, by its hash */
	struct trace_id_mask content_mask; /* the node's */
	bool has_content_ids;              /* the node has some */
	uint64_t asked_class;              /* of the request that it answers, or its own… */
	uint32_t asker;                    /* …and who published that */
};

struct trace__deliveries_ring {
	struct trace__delivery *list; /* owned; cap of them, a power of two */
	uint32_t cap;
	uint32_t staler, fresher; /* clients, by their last delivery; TRACE_NO_CLIENT = none */
	uint64_t added;
};

struct trace__deliveries {
	struct trace__deliveries_ring *rings; /* by client number; owned */
	uint32_t count;
	uint32_t stalest, freshest; /* clients with a list, by their last delivery; TRACE_NO_CLIENT = none */
	size_t bytes, bytes_max;    /* of the lists */
};

void trace__deliveries_init(struct trace__deliveries *deliveries, size_t bytes_max);
void trace__deliveries_fini(struct trace__deliveries *deliveries);

/* Add a delivery to a client, in the place of its oldest when there are too many. 0 or -ENOMEM. */
int trace__deliveries_add(struct trace__deliveries *deliveries, uint32_t client,
			  const struct trace__delivery *delivery);

/* Number i of the client's deliveries, 0 being the newest. NULL after the last one. */
struct trace__delivery *trace__deliveries_at(const struct trace__deliveries *deliveries, uint32_t client,
					     uint32_t i);

/* The delivery of the node to the client; NULL when it is not remembered. */
struct trace__delivery *trace__deliveries_find(const struct trace__deliveries *deliveries, uint32_t client,
					       const struct trace_node *node);

/* Forget all deliveries to the client and free its ring. */
void trace__deliveries_drop(struct trace__deliveries *deliveries, uint32_t client);

/* Forget the deliveries of the node to any client. */
void trace__deliveries_remove(struct trace__deliveries *deliveries, const struct trace_node *node);

#endif
