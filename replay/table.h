/* table.h - a hash table from 64-bit hashes to numbers. Internal to replay. */
#ifndef REPLAY_TABLE_H
#define REPLAY_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct replay__slot {
	uint64_t hash;
	uint32_t number; /* + 1; 0 = empty */
};

/* Open addressing, at most half full. Zeroed = empty. */
struct replay__table {
	struct replay__slot *slots; /* owned */
	size_t mask, count;
};

void replay__table_fini(struct replay__table *table);

/* Look for numbers of this hash: *probe starts at 0 and is advanced by each call. True with *number for the next
 * candidate (the caller compares the thing itself), false when there is none left. */
bool replay__table_next(const struct replay__table *table, uint64_t hash, size_t *probe, uint32_t *number);

/* Add a number that is not there. 0 or -ENOMEM. */
int replay__table_add(struct replay__table *table, uint64_t hash, uint32_t number);

#endif
