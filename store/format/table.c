#include "store/format/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A table with SPARSE slots or more for each entry, or with more than SLOTS_KEEP slots, is made small when it is cleared. */
enum { SLOTS_MIN = 1024, SLOTS_KEEP = 1 << 18, SPARSE = 32 };

int store_table_init(struct store_table *table)
{
	*table =
	    (struct store_table){.slots = calloc(SLOTS_MIN, sizeof *table->slots), .mask = SLOTS_MIN - 1};
	return table->slots ? 0 : -ENOMEM;
}

void store_table_fini(struct store_table *table)
{
	free(table->slots);
	*table = (struct store_table){0};
}

/* Back to the least size. False when there is no memory for that. */
static bool shrink(struct store_table *table)
{
	struct store_table small;
	if (store_table_init(&small) != 0)
		return false;
	store_table_fini(table);
	*table = small;
	return true;
}

void store_table_clear(struct store_table *table)
{
	bool is_large =
	    table->mask >= SLOTS_KEEP || (table->mask >= SLOTS_MIN && table->count < table->mask / SPARSE);
	if (is_large && shrink(table))
		return;
	if (table->count > 0)
		memset(table->slots, 0, ((size_t)table->mask + 1) * sizeof *table->slots);
	table->count = 0;
}

static void put(struct store_table *table, uint32_t hash, uint32_t number)
{
	uint32_t at = hash & table->mask;
	while (table->slots[at].number != 0)
		at = (at + 1) & table->mask;
	table->slots[at] = (struct store_table_slot){.hash = hash, .number = number};
	table->count++;
}

static int grow(struct store_table *table, uint32_t slots)
{
	struct store_table old = *table;
	struct store_table_slot *fresh = calloc(slots, sizeof *fresh);
	if (!fresh)
		return -ENOMEM;
	*table = (struct store_table){.slots = fresh, .mask = slots - 1};
	for (uint32_t i = 0; i <= old.mask; i++)
		if (old.slots[i].number != 0)
			put(table, old.slots[i].hash, old.slots[i].number);
	free(old.slots);
	return 0;
}

int store_table_reserve(struct store_table *table, uint32_t more)
{
	uint64_t slots = (uint64_t)table->mask + 1;
	while (slots < 2 * ((uint64_t)table->count + more))
		slots *= 2;
	return slots <= (uint64_t)table->mask + 1 ? 0 : grow(table, (uint32_t)slots);
}

void store_table_add(struct store_table *table, uint64_t hash, uint32_t index)
{
	put(table, (uint32_t)hash, index + 1);
}

int store_table_insert(struct store_table *table, uint64_t hash, uint32_t index)
{
	if (store_table_reserve(table, 1) != 0)
		return -ENOMEM;
	store_table_add(table, hash, index);
	return 0;
}

static uint32_t slot_of(const struct store_table *table, uint32_t hash, uint32_t number)
{
	uint32_t at = hash & table->mask;
	while (table->slots[at].number != number)
		at = (at + 1) & table->mask;
	return at;
}

/* Close the hole: move back the entries after it that a search would not find across it. */
void store_table_remove(struct store_table *table, uint64_t hash, uint32_t index)
{
	uint32_t hole = slot_of(table, (uint32_t)hash, index + 1);
	for (uint32_t at = (hole + 1) & table->mask; table->slots[at].number != 0;
	     at = (at + 1) & table->mask) {
		uint32_t home = table->slots[at].hash & table->mask;
		if (((at - home) & table->mask) < ((at - hole) & table->mask))
			continue;
		table->slots[hole] = table->slots[at];
		hole = at;
	}
	table->slots[hole].number = 0;
	table->count--;
}
