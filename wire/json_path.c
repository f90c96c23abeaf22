#include "wire/json_path.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "wire/json_text.h"

void wire_json_path_fini(struct wire_json_path *path)
{
	for (size_t i = 0; i < path->count; i++)
		free(path->steps[i].key);
	path->count = 0;
}

/* ---- parsing: each function reads one step at *at and advances it ---- */

static bool read_key(const char **at, const char *ends, struct wire_json_step *step)
{
	size_t len = strcspn(*at, ends);

	step->key = len > 0 ? strndup(*at, len) : NULL;
	step->key_len = len;
	*at += len;
	return step->key != NULL;
}

static bool read_name(const char **at, bool is_deep, struct wire_json_step *step)
{
	if (!is_deep && **at == '*') {
		++*at;
		step->kind = WIRE_JSON_STEP_ANY;
		return true;
	}
	if (**at == '*') /* everything at every depth */
		return false;
	step->kind = is_deep ? WIRE_JSON_STEP_DEEP_KEY : WIRE_JSON_STEP_KEY;
	return read_key(at, ".[", step);
}

static bool read_index(const char **at, struct wire_json_step *step)
{
	char *end;

	step->kind = WIRE_JSON_STEP_INDEX;
	step->index = strtoul(*at, &end, 10);
	*at = end;
	return true;
}

/* The text between [ and ], and the ]. */
static bool read_bracket(const char **at, struct wire_json_step *step)
{
	char quote[2] = {**at, '\0'};
	bool is_read;

	if (quote[0] == '*') {
		step->kind = WIRE_JSON_STEP_ANY;
		is_read = true;
		++*at;
	} else if (quote[0] == '\'' || quote[0] == '"') {
		++*at;
		step->kind = WIRE_JSON_STEP_KEY;
		is_read = read_key(at, quote, step) && *(*at)++ == quote[0];
	} else {
		is_read = isdigit((unsigned char)quote[0]) && read_index(at, step);
	}
	return is_read && *(*at)++ == ']';
}

/* ..['odd key'] */
static bool read_deep_bracket(const char **at, struct wire_json_step *step)
{
	++*at;
	if (!read_bracket(at, step) || step->kind != WIRE_JSON_STEP_KEY)
		return false;
	step->kind = WIRE_JSON_STEP_DEEP_KEY;
	return true;
}

static bool read_step(const char **at, struct wire_json_step *step)
{
	char first = *(*at)++;

	if (first == '[')
		return read_bracket(at, step);
	if (first != '.')
		return false;
	bool is_deep = **at == '.';
	*at += is_deep;
	return is_deep && **at == '[' ? read_deep_bracket(at, step) : read_name(at, is_deep, step);
}

bool wire_json_path_parse(struct wire_json_path *path, const char *text)
{
	const char *at = text;

	*path = (struct wire_json_path){0};
	if (*at++ != '$')
		return false;
	while (*at) {
		if (path->count == WIRE_JSON_STEPS_MAX)
			return false;
		struct wire_json_step *step = &path->steps[path->count];
		*step = (struct wire_json_step){0};
		bool is_read = read_step(&at, step);
		path->count++; /* also one that was read in part: it may own a key */
		if (!is_read)
			return false;
	}
	return path->count > 0;
}

/* ---- finding ---- */

enum { DEPTH_MAX = 64 };

struct search {
	struct wire_json *json;
	wire_json_found *found;
	void *context;
	bool is_over; /* no other value is wanted */
};

static void select_value(struct search *search, const struct wire_json_token *first,
			 const struct wire_json_step *steps, size_t count);

static bool is_key(struct wire_slice key, const struct wire_json_step *step)
{
	return step->key && wire_json_says(key, wire_slice(step->key, step->key_len));
}

/* The members of an object whose first token was read. A deep key is also looked for inside them. */
static void search_object(struct search *search, const struct wire_json_step *steps, size_t count)
{
	struct wire_json_token key, value;
	while (!search->is_over && wire_json_next(search->json, &key) == WIRE_JSON_KEY) {
		wire_json_next(search->json, &value);
		if (steps->kind == WIRE_JSON_STEP_ANY || is_key(key.text, steps))
			select_value(search, &value, steps + 1, count - 1);
		else if (steps->kind == WIRE_JSON_STEP_DEEP_KEY)
			select_value(search, &value, steps, count);
		else
			wire_json_skip(search->json, &value);
	}
}

static void search_array(struct search *search, const struct wire_json_step *steps, size_t count)
{
	struct wire_json_token value;
	for (size_t i = 0; !search->is_over && wire_json_next(search->json, &value) < WIRE_JSON_DONE; i++) {
		if (value.kind == WIRE_JSON_ARRAY_END)
			return;
		if (steps->kind == WIRE_JSON_STEP_ANY ||
		    (steps->kind == WIRE_JSON_STEP_INDEX && steps->index == i))
			select_value(search, &value, steps + 1, count - 1);
		else if (steps->kind == WIRE_JSON_STEP_DEEP_KEY)
			select_value(search, &value, steps, count);
		else
			wire_json_skip(search->json, &value);
	}
}

static void select_value(struct search *search, const struct wire_json_token *first,
			 const struct wire_json_step *steps, size_t count)
{
	if (first->kind == WIRE_JSON_BAD)
		return;
	if (count == 0) {
		search->is_over = !search->found(search->context, first);
		wire_json_skip(search->json, first);
	} else if (first->kind == WIRE_JSON_OBJECT && first->depth < DEPTH_MAX) {
		search_object(search, steps, count);
	} else if (first->kind == WIRE_JSON_ARRAY && first->depth < DEPTH_MAX) {
		search_array(search, steps, count);
	} else {
		wire_json_skip(search->json, first);
	}
}

void wire_json_path_find(const struct wire_json_path *path, struct wire_json *json, struct wire_slice text,
			 wire_json_found *found, void *context)
{
	struct search search = {.json = json, .found = found, .context = context};
	struct wire_json_token first;
	wire_json_init(json, text);
	if (wire_json_next(json, &first) < WIRE_JSON_DONE)
		select_value(&search, &first, path->steps, path->count);
}
