#include "tap/capture/connect_mask.h"

#include <string.h>
#include <strings.h>

static const char verb[] = "CONNECT";
enum { VERB_BYTES = sizeof verb - 1 };

/* Keys whose values stay [nats-server, server/client.go: ClientOpts]. */
static const char *const harmless_keys[] = {"verbose", "pedantic", "tls_required", "name",
					    "lang",    "version",  "protocol",     "echo",
					    "headers", "account",  "new_account",  "no_responders"};

/* Keys of credentials. */
static const char *const secret_keys[] = {"user", "pass", "auth_token", "jwt", "sig", "nkey", "proxy_sig"};

static bool is_one_of(const char *key, size_t len, const char *const *keys, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(keys[i]) == len && strncasecmp(key, keys[i], len) == 0)
			return true;
	return false;
}

static bool is_harmless(const char *key, size_t len)
{
	return is_one_of(key, len, harmless_keys, sizeof harmless_keys / sizeof *harmless_keys);
}

static bool is_secret(const char *key, size_t len)
{
	return is_one_of(key, len, secret_keys, sizeof secret_keys / sizeof *secret_keys);
}

/* Keys of either list that other protocols hardly use. */
static const char *const own_keys[] = {"pedantic", "tls_required", "no_responders", "auth_token", "nkey"};

static bool is_own(const char *key, size_t len)
{
	return is_one_of(key, len, own_keys, sizeof own_keys / sizeof *own_keys);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* The length of the line at the start of `bytes`, without its end. */
static size_t line_bytes(const char *bytes, size_t len)
{
	const char *end = len > 0 ? memchr(bytes, '\n', len) : NULL;
	return end ? (size_t)(end - bytes) : len;
}

/* ---- looking ahead ---- */

/* Find the next string followed by a colon, from *at on. False when there is none. */
static bool next_key(const char *line, size_t len, size_t *at, const char **key, size_t *key_len)
{
	while (*at < len) {
		const char *open = memchr(line + *at, '"', len - *at);
		if (!open)
			return false;
		size_t start = (size_t)(open - line) + 1, end = start;
		while (end < len && line[end] != '"')
			end += line[end] == '\\' ? 2 : 1;
		if (end >= len)
			return false;
		*at = end + 1;
		while (*at < len && is_blank(line[*at]))
			(*at)++;
		if (*at >= len || line[*at] != ':')
			continue;
		*key = line + start;
		*key_len = end - start;
		return true;
	}
	return false;
}

/* Is the text free of brackets? Brackets inside strings count, too: then a user is hidden rather than shown. */
static bool is_flat(const char *text, const char *end)
{
	for (; text < end; text++)
		if (*text == '{' || *text == '}' || *text == '[' || *text == ']')
			return false;
	return true;
}

/* Does a member of an object begin at key, in a text that begins at start? A comma precedes its quote. */
static bool begins_member(const char *start, const char *key)
{
	const char *at = key - 1;
	while (at > start && is_blank(at[-1]))
		at--;
	return at > start && at[-1] == ',';
}

/* Does a password that is not empty follow in the line, in the same object? Nothing after a nested value
 * counts. */
static bool has_pass_behind(const char *bytes, size_t len)
{
	const char *key, *checked = bytes;
	size_t key_len, at = 0, line = line_bytes(bytes, len);
	while (next_key(bytes, line, &at, &key, &key_len)) {
		if (!is_flat(checked, key))
			return false;
		checked = key;
		if (key_len != 4 || strncasecmp(key, "pass", 4) != 0 || !begins_member(bytes, key))
			continue;
		for (at++; at < line && is_blank(bytes[at]);)
			at++;
		return at + 1 < line && bytes[at] == '"' && bytes[at + 1] != '"';
	}
	return false;
}

/* Do the bytes begin with a verb? */
static bool is_operation(const char *bytes, size_t len)
{
	static const char *const verbs[] = {"CONNECT", "INFO",  "PUB",  "HPUB", "MSG", "HMSG",
					    "SUB",     "UNSUB", "PING", "PONG", "+OK", "-ERR"};
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (len >= strlen(verbs[i]) && strncasecmp(bytes, verbs[i], strlen(verbs[i])) == 0)
			return true;
	return false;
}

/* Clients send PING after CONNECT. */
static bool is_before_ping(const char *bytes, size_t len)
{
	size_t line = line_bytes(bytes, len);
	return line + 5 <= len && line >= 2 && memcmp(bytes + line - 2, "}\r", 2) == 0 &&
	       memcmp(bytes + line + 1, "PING", 4) == 0;
}

/* Does a line have keys of CONNECT, from a position outside any string? */
static bool has_keys(const char *line, size_t len, size_t at)
{
	const char *key;
	size_t key_len, known = 0, own = 0;
	while (next_key(line, len, &at, &key, &key_len)) {
		known += is_harmless(key, key_len) || is_secret(key, key_len);
		own += is_own(key, key_len);
	}
	return known >= 2 && own > 0;
}

bool tap__connect_is_like(const char *bytes, size_t len)
{
	size_t line = line_bytes(bytes, len);
	if (is_operation(bytes, len))
		return false;
	const char *quote = line > 0 ? memchr(bytes, '"', line) : NULL;
	return has_keys(bytes, line, 0) ||
	       (quote &&
		has_keys(bytes, line, (size_t)(quote - bytes) + 1)) || /* its start may lie in a string */
	       is_before_ping(bytes, len);
}

/* ---- JSON ---- */

/* A position in the bytes at hand. */
struct place {
	const char *bytes;
	size_t len, at;
	struct tap__masker *masker;
};

static void hide(const struct place *place, char replacement)
{
	if (place->bytes[place->at] != replacement)
		place->masker->put(place->masker, place->bytes + place->at, replacement);
}

static void take_string_byte(struct tap__connect_mask *mask, const struct place *place, char c)
{
	bool is_end = c == '"' && !mask->is_escaped;
	mask->is_escaped = c == '\\' && !mask->is_escaped;
	if (is_end) {
		mask->is_string = false;
		mask->has_key |= mask->is_key;
		return;
	}
	mask->has_pass |= mask->is_pass;
	if (!mask->is_key && !mask->is_harmless)
		hide(place, 'x');
	else if (mask->is_key && mask->key_len < TAP__CONNECT_KEY_MAX)
		mask->key[mask->key_len++] = c;
	else if (mask->is_key)
		mask->key_len = TAP__CONNECT_KEY_MAX + 1;
}

static void begin_string(struct tap__connect_mask *mask)
{
	mask->is_string = true;
	mask->is_key = mask->depth == 1 && mask->awaits_key && !mask->has_key;
	if (mask->is_key)
		mask->key_len = 0;
}

/* A key was read: decide about its value. */
static void begin_value(struct tap__connect_mask *mask, const struct place *place)
{
	bool is_known = mask->has_key && mask->key_len <= TAP__CONNECT_KEY_MAX;
	bool is_user = is_known && mask->key_len == 4 && strncasecmp(mask->key, "user", 4) == 0;
	mask->is_pass = is_known && mask->key_len == 4 && strncasecmp(mask->key, "pass", 4) == 0;
	mask->is_harmless = is_known && is_harmless(mask->key, mask->key_len);
	if (is_user && !mask->has_looked)
		mask->has_pass |= has_pass_behind(place->bytes + place->at + 1, place->len - place->at - 1);
	mask->has_looked |= is_user;
	mask->is_harmless |= is_user && mask->has_pass;
	mask->awaits_key = mask->has_key = false;
}

static void begin_pair(struct tap__connect_mask *mask)
{
	mask->awaits_key = true;
	mask->has_key = mask->is_harmless = mask->is_pass = false;
}

/* The length of true, false or null here; 0: none of them. */
static size_t word_bytes(const struct place *place)
{
	static const char *const words[] = {"true", "false", "null"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t len = strlen(words[i]);
		if (place->len - place->at >= len && memcmp(place->bytes + place->at, words[i], len) == 0)
			return len;
	}
	return 0;
}

/* A byte of a number or a word, or invalid JSON. Digits are replaced by digits. */
static void take_bare_byte(const struct tap__connect_mask *mask, struct place *place)
{
	size_t word = word_bytes(place);
	if (word > 0)
		place->at += word - 1;
	else if (!mask->is_harmless || mask->depth != 1)
		hide(place, '1');
}

static void take_json_byte(struct tap__connect_mask *mask, struct place *place, char c)
{
	if (mask->is_string) {
		take_string_byte(mask, place, c);
		return;
	}
	switch (c) {
	case '"': begin_string(mask); break;
	case '{':
	case '[':
		mask->is_harmless = false;
		mask->depth++;
		break;
	case '}':
	case ']':
		if (--mask->depth == 0)
			mask->stage = TAP__CONNECT_TAIL;
		break;
	case ':':
		if (mask->depth == 1)
			begin_value(mask, place);
		break;
	case ',':
		if (mask->depth == 1)
			begin_pair(mask);
		break;
	default:
		if (!is_blank(c))
			take_bare_byte(mask, place);
	}
}

/* ---- lines ---- */

/* After the verb: blanks, then an object. Anything else is not CONNECT. */
static void take_blank(struct tap__connect_mask *mask, char c)
{
	if (c == '{') {
		*mask =
		    (struct tap__connect_mask){.stage = TAP__CONNECT_JSON, .depth = 1, .awaits_key = true};
		return;
	}
	if (!is_blank(c))
		mask->stage = TAP__CONNECT_OTHER;
}

static void take_verb_byte(struct tap__connect_mask *mask, char c)
{
	if (upper(c) != verb[mask->matched])
		mask->stage = TAP__CONNECT_OTHER;
	else if (++mask->matched == VERB_BYTES)
		mask->stage = TAP__CONNECT_BLANKS;
}

static void take_byte(struct tap__connect_mask *mask, struct place *place)
{
	char c = place->bytes[place->at];
	if (c == '\n') {
		*mask = (struct tap__connect_mask){.stage = TAP__CONNECT_LINE};
		return;
	}
	switch (mask->stage) {
	case TAP__CONNECT_LINE:
		mask->stage = TAP__CONNECT_VERB;
		mask->matched = 0;
		take_verb_byte(mask, c);
		break;
	case TAP__CONNECT_VERB: take_verb_byte(mask, c); break;
	case TAP__CONNECT_BLANKS: take_blank(mask, c); break;
	case TAP__CONNECT_JSON: take_json_byte(mask, place, c); break;
	case TAP__CONNECT_TAIL:
	case TAP__CONNECT_UNSEEN:
		if (!is_blank(c))
			hide(place, 'x');
		break;
	case TAP__CONNECT_OTHER: break;
	}
}

/* Hot: nearly all bytes are in other lines. */
bool tap__connect_mask_take(struct tap__connect_mask *mask, const char *bytes, size_t len,
			    struct tap__masker *masker)
{
	struct place place = {bytes, len, 0, masker};
	bool has_some = false;
	for (; place.at < len; place.at++) {
		if (mask->stage == TAP__CONNECT_OTHER)
			place.at += line_bytes(bytes + place.at, len - place.at);
		if (place.at < len)
			take_byte(mask, &place);
		has_some |= mask->stage >= TAP__CONNECT_JSON;
	}
	return has_some;
}
