/* id_mask.h - a Bloom filter over the few ids of a message: says cheaply that it does not hold an id. */
#ifndef TRACE_ID_MASK_H
#define TRACE_ID_MASK_H

#include <stdbool.h>
#include <stdint.h>

/* Two bits for each id, chosen by its hash. Zeroed = empty. */
struct trace_id_mask {
	uint64_t words[4];
};

static inline void trace_id_mask_add(struct trace_id_mask *mask, uint64_t id)
{
	mask->words[id >> 62] |= UINT64_C(1) << (id >> 56 & 63);
	mask->words[id >> 54 & 3] |= UINT64_C(1) << (id >> 48 & 63);
}

/* False: the id was not added. */
static inline bool trace_id_mask_may_hold(const struct trace_id_mask *mask, uint64_t id)
{
	return (mask->words[id >> 62] >> (id >> 56 & 63) & mask->words[id >> 54 & 3] >> (id >> 48 & 63) &
		1) != 0;
}

#endif
