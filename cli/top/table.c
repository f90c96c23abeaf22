#include "cli/top/table.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#include "export/text/sizes.h"
#include "wire/subject.h"

enum { GAP_COLUMNS = 2, TEXT_MIN = 8 };

void cli_top_table_fini(struct cli_top_table *table)
{
	free(table->rows);
	free(table->texts);
	*table = (struct cli_top_table){0};
}

void cli_top_table_clear(struct cli_top_table *table, const struct cli_top_view *view)
{
	table->view = view;
	table->len = table->texts_len = 0;
	table->left_out = 0;
}

/* ---- rows ---- */

/* Make room in a list. False when out of memory: it is as it was. */
static bool grow(void *list_at, size_t *cap, size_t wanted, size_t bytes)
{
	void **list = list_at;
	if (wanted <= *cap)
		return true;
	size_t larger = *cap * 2 > wanted ? *cap * 2 : wanted + 64;
	void *moved = realloc(*list, larger * bytes);
	if (!moved)
		return false;
	*list = moved;
	*cap = larger;
	return true;
}

struct cli_top_row *cli_top_table_add(struct cli_top_table *table, uint64_t id)
{
	if (!grow(&table->rows, &table->cap, table->len + 1, sizeof(*table->rows))) {
		table->left_out++;
		return NULL;
	}
	struct cli_top_row *row = &table->rows[table->len++];
	row->id = id;
	for (size_t i = 0; i < CLI_TOP_COLUMNS_MAX; i++)
		row->cells[i] = (struct cli_top_cell){.number = CLI_TOP_UNKNOWN};
	return row;
}

void cli_top_table_text(struct cli_top_table *table, struct cli_top_row *row, size_t column,
			struct wire_slice text)
{
	if (text.len == 0 || !grow(&table->texts, &table->texts_cap, table->texts_len + text.len, 1))
		return;
	memcpy(table->texts + table->texts_len, text.data, text.len);
	row->cells[column].text = table->texts_len;
	row->cells[column].text_len = text.len;
	table->texts_len += text.len;
}

struct wire_slice cli_top_cell_text(const struct cli_top_table *table, const struct cli_top_row *row,
				    size_t column)
{
	const struct cli_top_cell *cell = &row->cells[column];
	return cell->text_len ? wire_slice(table->texts + cell->text, cell->text_len) : wire_slice(NULL, 0);
}

size_t cli_top_table_find(const struct cli_top_table *table, uint64_t id)
{
	for (size_t i = 0; i < table->len; i++)
		if (table->rows[i].id == id)
			return i;
	return SIZE_MAX;
}

/* ---- filter ---- */

static bool contains(struct wire_slice text, const char *part)
{
	size_t len = strlen(part);
	for (size_t at = 0; at + len <= text.len; at++) {
		size_t same = 0;
		while (same < len &&
		       tolower((unsigned char)text.data[at + same]) == tolower((unsigned char)part[same]))
			same++;
		if (same == len)
			return true;
	}
	return false;
}

static bool passes(const struct cli_top_table *table, const struct cli_top_row *row, const char *filter)
{
	const struct wire_slice pattern = wire_slice_str(filter);
	const bool is_pattern = wire_subject_is_valid(pattern) && wire_subject_has_wildcard(pattern);
	for (size_t i = 0; i < table->view->columns_len; i++) {
		struct wire_slice text = cli_top_cell_text(table, row, i);
		if (table->view->columns[i].kind == CLI_TOP_TEXT &&
		    (is_pattern ? wire_subject_matches(pattern, text) : contains(text, filter)))
			return true;
	}
	return false;
}

void cli_top_table_filter(struct cli_top_table *table, const char *filter)
{
	size_t kept = 0;
	if (!filter[0])
		return;
	for (size_t i = 0; i < table->len; i++)
		if (passes(table, &table->rows[i], filter))
			table->rows[kept++] = table->rows[i];
	table->len = kept;
}

/* ---- order ---- */

struct order {
	const struct cli_top_table *table;
	size_t column;
	bool reversed;
};

static int compare_texts(struct wire_slice a, struct wire_slice b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int difference = len > 0 ? memcmp(a.data, b.data, len) : 0;
	return difference ? difference : (a.len > b.len) - (a.len < b.len);
}

/* The larger number first; unknown ones last, whatever the order. */
static int compare_numbers(double a, double b, bool reversed)
{
	if (isnan(a) || isnan(b))
		return isnan(a) - isnan(b);
	int falling = (a < b) - (a > b);
	return reversed ? -falling : falling;
}

static int compare_column(const struct order *order, size_t column, bool reversed,
			  const struct cli_top_row *a, const struct cli_top_row *b)
{
	if (order->table->view->columns[column].kind != CLI_TOP_TEXT)
		return compare_numbers(a->cells[column].number, b->cells[column].number, reversed);
	int rising = compare_texts(cli_top_cell_text(order->table, a, column),
				   cli_top_cell_text(order->table, b, column));
	return reversed ? -rising : rising;
}

static int compare_rows(const void *first, const void *second, void *context)
{
	const struct order *order = context;
	const struct cli_top_row *a = first, *b = second;
	int difference = compare_column(order, order->column, order->reversed, a, b);
	for (size_t i = 0; i < order->table->view->columns_len && difference == 0; i++)
		if (order->table->view->columns[i].kind == CLI_TOP_TEXT)
			difference = compare_column(order, i, false, a, b);
	return difference ? difference : (a->id > b->id) - (a->id < b->id);
}

void cli_top_table_sort(struct cli_top_table *table, size_t column, bool reversed)
{
	struct order order = {.table = table, .column = column, .reversed = reversed};
	if (table->len > 1)
		qsort_r(table->rows, table->len, sizeof(*table->rows), compare_rows, &order);
}

/* ---- lines ---- */

bool cli_top_column_is_shown(const struct cli_top_column *column, size_t columns)
{
	return column->wanted_columns <= columns;
}

/* The width of the columns that share what the others leave. */
static size_t shared_width(const struct cli_top_view *view, size_t columns)
{
	size_t taken = 0, sharing = 0;
	for (size_t i = 0; i < view->columns_len; i++) {
		const struct cli_top_column *column = &view->columns[i];
		if (!cli_top_column_is_shown(column, columns))
			continue;
		taken += column->width + GAP_COLUMNS;
		sharing += column->width == 0;
	}
	taken -= GAP_COLUMNS;
	size_t width = sharing > 0 && columns > taken ? (columns - taken) / sharing : 0;
	return width < TEXT_MIN ? TEXT_MIN : width;
}

size_t cli_top_table_columns(const struct cli_top_table *table, size_t rows)
{
	const struct cli_top_view *view = table->view;
	size_t longest = TEXT_MIN, fixed = 0, sharing = 0, wanted = 0;
	for (size_t i = 0; i < view->columns_len; i++) {
		fixed += view->columns[i].width + (i > 0 ? GAP_COLUMNS : 0);
		sharing += view->columns[i].width == 0;
		wanted = view->columns[i].wanted_columns > wanted ? view->columns[i].wanted_columns : wanted;
		for (size_t at = 0; view->columns[i].width == 0 && at < table->len && at < rows; at++) {
			struct wire_slice text = cli_top_cell_text(table, &table->rows[at], i);
			size_t used = export_escape_columns(text, text.len * 4 + 1);
			longest = used > longest ? used : longest;
		}
	}
	size_t columns = fixed + sharing * longest;
	return columns > wanted ? columns : wanted;
}

static bool is_left(const struct cli_top_column *column)
{
	return column->kind == CLI_TOP_TEXT || column->kind == CLI_TOP_TIME;
}

/* Numbers are put to the right of their column, texts to the left. */
static void put_cell(struct cli_row *line, size_t start, enum cli_color color, struct wire_slice text,
		     size_t width, bool left)
{
	size_t used = export_escape_columns(text, width);
	cli_row_fill(line, !left && used < width ? start + width - used : start);
	cli_row_put(line, color, text, width);
}

void cli_top_table_put_head(const struct cli_top_table *table, struct cli_row *line, size_t sorted,
			    bool reversed)
{
	const struct cli_top_view *view = table->view;
	size_t columns = line->columns, shared = shared_width(view, columns), start = 0;
	for (size_t i = 0; i < view->columns_len; i++) {
		const struct cli_top_column *column = &view->columns[i];
		char text[40];
		if (!cli_top_column_is_shown(column, columns))
			continue;
		size_t len = strlen(column->name), width = column->width ? column->width : shared;
		memcpy(text, column->name, len);
		if (i == sorted)
			len += (size_t)(stpcpy(text + len, reversed ? "▲" : "▼") - (text + len));
		put_cell(line, start, i == sorted ? CLI_BOLD : CLI_DIM, wire_slice(text, len), width,
			 is_left(column));
		start += width + GAP_COLUMNS;
	}
}

/* text: EXPORT_TIME_TEXT bytes. */
/* A time of today in a double is exact to 256 ns: without rounding, a whole millisecond would show as the one before. */
static int64_t whole_us(double ns)
{
	return ((int64_t)ns + 500) / 1000 * 1000;
}

static void write_number(const struct cli_top_column *column, double number, struct export_clock *clock,
			 char *text)
{
	if (isnan(number)) {
		memcpy(text, "-", 2);
		return;
	}
	switch (column->kind) {
	case CLI_TOP_COUNT: export_short_count_text(text, (uint64_t)number); break;
	case CLI_TOP_RATE:
		if (number > 0)
			export_short_rate_text(text, number);
		else
			memcpy(text, "0", 2);
		break;
	case CLI_TOP_BYTES: export_size_text(text, (uint64_t)(number + 0.5)); break;
	case CLI_TOP_SPAN: export_short_span_text(text, (int64_t)number); break;
	case CLI_TOP_TIME: export_clock_text(clock, whole_us(number), EXPORT_TIME_CLOCK_MS, text); break;
	case CLI_TOP_TEXT: text[0] = '\0'; break;
	}
}

static void put_value(const struct cli_top_table *table, struct cli_row *line, const struct cli_top_row *row,
		      size_t at, size_t start, size_t width, struct export_clock *clock)
{
	const struct cli_top_column *column = &table->view->columns[at];
	double number = row->cells[at].number;
	char text[EXPORT_TIME_TEXT];
	if (column->kind == CLI_TOP_TEXT) {
		put_cell(line, start, CLI_PLAIN, cli_top_cell_text(table, row, at), width, true);
		return;
	}
	write_number(column, number, clock, text);
	put_cell(line, start, column->is_alarm && number > 0 ? CLI_RED : CLI_PLAIN, wire_slice_str(text),
		 width, is_left(column));
}

void cli_top_table_put_row(const struct cli_top_table *table, struct cli_row *line,
			   const struct cli_top_row *row, struct export_clock *clock)
{
	const struct cli_top_view *view = table->view;
	size_t columns = line->columns, shared = shared_width(view, columns), start = 0;
	for (size_t i = 0; i < view->columns_len; i++) {
		size_t width = view->columns[i].width ? view->columns[i].width : shared;
		if (!cli_top_column_is_shown(&view->columns[i], columns))
			continue;
		put_value(table, line, row, i, start, width, clock);
		start += width + GAP_COLUMNS;
	}
}
