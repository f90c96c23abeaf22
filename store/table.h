/* table.h - a hash table from 64-bit hashes to indices, emptied in one step. Internal to store. */
#ifndef STORE_TABLE_H
#define STORE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

struct store__slot {
	uint64_t hash;
	uint32_t life; /* of the table when it was filled; any other: empty */
	uint32_t index;
};

/* Open addressing, at most half full. */
struct store__table {
	struct store__slot *slots;
	uint32_t mask; /* slots - 1 */
	uint32_t count;
	uint32_t life;
};

/* 0 or -ENOMEM. */
int store__table_init(struct store__table *table);
void store__table_fini(struct store__table *table);

/* Forget all entries. The memory is kept, unless the table had become very large. */
void store__table_clear(struct store__table *table);

/* Look for entries of this hash: *probe starts at 0 and is advanced by each call. True with *index for the next
 * candidate (the caller compares the thing itself), false when there is none left. */
bool store__table_next(const struct store__table *table, uint64_t hash, uint32_t *probe, uint32_t *index);

/* Make room for `more` entries. 0 or -ENOMEM. */
int store__table_reserve(struct store__table *table, uint32_t more);

/* Add an entry that is not there, into room that was reserved. */
void store__table_add(struct store__table *table, uint64_t hash, uint32_t index);

#endif
