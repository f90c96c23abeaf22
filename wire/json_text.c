#include "wire/json_text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- characters ---- */

/* The UTF-8 character at text[0..len), in *point, and its bytes; 0 when there is none (RFC 3629). */
static size_t read_utf8(const unsigned char *text, size_t len, uint32_t *point)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char first = text[0];
	size_t wanted = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (wanted == 0 || wanted > len || first > 0xf4)
		return 0;
	*point = wanted == 1 ? first : first & (0xffu >> (wanted + 1));
	for (size_t i = 1; i < wanted; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		*point = *point << 6 | (text[i] & 0x3f);
	}
	bool is_surrogate = *point >= 0xd800 && *point < 0xe000;
	return *point < least[wanted] || *point > 0x10ffff || is_surrogate ? 0 : wanted;
}

static uint32_t read_hex(const char *digits)
{
	char text[5] = {digits[0], digits[1], digits[2], digits[3], 0};
	return (uint32_t)strtoul(text, NULL, 16);
}

/* The \uXXXX at *at, with its second half when it is the first of a pair. */
static uint32_t read_unicode_escape(struct wire_slice text, size_t *at)
{
	uint32_t high = read_hex(text.data + *at + 2);
	*at += 6;
	if (high < 0xd800 || high >= 0xdc00 || text.len - *at < 6 || text.data[*at] != '\\' ||
	    text.data[*at + 1] != 'u')
		return high;
	uint32_t low = read_hex(text.data + *at + 2);
	if (low < 0xdc00 || low >= 0xe000)
		return high;
	*at += 6;
	return 0x10000 + ((high - 0xd800) << 10 | (low - 0xdc00));
}

static uint32_t read_escape(struct wire_slice text, size_t *at)
{
	static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";
	char letter = text.data[*at + 1];
	if (letter == 'u')
		return read_unicode_escape(text, at);
	const char *found = strchr(letters, letter);
	*at += 2;
	return (unsigned char)(found ? meanings[found - letters] : letter);
}

uint32_t wire_json_character(struct wire_slice text, size_t *at)
{
	uint32_t point;
	const unsigned char *bytes = (const unsigned char *)text.data + *at;
	if (*bytes == '\\')
		return read_escape(text, at);
	size_t len = read_utf8(bytes, text.len - *at, &point);
	*at += len ? len : 1;
	return len ? point : (uint32_t)WIRE_JSON_STRAY_BYTE + *bytes;
}

size_t wire_json_put(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = len - 1; i > 0; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(0xf00u >> len | c);
	return len;
}

/* ---- strings ---- */

static bool is_unicode(uint32_t character)
{
	return character < WIRE_JSON_STRAY_BYTE && (character < 0xd800 || character >= 0xe000);
}

char *wire_json_text(struct wire_slice written)
{
	char *text = malloc(written.len * 3 + 1); /* U+FFFD takes three bytes for one */
	size_t len = 0;
	if (!text)
		return NULL;
	for (size_t at = 0; at < written.len;) {
		uint32_t character = wire_json_character(written, &at);
		bool is_text = character != 0 && is_unicode(character);
		len += wire_json_put(text + len, is_text ? character : WIRE_JSON_REPLACEMENT);
	}
	text[len] = '\0';
	return text;
}

bool wire_json_says(struct wire_slice written, struct wire_slice text)
{
	size_t at = 0, said = 0;
	char bytes[4];
	if (!memchr(written.data ? written.data : "", '\\', written.len))
		return wire_slice_equal(written, text);
	while (at < written.len) {
		uint32_t character = wire_json_character(written, &at);
		size_t len = 1;
		if (character < WIRE_JSON_STRAY_BYTE)
			len = wire_json_put(bytes, character);
		else
			bytes[0] = (char)(character - WIRE_JSON_STRAY_BYTE);
		if (len > text.len - said || memcmp(text.data + said, bytes, len) != 0)
			return false;
		said += len;
	}
	return said == text.len;
}

bool wire_json_is_name(struct wire_slice written, const char *name)
{
	size_t at = 0;
	for (; *name && at < written.len; name++) {
		uint32_t character = wire_json_character(written, &at);
		char same[2] = {character < 0x80 ? (char)character : '\0'}, wanted[2] = {*name};
		if (!same[0] || strcasecmp(same, wanted) != 0)
			return false;
	}
	return !*name && at == written.len;
}

/* ---- for strict readers ---- */

#define MARK_CHARACTER "\xef\xb7\x90" /* U+FDD0 */
#define MARK_NUMBER    "\xef\xb7\x91" /* U+FDD1 */
enum { MARK_CHARACTER_POINT = 0xfdd0, MARK_NUMBER_POINT = 0xfdd1 };

/* A text being written. */
struct strict {
	char *start;
	size_t len, cap;
	bool is_failed; /* out of memory */
};

static void append(struct strict *out, const char *data, size_t len)
{
	if (out->is_failed)
		return;
	if (out->len + len > out->cap) {
		size_t cap = (out->len + len) * 2;
		char *grown = realloc(out->start, cap);
		out->is_failed = !grown;
		if (!grown)
			return;
		out->start = grown;
		out->cap = cap;
	}
	memcpy(out->start + out->len, data, len);
	out->len += len;
}

/* True for characters that a strict reader refuses, and for the marks themselves, so that no other text looks like a
 * mark. */
static bool needs_mark(uint32_t character)
{
	return character == 0 || !is_unicode(character) || character == MARK_CHARACTER_POINT ||
	       character == MARK_NUMBER_POINT;
}

static void append_string(struct strict *out, struct wire_slice written)
{
	append(out, "\"", 1);
	for (size_t at = 0, start; at < written.len;) {
		start = at;
		uint32_t character = wire_json_character(written, &at);
		char mark[16];
		if (needs_mark(character))
			append(out, mark,
			       (size_t)snprintf(mark, sizeof mark, MARK_CHARACTER "%06x", character));
		else
			append(out, written.data + start, at - start);
	}
	append(out, "\"", 1);
}

static bool fits_64_bits(struct wire_slice number)
{
	char text[400];
	if (number.len >= sizeof text)
		return false;
	memcpy(text, number.data, number.len);
	text[number.len] = '\0';
	errno = 0;
	if (!strpbrk(text, ".eE"))
		return (void)strtoll(text, NULL, 10), errno == 0;
	return isfinite(strtod(text, NULL));
}

static void append_number(struct strict *out, struct wire_slice number)
{
	if (fits_64_bits(number)) {
		append(out, number.data, number.len);
		return;
	}
	append(out, "\"" MARK_NUMBER, sizeof "\"" MARK_NUMBER - 1);
	append(out, number.data, number.len);
	append(out, "\"", 1);
}

static void append_token(struct strict *out, const struct wire_json_token *token)
{
	switch (token->kind) {
	case WIRE_JSON_KEY:
		append_string(out, token->text);
		append(out, ":", 1);
		break;
	case WIRE_JSON_STRING: append_string(out, token->text); break;
	case WIRE_JSON_NUMBER: append_number(out, token->text); break;
	default: append(out, token->text.data, token->text.len);
	}
}

static bool is_end(enum wire_json_kind kind)
{
	return kind == WIRE_JSON_OBJECT_END || kind == WIRE_JSON_ARRAY_END;
}

static bool is_start(enum wire_json_kind kind)
{
	return kind == WIRE_JSON_OBJECT || kind == WIRE_JSON_ARRAY || kind == WIRE_JSON_KEY;
}

char *wire_json_strict(struct wire_slice text, size_t *len)
{
	struct wire_json json;
	struct wire_json_token token;
	struct strict out = {0};
	bool needs_comma = false;
	wire_json_init(&json, text);
	while (wire_json_next(&json, &token) < WIRE_JSON_DONE) {
		if (needs_comma && !is_end(token.kind))
			append(&out, ",", 1);
		append_token(&out, &token);
		needs_comma = !is_start(token.kind);
	}
	if (token.kind == WIRE_JSON_DONE && !out.is_failed) {
		*len = out.len;
		return out.start;
	}
	free(out.start);
	return NULL;
}
