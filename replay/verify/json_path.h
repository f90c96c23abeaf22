/* json_path.h - paths that select values in JSON: $.id, $.items[*].id, $.items[0], $['odd key'], $..id (at any depth), $.*.
 * Internal to replay. */
#ifndef REPLAY_VERIFY_JSON_PATH_H
#define REPLAY_VERIFY_JSON_PATH_H

#include <jansson.h>
#include <stdbool.h>

enum { REPLAY__JSON_STEPS_MAX = 32 };

struct replay__json_step {
	enum { REPLAY__STEP_KEY, REPLAY__STEP_INDEX, REPLAY__STEP_ANY, REPLAY__STEP_DEEP_KEY } kind;
	char *key;    /* owned; REPLAY__STEP_KEY, REPLAY__STEP_DEEP_KEY */
	size_t index; /* REPLAY__STEP_INDEX */
};

struct replay__json_path {
	struct replay__json_step steps[REPLAY__JSON_STEPS_MAX];
	size_t count;
};

/* False when the text is not a path of at least one step, or when out of memory. Call replay__json_path_fini in either
 * case. */
bool replay__json_path_parse(struct replay__json_path *path, const char *text);
void replay__json_path_fini(struct replay__json_path *path);

/* Remove the values that the path selects. An element of an array is replaced by null. json may be NULL. */
void replay__json_path_remove(const struct replay__json_path *path, json_t *json);

#endif
