/* budget.h - the memory that all stages of a sniffer share, in bytes.
 *
 * A stage takes bytes before it allocates them and gives them back when it frees them. Not thread-safe. */
#ifndef TAP_BUDGET_H
#define TAP_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct tap_budget {
	uint64_t used_bytes, max_bytes;
};

/* False when they would exceed the budget; nothing is taken then. */
static inline bool tap_budget_take(struct tap_budget *budget, uint64_t bytes)
{
	if (bytes > budget->max_bytes - budget->used_bytes)
		return false;
	budget->used_bytes += bytes;
	return true;
}

/* Bytes that were taken before. */
static inline void tap_budget_give(struct tap_budget *budget, uint64_t bytes)
{
	budget->used_bytes -= bytes;
}

#endif
