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

static bool has_key(json_t *object, const char *wanted)
{
	const char *key;
	json_t *value;
	json_object_foreach(object, key, value)
	{
		if (strcasecmp(key, wanted) == 0)
			return true;
	}
	return false;
}

static void redact_object(json_t *object)
{
	const char *key;
	json_t *value;
	bool user_is_token = !has_key(object, "pass");
	json_object_foreach(object, key, value)
	{
		if (json_is_object(value))
			redact_object(value);
		else if (is_secret(key) || (user_is_token && strcasecmp(key, "user") == 0))
			json_object_set_new(object, key, json_string(mask));
	}
}

char *wire_redact_json(struct wire_slice json)
{
	json_t *object = json_loadb(json.data ? json.data : "", json.len, JSON_ALLOW_NUL, NULL);
	char *text;
	if (json_is_object(object)) {
		redact_object(object);
		text = json_dumps(object, JSON_COMPACT);
	} else {
		text = strdup("\"[REDACTED]\"");
	}
	json_decref(object);
	return text;
}
