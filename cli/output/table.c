#include "cli/output/table.h"

#include <errno.h>
#include <stdlib.h>

/* A column that is made narrower keeps at least this width. */
enum { LEAST_COLUMNS = 8, GAP = 2, COLUMNS_MAX = 16 };

struct cell {
	size_t at, len; /* in `texts` */
	enum cli_color color;
};

struct cli_table {
	const struct cli_table_column *columns;
	size_t columns_len;
	struct cell *cells;
	size_t cells_len, cells_cap;
	char *texts;
	size_t texts_len, texts_cap;
	bool is_short_of_memory;
};

struct cli_table *cli_table_open(const struct cli_table_column *columns, size_t columns_len)
{
	struct cli_table *table = columns_len <= COLUMNS_MAX ? calloc(1, sizeof *table) : NULL;
	if (!table)
		return NULL;
	table->columns = columns;
	table->columns_len = columns_len;
	return table;
}

void cli_table_close(struct cli_table *table)
{
	if (!table)
		return;
	free(table->cells);
	free(table->texts);
	free(table);
}

/* Make room for `more` elements after *len. False when out of memory. */
static bool make_room(void *list_at, size_t len, size_t *cap, size_t more, size_t size)
{
	void **list = list_at;
	if (len + more <= *cap)
		return true;
	size_t wanted = 2 * (len + more);
	void *moved = realloc(*list, wanted * size);
	if (!moved)
		return false;
	*list = moved;
	*cap = wanted;
	return true;
}

void cli_table_add(struct cli_table *table, enum cli_color color, struct wire_slice text)
{
	if (!make_room(&table->cells, table->cells_len, &table->cells_cap, 1, sizeof *table->cells) ||
	    !make_room(&table->texts, table->texts_len, &table->texts_cap, text.len + 1, 1)) {
		table->is_short_of_memory = true;
		return;
	}
	table->cells[table->cells_len++] = (struct cell){table->texts_len, text.len, color};
	if (text.len > 0)
		memcpy(table->texts + table->texts_len, text.data, text.len);
	table->texts_len += text.len;
}

static struct wire_slice text_of(const struct cli_table *table, const struct cell *cell)
{
	return wire_slice(table->texts + cell->at, cell->len);
}

/* As wide as the longest text. The last column of text takes what is left of the line. */
static void measure(const struct cli_table *table, size_t *widths)
{
	for (size_t i = 0; i < table->columns_len; i++)
		widths[i] = strlen(table->columns[i].heading);
	for (size_t i = 0; i < table->cells_len; i++) {
		size_t columns = export_escape_columns(text_of(table, &table->cells[i]), CLI_ROW_ENDLESS);
		if (columns > widths[i % table->columns_len])
			widths[i % table->columns_len] = columns;
	}
}

/* The widest column that may be made narrower; columns_len when there is none. */
static size_t widest(const struct cli_table *table, const size_t *widths)
{
	size_t found = table->columns_len;
	for (size_t i = 0; i < table->columns_len; i++)
		if (table->columns[i].is_clipped && widths[i] > LEAST_COLUMNS &&
		    (found == table->columns_len || widths[i] > widths[found]))
			found = i;
	return found;
}

static void make_fit(const struct cli_table *table, size_t *widths, size_t columns)
{
	size_t total = GAP * (table->columns_len - 1), at;
	for (size_t i = 0; i < table->columns_len; i++)
		total += widths[i];
	for (; total > columns && (at = widest(table, widths)) < table->columns_len; total--)
		widths[at]--;
}

static void put_cell(struct cli_row *row, const struct cli_table_column *column, size_t width,
		     enum cli_color color, struct wire_slice text)
{
	size_t start = row->used, used = export_escape_columns(text, width);
	if (column->is_right && used < width)
		cli_row_fill(row, start + width - used);
	cli_row_put(row, color, text, width);
}

static void put_row(struct cli_row *row, const struct cli_table *table, const size_t *widths,
		    const struct cell *cells)
{
	size_t start = 0;
	for (size_t i = 0; i < table->columns_len; i++) {
		cli_row_fill(row, start);
		put_cell(row, &table->columns[i], widths[i], cells ? cells[i].color : CLI_DIM,
			 cells ? text_of(table, &cells[i]) : wire_slice_str(table->columns[i].heading));
		start += widths[i] + GAP;
	}
	cli_row_end(row);
}

int cli_table_print(struct cli_table *table, struct cli_row *row)
{
	size_t widths[COLUMNS_MAX];
	if (table->is_short_of_memory)
		return -ENOMEM;
	measure(table, widths);
	make_fit(table, widths, row->columns);
	put_row(row, table, widths, NULL);
	for (size_t at = 0; at + table->columns_len <= table->cells_len; at += table->columns_len)
		put_row(row, table, widths, table->cells + at);
	return 0;
}
