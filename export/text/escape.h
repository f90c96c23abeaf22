/* escape.h - make bytes from outside safe for a terminal, and count their columns.
 *
 * Whatever a payload, a subject or a client's name holds, only printable text is printed: control characters, invalid
 * UTF-8 and characters that reorder or hide text become \n, \x1b, \u202e. A backslash stays as it is, which keeps JSON
 * readable; --json, --hex and --raw show the exact bytes. */
#ifndef EXPORT_TEXT_ESCAPE_H
#define EXPORT_TEXT_ESCAPE_H

#include "export/text/out.h"

/* Columns without a limit. */
#define EXPORT_UNCLIPPED SIZE_MAX

/* One character of text in printable form. */
struct export_escape_glyph {
	size_t bytes;    /* of the text that it stands for */
	size_t columns;  /* that it takes */
	char escape[12]; /* NUL-terminated; empty: the bytes are shown as they are */
};

/* Look at the first character of a text that is not empty. */
void export_escape_look(struct export_escape_glyph *glyph, struct wire_slice text);

/* Columns that text takes when made visible; most + 1 when it takes more than most. */
size_t export_escape_columns(struct wire_slice text, size_t most);

/* Print text in at most `columns` columns; what does not fit is replaced by one "…". Returns the columns used,
 * uncounted 0 when columns is EXPORT_UNCLIPPED. */
size_t export_escape_put(struct export_out *out, struct wire_slice text, size_t columns);

/* Likewise, but "…" replaces the middle: at least the last `tail` columns stay, where there is room for them.
 * columns must not be EXPORT_UNCLIPPED. */
size_t export_escape_put_ends(struct export_out *out, struct wire_slice text, size_t columns, size_t tail);

/* As export_escape_put, filled up with spaces to `width` columns. Returns the columns used. */
size_t export_escape_pad(struct export_out *out, struct wire_slice text, size_t width, size_t columns);

/* Print the lines of text, each after `indent` spaces and ended by a line end; tabs are kept as spaces. */
void export_escape_lines(struct export_out *out, struct wire_slice text, size_t indent);

/* A hex dump: offset, 16 bytes, their ASCII. */
void export_escape_hex(struct export_out *out, struct wire_slice bytes, size_t indent);

#endif
