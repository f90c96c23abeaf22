/* count.h - how many events of a log pass a filter, by reading as little of it as possible: whole blocks by their headers, others
 * by their columns, and payloads only where the filter cannot do without. */
#ifndef STORE_READ_COUNT_H
#define STORE_READ_COUNT_H

#include "store/filter/filter.h"

/* Add the number of events of the log or segment at path. Gaps count only when the filter asks for them. *damage: the parts
 * that could not be read. 0, or a negative code with *fault. */
int store_count_read(uint64_t *count, const char *path, const struct store_filter *filter,
		     struct wire_damage *damage, struct wire_fault *fault);

#endif
