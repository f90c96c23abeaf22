/* order.h - entries in order of time: lists of them, linked by next_same. Internal to store. */
#ifndef STORE_CLUSTER_ORDER_H
#define STORE_CLUSTER_ORDER_H

#include "store/cluster/types.h"

struct store__order {
	const struct store__clocks *clocks; /* borrowed */
	bool reverse;                       /* the latest comes first */
};

/* The time of an entry without what its clock is ahead of that of the first log. */
int64_t store__entry_ns(const struct store__order *order, const struct store__entry *entry);

/* Likewise; in reverse negated, so that it rises in the order of reading. */
int64_t store__entry_key(const struct store__order *order, const struct store__entry *entry);

/* Put an entry at its place in a list, after others of the same time. */
void store__list_insert(const struct store__order *order, struct store__list *list,
			struct store__entry *entry);

/* Put an entry at the end of a list. */
void store__list_append(struct store__list *list, struct store__entry *entry);

/* Take an entry out of a list that it is in. */
void store__list_remove(struct store__list *list, struct store__entry *entry);

#endif
