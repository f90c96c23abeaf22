#include "export/text/escape.h"

#include <stdio.h>

#include "export/text/utf8.h"

static void escape_byte(struct export_escape_glyph *glyph, unsigned char byte)
{
	static const char named[] = "\n\r\t";
	const char *name = byte ? strchr(named, byte) : NULL;

	if (name)
		snprintf(glyph->escape, sizeof(glyph->escape), "\\%c", "nrt"[name - named]);
	else
		snprintf(glyph->escape, sizeof(glyph->escape), "\\x%02x", byte);
	glyph->bytes = 1;
	glyph->columns = strlen(glyph->escape);
}

static void escape_point(struct export_escape_glyph *glyph, uint32_t point, size_t bytes)
{
	if (point > 0xffff)
		snprintf(glyph->escape, sizeof(glyph->escape), "\\U%08x", point);
	else
		snprintf(glyph->escape, sizeof(glyph->escape), "\\u%04x", point);
	glyph->bytes = bytes;
	glyph->columns = strlen(glyph->escape);
}

void export_escape_look(struct export_escape_glyph *glyph, struct wire_slice text)
{
	uint32_t point = 0;
	size_t bytes = export_utf8_decode(text.data, text.len, &point);
	int width = bytes ? export_utf8_width(point) : -1;

	glyph->escape[0] = '\0';
	if (width >= 0) {
		glyph->bytes = bytes;
		glyph->columns = (size_t)width;
	} else if (bytes > 1) {
		escape_point(glyph, point, bytes);
	} else {
		escape_byte(glyph, (unsigned char)text.data[0]);
	}
}

/* The bytes that fit into `columns`, and how many columns those take. */
static size_t fit(struct wire_slice text, size_t columns, size_t *used)
{
	size_t at = 0;

	*used = 0;
	while (at < text.len) {
		struct export_escape_glyph glyph;
		size_t plain = export_utf8_plain(text.data + at, text.len - at);

		if (plain > columns - *used)
			plain = columns - *used;
		at += plain;
		*used += plain;
		if (at == text.len)
			break;
		export_escape_look(&glyph, wire_slice(text.data + at, text.len - at));
		if (glyph.columns > columns - *used)
			break;
		at += glyph.bytes;
		*used += glyph.columns;
	}
	return at;
}

static void put_all(struct export_out *out, struct wire_slice text)
{
	size_t at = 0;

	while (at < text.len) {
		struct export_escape_glyph glyph;
		size_t plain = export_utf8_plain(text.data + at, text.len - at);

		export_out_bytes(out, text.data + at, plain);
		at += plain;
		if (at == text.len)
			break;
		export_escape_look(&glyph, wire_slice(text.data + at, text.len - at));
		if (glyph.escape[0])
			export_out_text(out, glyph.escape);
		else
			export_out_bytes(out, text.data + at, glyph.bytes);
		at += glyph.bytes;
	}
}

size_t export_escape_columns(struct wire_slice text, size_t most)
{
	size_t used;

	return fit(text, most, &used) < text.len ? most + 1 : used;
}

size_t export_escape_put(struct export_out *out, struct wire_slice text, size_t columns)
{
	size_t used;

	if (text.len == 0)
		return 0;
	if (text.len <= columns && export_utf8_plain(text.data, text.len) == text.len) { /* nearly always */
		export_out_bytes(out, text.data, text.len);
		return columns == EXPORT_UNCLIPPED ? 0 : text.len;
	}
	if (columns == EXPORT_UNCLIPPED || fit(text, columns, &used) == text.len) {
		put_all(out, text);
		return columns == EXPORT_UNCLIPPED ? 0 : used;
	}
	if (columns == 0)
		return 0;
	put_all(out, wire_slice(text.data, fit(text, columns - 1, &used)));
	export_out_text(out, "…");
	return used + 1;
}

/* The end of the text, in at most `columns` columns. */
static struct wire_slice end_of(struct wire_slice text, size_t columns)
{
	size_t excess = export_escape_columns(text, EXPORT_UNCLIPPED - 1);

	excess = excess > columns ? excess - columns : 0;
	while (excess > 0 && text.len > 0) {
		struct export_escape_glyph glyph;

		export_escape_look(&glyph, text);
		excess -= glyph.columns < excess ? glyph.columns : excess;
		text = wire_slice(text.data + glyph.bytes, text.len - glyph.bytes);
	}
	return text;
}

size_t export_escape_put_ends(struct export_out *out, struct wire_slice text, size_t columns, size_t tail)
{
	size_t used;

	if (fit(text, columns, &used) == text.len || columns < 3)
		return export_escape_put(out, text, columns);
	size_t half = (columns - 1) / 2;
	struct wire_slice end = end_of(text, tail > half && tail < columns ? tail : half);
	size_t end_columns = export_escape_columns(end, columns);

	put_all(out, wire_slice(text.data, fit(text, columns - 1 - end_columns, &used)));
	export_out_text(out, "…");
	put_all(out, end);
	return used + 1 + end_columns;
}

size_t export_escape_pad(struct export_out *out, struct wire_slice text, size_t width, size_t columns)
{
	size_t used = export_escape_columns(text, columns);

	if (used > columns)
		used = export_escape_put(out, text, columns);
	else
		put_all(out, text);
	if (used >= width)
		return used;
	export_out_spaces(out, width - used);
	return width;
}

static void put_line(struct export_out *out, struct wire_slice line)
{
	while (line.len > 0) {
		const char *tab = memchr(line.data, '\t', line.len);
		size_t len = tab ? (size_t)(tab - line.data) : line.len;

		put_all(out, wire_slice(line.data, len));
		if (!tab)
			return;
		export_out_spaces(out, 4);
		line = wire_slice(tab + 1, line.len - len - 1);
	}
}

void export_escape_lines(struct export_out *out, struct wire_slice text, size_t indent)
{
	while (text.len > 0) {
		const char *end = memchr(text.data, '\n', text.len);
		size_t len = end ? (size_t)(end - text.data) : text.len;
		size_t shown = end && len > 0 && text.data[len - 1] == '\r' ? len - 1 : len;

		export_out_spaces(out, indent);
		put_line(out, wire_slice(text.data, shown));
		export_out_char(out, '\n');
		if (end)
			len++;
		text = wire_slice(text.data + len, text.len - len);
	}
}

static void hex_row(struct export_out *out, const unsigned char *row, size_t len)
{
	for (size_t i = 0; i < 16; i++) {
		if (i == 8)
			export_out_char(out, ' ');
		if (i < len)
			export_out_format(out, " %02x", row[i]);
		else
			export_out_spaces(out, 3);
	}
	export_out_text(out, "  |");
	for (size_t i = 0; i < len; i++)
		export_out_char(out, row[i] >= 0x20 && row[i] < 0x7f ? (char)row[i] : '.');
	export_out_text(out, "|\n");
}

void export_escape_hex(struct export_out *out, struct wire_slice bytes, size_t indent)
{
	const unsigned char *data = (const unsigned char *)bytes.data;

	for (size_t at = 0; at < bytes.len; at += 16) {
		export_out_spaces(out, indent);
		export_out_format(out, "%08zx ", at);
		hex_row(out, data + at, bytes.len - at < 16 ? bytes.len - at : 16);
	}
}
