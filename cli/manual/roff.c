#include "cli/manual/roff.h"

#include <stdbool.h>
#include <string.h>

enum { LINE_MAX = 78 };

/* Bytes of a character in roff. A hyphen would become a longer dash on paper. */
static size_t escaped(char c, const char **sequence)
{
	switch (c) {
	case '\\': *sequence = "\\e"; return 2;
	case '-': *sequence = "\\-"; return 2;
	case '"': *sequence = "\\(dq"; return 4;
	default: *sequence = NULL; return 1;
	}
}

static void put(FILE *file, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const char *sequence;
		escaped(text[i], &sequence);
		if (sequence)
			fputs(sequence, file);
		else
			putc(text[i], file);
	}
}

static size_t escaped_len(const char *text, size_t len)
{
	size_t total = 0;
	const char *sequence;
	for (size_t i = 0; i < len; i++)
		total += escaped(text[i], &sequence);
	return total;
}

static bool is_sentence_end(const char *word, size_t len)
{
	while (len > 1 && strchr(")\"'", word[len - 1]))
		len--;
	return len > 1 && strchr(".!?", word[len - 1]);
}

void cli_roff_text(FILE *file, const char *text, size_t len)
{
	size_t column = 0;
	bool starts_line = true;
	for (size_t at = 0; at < len;) {
		at += strspn(text + at, " \n");
		size_t word = at < len ? strcspn(text + at, " \n") : 0;
		word = word < len - at ? word : len - at;
		if (at >= len || word == 0)
			break;
		size_t width = escaped_len(text + at, word);
		if (!starts_line && column + 1 + width > LINE_MAX)
			starts_line = true, column = 0, putc('\n', file);
		if (!starts_line)
			putc(' ', file);
		else if (strchr(".'", text[at]))
			fputs("\\&", file);
		put(file, text + at, word);
		column += 1 + width;
		starts_line = is_sentence_end(text + at, word) && at + word < len;
		if (starts_line)
			column = 0, putc('\n', file);
		at += word;
	}
	if (column > 0)
		putc('\n', file);
}

void cli_roff_argument(FILE *file, const char *text, size_t len)
{
	fputs(" \"\\&", file);
	put(file, text, len);
	putc('"', file);
}

void cli_roff_literal(FILE *file, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n"), indent = strncmp(text, "  ", 2) == 0 ? 2 : 0;
		if (strchr(".'", text[indent]) || len == indent)
			fputs("\\&", file);
		put(file, text + indent, len - indent);
		putc('\n', file);
		text += len + (text[len] == '\n');
	}
}
