/* subscriptions.h - the subscriptions that there are, by connection and sid.
 *
 * Fed with subscribe, unsubscribe and disconnect events. Each subscription has a number of the caller's; a delivery leads to
 * it by its receiver's sid. A subscription that was made before the events began is added by its first delivery.
 * Bounded by the memory lent; what finds no room is counted there. */
#ifndef TRACE_SUBSCRIPTIONS_H
#define TRACE_SUBSCRIPTIONS_H

#include "trace/memory.h"
#include "wire/slice.h"

struct trace_subscription {
	/* The caller's. */
	uint32_t owner;   /* what it belongs to */
	uint32_t member;  /* what counts its deliveries */
	uint64_t ends_at; /* after so many deliveries; 0 = not so */
	uint64_t deliveries;
	/* Internal. */
	uint64_t sid_hash;
	uint32_t client;
	uint32_t next;         /* in the same bucket; index + 1, 0 = none */
	uint32_t newer, older; /* of the same client; likewise */
};

struct trace_subscriptions {
	struct trace_subscription *list;       /* owned */
	uint32_t *buckets;                     /* owned; index + 1 */
	uint32_t *newest;                      /* owned; by client: its newest subscription, index + 1 */
	uint32_t len, cap, newest_cap, unused; /* unused: the first of the free ones, index + 1 */
	struct trace_memory *memory;           /* borrowed */
};

/* Allocates nothing. */
void trace_subscriptions_init(struct trace_subscriptions *subscriptions, struct trace_memory *memory);
void trace_subscriptions_fini(struct trace_subscriptions *subscriptions);

/* The subscription of a client (a number of trace/clients.h) with this sid, NULL when there is none. Valid until one is added.
 * Hot: once for every receiver of a message. */
struct trace_subscription *trace_subscriptions_find(const struct trace_subscriptions *subscriptions,
						    uint32_t client, struct wire_slice sid);

/* Add a subscription, zeroed but for its internal part, in the place of an earlier one of that sid. NULL when there is no room. */
struct trace_subscription *trace_subscriptions_add(struct trace_subscriptions *subscriptions, uint32_t client,
						   struct wire_slice sid);

void trace_subscriptions_remove(struct trace_subscriptions *subscriptions,
				struct trace_subscription *subscription);

/* A client's newest subscription, NULL when it has none: to remove them all when it leaves. */
struct trace_subscription *trace_subscriptions_newest(const struct trace_subscriptions *subscriptions,
						      uint32_t client);

#endif
