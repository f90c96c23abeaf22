/* The counts that `top` makes of the events of a log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "cli/top/log_tables.h"

#define SECOND INT64_C(1000000000)

enum { SHOP = 1, BILLING = 2, BOARD = 3 };

static const struct wire_client *find_client(struct wire_source *source, uint64_t conn)
{
	static const struct wire_client clients[] = {
	    [SHOP] = {.name = {"shop", 4}, .address = {"10.0.0.1:1000", 13}},
	    [BILLING] = {.name = {"billing", 7}, .address = {"10.0.0.2:1000", 13}},
	    [BOARD] = {.address = {"10.0.0.3:1000", 13}},
	};
	(void)source;
	return conn >= SHOP && conn <= BOARD ? &clients[conn] : NULL;
}

struct fixture {
	struct wire_source source;
	struct cli_top_traffic traffic;
	struct cli_top_table table;
	int64_t now_ns;
	uint64_t seq;
};

static int setup(void **state)
{
	struct fixture *fixture = test_calloc(1, sizeof(*fixture));
	fixture->source.client = find_client;
	fixture->now_ns = 1000 * SECOND;
	assert_int_equal(cli_top_traffic_init(&fixture->traffic, &fixture->source, 60 * SECOND, false), 0);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	cli_top_traffic_fini(&fixture->traffic);
	cli_top_table_fini(&fixture->table);
	test_free(fixture);
	return 0;
}

static struct wire_event event_of(struct fixture *fixture, enum wire_event_kind kind, uint64_t conn)
{
	return (struct wire_event){.kind = kind,
				   .conn = conn,
				   .seq = ++fixture->seq,
				   .time_ns = fixture->now_ns,
				   .steady_ns = fixture->now_ns};
}

/* A message to one receiver, 0: to none. */
static void publish(struct fixture *fixture, uint64_t conn, const char *subject, const char *reply,
		    uint64_t to)
{
	const struct wire_receiver receiver = {.conn = to};
	struct wire_event event = event_of(fixture, WIRE_EVENT_MESSAGE, conn);
	event.subject = wire_slice_str(subject);
	event.reply = wire_slice_str(reply);
	event.size = 10;
	event.receivers = &receiver;
	event.receivers_len = event.receiver_count = to != 0;
	cli_top_traffic_add(&fixture->traffic, &event);
}

/* The rows of a view, sorted by their first texts. */
static struct cli_top_table *rows_of(struct fixture *fixture, enum cli_top_log_view view)
{
	struct cli_top_table *table = &fixture->table;
	fixture->traffic.window.now_ns = fixture->now_ns;
	cli_top_table_clear(table, cli_top_log_views[view]);
	cli_top_log_rows(&fixture->traffic, view, SECOND, table);
	cli_top_table_sort(table, 0, false);
	return table;
}

static void expect_text(const struct cli_top_table *table, size_t row, size_t column, const char *text)
{
	struct wire_slice found = cli_top_cell_text(table, &table->rows[row], column);
	assert_int_equal(found.len, strlen(text));
	assert_memory_equal(found.data, text, found.len);
}

static int64_t number(const struct cli_top_table *table, size_t row, size_t column)
{
	return (int64_t)table->rows[row].cells[column].number;
}

static void subjects_are_counted_and_inboxes_are_one(void **state)
{
	struct fixture *fixture = *state;
	publish(fixture, SHOP, "orders.new", NULL, 0);
	publish(fixture, SHOP, "orders.new", NULL, BILLING);
	publish(fixture, BILLING, "_INBOX.a.1", NULL, SHOP);
	publish(fixture, BILLING, "_INBOX.b.1", NULL, SHOP);
	fixture->now_ns += 5 * SECOND;
	const struct cli_top_table *table = rows_of(fixture, CLI_TOP_SUBJECTS);
	assert_int_equal(table->len, 2);
	expect_text(table, 0, 0, "_INBOX.>");
	expect_text(table, 1, 0, "orders.new");
	assert_int_equal(number(table, 1, 3), 2);
	assert_int_equal(number(table, 1, 4), 5 * SECOND);
	assert_int_equal(number(table, 1, 5), 1);
}

static void a_request_waits_until_its_reply_comes(void **state)
{
	struct fixture *fixture = *state;
	publish(fixture, SHOP, "charge", "_INBOX.a.1", BILLING);
	publish(fixture, SHOP, "charge", "_INBOX.a.2", BILLING);
	publish(fixture, SHOP, "charge", "_INBOX.a.3", 0);
	fixture->now_ns += 2 * SECOND;
	assert_int_equal(rows_of(fixture, CLI_TOP_UNANSWERED)->len, 2);
	publish(fixture, BILLING, "_INBOX.a.1", NULL, SHOP);
	const struct cli_top_table *table = rows_of(fixture, CLI_TOP_UNANSWERED);
	assert_int_equal(table->len, 1);
	assert_int_equal(number(table, 0, 0), 2 * SECOND);
	expect_text(table, 0, 2, "shop");
	expect_text(table, 0, 3, "charge");
	table = rows_of(fixture, CLI_TOP_LATENCY);
	assert_int_equal(table->len, 1);
	assert_int_equal(number(table, 0, 4), 2 * SECOND); /* the longest */
	assert_int_equal(number(table, 0, 6), 1);          /* waiting */
	assert_int_equal(number(table, 0, 7), 1);          /* nobody was subscribed */
}

static void a_young_request_is_not_listed(void **state)
{
	struct fixture *fixture = *state;
	publish(fixture, SHOP, "charge", "_INBOX.a.1", BILLING);
	fixture->now_ns += SECOND - 1;
	assert_int_equal(rows_of(fixture, CLI_TOP_UNANSWERED)->len, 0);
	fixture->now_ns += 1;
	assert_int_equal(rows_of(fixture, CLI_TOP_UNANSWERED)->len, 1);
}

static void rates_leave_out_the_time_in_which_nothing_was_logged(void **state)
{
	struct fixture *fixture = *state;
	for (int i = 0; i < 6; i++)
		publish(fixture, SHOP, "orders.new", NULL, BILLING);
	fixture->now_ns += 6 * SECOND;
	assert_int_equal(number(rows_of(fixture, CLI_TOP_SUBJECTS), 0, 1), 1);
	struct wire_event gap = event_of(fixture, WIRE_EVENT_GAP, 0);
	gap.from_ns = fixture->now_ns - 4 * SECOND;
	gap.to_ns = fixture->now_ns;
	cli_top_traffic_add(&fixture->traffic, &gap); /* of a single connection: others were recorded */
	assert_int_equal(number(rows_of(fixture, CLI_TOP_SUBJECTS), 0, 1), 1);
	gap.lost_messages = 3;
	cli_top_traffic_add(&fixture->traffic, &gap);
	assert_int_equal(number(rows_of(fixture, CLI_TOP_SUBJECTS), 0, 1), 3);
}

static void latencies_leave_the_window(void **state)
{
	struct fixture *fixture = *state;
	publish(fixture, SHOP, "charge", "_INBOX.a.1", BILLING);
	fixture->now_ns += SECOND;
	publish(fixture, BILLING, "_INBOX.a.1", NULL, SHOP);
	fixture->now_ns += 61 * SECOND;
	const struct cli_top_table *table = rows_of(fixture, CLI_TOP_LATENCY);
	assert_true(table->rows[0].cells[4].number != table->rows[0].cells[4].number);
}

static void a_slow_consumer_has_lost_what_its_disconnect_says(void **state)
{
	struct fixture *fixture = *state;
	publish(fixture, SHOP, "ticks", NULL, BOARD);
	assert_int_equal(rows_of(fixture, CLI_TOP_DROPPED)->len, 0);
	struct wire_event event = event_of(fixture, WIRE_EVENT_DISCONNECT, BOARD);
	event.text = WIRE_LITERAL("Slow Consumer (Pending Bytes)");
	event.lost_messages = 25;
	cli_top_traffic_add(&fixture->traffic, &event);
	const struct cli_top_table *table = rows_of(fixture, CLI_TOP_DROPPED);
	assert_int_equal(table->len, 1);
	expect_text(table, 0, 0, "(no name) 10.0.0.3");
	assert_int_equal(number(table, 0, 1), 1);
	assert_int_equal(number(table, 0, 2), 25);
	table = rows_of(fixture, CLI_TOP_CONNECTIONS);
	expect_text(table, 0, 0, "#3");
	expect_text(table, 0, 7, "gone");
	expect_text(table, 1, 7, "open");
}

static void subjects_beyond_the_bound_are_one_row(void **state)
{
	struct fixture *fixture = *state;
	char subject[40];
	for (int i = 0; i < CLI_TOP_SUBJECTS_MAX + 100; i++) {
		snprintf(subject, sizeof(subject), "s.x%d", i);
		publish(fixture, SHOP, subject, NULL, 0);
	}
	const struct cli_top_table *table = rows_of(fixture, CLI_TOP_SUBJECTS);
	assert_int_equal(table->len, CLI_TOP_SUBJECTS_MAX);
	expect_text(table, 0, 0, "(others)");
	assert_int_equal(number(table, 0, 3), 101);
}

static void connections_that_are_gone_make_room(void **state)
{
	struct fixture *fixture = *state;
	for (uint64_t conn = 10; conn < 10 + CLI_TOP_CONNECTIONS_MAX + 5; conn++) {
		struct wire_event event = event_of(fixture, WIRE_EVENT_CONNECT, conn);
		const struct wire_client client = {.name = WIRE_LITERAL("short-lived")};
		event.client = &client;
		cli_top_traffic_add(&fixture->traffic, &event);
		event = event_of(fixture, WIRE_EVENT_DISCONNECT, conn);
		cli_top_traffic_add(&fixture->traffic, &event);
	}
	assert_int_equal(fixture->traffic.connections.left_out, 0);
	assert_int_equal(fixture->traffic.connections.len, 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(subjects_are_counted_and_inboxes_are_one),
	    TEST(a_request_waits_until_its_reply_comes),
	    TEST(a_young_request_is_not_listed),
	    TEST(rates_leave_out_the_time_in_which_nothing_was_logged),
	    TEST(latencies_leave_the_window),
	    TEST(a_slow_consumer_has_lost_what_its_disconnect_says),
	    TEST(subjects_beyond_the_bound_are_one_row),
	    TEST(connections_that_are_gone_make_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
