/* Connections of one name in one row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/output/client_rows.h"

#define SLICE(text)                      \
	{                                \
		(text), sizeof(text) - 1 \
	}

/* By falling messages, as a summary has them. */
static struct store_summary_client clients[] = {
    {.conn = 5,
     .client = {.address = SLICE("10.0.0.1:5005"),
		.name = SLICE("shop"),
		.lang = SLICE("go"),
		.version = SLICE("1.1")},
     .messages = 10,
     .bytes = 100,
     .deliveries = 1},
    {.conn = 2,
     .client = {.address = SLICE("10.0.0.3:1"), .name = SLICE("stock"), .lang = SLICE("C")},
     .messages = 9},
    {.conn = 7,
     .client = {.address = SLICE("10.0.0.1:7007"),
		.name = SLICE("shop"),
		.lang = SLICE("go"),
		.version = SLICE("1.2")},
     .messages = 8,
     .bytes = 80,
     .deliveries = 2},
    {.conn = 3, .client = {.address = SLICE("10.0.0.9:3")}, .messages = 3},
    {.conn = 4, .client = {.address = SLICE("10.0.0.9:4")}, .messages = 3},
    {.conn = 8, .messages = 1}, /* nothing is known of them */
    {.conn = 9, .messages = 1},
};

static const struct store_summary summary = {.clients = clients,
					     .clients_len = sizeof clients / sizeof *clients};

static void connections_of_one_name_or_of_one_host_without_a_name_are_one_row(void **state)
{
	static const uint64_t conns[] = {5, 2, 3, 8, 9}, connections[] = {2, 1, 2, 1, 1};
	struct cli_client_rows rows;
	(void)state;
	assert_int_equal(cli_client_rows_init(&rows, &summary, false), 0);
	assert_int_equal(rows.len, 5);
	for (size_t i = 0; i < rows.len; i++) {
		assert_int_equal(rows.list[i].conn, conns[i]);
		assert_int_equal(rows.list[i].connections, connections[i]);
	}
	assert_int_equal(rows.list[0].messages, 18);
	assert_int_equal(rows.list[0].bytes, 180);
	assert_int_equal(rows.list[0].deliveries, 3);
	cli_client_rows_fini(&rows);
}

static void a_row_describes_what_its_connections_agree_in(void **state)
{
	struct cli_client_rows rows;
	(void)state;
	assert_int_equal(cli_client_rows_init(&rows, &summary, false), 0);
	const struct wire_client *shop = &rows.list[0].client, *stock = &rows.list[1].client;
	assert_true(wire_slice_equal(shop->name, WIRE_LITERAL("shop")));
	assert_true(wire_slice_equal(shop->address, WIRE_LITERAL("10.0.0.1")));
	assert_true(wire_slice_equal(shop->lang, WIRE_LITERAL("go")));
	assert_int_equal(shop->version.len, 0);
	assert_true(wire_slice_equal(stock->address, WIRE_LITERAL("10.0.0.3:1")));
	cli_client_rows_fini(&rows);
}

static void every_connection_may_be_listed_by_itself(void **state)
{
	struct cli_client_rows rows;
	(void)state;
	assert_int_equal(cli_client_rows_init(&rows, &summary, true), 0);
	assert_int_equal(rows.len, summary.clients_len);
	for (size_t i = 0; i < rows.len; i++)
		assert_int_equal(rows.list[i].conn, clients[i].conn);
	cli_client_rows_fini(&rows);
}

static void no_clients_are_no_rows(void **state)
{
	const struct store_summary empty = {0};
	struct cli_client_rows rows;
	(void)state;
	assert_int_equal(cli_client_rows_init(&rows, &empty, false), 0);
	assert_int_equal(rows.len, 0);
	cli_client_rows_fini(&rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(connections_of_one_name_or_of_one_host_without_a_name_are_one_row),
	    cmocka_unit_test(a_row_describes_what_its_connections_agree_in),
	    cmocka_unit_test(every_connection_may_be_listed_by_itself),
	    cmocka_unit_test(no_clients_are_no_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
