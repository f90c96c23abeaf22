/* names.h - distinct texts, numbered in the order in which they first appear. */
#ifndef TRACE_NAMES_H
#define TRACE_NAMES_H

#include "store/format/table.h"
#include "wire/slice.h"

/* Zeroed = empty. */
struct trace_names {
	struct trace_name {
		char *text; /* owned, NUL-terminated; valid until fini */
		size_t len;
	} * list;
	uint32_t len, cap;
	size_t bytes; /* memory that it takes, about */
	struct store_table table;
};

#define TRACE_NO_NAME UINT32_MAX

void trace_names_fini(struct trace_names *names);

/* The number of a text; a new text gets the next number. TRACE_NO_NAME when the text is new and there are `max` already,
 * or when out of memory. */
uint32_t trace_names_number(struct trace_names *names, struct wire_slice text, uint32_t max);

static inline struct wire_slice trace_names_text(const struct trace_names *names, uint32_t number)
{
	return wire_slice(names->list[number].text, names->list[number].len);
}

#endif
