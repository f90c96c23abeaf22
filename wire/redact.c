#include "wire/redact.h"

#include <stdlib.h>
#include <string.h>

#include "wire/json_text.h"

/* ---- CONNECT ---- */

#define MASK "\"[REDACTED]\""

/* The kind of value that a field may have to be shown. */
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

/* A number, a boolean or null. */
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

/* The last `pass`, which is the one that counts, is not empty: then `user` is a name, not a token. */
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

/* The first byte of the value that begins with this token: of a string, its quote. */
static const char *start_of(const struct wire_json_token *value)
{
	return value->kind == WIRE_JSON_STRING ? value->text.data - 1 : value->text.data;
}

/* Copy the object in text to `out` and mask every value that may be secret. `out` has room for a mask for each
 * member. */
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

/* ---- URLs ---- */

/* The length of the word at text, which may be a URL. */
static size_t word_len(const char *text)
{
	return strcspn(text, " \t\r\n\"'()<>");
}

/* The end of the URL at the start of word[0..len): where the next one of a list begins. Passwords may hold commas. */
static size_t url_len(const char *word, size_t len)
{
	const char *scheme = memmem(word, len, "://", 3);
	const char *from = scheme ? scheme + 3 : word;
	const char *next = memmem(from, len - (size_t)(from - word), "://", 3);
	while (next && next > from && *next != ',')
		next--;
	return next && next > from ? (size_t)(next - word) : len;
}

/* The secret in a URL; empty when it has none. */
static struct wire_slice secret_of(const char *url, size_t len)
{
	const char *scheme = memmem(url, len, "://", 3), *at = memrchr(url, '@', len);
	const char *start = scheme ? scheme + 3 : url;
	if (!at || at < start)
		return wire_slice(NULL, 0);
	const char *colon = memchr(start, ':', (size_t)(at - start));
	if (!colon && !scheme)
		return wire_slice(NULL, 0); /* an e-mail address or the like */
	const char *secret = colon ? colon + 1 : start;
	return wire_slice(secret, (size_t)(at - secret));
}

struct room {
	char *at;
	size_t left; /* without the NUL */
};

static void put(struct room *room, const char *text, size_t len)
{
	len = len < room->left ? len : room->left;
	memcpy(room->at, text, len);
	room->at += len;
	room->left -= len;
}

static void put_url(struct room *room, const char *url, size_t len)
{
	struct wire_slice secret = secret_of(url, len);
	if (secret.len == 0) {
		put(room, url, len);
		return;
	}
	put(room, url, (size_t)(secret.data - url));
	put(room, "***", 3);
	put(room, secret.data + secret.len, (size_t)(url + len - secret.data) - secret.len);
}

void wire_redact_urls(const char *text, char *out, size_t size)
{
	struct room room = {.at = out, .left = size - 1};
	while (*text && room.left > 0) {
		size_t len = url_len(text, word_len(text));
		if (len > 0)
			put_url(&room, text, len);
		else
			put(&room, text, len = 1);
		text += len;
	}
	*room.at = '\0';
}
