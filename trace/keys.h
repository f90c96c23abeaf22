/* keys.h - values that belong together because the user says so: a JSON field, a header, or a token of the subject.
 *
 *	$.order_id             a path in the payload (wire/json_path.h)
 *	header:Workflow-Id     a header, whatever the case of its name
 *	subject:2              a token of the subject, counted from 1
 *
 * Several keys may name the same value in different messages, so that values are compared across all keys. */
#ifndef TRACE_KEYS_H
#define TRACE_KEYS_H

#include "wire/error.h"
#include "wire/event.h"
#include "wire/json_path.h"

enum { TRACE_KEYS_MAX = 32, TRACE_KEY_VALUES_MAX = 16, TRACE_KEY_VALUE_BYTES = 1024 };

struct trace_keys;

/* NULL when out of memory. */
struct trace_keys *trace_keys_open(void);
void trace_keys_close(struct trace_keys *keys);

/* Add a key, unless it is there already. 0, or a negative code with *fault: it is none of the forms above, there are too
 * many, or no memory. */
int trace_keys_add(struct trace_keys *keys, const char *text, struct wire_fault *fault);

size_t trace_keys_count(const struct trace_keys *keys);

/* The values that a message has of all keys, each once, at most TRACE_KEY_VALUES_MAX, empty ones and those longer than
 * TRACE_KEY_VALUE_BYTES left out. Borrow the event. Returns how many. Uses memory of keys: one thread at a time. */
size_t trace_keys_values(struct trace_keys *keys, const struct wire_event *event,
			 struct wire_slice values[TRACE_KEY_VALUES_MAX]);

#endif
