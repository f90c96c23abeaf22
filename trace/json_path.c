#include "trace/json_path.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void trace_json_path_fini(struct trace_json_path *path)
{
	for (size_t i = 0; i < path->count; i++)
		free(path->steps[i].key);
	path->count = 0;
}

/* ---- parsing: each function reads one step at *at and advances it ---- */

static bool read_key(const char **at, const char *ends, struct trace_json_step *step)
{
	size_t len = strcspn(*at, ends);

	step->key = len > 0 ? strndup(*at, len) : NULL;
	*at += len;
	return step->key != NULL;
}

static bool read_name(const char **at, bool is_deep, struct trace_json_step *step)
{
	if (!is_deep && **at == '*') {
		++*at;
		step->kind = TRACE_STEP_ANY;
		return true;
	}
	step->kind = is_deep ? TRACE_STEP_DEEP_KEY : TRACE_STEP_KEY;
	return read_key(at, ".[", step);
}

static bool read_index(const char **at, struct trace_json_step *step)
{
	char *end;

	step->kind = TRACE_STEP_INDEX;
	step->index = strtoul(*at, &end, 10);
	*at = end;
	return true;
}

/* The text between [ and ], and the ]. */
static bool read_bracket(const char **at, struct trace_json_step *step)
{
	char quote[2] = {**at, '\0'};
	bool is_read;

	if (quote[0] == '*') {
		step->kind = TRACE_STEP_ANY;
		is_read = true;
		++*at;
	} else if (quote[0] == '\'' || quote[0] == '"') {
		++*at;
		step->kind = TRACE_STEP_KEY;
		is_read = read_key(at, quote, step) && *(*at)++ == quote[0];
	} else {
		is_read = isdigit((unsigned char)quote[0]) && read_index(at, step);
	}
	return is_read && *(*at)++ == ']';
}

static bool read_step(const char **at, struct trace_json_step *step)
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

bool trace_json_path_parse(struct trace_json_path *path, const char *text)
{
	const char *at = text;

	*path = (struct trace_json_path){0};
	if (*at++ != '$')
		return false;
	while (*at) {
		if (path->count == TRACE_JSON_STEPS_MAX)
			return false;
		struct trace_json_step *step = &path->steps[path->count];
		*step = (struct trace_json_step){0};
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
	trace_json_found *found;
	void *context;
};

static void select_value(const struct search *search, const struct wire_json_token *first,
			 const struct trace_json_step *steps, size_t count);

static void report(const struct search *search, const struct wire_json_token *value)
{
	switch (value->kind) {
	case WIRE_JSON_STRING:
	case WIRE_JSON_NUMBER:
	case WIRE_JSON_TRUE:
	case WIRE_JSON_FALSE: search->found(search->context, value->text); break;
	default: wire_json_skip(search->json, value);
	}
}

static bool is_key(struct wire_slice key, const struct trace_json_step *step)
{
	return step->key && wire_slice_equal(key, wire_slice_str(step->key));
}

/* The members of an object whose first token was read. A deep key is also looked for inside them. */
static void search_object(const struct search *search, const struct trace_json_step *steps, size_t count)
{
	struct wire_json_token key, value;
	while (wire_json_next(search->json, &key) == WIRE_JSON_KEY) {
		wire_json_next(search->json, &value);
		if (steps->kind == TRACE_STEP_ANY || is_key(key.text, steps))
			select_value(search, &value, steps + 1, count - 1);
		else if (steps->kind == TRACE_STEP_DEEP_KEY)
			select_value(search, &value, steps, count);
		else
			wire_json_skip(search->json, &value);
	}
}

static void search_array(const struct search *search, const struct trace_json_step *steps, size_t count)
{
	struct wire_json_token value;
	for (size_t i = 0; wire_json_next(search->json, &value) < WIRE_JSON_DONE; i++) {
		if (value.kind == WIRE_JSON_ARRAY_END)
			return;
		if (steps->kind == TRACE_STEP_ANY || (steps->kind == TRACE_STEP_INDEX && steps->index == i))
			select_value(search, &value, steps + 1, count - 1);
		else if (steps->kind == TRACE_STEP_DEEP_KEY)
			select_value(search, &value, steps, count);
		else
			wire_json_skip(search->json, &value);
	}
}

static void select_value(const struct search *search, const struct wire_json_token *first,
			 const struct trace_json_step *steps, size_t count)
{
	if (count == 0)
		report(search, first);
	else if (first->kind == WIRE_JSON_OBJECT && first->depth < DEPTH_MAX)
		search_object(search, steps, count);
	else if (first->kind == WIRE_JSON_ARRAY && first->depth < DEPTH_MAX)
		search_array(search, steps, count);
	else
		wire_json_skip(search->json, first);
}

void trace_json_path_find(const struct trace_json_path *path, struct wire_json *json, struct wire_slice text,
			  trace_json_found *found, void *context)
{
	const struct search search = {.json = json, .found = found, .context = context};
	struct wire_json_token first;
	wire_json_init(json, text);
	if (wire_json_next(json, &first) < WIRE_JSON_DONE)
		select_value(&search, &first, path->steps, path->count);
}
