/* row.h - one line of people's text that never grows wider than the terminal. */
#ifndef CLI_OUTPUT_ROW_H
#define CLI_OUTPUT_ROW_H

#include "cli/output/color.h"
#include "export/text/escape.h"
#include "wire/event.h"

struct cli_row {
	struct export_out *out;
	bool color;
	size_t columns; /* of the line; without a terminal CLI_ROW_ENDLESS */
	size_t used;
};

/* Wider than any line, but sums of it do not overflow. */
#define CLI_ROW_ENDLESS (SIZE_MAX / 2)

/* Text that may hold anything, in at most `most` columns. */
void cli_row_put(struct cli_row *row, enum cli_color color, struct wire_slice text, size_t most);
/* Likewise, but "…" takes the place of the middle; at least the last `tail` columns stay, if possible. */
void cli_row_put_ends(struct cli_row *row, enum cli_color color, struct wire_slice text, size_t most,
		      size_t tail);
/* Columns that are left. */
static inline size_t cli_row_left(const struct cli_row *row)
{
	return row->columns - row->used;
}
/* Text of our own. */
void cli_row_text(struct cli_row *row, enum cli_color color, const char *text);
void cli_row_format(struct cli_row *row, enum cli_color color, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A client's address, language and version, as far as they are known. */
void cli_row_client(struct cli_row *row, const struct wire_client *client);
/* Spaces up to a column, if the line is not there yet. */
void cli_row_fill(struct cli_row *row, size_t column);
/* Print text in the rest of the line. Does not count columns: only the line end may follow. */
void cli_row_rest(struct cli_row *row, struct wire_slice text);
void cli_row_end(struct cli_row *row);

#endif
