#include "cli/top/monitor_tables.h"

#include <inttypes.h>
#include <stdio.h>

#include "export/text/sizes.h"
#include "trace/names.h"

enum { LINES_MAX = 5000, NAME_BYTES = 300 };

#define COLUMNS(list) .columns = (list), .columns_len = sizeof(list) / sizeof((list)[0])

static const struct cli_top_column connection_columns[] = {
    {"client", CLI_TOP_TEXT, 0, 0, false},     {"address", CLI_TOP_TEXT, 21, 0, false},
    {"library", CLI_TOP_TEXT, 12, 100, false}, {"subs", CLI_TOP_COUNT, 5, 0, false},
    {"pending", CLI_TOP_BYTES, 8, 0, true},    {"sent/s", CLI_TOP_RATE, 7, 0, false},
    {"got/s", CLI_TOP_RATE, 6, 0, false},      {"got B/s", CLI_TOP_BYTES, 8, 100, false},
    {"idle", CLI_TOP_TEXT, 6, 0, false},       {"rtt", CLI_TOP_TEXT, 10, 120, false},
};
static const struct cli_top_view connections = {
    .name = "connections", .empty = "no connections", COLUMNS(connection_columns), .sort = 6};

static const struct cli_top_column client_columns[] = {
    {"client", CLI_TOP_TEXT, 0, 0, false}, {"conns", CLI_TOP_COUNT, 6, 0, false},
    {"subs", CLI_TOP_COUNT, 5, 0, false},  {"pending", CLI_TOP_BYTES, 8, 0, true},
    {"sent/s", CLI_TOP_RATE, 7, 0, false}, {"sent B/s", CLI_TOP_BYTES, 9, 100, false},
    {"got/s", CLI_TOP_RATE, 6, 0, false},  {"got B/s", CLI_TOP_BYTES, 8, 100, false},
};
static const struct cli_top_view clients = {
    .name = "clients", .empty = "no clients", COLUMNS(client_columns), .sort = 4};

static const struct cli_top_column subscription_columns[] = {
    {"subject", CLI_TOP_TEXT, 0, 0, false},
    {"subscriptions", CLI_TOP_COUNT, 14, 0, false},
    {"in queues", CLI_TOP_COUNT, 10, 0, false},
    {"got/s", CLI_TOP_RATE, 6, 0, false},
};
static const struct cli_top_view subscriptions = {
    .name = "subscriptions", .empty = "no subscriptions", COLUMNS(subscription_columns), .sort = 3};

static const struct cli_top_column slow_columns[] = {
    {"client", CLI_TOP_TEXT, 0, 0, false},
    {"address", CLI_TOP_TEXT, 21, 0, false},
    {"pending", CLI_TOP_BYTES, 8, 0, true},
    {"state", CLI_TOP_TEXT, 30, 0, false},
};
static const struct cli_top_view slow = {
    .name = "slow", .empty = "nothing is pending, and nobody was cut off", COLUMNS(slow_columns), .sort = 2};

const struct cli_top_view *const cli_top_monitor_views[] = {
    &connections, &clients, &subscriptions, &slow, NULL,
};

/* ---- names ---- */

/* Each writes to text, NAME_BYTES of them; a longer name is cut. */

static struct wire_slice written(const char *text, int len)
{
	return wire_slice(text, len < NAME_BYTES ? (size_t)len : NAME_BYTES - 1);
}

static struct wire_slice join(char *text, const char *first, struct wire_slice second)
{
	return written(text, snprintf(text, NAME_BYTES, "%s%.*s", first, (int)second.len,
				      second.len ? second.data : ""));
}

static struct wire_slice join_number(char *text, struct wire_slice first, const char *between,
				     uint64_t number)
{
	return written(text, snprintf(text, NAME_BYTES, "%.*s%s%" PRIu64, (int)first.len,
				      first.len ? first.data : "", between, number));
}

/* Connections of the same name are one client; those without one go by their address, as in trace/clients.h. */
static struct wire_slice client_of(const json_t *connection, char *text)
{
	struct wire_slice name = cli_top_json_text(connection, "name");
	return name.len > 0 ? join(text, "", name)
			    : join(text, "(no name) ", cli_top_json_text(connection, "ip"));
}

static struct wire_slice connection_of(const json_t *connection, char *text)
{
	return join_number(text, cli_top_json_text(connection, "name"), "#",
			   cli_top_json_count(connection, "cid"));
}

static void put_who(struct cli_top_table *table, struct cli_top_row *row, const json_t *connection)
{
	char text[NAME_BYTES];
	cli_top_table_text(table, row, 0, connection_of(connection, text));
	cli_top_table_text(table, row, 1,
			   join_number(text, cli_top_json_text(connection, "ip"), ":",
				       cli_top_json_count(connection, "port")));
}

static void put_library(struct cli_top_table *table, struct cli_top_row *row, const json_t *connection)
{
	struct wire_slice lang = cli_top_json_text(connection, "lang"),
			  version = cli_top_json_text(connection, "version");
	char text[NAME_BYTES];
	int len = snprintf(text, sizeof(text), "%.*s %.*s", (int)lang.len, lang.len ? lang.data : "",
			   (int)version.len, version.len ? version.data : "");
	if (len > 1)
		cli_top_table_text(table, row, 2, written(text, len));
}

/* ---- rows ---- */

static void add_connection(const struct cli_top_monitor *monitor, const json_t *connection,
			   struct cli_top_table *table)
{
	uint64_t cid = cli_top_json_count(connection, "cid");
	const struct cli_top_peer *peer = cli_top_monitor_peer(monitor, cid);
	struct cli_top_row *row = peer ? cli_top_table_add(table, cid) : NULL;
	if (!row)
		return;
	put_who(table, row, connection);
	put_library(table, row, connection);
	row->cells[3].number = (double)cli_top_json_count(connection, "subscriptions");
	row->cells[4].number = (double)cli_top_json_count(connection, "pending_bytes");
	row->cells[5].number = cli_top_meter_rate(monitor, &peer->sent);
	row->cells[6].number = cli_top_meter_rate(monitor, &peer->got);
	row->cells[7].number = cli_top_meter_rate(monitor, &peer->got_bytes);
	cli_top_table_text(table, row, 8, cli_top_json_text(connection, "idle"));
	cli_top_table_text(table, row, 9, cli_top_json_text(connection, "rtt"));
}

static struct cli_top_row *new_client(struct cli_top_table *table, uint64_t id, struct wire_slice name)
{
	struct cli_top_row *row = cli_top_table_add(table, id);
	if (!row)
		return NULL;
	for (size_t i = 1; i < table->view->columns_len; i++)
		row->cells[i].number = 0;
	cli_top_table_text(table, row, 0, name);
	return row;
}

static void count_client(const struct cli_top_monitor *monitor, const json_t *connection,
			 struct cli_top_row *row)
{
	const struct cli_top_peer *peer =
	    cli_top_monitor_peer(monitor, cli_top_json_count(connection, "cid"));
	row->cells[1].number++;
	row->cells[2].number += (double)cli_top_json_count(connection, "subscriptions");
	row->cells[3].number += (double)cli_top_json_count(connection, "pending_bytes");
	if (!peer)
		return;
	row->cells[4].number += cli_top_meter_rate(monitor, &peer->sent);
	row->cells[5].number += cli_top_meter_rate(monitor, &peer->sent_bytes);
	row->cells[6].number += cli_top_meter_rate(monitor, &peer->got);
	row->cells[7].number += cli_top_meter_rate(monitor, &peer->got_bytes);
}

static void add_clients(const struct cli_top_monitor *monitor, struct cli_top_table *table)
{
	struct trace_names names = {0};
	const json_t *connection;
	size_t i;
	json_array_foreach(json_object_get(monitor->connz, "connections"), i, connection)
	{
		char text[NAME_BYTES];
		struct wire_slice name = client_of(connection, text);
		uint32_t number = trace_names_number(&names, name, CLI_TOP_MONITOR_CONNECTIONS_MAX);
		if (number == table->len)
			new_client(table, number, name);
		if (number < table->len)
			count_client(monitor, connection, &table->rows[number]);
	}
	trace_names_fini(&names);
}

/* The number of a subject is the index of its row. */
static void count_subscription(struct cli_top_monitor *monitor, const json_t *subscription,
			       struct cli_top_table *table)
{
	uint32_t number =
	    trace_names_number(&monitor->subjects, cli_top_monitor_subject(monitor, subscription), 0);
	if (number >= table->len)
		return;
	table->rows[number].cells[1].number++;
	table->rows[number].cells[2].number += cli_top_json_text(subscription, "qgroup").len > 0;
}

static void remove_unsubscribed(struct cli_top_table *table)
{
	size_t kept = 0;
	for (size_t i = 0; i < table->len; i++)
		if (table->rows[i].cells[1].number > 0)
			table->rows[kept++] = table->rows[i];
	table->len = kept;
}

static void add_subscriptions(struct cli_top_monitor *monitor, struct cli_top_table *table)
{
	const json_t *connection, *subscription;
	size_t i, j;
	for (uint32_t number = 0; number < monitor->deliveries_cap && number < monitor->subjects.len;
	     number++) {
		struct cli_top_row *row =
		    new_client(table, number, trace_names_text(&monitor->subjects, number));
		if (!row)
			return;
		row->cells[3].number = cli_top_meter_rate(monitor, &monitor->deliveries[number]);
	}
	json_array_foreach(json_object_get(monitor->connz, "connections"), i, connection)
	{
		json_array_foreach(json_object_get(connection, "subscriptions_list_detail"), j, subscription)
		    count_subscription(monitor, subscription, table);
	}
	remove_unsubscribed(table);
}

static void add_slow_row(const json_t *connection, struct wire_slice state, struct cli_top_table *table)
{
	struct cli_top_row *row = cli_top_table_add(table, cli_top_json_count(connection, "cid"));
	if (!row)
		return;
	put_who(table, row, connection);
	row->cells[2].number = (double)cli_top_json_count(connection, "pending_bytes");
	cli_top_table_text(table, row, 3, state);
}

static void add_slow(const struct cli_top_monitor *monitor, struct cli_top_table *table)
{
	const struct wire_slice slow_consumer = WIRE_LITERAL("Slow Consumer");
	const json_t *connection;
	size_t i;
	json_array_foreach(json_object_get(monitor->connz, "connections"), i, connection)
	{
		if (cli_top_json_count(connection, "pending_bytes") > 0)
			add_slow_row(connection, WIRE_LITERAL("open"), table);
	}
	json_array_foreach(json_object_get(monitor->closed, "connections"), i, connection)
	{
		struct wire_slice reason = cli_top_json_text(connection, "reason");
		if (reason.len >= slow_consumer.len &&
		    memcmp(reason.data, slow_consumer.data, slow_consumer.len) == 0)
			add_slow_row(connection, reason, table);
	}
}

void cli_top_monitor_rows(struct cli_top_monitor *monitor, enum cli_top_monitor_view view,
			  struct cli_top_table *table)
{
	const json_t *connection;
	size_t i;
	switch (view) {
	case CLI_TOP_MONITOR_CONNECTIONS:
		json_array_foreach(json_object_get(monitor->connz, "connections"), i, connection)
		    add_connection(monitor, connection, table);
		break;
	case CLI_TOP_MONITOR_CLIENTS: add_clients(monitor, table); break;
	case CLI_TOP_MONITOR_SUBSCRIPTIONS: add_subscriptions(monitor, table); break;
	case CLI_TOP_MONITOR_SLOW: add_slow(monitor, table); break;
	case CLI_TOP_MONITOR_VIEWS: break;
	}
}

/* ---- the list behind a row ---- */

static bool is_behind(struct cli_top_monitor *monitor, enum cli_top_monitor_view view,
		      struct wire_slice first_cell, uint64_t id, const json_t *connection,
		      const json_t *subscription)
{
	char text[NAME_BYTES];
	switch (view) {
	case CLI_TOP_MONITOR_CONNECTIONS:
	case CLI_TOP_MONITOR_SLOW: return cli_top_json_count(connection, "cid") == id;
	case CLI_TOP_MONITOR_CLIENTS: return wire_slice_equal(client_of(connection, text), first_cell);
	case CLI_TOP_MONITOR_SUBSCRIPTIONS:
		return wire_slice_equal(cli_top_monitor_subject(monitor, subscription), first_cell);
	case CLI_TOP_MONITOR_VIEWS: break;
	}
	return false;
}

static void add_line(const json_t *connection, const json_t *subscription, size_t columns,
		     struct export_out *out, struct cli_top_lines *lines)
{
	struct cli_row row = {.out = out, .columns = columns};
	struct wire_slice queue = cli_top_json_text(subscription, "qgroup");
	char name[NAME_BYTES], count[EXPORT_SIZE_TEXT];
	out->len = 0;
	cli_row_put(&row, CLI_PLAIN, cli_top_json_text(subscription, "subject"), columns);
	if (queue.len > 0)
		cli_row_text(&row, CLI_PLAIN, "  queue ");
	cli_row_put(&row, CLI_PLAIN, queue, columns);
	cli_row_text(&row, CLI_PLAIN, "  ");
	cli_row_put(&row, CLI_PLAIN, connection_of(connection, name), columns);
	cli_row_format(&row, CLI_PLAIN, "  %s messages",
		       export_count_text(count, cli_top_json_count(subscription, "msgs")));
	cli_top_lines_add(lines, wire_slice(out->data, out->len), LINES_MAX);
}

void cli_top_monitor_list(struct cli_top_monitor *monitor, enum cli_top_monitor_view view,
			  struct wire_slice first_cell, uint64_t id, size_t columns,
			  struct cli_top_lines *lines)
{
	const json_t *connection, *subscription;
	struct export_out out;
	size_t i, j;
	if (export_out_init(&out, -1) != 0)
		return;
	json_array_foreach(json_object_get(monitor->connz, "connections"), i, connection)
	{
		json_array_foreach(json_object_get(connection, "subscriptions_list_detail"), j, subscription)
		{
			if (is_behind(monitor, view, first_cell, id, connection, subscription))
				add_line(connection, subscription, columns, &out, lines);
		}
	}
	export_out_fini(&out);
}
