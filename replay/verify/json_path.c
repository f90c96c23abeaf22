#include "replay/verify/json_path.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void replay__json_path_fini(struct replay__json_path *path)
{
	for (size_t i = 0; i < path->count; i++)
		free(path->steps[i].key);
	path->count = 0;
}

/* ---- parsing: each function reads one step at *at and advances it ---- */

static bool read_key(const char **at, const char *ends, struct replay__json_step *step)
{
	size_t len = strcspn(*at, ends);

	step->key = len > 0 ? strndup(*at, len) : NULL;
	*at += len;
	return step->key != NULL;
}

static bool read_name(const char **at, bool is_deep, struct replay__json_step *step)
{
	if (!is_deep && **at == '*') {
		++*at;
		step->kind = REPLAY__STEP_ANY;
		return true;
	}
	step->kind = is_deep ? REPLAY__STEP_DEEP_KEY : REPLAY__STEP_KEY;
	return read_key(at, ".[", step);
}

static bool read_index(const char **at, struct replay__json_step *step)
{
	char *end;

	step->kind = REPLAY__STEP_INDEX;
	step->index = strtoul(*at, &end, 10);
	*at = end;
	return true;
}

/* The text between [ and ], and the ]. */
static bool read_bracket(const char **at, struct replay__json_step *step)
{
	char quote[2] = {**at, '\0'};
	bool is_read;

	if (quote[0] == '*') {
		step->kind = REPLAY__STEP_ANY;
		is_read = true;
		++*at;
	} else if (quote[0] == '\'' || quote[0] == '"') {
		++*at;
		step->kind = REPLAY__STEP_KEY;
		is_read = read_key(at, quote, step) && *(*at)++ == quote[0];
	} else {
		is_read = isdigit((unsigned char)quote[0]) && read_index(at, step);
	}
	return is_read && *(*at)++ == ']';
}

static bool read_step(const char **at, struct replay__json_step *step)
{
	char first = *(*at)++;

	if (first == '[')
		return read_bracket(at, step);
	if (first != '.')
		return false;
	bool is_deep = **at == '.';
	*at += is_deep;
	return read_name(at, is_deep, step);
}

bool replay__json_path_parse(struct replay__json_path *path, const char *text)
{
	const char *at = text;

	*path = (struct replay__json_path){0};
	if (*at++ != '$')
		return false;
	while (*at) {
		if (path->count == REPLAY__JSON_STEPS_MAX)
			return false;
		struct replay__json_step *step = &path->steps[path->count];
		*step = (struct replay__json_step){0};
		bool is_read = read_step(&at, step);
		path->count++; /* also one that was read in part: it may own a key */
		if (!is_read)
			return false;
	}
	return path->count > 0;
}

/* ---- removing ---- */

static void remove_at(json_t *json, const struct replay__json_step *steps, size_t count);

static void remove_in_all(json_t *json, const struct replay__json_step *steps, size_t count)
{
	const char *key;
	void *next;
	json_t *value;

	json_object_foreach_safe(json, next, key, value) remove_at(value, steps, count);
	for (size_t i = 0; i < json_array_size(json); i++)
		remove_at(json_array_get(json, i), steps, count);
}

static void remove_any(json_t *json, const struct replay__json_step *steps, size_t count)
{
	if (count > 1) {
		remove_in_all(json, steps + 1, count - 1);
	} else if (json_is_object(json)) {
		json_object_clear(json);
	} else if (json_is_array(json)) {
		json_array_clear(json);
	}
}

static void remove_key(json_t *json, const struct replay__json_step *steps, size_t count)
{
	if (count == 1)
		json_object_del(json, steps->key);
	else
		remove_at(json_object_get(json, steps->key), steps + 1, count - 1);
}

/* A removed element becomes null, so that the others keep their places. */
static void remove_index(json_t *json, const struct replay__json_step *steps, size_t count)
{
	if (steps->index >= json_array_size(json))
		return;
	if (count == 1)
		json_array_set_new(json, steps->index, json_null());
	else
		remove_at(json_array_get(json, steps->index), steps + 1, count - 1);
}

/* json may be NULL. jansson's limit of depth bounds the recursion. */
static void remove_at(json_t *json, const struct replay__json_step *steps, size_t count)
{
	switch (steps->kind) {
	case REPLAY__STEP_KEY: remove_key(json, steps, count); break;
	case REPLAY__STEP_INDEX: remove_index(json, steps, count); break;
	case REPLAY__STEP_ANY: remove_any(json, steps, count); break;
	case REPLAY__STEP_DEEP_KEY:
		remove_key(json, steps, count);
		remove_in_all(json, steps, count);
		break;
	}
}

void replay__json_path_remove(const struct replay__json_path *path, json_t *json)
{
	remove_at(json, path->steps, path->count);
}
