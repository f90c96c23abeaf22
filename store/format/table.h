/* table.h - a hash table from hashes to indices, for this folder and those above it. */
#ifndef STORE_FORMAT_TABLE_H
#define STORE_FORMAT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

/* Small, so that a block's tables stay in the caches. */
struct store_table_slot {
	uint32_t hash;   /* its low half */
	uint32_t number; /* index + 1; 0: empty */
};

/* Open addressing, at most half full. */
struct store_table {
	struct store_table_slot *slots;
	uint32_t mask; /* slots - 1 */
	uint32_t count;
};

/* 0 or -ENOMEM. */
int store_table_init(struct store_table *table);
void store_table_fini(struct store_table *table);

/* Forget all entries. The memory is kept, unless the table is much larger than its entries asked for. */
void store_table_clear(struct store_table *table);

/* Look for entries of this hash: *probe starts at 0 and is advanced by each call. True with *index for the next
 * candidate (the caller compares the thing itself), false when there is none left. */
static inline bool store_table_next(const struct store_table *table, uint64_t hash, uint32_t *probe,
				    uint32_t *index)
{
	for (;;) {
		const struct store_table_slot *slot =
		    &table->slots[((uint32_t)hash + (*probe)++) & table->mask];
		if (slot->number == 0)
			return false;
		if (slot->hash == (uint32_t)hash) {
			*index = slot->number - 1;
			return true;
		}
	}
}

/* Make room for `more` entries. 0 or -ENOMEM. */
int store_table_reserve(struct store_table *table, uint32_t more);

/* Add an entry that is not there, its index below 2^32 - 1, into room that was reserved. */
void store_table_add(struct store_table *table, uint64_t hash, uint32_t index);

/* Remove the entry of this hash and index, which must be there. */
void store_table_remove(struct store_table *table, uint64_t hash, uint32_t index);

/* Make room for one entry and add it. 0 or -ENOMEM. */
int store_table_insert(struct store_table *table, uint64_t hash, uint32_t index);

#endif
