/* Keys of `top`, and what they change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/top/log_tables.h"
#include "cli/top/state.h"

enum { ROWS = 10, PAGE = 4 };

static struct cli_top_state begin(void)
{
	struct cli_top_state state;
	cli_top_state_init(&state, cli_top_log_views, CLI_TOP_LOG_VIEWS, 2000);
	state.page = PAGE;
	return state;
}

/* Press the characters of a text. Returns the wish of the last one. */
static enum cli_top_wish type(struct cli_top_state *state, const char *text)
{
	enum cli_top_wish wish = CLI_TOP_NOTHING;
	for (; *text; text++)
		wish = cli_top_state_key(state, *text, ROWS, ROWS);
	return wish;
}

static enum cli_top_wish press(struct cli_top_state *state, int key)
{
	return cli_top_state_key(state, key, ROWS, ROWS);
}

static void digits_and_tabs_choose_a_view(void **unused)
{
	struct cli_top_state state = begin();
	(void)unused;
	type(&state, "4");
	assert_int_equal(state.view, CLI_TOP_UNANSWERED);
	type(&state, "9");
	assert_int_equal(state.view, CLI_TOP_UNANSWERED);
	press(&state, CLI_TOP_KEY_TAB);
	press(&state, CLI_TOP_KEY_RIGHT);
	press(&state, CLI_TOP_KEY_RIGHT);
	assert_int_equal(state.view, CLI_TOP_SUBJECTS);
	press(&state, CLI_TOP_KEY_BACK_TAB);
	assert_int_equal(state.view, CLI_TOP_CONNECTIONS);
}

static void every_view_keeps_its_order(void **unused)
{
	struct cli_top_state state = begin();
	size_t sort = state.of_view[0].sort;
	(void)unused;
	type(&state, ">r");
	assert_int_equal(state.of_view[0].sort, sort + 1);
	assert_true(state.of_view[0].reversed);
	type(&state, "2<1");
	assert_false(state.of_view[1].reversed);
	assert_int_equal(state.of_view[0].sort, sort + 1);
	type(&state, "<<<");
	assert_int_equal(state.of_view[0].sort, cli_top_log_views[0]->columns_len - 1);
}

static void the_selection_stays_in_the_table_and_on_the_screen(void **unused)
{
	struct cli_top_state state = begin();
	const struct cli_top_scroll *scroll = &state.of_view[0].scroll;
	(void)unused;
	press(&state, CLI_TOP_KEY_UP);
	assert_int_equal(scroll->selected, 0);
	for (int i = 0; i < PAGE; i++)
		press(&state, CLI_TOP_KEY_DOWN);
	assert_int_equal(scroll->selected, PAGE);
	assert_int_equal(scroll->first, 1);
	press(&state, CLI_TOP_KEY_END);
	assert_int_equal(scroll->selected, ROWS - 1);
	assert_int_equal(scroll->first, ROWS - PAGE);
	press(&state, CLI_TOP_KEY_PAGE_UP);
	assert_int_equal(scroll->selected, ROWS - 1 - PAGE);
}

static void a_filter_is_typed_accepted_and_taken_back(void **unused)
{
	struct cli_top_state state = begin();
	(void)unused;
	type(&state, "/qr1");
	assert_string_equal(state.filter, "qr1");
	assert_true(state.is_typing);
	press(&state, CLI_TOP_KEY_BACK);
	press(&state, CLI_TOP_KEY_ENTER);
	assert_string_equal(state.filter, "qr");
	assert_false(state.is_typing);
	type(&state, "/other");
	press(&state, CLI_TOP_KEY_ESCAPE);
	assert_string_equal(state.filter, "qr");
	press(&state, CLI_TOP_KEY_ESCAPE);
	assert_string_equal(state.filter, "");
}

static void enter_goes_down_and_escape_goes_back(void **unused)
{
	struct cli_top_state state = begin();
	(void)unused;
	assert_int_equal(cli_top_state_key(&state, CLI_TOP_KEY_ENTER, 0, 0), CLI_TOP_NOTHING);
	assert_int_equal(press(&state, CLI_TOP_KEY_ENTER), CLI_TOP_OPEN_LIST);
	state.level = CLI_TOP_LEVEL_LIST;
	assert_int_equal(press(&state, CLI_TOP_KEY_ENTER), CLI_TOP_OPEN_TEXT);
	state.level = CLI_TOP_LEVEL_TEXT;
	press(&state, CLI_TOP_KEY_ESCAPE);
	assert_int_equal(state.level, CLI_TOP_LEVEL_LIST);
	assert_int_equal(press(&state, CLI_TOP_KEY_ESCAPE), CLI_TOP_CLOSE_LIST);
	assert_int_equal(state.level, CLI_TOP_LEVEL_TABLE);
	type(&state, "?");
	assert_int_equal(state.level, CLI_TOP_LEVEL_HELP);
	type(&state, "x");
	assert_int_equal(state.level, CLI_TOP_LEVEL_TABLE);
}

static void a_list_follows_its_end_until_another_line_is_selected(void **unused)
{
	struct cli_top_state state = begin();
	(void)unused;
	state.level = CLI_TOP_LEVEL_LIST;
	state.list.selected = ROWS - 1;
	press(&state, CLI_TOP_KEY_UP);
	assert_false(state.follows);
	press(&state, CLI_TOP_KEY_END);
	assert_true(state.follows);
}

static void pause_interval_and_quit(void **unused)
{
	struct cli_top_state state = begin();
	(void)unused;
	type(&state, "  ");
	assert_false(state.is_paused);
	type(&state, " ");
	assert_true(state.is_paused);
	type(&state, "--");
	assert_int_equal(state.every_ms, 500);
	type(&state, "++++++++++++");
	assert_int_equal(state.every_ms, 60000);
	assert_int_equal(type(&state, "q"), CLI_TOP_QUIT);
}

static void the_selected_row_is_found_again(void **unused)
{
	struct cli_top_state state = begin();
	struct cli_top_table table = {0};
	(void)unused;
	cli_top_table_clear(&table, cli_top_log_views[0]);
	for (uint64_t id = 1; id <= 3; id++)
		cli_top_table_add(&table, id);
	press(&state, CLI_TOP_KEY_DOWN);
	cli_top_state_note(&state, &table);
	table.rows[1].id = 3;
	table.rows[2].id = 2;
	cli_top_state_reselect(&state, &table);
	assert_int_equal(state.of_view[0].scroll.selected, 2);
	table.len = 1;
	cli_top_state_reselect(&state, &table);
	assert_int_equal(state.of_view[0].scroll.selected, 0);
	cli_top_table_fini(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(digits_and_tabs_choose_a_view),
	    cmocka_unit_test(every_view_keeps_its_order),
	    cmocka_unit_test(the_selection_stays_in_the_table_and_on_the_screen),
	    cmocka_unit_test(a_filter_is_typed_accepted_and_taken_back),
	    cmocka_unit_test(enter_goes_down_and_escape_goes_back),
	    cmocka_unit_test(a_list_follows_its_end_until_another_line_is_selected),
	    cmocka_unit_test(pause_interval_and_quit),
	    cmocka_unit_test(the_selected_row_is_found_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
