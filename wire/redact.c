#include "wire/redact.h"

#include <stdlib.h>
#include <string.h>

#include "wire/json_text.h"

#define MASK "\"[REDACTED]\""

/* What a field may hold and still be shown. */
enum harmless { TEXT, SETTING };

static const struct {
	const char *key;
	enum harmless form;
} harmless_keys[] = {
    {"verbose", SETTING},      {"pedantic", SETTING}, {"echo", SETTING},
    {"headers", SETTING},      {"protocol", SETTING}, {"no_responders", SETTING},
    {"tls_required", SETTING}, {"name", TEXT},        {"lang", TEXT},
    {"version", TEXT},         {"nkey", TEXT},
};

/* A number, a truth or null. */
static bool is_setting(const struct wire_json_token *value)
{
	return value->kind >= WIRE_JSON_NUMBER && value->kind <= WIRE_JSON_NULL;
}

static bool is_harmless(struct wire_slice key, const struct wire_json_token *value, bool user_is_name)
{
	if (wire_json_is_name(key, "user"))
		return user_is_name && value->kind == WIRE_JSON_STRING;
	for (size_t i = 0; i < sizeof harmless_keys / sizeof *harmless_keys; i++)
		if (wire_json_is_name(key, harmless_keys[i].key))
			return is_setting(value) ||
			       (harmless_keys[i].form == TEXT && value->kind == WIRE_JSON_STRING);
	return false;
}

/* `pass`, the last one that counts, is not empty: then `user` is a name and no token. */
static bool has_password(struct wire_slice text)
{
	struct wire_json json;
	struct wire_json_token key, value;
	bool is_given = false;
	wire_json_init(&json, text);
	wire_json_next(&json, &key);
	while (wire_json_next(&json, &key) == WIRE_JSON_KEY) {
		wire_json_next(&json, &value);
		if (wire_json_is_name(key.text, "pass") && value.kind != WIRE_JSON_NULL)
			is_given = value.kind == WIRE_JSON_STRING && value.text.len > 0;
		wire_json_skip(&json, &value);
	}
	return is_given;
}

/* Where the value that begins with this token begins: strings have a quote in front. */
static const char *start_of(const struct wire_json_token *value)
{
	return value->kind == WIRE_JSON_STRING ? value->text.data - 1 : value->text.data;
}

/* Copy the object in text to `out`, which has room for a mask after each byte, with what may be secret masked. */
static void copy_masked(struct wire_slice text, char *out)
{
	struct wire_json json;
	struct wire_json_token key, value;
	const char *from = text.data;
	bool user_is_name = has_password(text);
	wire_json_init(&json, text);
	wire_json_next(&json, &key);
	while (wire_json_next(&json, &key) == WIRE_JSON_KEY) {
		wire_json_next(&json, &value);
		bool is_shown = is_harmless(key.text, &value, user_is_name);
		wire_json_skip(&json, &value);
		if (is_shown)
			continue;
		const char *start = start_of(&value);
		out = mempcpy(out, from, (size_t)(start - from));
		out = mempcpy(out, MASK, sizeof MASK - 1);
		from = json.at;
	}
	out = mempcpy(out, from, (size_t)(text.data + text.len - from));
	*out = '\0';
}

char *wire_redact_connect(struct wire_slice text)
{
	struct wire_json json;
	struct wire_json_token first;
	wire_json_init(&json, text);
	wire_json_next(&json, &first);
	if (!wire_json_is_valid(text, NULL) || first.kind != WIRE_JSON_OBJECT)
		return strdup(MASK);
	/* The shortest member, "":1, is four bytes. */
	char *masked = malloc(text.len + (text.len / 4 + 1) * sizeof MASK);
	if (masked)
		copy_masked(text, masked);
	return masked;
}
