#include "wire/redact.h"

#include <jansson.h>
#include <stdlib.h>

static const char mask[] = "[REDACTED]";

static const char *const secret_keys[] = {"pass", "auth_token", "sig", "jwt", "nonce"};

static bool is_secret(const char *key)
{
	for (size_t i = 0; i < sizeof secret_keys / sizeof *secret_keys; i++)
		if (strcasecmp(key, secret_keys[i]) == 0)
			return true;
	return false;
}

/* True when the value of some key that reads like `wanted` is not empty. */
static bool has_value(json_t *object, const char *wanted)
{
	const char *key;
	json_t *value;
	json_object_foreach(object, key, value)
	{
		bool empty = json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0);
		if (strcasecmp(key, wanted) == 0 && !empty)
			return true;
	}
	return false;
}

static int redact(json_t *value);

static int redact_object(json_t *object)
{
	const char *key;
	json_t *value;
	bool user_is_token = !has_value(object, "pass");
	json_object_foreach(object, key, value)
	{
		bool hide = is_secret(key) || (user_is_token && strcasecmp(key, "user") == 0);
		int error = hide ? json_object_set_new(object, key, json_string(mask)) : redact(value);
		if (error)
			return error;
	}
	return 0;
}

static int redact_array(json_t *array)
{
	for (size_t i = 0; i < json_array_size(array); i++)
		if (redact(json_array_get(array, i)) != 0)
			return -1;
	return 0;
}

/* As deep as jansson lets values nest. 0, or -1 when out of memory: something may not be hidden then. */
static int redact(json_t *value)
{
	if (json_is_object(value))
		return redact_object(value);
	return json_is_array(value) ? redact_array(value) : 0;
}

char *wire_redact_json(struct wire_slice json)
{
	json_t *object = json_loadb(json.data ? json.data : "", json.len, JSON_ALLOW_NUL, NULL);
	if (!json_is_object(object)) {
		json_decref(object);
		return strdup("\"[REDACTED]\"");
	}
	char *text = redact(object) == 0 ? json_dumps(object, JSON_COMPACT) : NULL;
	json_decref(object);
	return text;
}
