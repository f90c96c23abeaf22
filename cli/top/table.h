/* table.h - the rows of a view, as numbers and texts: sorted, filtered, and printed cell by cell.
 *
 * Pure: it knows neither where the rows come from nor the terminal. */
#ifndef CLI_TOP_TABLE_H
#define CLI_TOP_TABLE_H

#include "cli/output/row.h"
#include "export/text/clock.h"

enum { CLI_TOP_COLUMNS_MAX = 12, CLI_TOP_FILTER_BYTES = 128 };

enum cli_top_cell_kind {
	CLI_TOP_TEXT,  /* may hold anything: escaped when printed */
	CLI_TOP_COUNT, /* a whole number */
	CLI_TOP_RATE,  /* per second */
	CLI_TOP_BYTES, /* "34 MB", or a rate of bytes */
	CLI_TOP_SPAN,  /* nanoseconds: a duration, or an age */
	CLI_TOP_TIME,  /* nanoseconds since the epoch: "07:57:19.123" */
};

struct cli_top_column {
	const char *name; /* its heading, and the word for --sort */
	enum cli_top_cell_kind kind;
	size_t width;          /* columns; 0: what the others leave, shared by all of width 0 */
	size_t wanted_columns; /* of the terminal: left out of a narrower one */
	bool is_alarm;         /* numbers other than 0 are shown in the colour of faults */
};

struct cli_top_view {
	const char *name;  /* its tab, and the word for --view */
	const char *empty; /* what to say when there is no row */
	const struct cli_top_column *columns;
	size_t columns_len;
	size_t sort; /* the column to sort by at first, largest number or first text on top */
};

/* A value that is not known: printed as "-", and sorted last. */
#define CLI_TOP_UNKNOWN ((double)__builtin_nan(""))

struct cli_top_cell {
	double number;
	size_t text, text_len; /* in `texts` of the table */
};

struct cli_top_row {
	uint64_t id; /* the same row has it in the next table */
	struct cli_top_cell cells[CLI_TOP_COLUMNS_MAX];
};

/* Zeroed = empty; `view` is to be set. */
struct cli_top_table {
	const struct cli_top_view *view;
	struct cli_top_row *rows; /* owned */
	size_t len, cap;
	char *texts; /* owned */
	size_t texts_len, texts_cap;
	uint64_t left_out; /* rows that found no memory */
};

void cli_top_table_fini(struct cli_top_table *table);

/* Remove all rows and keep the memory. */
void cli_top_table_clear(struct cli_top_table *table, const struct cli_top_view *view);

/* Add a row whose cells are all unknown and without text. NULL when out of memory. Valid until the next one is added. */
struct cli_top_row *cli_top_table_add(struct cli_top_table *table, uint64_t id);

/* Set the text of a cell; a copy is kept. Without memory the cell stays empty. */
void cli_top_table_text(struct cli_top_table *table, struct cli_top_row *row, size_t column,
			struct wire_slice text);

/* The text of a cell. Valid until the table changes. */
struct wire_slice cli_top_cell_text(const struct cli_top_table *table, const struct cli_top_row *row,
				    size_t column);

/* Remove the rows without a text that matches: a pattern with the wildcards of subjects, or else a part of the text in
 * any case. An empty filter keeps all. */
void cli_top_table_filter(struct cli_top_table *table, const char *filter);

/* Sort by a column: numbers falling, texts rising; reversed, the other way round. Unknown values come last in either. Equal
 * rows keep the order of their first texts. */
void cli_top_table_sort(struct cli_top_table *table, size_t column, bool reversed);

/* The index of a row; SIZE_MAX when there is none of this id. */
size_t cli_top_table_find(const struct cli_top_table *table, uint64_t id);

/* The column is shown on a line of so many columns. */
bool cli_top_column_is_shown(const struct cli_top_column *column, size_t columns);

/* The columns of a line on which all columns are shown, and no text of the first `rows` rows is clipped. */
size_t cli_top_table_columns(const struct cli_top_table *table, size_t rows);

/* Print the headings, that of the sorted column highlighted; and a row. The line is not ended. */
void cli_top_table_put_head(const struct cli_top_table *table, struct cli_row *line, size_t sorted,
			    bool reversed);
void cli_top_table_put_row(const struct cli_top_table *table, struct cli_row *line,
			   const struct cli_top_row *row, struct export_clock *clock);

#endif
