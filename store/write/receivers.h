/* receivers.h - number the subscribers and the sets of receivers of a batch. Internal to store. */
#ifndef STORE_WRITE_RECEIVERS_H
#define STORE_WRITE_RECEIVERS_H

#include "store/write/batch_layout.h"

/* An upper bound on the bytes that the list takes: those it takes when all its members are new to the batch. */
uint64_t store__receivers_bound(const struct wire_receiver *receivers, uint32_t count);

/* Reserve room for a list of receivers, all of them new. 0 or -ENOMEM. */
int store__receivers_reserve(struct store_batch *batch, const struct wire_receiver *receivers,
			     uint32_t count);

/* Find the set of exactly these receivers or add it to room that was reserved. Returns its index. */
uint32_t store__receivers_put(struct store_batch *batch, const struct wire_receiver *receivers,
			      uint32_t count);

#endif
