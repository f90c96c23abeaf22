/* hidden.h - subjects whose messages may have receivers that the events do not know.
 *
 * A subscription without a message is said to be unfed only if no such subject overlaps its pattern. */
#ifndef TRACE_HIDDEN_H
#define TRACE_HIDDEN_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/slice.h"

enum { TRACE_HIDDEN_MAX = 8192 };

/* Zeroed = none. */
struct trace_hidden {
	struct wire_slice *subjects; /* owned list of borrowed texts */
	uint32_t len, cap;
	bool is_any; /* there are more than TRACE_HIDDEN_MAX or than memory: any pattern may overlap one */
};

void trace_hidden_fini(struct trace_hidden *hidden);

/* Add a subject, which is borrowed. */
void trace_hidden_add(struct trace_hidden *hidden, struct wire_slice subject);

/* Messages on a hidden subject may have reached the pattern. */
bool trace_hidden_reaches(const struct trace_hidden *hidden, struct wire_slice pattern);

#endif
