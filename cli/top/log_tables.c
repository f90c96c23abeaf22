#include "cli/top/log_tables.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- columns ---- */

#define COLUMNS(list) .columns = (list), .columns_len = sizeof(list) / sizeof((list)[0])

static const struct cli_top_column subject_columns[] = {
    {"subject", CLI_TOP_TEXT, 0, 0, false},   {"msg/s", CLI_TOP_RATE, 6, 0, false},
    {"bytes/s", CLI_TOP_BYTES, 8, 50, false}, {"total", CLI_TOP_COUNT, 6, 0, false},
    {"last", CLI_TOP_SPAN, 6, 60, false},     {"unheard", CLI_TOP_COUNT, 8, 60, true},
};
static const struct cli_top_view subjects = {
    .name = "subjects", .empty = "no messages", COLUMNS(subject_columns), .sort = 1};

static const struct cli_top_column client_columns[] = {
    {"client", CLI_TOP_TEXT, 0, 0, false}, {"conns", CLI_TOP_COUNT, 6, 0, false},
    {"sent/s", CLI_TOP_RATE, 7, 0, false}, {"sent B/s", CLI_TOP_BYTES, 9, 100, false},
    {"got/s", CLI_TOP_RATE, 6, 0, false},  {"got B/s", CLI_TOP_BYTES, 8, 100, false},
    {"sent", CLI_TOP_COUNT, 6, 0, false},  {"waiting", CLI_TOP_COUNT, 8, 0, true},
    {"last", CLI_TOP_SPAN, 6, 0, false},
};
static const struct cli_top_view clients = {
    .name = "clients", .empty = "no clients", COLUMNS(client_columns), .sort = 2};

static const struct cli_top_column latency_columns[] = {
    {"subject", CLI_TOP_TEXT, 0, 0, false}, {"req/s", CLI_TOP_RATE, 6, 0, false},
    {"p50", CLI_TOP_SPAN, 6, 0, false},     {"p99", CLI_TOP_SPAN, 6, 0, false},
    {"max", CLI_TOP_SPAN, 6, 0, false},     {"requests", CLI_TOP_COUNT, 9, 100, false},
    {"waiting", CLI_TOP_COUNT, 8, 0, true}, {"nobody", CLI_TOP_COUNT, 7, 0, true},
};
static const struct cli_top_view latency = {
    .name = "latency", .empty = "no requests", COLUMNS(latency_columns), .sort = 3};

static const struct cli_top_column unanswered_columns[] = {
    {"age", CLI_TOP_SPAN, 6, 0, false},
    {"sent at", CLI_TOP_TIME, 12, 0, false},
    {"requester", CLI_TOP_TEXT, 0, 0, false},
    {"subject", CLI_TOP_TEXT, 0, 0, false},
};
static const struct cli_top_view unanswered = {
    .name = "unanswered", .empty = "every request has a reply", COLUMNS(unanswered_columns), .sort = 0};

static const struct cli_top_column dropped_columns[] = {
    {"client", CLI_TOP_TEXT, 0, 0, false},       {"cut off", CLI_TOP_COUNT, 8, 0, true},
    {"lost", CLI_TOP_COUNT, 6, 0, true},         {"bytes", CLI_TOP_BYTES, 7, 0, false},
    {"undelivered", CLI_TOP_COUNT, 12, 0, true}, {"denied", CLI_TOP_COUNT, 7, 0, true},
    {"last", CLI_TOP_SPAN, 6, 0, false},
};
static const struct cli_top_view dropped = {
    .name = "dropped", .empty = "no client has lost a message", COLUMNS(dropped_columns), .sort = 2};

static const struct cli_top_column connection_columns[] = {
    {"client", CLI_TOP_TEXT, 0, 0, false},     {"address", CLI_TOP_TEXT, 21, 0, false},
    {"library", CLI_TOP_TEXT, 12, 100, false}, {"subs", CLI_TOP_COUNT, 5, 0, false},
    {"sent/s", CLI_TOP_RATE, 7, 0, false},     {"got/s", CLI_TOP_RATE, 6, 0, false},
    {"last", CLI_TOP_SPAN, 6, 0, false},       {"state", CLI_TOP_TEXT, 6, 0, false},
};
static const struct cli_top_view connections = {
    .name = "connections", .empty = "no connections", COLUMNS(connection_columns), .sort = 4};

const struct cli_top_view *const cli_top_log_views[] = {
    &subjects, &clients, &latency, &unanswered, &dropped, &connections, NULL,
};

/* ---- rows ---- */

static double age_of(const struct cli_top_traffic *traffic, int64_t ns)
{
	if (ns == INT64_MIN)
		return CLI_TOP_UNKNOWN;
	return ns < traffic->window.now_ns ? (double)(traffic->window.now_ns - ns) : 0;
}

static void add_subjects(const struct cli_top_traffic *traffic, struct cli_top_table *table)
{
	const struct cli_top_window *window = &traffic->window;
	for (uint32_t i = 0; i < traffic->subject_names.len && i < traffic->subjects_cap; i++) {
		const struct cli_top_subject *subject = &traffic->subjects[i];
		struct cli_top_row *row = subject->total ? cli_top_table_add(table, i) : NULL;
		if (!row)
			continue;
		cli_top_table_text(table, row, 0, trace_names_text(&traffic->subject_names, i));
		row->cells[1].number = cli_top_counter_rate(&subject->messages, window);
		row->cells[2].number = cli_top_counter_rate(&subject->bytes, window);
		row->cells[3].number = (double)subject->total;
		row->cells[4].number = age_of(traffic, subject->last_ns);
		row->cells[5].number = (double)subject->unheard;
	}
}

/* The row of an id, NULL when there is none. The rows are in the order of their ids. */
static struct cli_top_row *find_row(struct cli_top_table *table, uint64_t id)
{
	size_t low = 0, high = table->len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (table->rows[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < table->len && table->rows[low].id == id ? &table->rows[low] : NULL;
}

/* The next request that has waited for so long, NULL after the last. *at starts at 0. */
static const struct cli_top_request *next_unanswered(const struct cli_top_traffic *traffic,
						     int64_t unanswered_ns, uint64_t *at)
{
	const struct cli_top_request *request;
	while ((request = cli_top_requests_next(&traffic->requests, at)))
		if (request->time_ns <= traffic->window.now_ns - unanswered_ns)
			return request;
	return NULL;
}

/* Count the requests that wait in a column of the rows of their requesters, or else of their subjects. */
static void count_waiting(const struct cli_top_traffic *traffic, int64_t unanswered_ns, bool by_requester,
			  struct cli_top_table *table, size_t column)
{
	const struct cli_top_request *request;
	uint64_t at = 0;
	while ((request = next_unanswered(traffic, unanswered_ns, &at))) {
		struct cli_top_row *row =
		    find_row(table, by_requester ? request->requester : request->subject);
		if (row)
			row->cells[column].number++;
	}
}

static void count_connections(const struct cli_top_traffic *traffic, struct cli_top_table *table,
			      size_t column)
{
	for (uint32_t i = 0; i < traffic->connections.len; i++) {
		const struct cli_top_connection *connection = traffic->connections.list[i];
		struct cli_top_row *row = find_row(table, connection->service);
		if (row && !connection->is_gone)
			row->cells[column].number++;
	}
}

static void add_client(const struct cli_top_traffic *traffic, uint32_t service, struct cli_top_table *table)
{
	const struct cli_top_activity *activity = traffic->services[service];
	const struct cli_top_window *window = &traffic->window;
	struct cli_top_row *row = activity ? cli_top_table_add(table, service) : NULL;
	if (!row)
		return;
	cli_top_table_text(table, row, 0, trace_clients_service_name(&traffic->clients, service));
	row->cells[1].number = 0;
	row->cells[2].number = cli_top_counter_rate(&activity->published, window);
	row->cells[3].number = cli_top_counter_rate(&activity->published_bytes, window);
	row->cells[4].number = cli_top_counter_rate(&activity->received, window);
	row->cells[5].number = cli_top_counter_rate(&activity->received_bytes, window);
	row->cells[6].number = (double)activity->messages;
	row->cells[7].number = 0;
	row->cells[8].number = age_of(traffic, activity->last_ns);
}

static void add_latency(const struct cli_top_traffic *traffic, uint32_t number, struct cli_top_table *table)
{
	const struct cli_top_latency *of = traffic->subjects[number].latency;
	struct trace_histogram durations = {0};
	struct cli_top_row *row = of ? cli_top_table_add(table, number) : NULL;
	if (!row)
		return;
	cli_top_table_text(table, row, 0, trace_names_text(&traffic->subject_names, number));
	row->cells[1].number = cli_top_counter_rate(&of->requests, &traffic->window);
	if (cli_top_latency_sum(of, &traffic->window, &durations) == 0 && durations.count > 0) {
		row->cells[2].number = (double)trace_histogram_percentile(&durations, 50);
		row->cells[3].number = (double)trace_histogram_percentile(&durations, 99);
		row->cells[4].number = (double)durations.max_ns;
	}
	trace_histogram_fini(&durations);
	row->cells[5].number = (double)of->count;
	row->cells[6].number = 0;
	row->cells[7].number = (double)of->no_responders;
}

uint64_t cli_top_log_request_id(const struct cli_top_request *request)
{
	return request->seq | (uint64_t)request->origin << 56;
}

static void add_unanswered(const struct cli_top_traffic *traffic, int64_t unanswered_ns,
			   struct cli_top_table *table)
{
	const struct cli_top_request *request;
	uint64_t at = 0;
	while ((request = next_unanswered(traffic, unanswered_ns, &at))) {
		struct cli_top_row *row = cli_top_table_add(table, cli_top_log_request_id(request));
		if (!row)
			continue;
		row->cells[0].number = age_of(traffic, request->time_ns);
		row->cells[1].number = (double)request->time_ns;
		cli_top_table_text(table, row, 2,
				   trace_clients_service_name(&traffic->clients, request->requester));
		cli_top_table_text(table, row, 3,
				   trace_names_text(&traffic->subject_names, request->subject));
	}
}

static void add_dropped(const struct cli_top_traffic *traffic, uint32_t service, struct cli_top_table *table)
{
	const struct cli_top_activity *activity = traffic->services[service];
	if (!activity || activity->lost_ns == INT64_MIN)
		return;
	struct cli_top_row *row = cli_top_table_add(table, service);
	if (!row)
		return;
	cli_top_table_text(table, row, 0, trace_clients_service_name(&traffic->clients, service));
	row->cells[1].number = (double)activity->cut_off;
	row->cells[2].number = (double)activity->lost_messages;
	row->cells[3].number = (double)activity->lost_bytes;
	row->cells[4].number = (double)activity->undelivered;
	row->cells[5].number = (double)activity->denied;
	row->cells[6].number = age_of(traffic, activity->lost_ns);
}

static void put_library(struct cli_top_table *table, struct cli_top_row *row,
			const struct wire_client *client)
{
	char text[64];
	int len = snprintf(text, sizeof(text), "%.*s %.*s", (int)client->lang.len,
			   client->lang.len ? client->lang.data : "", (int)client->version.len,
			   client->version.len ? client->version.data : "");
	if (len > 1)
		cli_top_table_text(
		    table, row, 2,
		    wire_slice(text, (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1));
}

static void put_connection_name(struct cli_top_table *table, struct cli_top_row *row,
				const struct cli_top_connection *connection)
{
	const struct store_client *known = connection->described;
	char text[256];
	int len = snprintf(text, sizeof(text), "%.*s#%" PRIu64, known ? (int)known->client.name.len : 0,
			   known && known->client.name.len ? known->client.name.data : "", connection->conn);
	cli_top_table_text(table, row, 0,
			   wire_slice(text, (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1));
}

static void add_connection(const struct cli_top_traffic *traffic, const struct cli_top_connection *connection,
			   struct cli_top_table *table)
{
	const struct cli_top_window *window = &traffic->window;
	struct cli_top_row *row =
	    cli_top_table_add(table, connection->conn | (uint64_t)connection->origin << 56);
	if (!row)
		return;
	put_connection_name(table, row, connection);
	if (connection->described) {
		cli_top_table_text(table, row, 1, connection->described->client.address);
		put_library(table, row, &connection->described->client);
	}
	/* Without --record-detail=protocol a log holds no subscriptions. */
	if (connection->subscriptions > 0)
		row->cells[3].number = (double)connection->subscriptions;
	row->cells[4].number = cli_top_counter_rate(&connection->activity.published, window);
	row->cells[5].number = cli_top_counter_rate(&connection->activity.received, window);
	row->cells[6].number = age_of(traffic, connection->activity.last_ns);
	cli_top_table_text(table, row, 7, wire_slice_str(connection->is_gone ? "gone" : "open"));
}

void cli_top_log_rows(const struct cli_top_traffic *traffic, enum cli_top_log_view view,
		      int64_t unanswered_ns, struct cli_top_table *table)
{
	switch (view) {
	case CLI_TOP_SUBJECTS: add_subjects(traffic, table); break;
	case CLI_TOP_CLIENTS:
		for (uint32_t i = 0; i < traffic->services_cap; i++)
			add_client(traffic, i, table);
		count_connections(traffic, table, 1);
		count_waiting(traffic, unanswered_ns, true, table, 7);
		break;
	case CLI_TOP_LATENCY:
		for (uint32_t i = 0; i < traffic->subject_names.len && i < traffic->subjects_cap; i++)
			add_latency(traffic, i, table);
		count_waiting(traffic, unanswered_ns, false, table, 6);
		break;
	case CLI_TOP_UNANSWERED: add_unanswered(traffic, unanswered_ns, table); break;
	case CLI_TOP_DROPPED:
		for (uint32_t i = 0; i < traffic->services_cap; i++)
			add_dropped(traffic, i, table);
		break;
	case CLI_TOP_CONNECTIONS:
		for (uint32_t i = 0; i < traffic->connections.len; i++)
			add_connection(traffic, traffic->connections.list[i], table);
		break;
	case CLI_TOP_LOG_VIEWS: break;
	}
}
