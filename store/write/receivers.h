/* receivers.h - a batch's numbers for subscribers and for sets of receivers. Internal to store. */
#ifndef STORE_WRITE_RECEIVERS_H
#define STORE_WRITE_RECEIVERS_H

#include "store/write/batch_layout.h"

/* Bytes that the list would take at most, all its members being new to the batch. */
uint64_t store__receivers_bound(const struct wire_receiver *receivers, uint32_t count);

/* Room for a list of receivers, all of them new. 0 or -ENOMEM. */
int store__receivers_reserve(struct store_batch *batch, const struct wire_receiver *receivers,
			     uint32_t count);

/* The index of the set of exactly these receivers, found or added into room that was reserved. */
uint32_t store__receivers_put(struct store_batch *batch, const struct wire_receiver *receivers,
			      uint32_t count);

#endif
