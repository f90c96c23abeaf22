#include "replay/verify/compare.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "wire/json_text.h"

enum { STEPS_MAX = 32 };

struct step {
	enum { STEP_KEY, STEP_INDEX, STEP_ANY, STEP_DEEP_KEY } kind;
	char *key; /* owned; STEP_KEY, STEP_DEEP_KEY */
	size_t index;
};

struct path {
	struct step steps[STEPS_MAX];
	size_t count;
};

struct replay_compare {
	bool as_json;
	struct path *paths;
	size_t count;
};

struct replay_compare *replay_compare_open(void)
{
	return calloc(1, sizeof(struct replay_compare));
}

static void free_path(struct path *path)
{
	for (size_t i = 0; i < path->count; i++)
		free(path->steps[i].key);
}

void replay_compare_close(struct replay_compare *compare)
{
	if (!compare)
		return;
	for (size_t i = 0; i < compare->count; i++)
		free_path(&compare->paths[i]);
	free(compare->paths);
	free(compare);
}

void replay_compare_as_json(struct replay_compare *compare)
{
	compare->as_json = true;
}

/* ---- paths ---- */

/* Each reads one step at *at, which is advanced past it. */

static bool read_key(const char **at, const char *ends, struct step *step)
{
	size_t len = strcspn(*at, ends);

	step->key = len > 0 ? strndup(*at, len) : NULL;
	*at += len;
	return step->key != NULL;
}

static bool read_name(const char **at, bool is_deep, struct step *step)
{
	if (!is_deep && **at == '*') {
		++*at;
		step->kind = STEP_ANY;
		return true;
	}
	step->kind = is_deep ? STEP_DEEP_KEY : STEP_KEY;
	return read_key(at, ".[", step);
}

static bool read_index(const char **at, struct step *step)
{
	char *end;

	step->kind = STEP_INDEX;
	step->index = strtoul(*at, &end, 10);
	*at = end;
	return true;
}

/* What is inside of [ ]. */
static bool read_bracket(const char **at, struct step *step)
{
	char quote[2] = {**at, '\0'};
	bool is_read;

	if (quote[0] == '*') {
		step->kind = STEP_ANY;
		is_read = true;
		++*at;
	} else if (quote[0] == '\'' || quote[0] == '"') {
		++*at;
		step->kind = STEP_KEY;
		is_read = read_key(at, quote, step) && *(*at)++ == quote[0];
	} else {
		is_read = isdigit((unsigned char)quote[0]) && read_index(at, step);
	}
	return is_read && *(*at)++ == ']';
}

static bool read_step(const char **at, struct step *step)
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

static bool read_path(const char *text, struct path *path)
{
	const char *at = text;

	*path = (struct path){0};
	if (*at++ != '$')
		return false;
	while (*at) {
		if (path->count == STEPS_MAX)
			return false;
		struct step *step = &path->steps[path->count];
		*step = (struct step){0};
		bool is_read = read_step(&at, step);
		path->count++; /* also a half-read one, for free_path */
		if (!is_read)
			return false;
	}
	return path->count > 0;
}

int replay_compare_ignore(struct replay_compare *compare, const char *text, struct wire_fault *fault)
{
	struct path path;
	struct path *grown = realloc(compare->paths, (compare->count + 1) * sizeof *grown);

	if (!grown)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	compare->paths = grown;
	if (!read_path(text, &path)) {
		free_path(&path);
		return wire_fault_set(fault, -EINVAL,
				      "\"%s\" is no path; write for example $.id, $.items[*].id or $..id",
				      text);
	}
	compare->paths[compare->count++] = path;
	compare->as_json = true;
	return 0;
}

/* ---- removing ---- */

static void remove_at(json_t *json, const struct step *steps, size_t count);

static void remove_in_all(json_t *json, const struct step *steps, size_t count)
{
	const char *key;
	void *next;
	json_t *value;

	json_object_foreach_safe(json, next, key, value) remove_at(value, steps, count);
	for (size_t i = 0; i < json_array_size(json); i++)
		remove_at(json_array_get(json, i), steps, count);
}

static void remove_any(json_t *json, const struct step *steps, size_t count)
{
	if (count > 1) {
		remove_in_all(json, steps + 1, count - 1);
	} else if (json_is_object(json)) {
		json_object_clear(json);
	} else if (json_is_array(json)) {
		json_array_clear(json);
	}
}

static void remove_key(json_t *json, const struct step *steps, size_t count)
{
	if (count == 1)
		json_object_del(json, steps->key);
	else
		remove_at(json_object_get(json, steps->key), steps + 1, count - 1);
}

/* An element that is taken out leaves null behind: the others keep their places. */
static void remove_index(json_t *json, const struct step *steps, size_t count)
{
	if (steps->index >= json_array_size(json))
		return;
	if (count == 1)
		json_array_set_new(json, steps->index, json_null());
	else
		remove_at(json_array_get(json, steps->index), steps + 1, count - 1);
}

/* Recursion is bounded by jansson's limit of depth. json may be NULL. */
static void remove_at(json_t *json, const struct step *steps, size_t count)
{
	switch (steps->kind) {
	case STEP_KEY: remove_key(json, steps, count); break;
	case STEP_INDEX: remove_index(json, steps, count); break;
	case STEP_ANY: remove_any(json, steps, count); break;
	case STEP_DEEP_KEY:
		remove_key(json, steps, count);
		remove_in_all(json, steps, count);
		break;
	}
}

/* ---- comparing ---- */

static json_t *parse(struct wire_slice text)
{
	return json_loadb(text.data, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
}

/* What a strict reader refuses and most clients send and take all the same: half a surrogate pair, 1e400. */
static json_t *parse_leniently(struct wire_slice text)
{
	size_t len;
	char *strict = wire_json_strict(text, &len);
	json_t *json = strict ? parse(wire_slice(strict, len)) : NULL;

	free(strict);
	return json;
}

static json_t *load(const struct replay_compare *compare, struct wire_slice text)
{
	json_t *json = parse(text);

	if (!json)
		json = parse_leniently(text);

	for (size_t i = 0; i < compare->count && json; i++)
		remove_at(json, compare->paths[i].steps, compare->paths[i].count);
	return json;
}

bool replay_compare_equal(const struct replay_compare *compare, struct wire_slice recorded,
			  struct wire_slice live)
{
	if (wire_slice_equal(recorded, live))
		return true;
	if (!compare->as_json || recorded.len == 0 || live.len == 0)
		return false;
	json_t *a = load(compare, recorded), *b = load(compare, live);
	bool equal = a && b && json_equal(a, b);
	json_decref(a);
	json_decref(b);
	return equal;
}

char *replay_compare_normal(const struct replay_compare *compare, struct wire_slice payload, size_t *len)
{
	if (!compare->as_json || payload.len == 0)
		return NULL;
	json_t *json = load(compare, payload);
	char *text = json ? json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY) : NULL;
	json_decref(json);
	if (text)
		*len = strlen(text);
	return text;
}
