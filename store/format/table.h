/* table.h - a hash table from hashes to indices. Internal to store. */
#ifndef STORE_FORMAT_TABLE_H
#define STORE_FORMAT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

/* Small, so that a block's tables stay in the caches. */
struct store__slot {
	uint32_t hash;   /* its low half */
	uint32_t number; /* index + 1; 0: empty */
};

/* Open addressing, at most half full. */
struct store__table {
	struct store__slot *slots;
	uint32_t mask; /* slots - 1 */
	uint32_t count;
};

/* 0 or -ENOMEM. */
int store__table_init(struct store__table *table);
void store__table_fini(struct store__table *table);

/* Forget all entries. The memory is kept, unless it is much more than the entries needed. */
void store__table_clear(struct store__table *table);

/* Look for entries of this hash: *probe starts at 0, and each call advances it. True with *index for the next candidate,
 * which the caller must compare; false when there is none left. */
static inline bool store__table_next(const struct store__table *table, uint64_t hash, uint32_t *probe,
				     uint32_t *index)
{
	for (;;) {
		const struct store__slot *slot = &table->slots[((uint32_t)hash + (*probe)++) & table->mask];
		if (slot->number == 0)
			return false;
		if (slot->hash == (uint32_t)hash) {
			*index = slot->number - 1;
			return true;
		}
	}
}

/* Reserve room for `more` entries. 0 or -ENOMEM. */
int store__table_reserve(struct store__table *table, uint32_t more);

/* Add a new entry to room that was reserved. Its index is below 2^32 - 1. */
void store__table_add(struct store__table *table, uint64_t hash, uint32_t index);

#endif
