/* subs.h - the subscriptions and connections that were made within the window. Internal to store. */
#ifndef STORE_CLUSTER_SUBS_H
#define STORE_CLUSTER_SUBS_H

#include "store/cluster/types.h"

void store__subs_init(struct store__chains *subs);

/* Is the entry a subscribe or a connect event? */
bool store__subs_is_one(const struct store__entry *entry);

/* Add such an entry. 0 or -ENOMEM. */
int store__subs_add(struct store__chains *subs, struct store__entry *entry);

/* Since when the subscription of a delivery may have existed, by the clock of its log: its SUB, or else the CONNECT of its
 * connection; INT64_MIN: before the window. */
int64_t store__subs_since(const struct store__chains *subs, const struct store__entry *delivery);

#endif
