/* memory.h - a bound on what an analysis keeps, shared by its tables, and lists that grow within it. */
#ifndef TRACE_MEMORY_H
#define TRACE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct trace_memory {
	size_t max, used; /* bytes */
	uint64_t refused; /* how often there was no room */
};

/* True with the bytes counted as used; false when they do not fit. */
static inline bool trace_memory_take(struct trace_memory *memory, size_t bytes)
{
	bool fits = bytes <= memory->max - memory->used;
	memory->used += fits ? bytes : 0;
	memory->refused += !fits;
	return fits;
}

/* The capacity that a list of this capacity grows to when it is to hold so many elements: the first that suffices of 4, 8, 16,
 * …; 0 when none does. */
uint32_t trace_grown(uint32_t cap, uint64_t wanted);

/* Make room for `wanted` elements in a list of *cap; list_at is the address of the pointer to it. The elements that it gains are
 * zeroed, and their bytes counted as used unless memory is NULL. False when there is no room: the list is as it was. */
bool trace_grow(void *list_at, uint32_t *cap, uint64_t wanted, size_t element_bytes,
		struct trace_memory *memory);

#endif
