#include "cli/manual/paragraphs.h"

#include <string.h>

enum { ITEM_INDENT_MAX = 4 };

static const char *line_end(const char *line)
{
	return line + strcspn(line, "\n");
}

/* The line after this one, or the end of the text. */
static const char *next_line(const char *line)
{
	const char *end = line_end(line);
	return *end ? end + 1 : end;
}

static bool continues(const char *line, bool is_item)
{
	size_t indent = strspn(line, " ");
	if (line[indent] == '\0' || line[indent] == '\n')
		return false;
	return is_item ? indent > ITEM_INDENT_MAX : indent == 0;
}

/* Split "  term  text" at the first two blanks after the term. */
static void split_item(const char *line, const char *end, struct cli_paragraph *paragraph)
{
	const char *term = line + strspn(line, " "), *term_end = strstr(term, "  ");
	if (!term_end || term_end > line_end(line))
		term_end = line_end(line);
	const char *text = term_end + strspn(term_end, " \n");
	paragraph->term = (struct wire_slice){term, (size_t)(term_end - term)};
	paragraph->text = (struct wire_slice){text, text < end ? (size_t)(end - text) : 0};
}

bool cli_paragraph_next(const char **text, struct cli_paragraph *paragraph)
{
	const char *start = *text + strspn(*text, "\n");
	bool is_apart = start > *text;
	bool is_item = *start == ' ';
	if (!*start)
		return false;
	const char *end = next_line(start);
	while (continues(end, is_item))
		end = next_line(end);
	*text = end;
	*paragraph = (struct cli_paragraph){.text = {start, (size_t)(end - start)}, .is_apart = is_apart};
	if (is_item)
		split_item(start, end, paragraph);
	return true;
}
