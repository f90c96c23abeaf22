/* memory.h - a bound on what an analysis keeps, shared by its tables. */
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

#endif
