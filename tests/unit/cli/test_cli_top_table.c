/* Tables of `top`: windows, rows, filters, orders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/top/lines.h"
#include "cli/top/table.h"
#include "cli/top/window.h"
#include "export/text/clock.h"

#define SECOND INT64_C(1000000000)

/* ---- windows ---- */

static void a_rate_is_that_of_the_last_slots(void **state)
{
	struct cli_top_counter counter = {0};
	struct cli_top_window window;
	(void)state;
	cli_top_window_init(&window, 60 * SECOND);
	window.begin_ns = 1000 * SECOND;
	cli_top_counter_add(&counter, &window, 1000 * SECOND, 600);
	cli_top_counter_add(&counter, &window, 1055 * SECOND, 20);
	window.now_ns = 1060 * SECOND - 1;
	assert_true(cli_top_counter_rate(&counter, &window) > 1.99 &&
		    cli_top_counter_rate(&counter, &window) < 2.01);
	window.rate_slots = CLI_TOP_SLOTS;
	assert_true(cli_top_counter_rate(&counter, &window) > 10.3 &&
		    cli_top_counter_rate(&counter, &window) < 10.4);
}

static void counts_leave_the_window(void **state)
{
	struct cli_top_counter counter = {0};
	struct cli_top_window window;
	double history[CLI_TOP_SLOTS];
	(void)state;
	cli_top_window_init(&window, 60 * SECOND);
	window.begin_ns = 0;
	cli_top_counter_add(&counter, &window, 100 * SECOND, 7);
	window.now_ns = 159 * SECOND;
	cli_top_counter_history(&counter, &window, history);
	assert_true(history[0] > 6.99 && history[CLI_TOP_SLOTS - 1] < 0.01);
	window.now_ns = 160 * SECOND;
	cli_top_counter_history(&counter, &window, history);
	assert_true(history[0] < 0.01);
	/* An event that comes late counts where it belongs, or not at all. */
	cli_top_counter_add(&counter, &window, 161 * SECOND, 1);
	cli_top_counter_add(&counter, &window, 160 * SECOND, 2);
	cli_top_counter_add(&counter, &window, 100 * SECOND, 4);
	window.now_ns = 161 * SECOND;
	cli_top_counter_history(&counter, &window, history);
	assert_true(history[CLI_TOP_SLOTS - 2] > 1.99 && history[CLI_TOP_SLOTS - 2] < 2.01);
	assert_true(history[0] < 0.01);
}

/* ---- rows ---- */

static const struct cli_top_column columns[] = {
    {"name", CLI_TOP_TEXT, 0, 0, false},
    {"count", CLI_TOP_COUNT, 6, 0, true},
    {"wide", CLI_TOP_RATE, 6, 100, false},
};
static const struct cli_top_view view = {.name = "view", .columns = columns, .columns_len = 3, .sort = 1};

static void add(struct cli_top_table *table, uint64_t id, const char *name, double count)
{
	struct cli_top_row *row = cli_top_table_add(table, id);
	assert_non_null(row);
	cli_top_table_text(table, row, 0, wire_slice_str(name));
	row->cells[1].number = count;
}

static void fill(struct cli_top_table *table)
{
	cli_top_table_clear(table, &view);
	add(table, 1, "orders.new", 5);
	add(table, 2, "Stock.get", CLI_TOP_UNKNOWN);
	add(table, 3, "orders.paid", 7);
	add(table, 4, "audit", 5);
}

/* The ids of the rows must be these digits. */
static void expect(const struct cli_top_table *table, const char *ids)
{
	char text[20] = "";
	for (size_t i = 0; i < table->len && i < sizeof(text) - 1; i++) {
		text[i] = (char)('0' + table->rows[i].id);
		text[i + 1] = '\0';
	}
	assert_string_equal(text, ids);
}

static void numbers_sort_falling_and_unknown_ones_come_last(void **state)
{
	struct cli_top_table table = {0};
	(void)state;
	fill(&table);
	cli_top_table_sort(&table, 1, false);
	expect(&table, "3412");
	cli_top_table_sort(&table, 1, true);
	expect(&table, "4132");
	cli_top_table_sort(&table, 0, false);
	expect(&table, "2413");
	cli_top_table_fini(&table);
}

static void a_filter_is_a_pattern_of_subjects_or_a_part_in_any_case(void **state)
{
	static const struct {
		const char *filter, *ids;
	} cases[] = {{"", "1234"},       {"orders.*", "13"}, {"orders.>", "13"}, {"ORDERS", "13"},
		     {"stock", "2"},     {".new", "1"},      {"none", ""},       {"*", "4"},
		     {"orders.*.x", ""}, {"orders new", ""}};
	struct cli_top_table table = {0};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fill(&table);
		cli_top_table_filter(&table, cases[i].filter);
		expect(&table, cases[i].ids);
	}
	cli_top_table_fini(&table);
}

/* The text of a line of so many columns. */
static const char *line_of(struct cli_top_table *table, size_t row, size_t width, struct export_out *out)
{
	struct cli_row line = {.out = out, .columns = width};
	struct export_clock clock = {.utc = true};
	out->len = 0;
	cli_top_table_put_row(table, &line, &table->rows[row], &clock);
	export_out_char(out, '\0');
	return out->data;
}

static void a_row_fits_its_line_and_holds_no_control_characters(void **state)
{
	struct cli_top_table table = {0};
	struct export_out out;
	(void)state;
	assert_int_equal(export_out_init(&out, -1), 0);
	cli_top_table_clear(&table, &view);
	add(&table, 1, "clear.\033[2J", 12);
	add(&table, 2, "a.subject.that.is.too.long.for.the.line", 0);
	assert_string_equal(line_of(&table, 0, 30, &out), "clear.\\x1b[2J               12");
	assert_string_equal(line_of(&table, 1, 30, &out), "a.subject.that.is.too…       0");
	assert_int_equal(cli_top_table_columns(&table, 2), 100);
	export_out_fini(&out);
	cli_top_table_fini(&table);
}

/* ---- lines ---- */

static void text_is_broken_into_lines_between_characters(void **state)
{
	struct cli_top_lines lines = {0};
	(void)state;
	cli_top_lines_wrap(&lines, WIRE_LITERAL("\033[1mabcd\033[0me\n\nK\xc3\xb6ln"), 3, 10);
	assert_int_equal(lines.len, 5);
	assert_string_equal(lines.list[0].text, "\033[1mabc");
	assert_string_equal(lines.list[1].text, "d\033[0me");
	assert_string_equal(lines.list[2].text, "");
	assert_string_equal(lines.list[3].text, "K\xc3\xb6l");
	assert_string_equal(lines.list[4].text, "n");
	cli_top_lines_fini(&lines);
}

static void the_first_line_makes_room_for_the_last(void **state)
{
	struct cli_top_lines lines = {0};
	(void)state;
	for (char c = 'a'; c <= 'e'; c++)
		assert_non_null(cli_top_lines_add(&lines, wire_slice(&c, 1), 3));
	assert_int_equal(lines.len, 3);
	assert_int_equal(lines.dropped, 2);
	assert_string_equal(lines.list[0].text, "c");
	cli_top_lines_fini(&lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_rate_is_that_of_the_last_slots),
	    cmocka_unit_test(counts_leave_the_window),
	    cmocka_unit_test(numbers_sort_falling_and_unknown_ones_come_last),
	    cmocka_unit_test(a_filter_is_a_pattern_of_subjects_or_a_part_in_any_case),
	    cmocka_unit_test(a_row_fits_its_line_and_holds_no_control_characters),
	    cmocka_unit_test(text_is_broken_into_lines_between_characters),
	    cmocka_unit_test(the_first_line_makes_room_for_the_last),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
