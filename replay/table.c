#include "replay/table.h"

#include <errno.h>
#include <stdlib.h>

enum { SLOTS_MIN = 64 };

void replay__table_fini(struct replay__table *table)
{
	free(table->slots);
	*table = (struct replay__table){0};
}

bool replay__table_next(const struct replay__table *table, uint64_t hash, size_t *probe, uint32_t *number)
{
	while (table->slots) {
		const struct replay__slot *slot = &table->slots[(hash + (*probe)++) & table->mask];
		if (slot->number == 0)
			return false;
		if (slot->hash == hash) {
			*number = slot->number - 1;
			return true;
		}
	}
	return false;
}

static void put(struct replay__table *table, struct replay__slot slot)
{
	size_t at = slot.hash & table->mask;
	while (table->slots[at].number != 0)
		at = (at + 1) & table->mask;
	table->slots[at] = slot;
}

static int grow(struct replay__table *table)
{
	struct replay__table old = *table;
	size_t slots = old.slots ? (old.mask + 1) * 2 : SLOTS_MIN;
	table->slots = calloc(slots, sizeof *table->slots);
	if (!table->slots) {
		table->slots = old.slots;
		return -ENOMEM;
	}
	table->mask = slots - 1;
	for (size_t i = 0; old.slots && i <= old.mask; i++)
		if (old.slots[i].number != 0)
			put(table, old.slots[i]);
	free(old.slots);
	return 0;
}

int replay__table_add(struct replay__table *table, uint64_t hash, uint32_t number)
{
	if ((!table->slots || table->count * 2 > table->mask) && grow(table) != 0)
		return -ENOMEM;
	put(table, (struct replay__slot){.hash = hash, .number = number + 1});
	table->count++;
	return 0;
}
