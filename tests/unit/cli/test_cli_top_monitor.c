/* The tables that `top` makes of the pages of a monitoring port. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/top/monitor_tables.h"

#define SECOND INT64_C(1000000000)

static json_t *parse(const char *text)
{
	json_t *value = json_loads(text, 0, NULL);
	assert_non_null(value);
	return value;
}

static void look(struct cli_top_monitor *monitor, int64_t second, const char *varz, const char *connz)
{
	cli_top_monitor_add(monitor, parse(varz), parse(connz), NULL, second * SECOND);
}

static void open_monitor(struct cli_top_monitor *monitor)
{
	*monitor = (struct cli_top_monitor){0};
	cli_top_window_init(&monitor->window, 60 * SECOND);
}

static bool is_about(double value, double expected)
{
	return value > expected - 0.01 && value < expected + 0.01;
}

static void rates_are_differences_between_looks(void **state)
{
	struct cli_top_monitor monitor;
	(void)state;
	open_monitor(&monitor);
	look(&monitor, 100, "{\"in_msgs\":1000}", "{\"connections\":[{\"cid\":7,\"in_msgs\":50}]}");
	assert_true(cli_top_meter_rate(&monitor, &monitor.sent) !=
		    cli_top_meter_rate(&monitor, &monitor.sent));
	look(&monitor, 102, "{\"in_msgs\":1020}", "{\"connections\":[{\"cid\":7,\"in_msgs\":60}]}");
	assert_true(is_about(cli_top_meter_rate(&monitor, &monitor.sent), 10));
	assert_true(is_about(cli_top_meter_rate(&monitor, &cli_top_monitor_peer(&monitor, 7)->sent), 5));
	cli_top_monitor_fini(&monitor);
}

/* Its counters begin at 0 again. */
static void a_server_that_was_started_again_has_no_negative_rate(void **state)
{
	struct cli_top_monitor monitor;
	(void)state;
	open_monitor(&monitor);
	look(&monitor, 100, "{\"in_msgs\":1000}", "{}");
	look(&monitor, 102, "{\"in_msgs\":4}", "{}");
	assert_true(is_about(cli_top_meter_rate(&monitor, &monitor.sent), 0));
	cli_top_monitor_fini(&monitor);
}

static void connections_that_are_gone_are_forgotten(void **state)
{
	struct cli_top_monitor monitor;
	(void)state;
	open_monitor(&monitor);
	look(&monitor, 100, "{}", "{\"connections\":[{\"cid\":7},{\"cid\":8}]}");
	look(&monitor, 102, "{}", "{\"connections\":[{\"cid\":8}]}");
	assert_null(cli_top_monitor_peer(&monitor, 7));
	assert_non_null(cli_top_monitor_peer(&monitor, 8));
	cli_top_monitor_fini(&monitor);
}

static void subscriptions_are_summed_up_by_subject(void **state)
{
	struct cli_top_monitor monitor;
	struct cli_top_table table = {0};
	(void)state;
	open_monitor(&monitor);
	look(&monitor, 100, "{}",
	     "{\"connections\":[{\"cid\":7,\"subscriptions_list_detail\":["
	     "{\"subject\":\"a\",\"qgroup\":\"q\",\"msgs\":3},{\"subject\":\"_INBOX.x.*\"},{\"subject\":"
	     "\"a\"}]}]}");
	cli_top_table_clear(&table, cli_top_monitor_views[CLI_TOP_MONITOR_SUBSCRIPTIONS]);
	cli_top_monitor_rows(&monitor, CLI_TOP_MONITOR_SUBSCRIPTIONS, &table);
	cli_top_table_sort(&table, 0, true);
	assert_int_equal(table.len, 2);
	assert_true(wire_slice_equal(cli_top_cell_text(&table, &table.rows[0], 0), WIRE_LITERAL("a")));
	assert_true(is_about(table.rows[0].cells[1].number, 2));
	assert_true(is_about(table.rows[0].cells[2].number, 1));
	cli_top_table_fini(&table);
	cli_top_monitor_fini(&monitor);
}

static void pages_of_another_form_are_taken_for_empty(void **state)
{
	static const char *const pages[] = {"{}", "{\"connections\":3}",
					    "{\"connections\":[3,null,{\"cid\":\"x\"}]}",
					    "{\"connections\":[{\"cid\":-5,\"in_msgs\":-1,\"name\":[]}]}"};
	struct cli_top_monitor monitor;
	struct cli_top_table table = {0};
	(void)state;
	open_monitor(&monitor);
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		look(&monitor, 100 + (int64_t)i, pages[i], pages[i]);
		for (int view = 0; view < CLI_TOP_MONITOR_VIEWS; view++) {
			cli_top_table_clear(&table, cli_top_monitor_views[view]);
			cli_top_monitor_rows(&monitor, (enum cli_top_monitor_view)view, &table);
		}
	}
	cli_top_table_fini(&table);
	cli_top_monitor_fini(&monitor);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rates_are_differences_between_looks),
	    cmocka_unit_test(a_server_that_was_started_again_has_no_negative_rate),
	    cmocka_unit_test(connections_that_are_gone_are_forgotten),
	    cmocka_unit_test(subscriptions_are_summed_up_by_subject),
	    cmocka_unit_test(pages_of_another_form_are_taken_for_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
