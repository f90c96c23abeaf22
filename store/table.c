#include "store/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A table larger than SLOTS_KEEP does not keep its memory over a clear. */
enum { SLOTS_MIN = 1024, SLOTS_KEEP = 1 << 18 };

int store__table_init(struct store__table *table)
{
	*table = (struct store__table){
	    .slots = calloc(SLOTS_MIN, sizeof *table->slots), .mask = SLOTS_MIN - 1, .life = 1};
	return table->slots ? 0 : -ENOMEM;
}

void store__table_fini(struct store__table *table)
{
	free(table->slots);
	*table = (struct store__table){0};
}

/* Back to the least size; when there is no memory for that, the large one stays. */
static void shrink(struct store__table *table)
{
	struct store__table small;
	if (store__table_init(&small) != 0)
		return;
	store__table_fini(table);
	*table = small;
}

void store__table_clear(struct store__table *table)
{
	if (table->mask >= SLOTS_KEEP)
		shrink(table);
	table->count = 0;
	if (++table->life != 0)
		return;
	memset(table->slots, 0, ((size_t)table->mask + 1) * sizeof *table->slots);
	table->life = 1;
}

bool store__table_next(const struct store__table *table, uint64_t hash, uint32_t *probe, uint32_t *index)
{
	for (;;) {
		const struct store__slot *slot = &table->slots[(uint32_t)(hash + (*probe)++) & table->mask];
		if (slot->life != table->life)
			return false;
		if (slot->hash == hash) {
			*index = slot->index;
			return true;
		}
	}
}

static int grow(struct store__table *table, uint32_t slots)
{
	struct store__table old = *table;
	struct store__slot *fresh = calloc(slots, sizeof *fresh);
	if (!fresh)
		return -ENOMEM;
	*table = (struct store__table){.slots = fresh, .mask = slots - 1, .life = 1};
	for (uint32_t i = 0; i <= old.mask; i++)
		if (old.slots[i].life == old.life)
			store__table_add(table, old.slots[i].hash, old.slots[i].index);
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
	uint32_t at = (uint32_t)hash & table->mask;
	while (table->slots[at].life == table->life)
		at = (at + 1) & table->mask;
	table->slots[at] = (struct store__slot){.hash = hash, .life = table->life, .index = index};
	table->count++;
}
