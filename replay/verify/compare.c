#include "replay/verify/compare.h"

#include <errno.h>
#include <stdlib.h>

#include "replay/verify/json_remove.h"
#include "wire/json_text.h"

struct replay_compare {
	bool as_json;
	struct wire_json_path *paths; /* of ignored values; owned */
	size_t count;
};

struct replay_compare *replay_compare_open(void)
{
	return calloc(1, sizeof(struct replay_compare));
}

void replay_compare_close(struct replay_compare *compare)
{
	if (!compare)
		return;
	for (size_t i = 0; i < compare->count; i++)
		wire_json_path_fini(&compare->paths[i]);
	free(compare->paths);
	free(compare);
}

void replay_compare_as_json(struct replay_compare *compare)
{
	compare->as_json = true;
}

int replay_compare_ignore(struct replay_compare *compare, const char *text, struct wire_fault *fault)
{
	struct wire_json_path path;
	struct wire_json_path *grown = realloc(compare->paths, (compare->count + 1) * sizeof *grown);

	if (!grown)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	compare->paths = grown;
	if (!wire_json_path_parse(&path, text)) {
		wire_json_path_fini(&path);
		return wire_fault_set(fault, -EINVAL,
				      "\"%s\" is not a path; write for example $.id, $.items[*].id or $..id",
				      text);
	}
	compare->paths[compare->count++] = path;
	compare->as_json = true;
	return 0;
}

/* ---- comparing ---- */

static json_t *parse(struct wire_slice text)
{
	return json_loadb(text.data, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
}

/* Parse texts that jansson refuses although most clients send and accept them: half a surrogate pair, 1e400. */
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
		replay__json_remove(&compare->paths[i], json);
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
