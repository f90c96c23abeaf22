#include "cli/output/wrap.h"

#include <stdbool.h>
#include <string.h>

#include "cli/output/color.h"
#include "export/text/utf8.h"

enum { COLUMNS = 80, COLUMNS_MAX = 100, QUOTATION_MAX = 40 };

size_t cli_wrap_columns(int fd)
{
	size_t columns = cli_terminal_columns(fd);

	if (columns == 0)
		return COLUMNS;
	return columns < COLUMNS_MAX ? columns : COLUMNS_MAX;
}

size_t cli_wrap_width(const char *text, size_t len)
{
	size_t columns = 0;

	for (size_t at = 0; at < len;) {
		uint32_t point;
		size_t bytes = export_utf8_decode(text + at, len - at, &point);
		int width = bytes > 0 ? export_utf8_width(point) : 1;

		columns += width > 0 ? (size_t)width : 0;
		at += bytes > 0 ? bytes : 1;
	}
	return columns;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\n';
}

/* The length of a short quotation at text, such as "tapedeck cat --help": it counts as one word. 0 when there is none. */
static size_t quotation_len(const char *text, size_t len)
{
	const char *end = len > 1 && *text == '"' ? memchr(text + 1, '"', len - 1) : NULL;

	return end && end - text < QUOTATION_MAX ? (size_t)(end - text) + 1 : 0;
}

/* Advance *at to the next word of text[0..len). Returns its length, 0 at the end. */
static size_t next_word(const char *text, size_t len, size_t *at)
{
	while (*at < len && is_blank(text[*at]))
		++*at;
	size_t end = *at + quotation_len(text + *at, len - *at);
	while (end < len && !is_blank(text[end]))
		end++;
	return end - *at;
}

void cli_wrap(FILE *file, const char *text, size_t len, size_t column, size_t indent, size_t columns)
{
	bool is_first = true; /* of its line */
	size_t at = 0, word;

	for (; (word = next_word(text, len, &at)) > 0; at += word) {
		size_t width = cli_wrap_width(text + at, word);

		if (!is_first && column + 1 + width > columns) {
			fprintf(file, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!is_first) {
			putc(' ', file);
			column++;
		}
		fwrite(text + at, 1, word, file);
		column += width;
		is_first = false;
	}
	putc('\n', file);
}
