#include "export/text/mermaid.h"

#include <stdint.h>
#include <stdio.h>

#include "export/text/escape.h"
#include "export/text/utf8.h"

/* The letters that Mermaid itself writes for # and ; while it parses, and turns back afterwards. Source: encodeEntities of
 * mermaid. */
static bool is_internal(uint32_t point)
{
	return point == 0xfb02 || point == 0xb0 || point == 0xb6 || point == 0xdf;
}

static bool is_markup(char c)
{
	return strchr("\"#&<>;:`*_[]{}|\\$~%", c) != NULL;
}

/* An escape is ASCII: its backslash is markup, too. */
static void write_ascii(const char *text, char *out)
{
	size_t len = 0;

	for (; *text; text++)
		if (is_markup(*text))
			len += (size_t)sprintf(out + len, "#%d;", *text);
		else
			out[len++] = *text;
	out[len] = '\0';
}

size_t export_mermaid_character(struct wire_slice text, char out[EXPORT_MERMAID_CHARACTER])
{
	struct export_escape_glyph glyph;
	uint32_t point = 0;

	export_escape_look(&glyph, text);
	if (glyph.escape[0]) {
		write_ascii(glyph.escape, out);
	} else if (glyph.bytes == 1) {
		write_ascii((const char[]){text.data[0], '\0'}, out);
	} else if (export_utf8_decode(text.data, text.len, &point) > 0 && is_internal(point)) {
		sprintf(out, "#%u;", (unsigned)point);
	} else {
		memcpy(out, text.data, glyph.bytes);
		out[glyph.bytes] = '\0';
	}
	return glyph.bytes;
}
