/* table.h - rows of texts in columns as wide as their longest text, made narrower where a terminal has no room.
 *
 * Cells are added row by row and kept until the table is printed. */
#ifndef CLI_OUTPUT_TABLE_H
#define CLI_OUTPUT_TABLE_H

#include "cli/output/row.h"

struct cli_table_column {
	const char *heading;
	bool is_right;   /* aligned to the right: numbers, which are never cut */
	bool is_clipped; /* may be made narrower than its texts */
};

struct cli_table;

/* Borrows the columns. NULL when out of memory. */
struct cli_table *cli_table_open(const struct cli_table_column *columns, size_t columns_len);
void cli_table_close(struct cli_table *table);

/* Add the next cell: its text, which is copied and may hold anything. What finds no memory is reported by cli_table_print. */
void cli_table_add(struct cli_table *table, enum cli_color color, struct wire_slice text);

/* Print the headings and the rows. 0 or -ENOMEM: some cells are missing, and nothing was printed. */
int cli_table_print(struct cli_table *table, struct cli_row *row);

#endif
