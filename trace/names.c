#include "trace/names.h"

#include <stdlib.h>
#include <xxhash.h>

#include "trace/memory.h"

/* A list and a table that are half full. */
enum { ENTRY_BYTES = 2 * sizeof(struct trace_name) + 4 * sizeof(struct store_table_slot) };

void trace_names_fini(struct trace_names *names)
{
	for (uint32_t i = 0; i < names->len; i++)
		free(names->list[i].text);
	free(names->list);
	store_table_fini(&names->table);
	*names = (struct trace_names){0};
}

static bool reserve(struct trace_names *names)
{
	return trace_grow(&names->list, &names->cap, (uint64_t)names->len + 1, sizeof *names->list, NULL);
}

static uint32_t add(struct trace_names *names, struct wire_slice text, uint64_t hash)
{
	char *copy = reserve(names) ? malloc(text.len + 1) : NULL;
	if (!copy || store_table_insert(&names->table, hash, names->len) != 0) {
		free(copy);
		return TRACE_NO_NAME;
	}
	if (text.len > 0)
		memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	names->list[names->len] = (struct trace_name){.text = copy, .len = text.len};
	names->bytes += text.len + ENTRY_BYTES;
	return names->len++;
}

uint32_t trace_names_number(struct trace_names *names, struct wire_slice text, uint32_t max)
{
	uint64_t hash = XXH3_64bits(text.data, text.len);
	uint32_t probe = 0, number;

	if (!names->table.slots && store_table_init(&names->table) != 0)
		return TRACE_NO_NAME;
	while (store_table_next(&names->table, hash, &probe, &number))
		if (wire_slice_equal(trace_names_text(names, number), text))
			return number;
	return names->len < max ? add(names, text, hash) : TRACE_NO_NAME;
}
