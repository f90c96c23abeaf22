#include "store/where/lexer.h"

#include <stdarg.h>
#include <stdio.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name(char c)
{
	return is_letter(c) || is_digit(c) || c == '-';
}

static struct store__token token_of(struct store__lexer *lexer, enum store__token_kind kind, size_t len)
{
	const struct store__token token = {
	    .kind = kind, .start = lexer->at, .text = wire_slice(lexer->at, len)};
	lexer->at += len;
	return token;
}

static struct store__token bad(struct store__lexer *lexer, size_t len, const char *hint)
{
	struct store__token token = token_of(lexer, STORE__TOKEN_BAD, len);
	token.hint = hint;
	return token;
}

/* ---- strings, numbers, paths ---- */

/* The length of a string that begins with a quote, quotes included; 0 when it does not end. */
static size_t string_len(const char *at, const char *end)
{
	const char quote = *at;
	const char *start = at++;
	while (at < end && *at != quote)
		at += *at == '\\' && end - at > 1 ? 2 : 1;
	return at < end ? (size_t)(at + 1 - start) : 0;
}

static struct store__token string_token(struct store__lexer *lexer)
{
	size_t len = string_len(lexer->at, lexer->end);
	if (len == 0)
		return bad(lexer, (size_t)(lexer->end - lexer->at), "the string has no closing quote");
	struct store__token token = token_of(lexer, STORE__TOKEN_STRING, len);
	token.text = wire_slice(token.start + 1, len - 2);
	return token;
}

/* A sign is part of a number also after its e. */
static struct store__token number_token(struct store__lexer *lexer)
{
	size_t len = 1;
	for (const char *at = lexer->at + 1; at < lexer->end; at++, len++) {
		bool is_sign = (*at == '+' || *at == '-') && (at[-1] == 'e' || at[-1] == 'E');
		if (!is_digit(*at) && !is_letter(*at) && *at != '.' && !is_sign)
			break;
	}
	return token_of(lexer, STORE__TOKEN_NUMBER, len);
}

/* A path ends at a blank, an operator or a parenthesis outside its brackets. */
static struct store__token path_token(struct store__lexer *lexer)
{
	const char *at = lexer->at + 1;
	while (at < lexer->end && !is_blank(*at) && !memchr("=!<>~&|()", *at, 9)) {
		bool is_quoted = *at == '[' && lexer->end - at > 1 && (at[1] == '\'' || at[1] == '"');
		size_t quoted = is_quoted ? string_len(at + 1, lexer->end) : 0;
		at += 1 + quoted;
	}
	return token_of(lexer, STORE__TOKEN_PATH, (size_t)(at - lexer->at));
}

static struct store__token word_token(struct store__lexer *lexer)
{
	size_t len = 1;
	while (lexer->at + len < lexer->end && is_letter(lexer->at[len]))
		len++;
	return token_of(lexer, STORE__TOKEN_WORD, len);
}

/* ---- operators ---- */

static const struct sign {
	const char *text;
	enum store__token_kind kind;
	enum store__where_operator operator;
} signs[] = {
    /* Longer ones come first. */
    {"&&", STORE__TOKEN_AND, 0},
    {"||", STORE__TOKEN_OR, 0},
    {"==", STORE__TOKEN_TEST, STORE__WHERE_EQUAL},
    {"!=", STORE__TOKEN_TEST, STORE__WHERE_NOT_EQUAL},
    {"<=", STORE__TOKEN_TEST, STORE__WHERE_LESS_EQUAL},
    {">=", STORE__TOKEN_TEST, STORE__WHERE_GREATER_EQUAL},
    {"!~", STORE__TOKEN_TEST, STORE__WHERE_MATCHES_NOT},
    {"=~", STORE__TOKEN_TEST, STORE__WHERE_MATCHES},
    {"<", STORE__TOKEN_TEST, STORE__WHERE_LESS},
    {">", STORE__TOKEN_TEST, STORE__WHERE_GREATER},
    {"~", STORE__TOKEN_TEST, STORE__WHERE_MATCHES},
    {"!", STORE__TOKEN_NOT, 0},
    {"(", STORE__TOKEN_OPEN, 0},
    {")", STORE__TOKEN_CLOSE, 0},
    {".", STORE__TOKEN_DOT, 0},
    {"[", STORE__TOKEN_BRACKET, 0},
    {"]", STORE__TOKEN_BRACKET_END, 0},
};

static bool begins_with(const struct store__lexer *lexer, const char *text)
{
	size_t len = strlen(text);
	return (size_t)(lexer->end - lexer->at) >= len && memcmp(lexer->at, text, len) == 0;
}

static struct store__token sign_token(struct store__lexer *lexer)
{
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
		if (begins_with(lexer, signs[i].text)) {
			struct store__token token = token_of(lexer, signs[i].kind, strlen(signs[i].text));
			token.operator= signs[i].operator;
			return token;
		}
	switch (*lexer->at) {
	case '=': return bad(lexer, 1, "write == to compare");
	case '&': return bad(lexer, 1, "write && for \"and\"");
	case '|': return bad(lexer, 1, "write || for \"or\"");
	default: return bad(lexer, 1, NULL);
	}
}

struct store__token store__lexer_next(struct store__lexer *lexer)
{
	while (lexer->at < lexer->end && is_blank(*lexer->at))
		lexer->at++;
	if (lexer->at == lexer->end)
		return token_of(lexer, STORE__TOKEN_END, 0);
	const char first = *lexer->at;
	if (first == '"' || first == '\'')
		return string_token(lexer);
	if (is_digit(first) || first == '-')
		return number_token(lexer);
	if (first == '$')
		return path_token(lexer);
	return is_letter(first) ? word_token(lexer) : sign_token(lexer);
}

struct wire_slice store__lexer_name(struct store__lexer *lexer)
{
	const char *start = lexer->at;
	while (lexer->at < lexer->end && is_name(*lexer->at))
		lexer->at++;
	return wire_slice(start, (size_t)(lexer->at - start));
}

/* The column of a byte of the expression, in characters from 1 on. */
static size_t column_of(const struct store__lexer *lexer, const char *at)
{
	size_t column = 1;
	for (const char *byte = lexer->start; byte < at; byte++)
		column += ((unsigned char)*byte & 0xc0) != 0x80;
	return column;
}

int store__lexer_fault(const struct store__lexer *lexer, const char *at, struct wire_fault *fault,
		       const char *format, ...)
{
	char text[400];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	return wire_fault_set(fault, STORE_EFILTER, "column %zu: %s", column_of(lexer, at), text);
}
