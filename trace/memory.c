#include "trace/memory.h"

#include <stdlib.h>
#include <string.h>

enum { CAP_MIN = 4 };

uint32_t trace_grown(uint32_t cap, uint64_t wanted)
{
	uint64_t grown = cap ? cap : CAP_MIN;
	while (grown < wanted)
		grown *= 2;
	return grown <= UINT32_MAX ? (uint32_t)grown : 0;
}

/* Grow the list to this capacity. Returns where it lies now; NULL when there is no memory. */
static void *resize(void *list, uint32_t had, uint32_t cap, size_t element_bytes)
{
	char *longer = realloc(list, cap * element_bytes);
	if (longer)
		memset(longer + had * element_bytes, 0, (cap - had) * element_bytes);
	return longer;
}

bool trace_grow(void *list_at, uint32_t *cap, uint64_t wanted, size_t element_bytes,
		struct trace_memory *memory)
{
	if (wanted <= *cap)
		return true;
	const uint32_t had = *cap, grown = trace_grown(had, wanted);
	const size_t more_bytes = (grown - had) * element_bytes;
	void *list;
	if (grown == 0 || (memory && !trace_memory_take(memory, more_bytes)))
		return false;
	memcpy(&list, list_at, sizeof list);
	list = resize(list, had, grown, element_bytes);
	if (list) {
		memcpy(list_at, &list, sizeof list);
		*cap = grown;
	} else if (memory) {
		memory->used -= more_bytes;
	}
	return list != NULL;
}
