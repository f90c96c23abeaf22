#include "replay/verify/json_remove.h"

static void remove_at(json_t *json, const struct wire_json_step *steps, size_t count);

static void remove_in_all(json_t *json, const struct wire_json_step *steps, size_t count)
{
	const char *key;
	void *next;
	json_t *value;

	json_object_foreach_safe(json, next, key, value) remove_at(value, steps, count);
	for (size_t i = 0; i < json_array_size(json); i++)
		remove_at(json_array_get(json, i), steps, count);
}

static void remove_any(json_t *json, const struct wire_json_step *steps, size_t count)
{
	if (count > 1) {
		remove_in_all(json, steps + 1, count - 1);
	} else if (json_is_object(json)) {
		json_object_clear(json);
	} else if (json_is_array(json)) {
		json_array_clear(json);
	}
}

static void remove_key(json_t *json, const struct wire_json_step *steps, size_t count)
{
	if (count == 1)
		json_object_del(json, steps->key);
	else
		remove_at(json_object_get(json, steps->key), steps + 1, count - 1);
}

/* A removed element becomes null, so that the others keep their places. */
static void remove_index(json_t *json, const struct wire_json_step *steps, size_t count)
{
	if (steps->index >= json_array_size(json))
		return;
	if (count == 1)
		json_array_set_new(json, steps->index, json_null());
	else
		remove_at(json_array_get(json, steps->index), steps + 1, count - 1);
}

/* json may be NULL. jansson's limit of depth bounds the recursion. */
static void remove_at(json_t *json, const struct wire_json_step *steps, size_t count)
{
	switch (steps->kind) {
	case WIRE_JSON_STEP_KEY: remove_key(json, steps, count); break;
	case WIRE_JSON_STEP_INDEX: remove_index(json, steps, count); break;
	case WIRE_JSON_STEP_ANY: remove_any(json, steps, count); break;
	case WIRE_JSON_STEP_DEEP_KEY:
		remove_key(json, steps, count);
		remove_in_all(json, steps, count);
		break;
	}
}

void replay__json_remove(const struct wire_json_path *path, json_t *json)
{
	remove_at(json, path->steps, path->count);
}
