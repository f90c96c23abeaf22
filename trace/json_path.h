/* json_path.h - paths that select values in JSON: $.id, $.items[*].id, $.items[0], $['odd key'], $..id (at any depth), $.*. */
#ifndef TRACE_JSON_PATH_H
#define TRACE_JSON_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/json.h"

enum { TRACE_JSON_STEPS_MAX = 32 };

struct trace_json_step {
	enum { TRACE_STEP_KEY, TRACE_STEP_INDEX, TRACE_STEP_ANY, TRACE_STEP_DEEP_KEY } kind;
	char *key;    /* owned; TRACE_STEP_KEY, TRACE_STEP_DEEP_KEY */
	size_t index; /* TRACE_STEP_INDEX */
};

struct trace_json_path {
	struct trace_json_step steps[TRACE_JSON_STEPS_MAX];
	size_t count;
};

/* False when the text is not a path of at least one step, or when out of memory. Call trace_json_path_fini in either
 * case. */
bool trace_json_path_parse(struct trace_json_path *path, const char *text);
void trace_json_path_fini(struct trace_json_path *path);

/* Gets a string (without quotes, escapes as they are written), number, true or false. The text borrows the input. */
typedef void trace_json_found(void *context, struct wire_slice value);

/* Call `found` for each plain value that the path selects in a JSON text. Objects, arrays and null are passed over, and so
 * is whatever lies deeper than 64 objects and arrays. Text that is not JSON selects nothing from its first bad byte on.
 * `json` is memory for the reader. */
void trace_json_path_find(const struct trace_json_path *path, struct wire_json *json, struct wire_slice text,
			  trace_json_found *found, void *context);

#endif
