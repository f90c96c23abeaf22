#include "replay/names.h"

#include <stdlib.h>
#include <xxhash.h>

void replay__names_fini(struct replay__names *names)
{
	for (uint32_t i = 0; i < names->len; i++)
		free(names->list[i]);
	free(names->list);
	store_table_fini(&names->table);
	*names = (struct replay__names){0};
}

static bool reserve(struct replay__names *names)
{
	if (names->len < names->cap)
		return true;
	uint32_t cap = names->cap ? 2 * names->cap : 64;
	char **list = realloc(names->list, cap * sizeof *list);
	if (!list)
		return false;
	names->list = list;
	names->cap = cap;
	return true;
}

static uint32_t add(struct replay__names *names, struct wire_slice text, uint64_t hash)
{
	char *copy = reserve(names) ? strndup(text.data, text.len) : NULL;

	if (!copy || store_table_insert(&names->table, hash, names->len) != 0) {
		free(copy);
		return REPLAY__NO_NAME;
	}
	names->list[names->len] = copy;
	return names->len++;
}

uint32_t replay__names_number(struct replay__names *names, struct wire_slice text, uint32_t max)
{
	uint64_t hash = XXH3_64bits(text.data, text.len);
	uint32_t probe = 0, number;

	if (!names->table.slots && store_table_init(&names->table) != 0)
		return REPLAY__NO_NAME;
	while (store_table_next(&names->table, hash, &probe, &number))
		if (wire_slice_equal(wire_slice_str(names->list[number]), text))
			return number;
	return names->len < max ? add(names, text, hash) : REPLAY__NO_NAME;
}
