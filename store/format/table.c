#include "store/format/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A table with SPARSE slots or more for each entry, or with more than SLOTS_KEEP slots, is made small when it is cleared. */
enum { SLOTS_MIN = 1024, SLOTS_KEEP = 1 << 18, SPARSE = 32 };

int store__table_init(struct store__table *table)
{
	*table =
	    (struct store__table){.slots = calloc(SLOTS_MIN, sizeof *table->slots), .mask = SLOTS_MIN - 1};
	return table->slots ? 0 : -ENOMEM;
}

void store__table_fini(struct store__table *table)
{
	free(table->slots);
	*table = (struct store__table){0};
}

/* Back to the least size. False when there is no memory for that. */
static bool shrink(struct store__table *table)
{
	struct store__table small;
	if (store__table_init(&small) != 0)
		return false;
	store__table_fini(table);
	*table = small;
	return true;
}

void store__table_clear(struct store__table *table)
{
	bool is_large =
	    table->mask >= SLOTS_KEEP || (table->mask >= SLOTS_MIN && table->count < table->mask / SPARSE);
	if (is_large && shrink(table))
		return;
	if (table->count > 0)
		memset(table->slots, 0, ((size_t)table->mask + 1) * sizeof *table->slots);
	table->count = 0;
}

static void put(struct store__table *table, uint32_t hash, uint32_t number)
{
	uint32_t at = hash & table->mask;
	while (table->slots[at].number != 0)
		at = (at + 1) & table->mask;
	table->slots[at] = (struct store__slot){.hash = hash, .number = number};
	table->count++;
}

static int grow(struct store__table *table, uint32_t slots)
{
	struct store__table old = *table;
	struct store__slot *fresh = calloc(slots, sizeof *fresh);
	if (!fresh)
		return -ENOMEM;
	*table = (struct store__table){.slots = fresh, .mask = slots - 1};
	for (uint32_t i = 0; i <= old.mask; i++)
		if (old.slots[i].number != 0)
			put(table, old.slots[i].hash, old.slots[i].number);
	free(old.slots);
	return 0;
}

int store__table_reserve(struct store__table *table, uint32_t more)
{
	uint64_t slots = (uint64_t)table->mask + 1;
	while (slots < 2 * ((uint64_t)table->count + more))
		slots *= 2;
	return slots <= (uint64_t)table->mask + 1 ? 0 : grow(table, (uint32_t)slots);
}

void store__table_add(struct store__table *table, uint64_t hash, uint32_t index)
{
	put(table, (uint32_t)hash, index + 1);
}
