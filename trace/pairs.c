#include "trace/pairs.h"

#include <stdlib.h>
#include <string.h>

void trace_pairs_init(struct trace_pairs *pairs, size_t value_bytes, struct trace_memory *memory)
{
	*pairs = (struct trace_pairs){.value_bytes = value_bytes, .memory = memory};
}

void trace_pairs_fini(struct trace_pairs *pairs)
{
	free(pairs->keys);
	free(pairs->values);
	store_table_fini(&pairs->table);
	*pairs = (struct trace_pairs){0};
}

static uint64_t hash_of(uint32_t a, uint32_t b)
{
	uint64_t mixed = ((uint64_t)a << 32 | b) * UINT64_C(0x9e3779b97f4a7c15);
	return mixed ^ mixed >> 32;
}

/* A list and a table that are half full. */
static size_t bytes_of(const struct trace_pairs *pairs, uint32_t count)
{
	return count * (sizeof *pairs->keys + pairs->value_bytes + 4 * sizeof(struct store_table_slot));
}

static bool grow(struct trace_pairs *pairs)
{
	const uint64_t wanted = (uint64_t)pairs->len + 1;
	uint32_t keys_cap = pairs->cap;
	if (!pairs->table.slots && store_table_init(&pairs->table) != 0)
		return false;
	return trace_memory_take(pairs->memory, bytes_of(pairs, trace_grown(keys_cap, wanted) - keys_cap)) &&
	       trace_grow(&pairs->keys, &keys_cap, wanted, sizeof *pairs->keys, NULL) &&
	       trace_grow(&pairs->values, &pairs->cap, wanted, pairs->value_bytes, NULL);
}

static uint32_t add(struct trace_pairs *pairs, uint32_t a, uint32_t b, uint64_t hash)
{
	if ((pairs->len == pairs->cap && !grow(pairs)) ||
	    store_table_insert(&pairs->table, hash, pairs->len) != 0)
		return TRACE_NO_PAIR;
	pairs->keys[pairs->len] = (struct trace_pair){a, b};
	memset(trace_pairs_value(pairs, pairs->len), 0, pairs->value_bytes);
	return pairs->len++;
}

uint32_t trace_pairs_number(struct trace_pairs *pairs, uint32_t a, uint32_t b)
{
	uint64_t hash = hash_of(a, b);
	uint32_t probe = 0, number;
	while (pairs->table.slots && store_table_next(&pairs->table, hash, &probe, &number))
		if (pairs->keys[number].a == a && pairs->keys[number].b == b)
			return number;
	return add(pairs, a, b, hash);
}
