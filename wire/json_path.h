/* json_path.h - paths that select values in JSON: $.id, $.items[*].id, $.items[0], $['odd key'], $..id
 * and $..['odd key'] (at any depth), $.*. */
#ifndef WIRE_JSON_PATH_H
#define WIRE_JSON_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/json.h"

enum { WIRE_JSON_STEPS_MAX = 32 };

struct wire_json_step {
	enum { WIRE_JSON_STEP_KEY, WIRE_JSON_STEP_INDEX, WIRE_JSON_STEP_ANY, WIRE_JSON_STEP_DEEP_KEY } kind;
	char *key; /* owned; WIRE_JSON_STEP_KEY, WIRE_JSON_STEP_DEEP_KEY */
	size_t key_len;
	size_t index; /* WIRE_JSON_STEP_INDEX */
};

struct wire_json_path {
	struct wire_json_step steps[WIRE_JSON_STEPS_MAX];
	size_t count;
};

/* False when the text is not a path of at least one step, or when out of memory. Call wire_json_path_fini in either
 * case. */
bool wire_json_path_parse(struct wire_json_path *path, const char *text);
void wire_json_path_fini(struct wire_json_path *path);

/* Gets the first token of a value: a string (without quotes, escapes as they are written), a number, true, false, null, or
 * the beginning of an object or array. It borrows the input. False: no other value is wanted. */
typedef bool wire_json_found(void *context, const struct wire_json_token *value);

/* Call `found` for each value that the path selects in a JSON text. Whatever lies deeper than 64 objects and arrays is passed
 * over. Text that is not JSON selects nothing from its first bad byte on. `json` is memory for the reader. Allocates nothing. */
void wire_json_path_find(const struct wire_json_path *path, struct wire_json *json, struct wire_slice text,
			 wire_json_found *found, void *context);

#endif
