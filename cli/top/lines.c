#include "cli/top/lines.h"

#include <stdlib.h>

#include "export/text/utf8.h"

void cli_top_lines_clear(struct cli_top_lines *lines)
{
	for (size_t i = 0; i < lines->len; i++)
		free(lines->list[i].text);
	lines->len = 0;
	lines->dropped = 0;
}

void cli_top_lines_fini(struct cli_top_lines *lines)
{
	cli_top_lines_clear(lines);
	free(lines->list);
	*lines = (struct cli_top_lines){0};
}

static void drop_first(struct cli_top_lines *lines)
{
	free(lines->list[0].text);
	lines->len--;
	lines->dropped++;
	memmove(lines->list, lines->list + 1, lines->len * sizeof(*lines->list));
}

static bool grow(struct cli_top_lines *lines)
{
	if (lines->len < lines->cap)
		return true;
	size_t cap = lines->cap ? lines->cap * 2 : 64;
	struct cli_top_line *list = realloc(lines->list, cap * sizeof(*list));
	if (!list)
		return false;
	lines->list = list;
	lines->cap = cap;
	return true;
}

struct cli_top_line *cli_top_lines_add(struct cli_top_lines *lines, struct wire_slice text, size_t max)
{
	char *copy = malloc(text.len + 1);
	if (!copy || !grow(lines)) {
		free(copy);
		return NULL;
	}
	if (text.len > 0)
		memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	if (lines->len >= max)
		drop_first(lines);
	struct cli_top_line *line = &lines->list[lines->len++];
	*line = (struct cli_top_line){.text = copy, .len = text.len};
	return line;
}

/* The bytes of the colour code or character at the start of a text that is not empty, and its columns. */
static size_t measure(struct wire_slice text, size_t *columns)
{
	uint32_t point = 0;
	*columns = 0;
	if (text.data[0] == '\033') {
		const char *end = memchr(text.data, 'm', text.len);
		return end ? (size_t)(end - text.data) + 1 : 1;
	}
	size_t bytes = export_utf8_decode(text.data, text.len, &point);
	int width = bytes ? export_utf8_width(point) : 1;
	*columns = width > 0 ? (size_t)width : 0;
	return bytes ? bytes : 1;
}

/* The bytes of the first part of a line that fits into `columns`; at least one character. */
static size_t fit(struct wire_slice line, size_t columns)
{
	size_t at = 0, used = 0;
	while (at < line.len) {
		size_t width, bytes = measure(wire_slice(line.data + at, line.len - at), &width);
		if (used + width > columns && used > 0)
			break;
		used += width;
		at += bytes;
	}
	return at;
}

static void wrap_line(struct cli_top_lines *lines, struct wire_slice line, size_t columns, size_t max)
{
	do {
		size_t len = fit(line, columns);
		if (lines->len >= max || !cli_top_lines_add(lines, wire_slice(line.data, len), max))
			return;
		line = wire_slice(line.data + len, line.len - len);
	} while (line.len > 0);
}

void cli_top_lines_wrap(struct cli_top_lines *lines, struct wire_slice text, size_t columns, size_t max)
{
	while (text.len > 0 && lines->len < max) {
		const char *end = memchr(text.data, '\n', text.len);
		size_t len = end ? (size_t)(end - text.data) : text.len;
		wrap_line(lines, wire_slice(text.data, len), columns, max);
		len += end != NULL;
		text = wire_slice(text.data + len, text.len - len);
	}
}
