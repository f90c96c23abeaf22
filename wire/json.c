#include "wire/json.h"

#include <string.h>

enum expectation {
	VALUE,
	VALUE_OR_END, /* after [ */
	KEY_OR_END,   /* after { */
	SEPARATOR,    /* after a value: a comma or the end of its container */
	NOTHING,      /* the text is not valid */
};

void wire_json_init(struct wire_json *json, struct wire_slice text)
{
	const char *start = text.data ? text.data : "";
	json->at = start;
	json->end = start + text.len;
	json->depth = 0;
	json->expects = VALUE;
}

static bool is_in_object(const struct wire_json *json)
{
	unsigned top = json->depth - 1;
	return json->is_object[top / 8] >> top % 8 & 1;
}

static bool is_digit(const struct wire_json *json, const char *at)
{
	return at < json->end && *at >= '0' && *at <= '9';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static inline void skip_blanks(struct wire_json *json)
{
	while (json->at < json->end && is_blank(*json->at))
		json->at++;
}

static bool take(struct wire_json *json, char wanted)
{
	skip_blanks(json);
	if (json->at == json->end || *json->at != wanted)
		return false;
	json->at++;
	return true;
}

/* ---- scalars: each function leaves `at` after the value, or at its first bad byte ---- */

static bool is_hex(const char *digits)
{
	for (int i = 0; i < 4; i++)
		if (!memchr("0123456789abcdefABCDEF", digits[i], 22))
			return false;
	return true;
}

static bool skip_escape(struct wire_json *json)
{
	size_t left = (size_t)(json->end - json->at);
	if (left >= 2 && memchr("\"\\/bfnrt", json->at[1], 8))
		json->at += 2;
	else if (left >= 6 && json->at[1] == 'u' && is_hex(json->at + 2))
		json->at += 6;
	else
		return false;
	return true;
}

/* One of eight bytes is a quote, a backslash or a control character, where a string ends or goes on in another way. */
static bool has_special(uint64_t bytes)
{
	const uint64_t ones = 0x0101010101010101, highs = 0x8080808080808080;
	const uint64_t quotes = bytes ^ ones * '"', backslashes = bytes ^ ones * '\\';
	return (((quotes - ones) & ~quotes) | ((backslashes - ones) & ~backslashes) |
		((bytes - ones * 0x20) & ~bytes)) &
	       highs;
}

/* Hot: strings are most of a payload. */
static inline void skip_plain(struct wire_json *json)
{
	for (uint64_t bytes; json->end - json->at >= 8; json->at += 8) {
		memcpy(&bytes, json->at, 8);
		if (has_special(bytes))
			return;
	}
}

/* A string whose opening quote has been read. */
static bool read_string(struct wire_json *json, struct wire_slice *text)
{
	const char *start = json->at;
	skip_plain(json);
	while (json->at < json->end && (unsigned char)*json->at >= 0x20) {
		if (*json->at == '"') {
			*text = wire_slice(start, (size_t)(json->at++ - start));
			return true;
		}
		if (*json->at != '\\')
			json->at++;
		else if (!skip_escape(json))
			return false;
	}
	return false;
}

static bool skip_digits(struct wire_json *json)
{
	const char *start = json->at;
	while (is_digit(json, json->at))
		json->at++;
	return json->at > start;
}

static bool skip_number(struct wire_json *json)
{
	json->at += *json->at == '-';
	bool is_zero = json->at < json->end && *json->at == '0';
	if (is_zero)
		json->at++;
	else if (!skip_digits(json))
		return false;
	if (json->at < json->end && *json->at == '.') {
		json->at++;
		if (!skip_digits(json))
			return false;
	}
	if (json->at < json->end && (*json->at == 'e' || *json->at == 'E')) {
		json->at++;
		if (json->at < json->end && (*json->at == '+' || *json->at == '-'))
			json->at++;
		return skip_digits(json);
	}
	return true;
}

static bool skip_word(struct wire_json *json, const char *word)
{
	size_t len = strlen(word);
	if ((size_t)(json->end - json->at) < len || memcmp(json->at, word, len) != 0)
		return false;
	json->at += len;
	return true;
}

/* ---- tokens ---- */

static enum wire_json_kind open_container(struct wire_json *json, struct wire_json_token *token,
					  bool is_object)
{
	if (json->depth == WIRE_JSON_DEPTH_MAX)
		return WIRE_JSON_BAD;
	uint8_t bit = (uint8_t)(1u << json->depth % 8);
	uint8_t *bits = &json->is_object[json->depth / 8];
	*bits = is_object ? *bits | bit : *bits & (uint8_t)~bit;
	json->expects = is_object ? KEY_OR_END : VALUE_OR_END;
	token->text = wire_slice(json->at++, 1);
	token->depth = json->depth++;
	return is_object ? WIRE_JSON_OBJECT : WIRE_JSON_ARRAY;
}

static enum wire_json_kind close_container(struct wire_json *json, struct wire_json_token *token)
{
	bool is_object = is_in_object(json);
	token->text = wire_slice(json->at - 1, 1);
	token->depth = --json->depth;
	json->expects = SEPARATOR;
	return is_object ? WIRE_JSON_OBJECT_END : WIRE_JSON_ARRAY_END;
}

static enum wire_json_kind read_scalar(struct wire_json *json, struct wire_json_token *token)
{
	const char *start = json->at;
	enum wire_json_kind kind = WIRE_JSON_BAD;
	switch (*start) {
	case '"':
		json->at++;
		kind = read_string(json, &token->text) ? WIRE_JSON_STRING : WIRE_JSON_BAD;
		break;
	case 't': kind = skip_word(json, "true") ? WIRE_JSON_TRUE : WIRE_JSON_BAD; break;
	case 'f': kind = skip_word(json, "false") ? WIRE_JSON_FALSE : WIRE_JSON_BAD; break;
	case 'n': kind = skip_word(json, "null") ? WIRE_JSON_NULL : WIRE_JSON_BAD; break;
	default:
		if (*start == '-' || is_digit(json, start))
			kind = skip_number(json) ? WIRE_JSON_NUMBER : WIRE_JSON_BAD;
	}
	if (kind != WIRE_JSON_STRING)
		token->text = wire_slice(start, (size_t)(json->at - start));
	json->expects = SEPARATOR;
	return kind;
}

static enum wire_json_kind read_value(struct wire_json *json, struct wire_json_token *token)
{
	skip_blanks(json);
	if (json->at == json->end)
		return WIRE_JSON_BAD;
	if (*json->at == '{' || *json->at == '[')
		return open_container(json, token, *json->at == '{');
	return read_scalar(json, token);
}

static enum wire_json_kind read_key(struct wire_json *json, struct wire_json_token *token)
{
	if (!take(json, '"') || !read_string(json, &token->text) || !take(json, ':'))
		return WIRE_JSON_BAD;
	json->expects = VALUE;
	return WIRE_JSON_KEY;
}

/* Read the token that follows a value in its container. */
static enum wire_json_kind read_on(struct wire_json *json, struct wire_json_token *token)
{
	if (json->depth == 0) {
		skip_blanks(json);
		return json->at == json->end ? WIRE_JSON_DONE : WIRE_JSON_BAD;
	}
	if (take(json, is_in_object(json) ? '}' : ']'))
		return close_container(json, token);
	if (!take(json, ','))
		return WIRE_JSON_BAD;
	return is_in_object(json) ? read_key(json, token) : read_value(json, token);
}

enum wire_json_kind wire_json_next(struct wire_json *json, struct wire_json_token *token)
{
	const uint8_t expects = json->expects;
	token->text = wire_slice(json->at, 0);
	token->depth = json->depth;
	if (expects == NOTHING)
		token->kind = WIRE_JSON_BAD;
	else if ((expects == KEY_OR_END && take(json, '}')) || (expects == VALUE_OR_END && take(json, ']')))
		token->kind = close_container(json, token);
	else if (expects == KEY_OR_END)
		token->kind = read_key(json, token);
	else if (expects == SEPARATOR)
		token->kind = read_on(json, token);
	else
		token->kind = read_value(json, token);
	if (token->kind == WIRE_JSON_BAD)
		json->expects = NOTHING;
	return token->kind;
}

bool wire_json_skip(struct wire_json *json, const struct wire_json_token *first)
{
	struct wire_json_token token = *first;
	while (token.kind != WIRE_JSON_BAD && json->depth > first->depth)
		wire_json_next(json, &token);
	return token.kind != WIRE_JSON_BAD;
}

bool wire_json_is_valid(struct wire_slice text, size_t *bad_at)
{
	struct wire_json json;
	struct wire_json_token token;
	wire_json_init(&json, text);
	do
		wire_json_next(&json, &token);
	while (token.kind < WIRE_JSON_DONE);
	if (token.kind == WIRE_JSON_BAD && bad_at)
		*bad_at = text.len - (size_t)(json.end - json.at);
	return token.kind == WIRE_JSON_DONE;
}
