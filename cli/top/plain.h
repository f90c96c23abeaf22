/* plain.h - the tables of `top` as lines, one table after the other, when there is no terminal to draw on. */
#ifndef CLI_TOP_PLAIN_H
#define CLI_TOP_PLAIN_H

#include "cli/top/source.h"

struct cli_top_plain_options {
	size_t columns; /* of a line; 0: as many as are needed */
	uint64_t rows;  /* of a table */
	bool color;
};

/* Print a table, filtered and sorted, with its head. */
void cli_top_plain_put(struct cli_out *out, const struct cli_top_head *head,
		       const struct cli_top_table *table, size_t sorted, bool reversed,
		       const struct cli_top_plain_options *options, struct cli_clock *clock);

#endif
