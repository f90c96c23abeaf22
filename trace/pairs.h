/* pairs.h - a value for each pair of numbers that was seen: for each service and subject, each subject and receiver. */
#ifndef TRACE_PAIRS_H
#define TRACE_PAIRS_H

#include "store/format/table.h"
#include "trace/memory.h"

#define TRACE_NO_PAIR UINT32_MAX

struct trace_pair {
	uint32_t a, b;
};

/* Pairs are numbered in the order in which they first appear. */
struct trace_pairs {
	struct trace_pair *keys; /* owned */
	unsigned char *values;   /* owned; value_bytes each */
	size_t value_bytes;
	uint32_t len, cap;
	struct store_table table;
	struct trace_memory *memory; /* borrowed */
};

void trace_pairs_init(struct trace_pairs *pairs, size_t value_bytes, struct trace_memory *memory);
void trace_pairs_fini(struct trace_pairs *pairs);

/* The number of a pair; a new one gets the next number and a value of zeros. TRACE_NO_PAIR when a new one finds no room. Hot. */
uint32_t trace_pairs_number(struct trace_pairs *pairs, uint32_t a, uint32_t b);

/* The value of a pair. Valid until a pair is added. */
static inline void *trace_pairs_value(const struct trace_pairs *pairs, uint32_t number)
{
	return pairs->values + (size_t)number * pairs->value_bytes;
}

#endif
