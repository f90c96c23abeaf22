#include "broker/config/scan.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int broker__scan_fail(const struct broker__parser *parser, const char *format, ...)
{
	char text[300];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	return wire_fault_set(parser->fault, BROKER_ECONFIG, "%.150s:%d: %s",
			      json_string_value(parser->source->name), parser->source->line, text);
}

int broker__scan_no_memory(const struct broker__parser *parser)
{
	return wire_fault_set(parser->fault, -ENOMEM, "out of memory");
}

int broker__scan_peek(const struct broker__source *source)
{
	return source->at < source->end ? (unsigned char)*source->at : -1;
}

bool broker__scan_starts_with(const struct broker__source *source, const char *text)
{
	size_t len = strlen(text);
	return (size_t)(source->end - source->at) >= len && memcmp(source->at, text, len) == 0;
}

void broker__scan_advance(struct broker__source *source, const char *to)
{
	for (; source->at < to; source->at++)
		source->line += *source->at == '\n';
}

static bool is_blank(int c)
{
	return c == ' ' || c == '\t';
}

bool broker__scan_is_newline(int c)
{
	return c == '\n' || c == '\r';
}

void broker__scan_skip_blanks(struct broker__source *source)
{
	while (is_blank(broker__scan_peek(source)))
		source->at++;
}

static void skip_comment(struct broker__source *source)
{
	while (broker__scan_peek(source) != -1 && broker__scan_peek(source) != '\n')
		source->at++;
}

void broker__scan_skip_filling(struct broker__source *source, const char *also)
{
	for (;;) {
		int c = broker__scan_peek(source);
		if (c == '#' || broker__scan_starts_with(source, "//"))
			skip_comment(source);
		else if (c > 0 && (is_blank(c) || broker__scan_is_newline(c) || strchr(also, c)))
			broker__scan_advance(source, source->at + 1);
		else
			return;
	}
}

int broker__scan_end_of_value(struct broker__parser *parser, char closing)
{
	struct broker__source *source = parser->source;
	broker__scan_skip_blanks(source);
	int c = broker__scan_peek(source);
	if (c == -1 || broker__scan_is_newline(c) || c == ',' || c == ';' || c == '#' || c == closing ||
	    broker__scan_starts_with(source, "//"))
		return 0;
	return broker__scan_fail(parser,
				 "expected the end of the line after a value, found '%c'; "
				 "separate values by newlines or commas, and quote strings with blanks",
				 c);
}

static int hex_digit(int c)
{
	const char *digits = "0123456789abcdef";
	const char *found = isxdigit((unsigned char)c) ? strchr(digits, c | 0x20) : NULL;
	return found ? (int)(found - digits) : -1;
}

/* The byte that the escape at *at (after the backslash) stands for; *at moves to its end. 0 when malformed. */
static char unescape(const char **at, const char *end)
{
	static const char names[] = "tnr\"\\", bytes[] = "\t\n\r\"\\";
	char c = *at < end ? *(*at)++ : '\0';
	const char *name = c ? strchr(names, c) : NULL;
	if (name)
		return bytes[name - names];
	if (c != 'x' || end - *at < 2)
		return '\0';
	int high = hex_digit((*at)[0]), low = hex_digit((*at)[1]);
	*at += 2;
	if (high < 0 || low < 0)
		return 0;
	return (char)(high * 16 + low);
}

json_t *broker__scan_escaped(struct broker__parser *parser, const char *text, size_t len, int line)
{
	char *bytes = malloc(len + 1);
	size_t used = 0;
	const char *end = text + len;
	while (bytes && text < end) {
		char c = *text++;
		if (c == '\\' && (c = unescape(&text, end)) == '\0') {
			broker__scan_fail(
			    parser,
			    "invalid escape in a string; allowed are \\xXX (not \\x00), \\t, \\n, \\r, \\\" "
			    "and \\\\, or put the string in single quotes");
			free(bytes);
			return NULL;
		}
		bytes[used++] = c;
	}
	json_t *node = broker__scan_node(parser, bytes ? json_stringn_nocheck(bytes, used) : NULL, line);
	free(bytes);
	return node;
}

const char *broker__scan_find_quote(const struct broker__source *source, char quote)
{
	for (const char *at = source->at; at < source->end; at++) {
		if (*at == quote)
			return at;
		if (*at == '\\' && quote == '"')
			at++;
	}
	return NULL;
}

json_t *broker__scan_quoted(struct broker__parser *parser, char quote)
{
	struct broker__source *source = parser->source;
	int line = source->line;
	const char *text = ++source->at;
	const char *end = broker__scan_find_quote(source, quote);
	if (!end) {
		broker__scan_fail(parser, "the string that begins here has no closing %c", quote);
		return NULL;
	}
	broker__scan_advance(source, end + 1);
	if (quote == '"' && memchr(text, '\\', (size_t)(end - text)))
		return broker__scan_escaped(parser, text, (size_t)(end - text), line);
	return broker__scan_node(parser, json_stringn_nocheck(text, (size_t)(end - text)), line);
}

/* ( text ): ends at a ')' alone on a line. */
json_t *broker__scan_block_string(struct broker__parser *parser)
{
	struct broker__source *source = parser->source;
	int line = source->line;
	const char *text = ++source->at;
	for (const char *at = text; at < source->end; at++) {
		bool is_alone = *at == ')' && at > text && at[-1] == '\n' &&
				(at + 1 == source->end || broker__scan_is_newline(at[1]));
		if (!is_alone)
			continue;
		broker__scan_advance(source, at + 1);
		return broker__scan_node(parser, json_stringn_nocheck(text, (size_t)(at - text)), line);
	}
	broker__scan_fail(parser, "the block string that begins here has no ')' on a line of its own");
	return NULL;
}

json_t *broker__scan_node(const struct broker__parser *parser, json_t *value, int line)
{
	json_t *node = broker__node(value, parser->source->name, line);
	if (!node)
		broker__scan_no_memory(parser);
	return node;
}
