/* lines.h - lines of text with colour codes (cli/output/color.h), kept to be shown on a screen. */
#ifndef CLI_TOP_LINES_H
#define CLI_TOP_LINES_H

#include <stdint.h>

#include "wire/slice.h"

struct cli_top_line {
	char *text; /* owned, without line end */
	size_t len;
	/* Of a line that stands for an event: where to find it. */
	uint64_t seq;
	int64_t time_ns;
	uint32_t origin;
};

/* Zeroed = empty. */
struct cli_top_lines {
	struct cli_top_line *list; /* owned */
	size_t len, cap;
	uint64_t dropped; /* removed from the front so far */
};

void cli_top_lines_fini(struct cli_top_lines *lines);

/* Remove all. */
void cli_top_lines_clear(struct cli_top_lines *lines);

/* Add a copy of a line; of more than `max` lines the first is removed. Returns the line, valid until the next one is added; NULL
 * when out of memory. */
struct cli_top_line *cli_top_lines_add(struct cli_top_lines *lines, struct wire_slice text, size_t max);

/* Add text that may hold line ends, broken into lines of at most `columns` columns, as long as there are fewer than `max`. */
void cli_top_lines_wrap(struct cli_top_lines *lines, struct wire_slice text, size_t columns, size_t max);

#endif
