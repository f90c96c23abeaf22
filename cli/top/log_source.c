#include "cli/top/log_source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/options/inputs.h"
#include "cli/options/joining.h"
#include "cli/output/times.h"
#include "cli/top/deadline.h"
#include "cli/top/log_tables.h"
#include "cli/top/messages.h"
#include "export/text/clock.h"
#include "store/read/log.h"

enum { POLL_MS = 100, READ_MS = 50, EVENTS_PER_LOOK = 1024 };

struct log_source {
	struct cli_top_source source;
	struct cli_top_log_options options;
	struct store_merge *merge;
	struct cli_top_traffic traffic;
	struct cli_top_messages messages; /* the open list */
	bool is_listing;
	bool is_written; /* somebody writes to one of the logs */
	bool is_behind;  /* there is more to read */
	bool has_begun;  /* to be written, and no event was read since */
	struct export_clock clock;
};

/* ---- opening ---- */

/* Somebody writes to one of the logs. */
static bool is_written(const struct cli_operands *logs)
{
	for (int i = 0; i < logs->len; i++)
		if (store_log_is_locked(logs->values[i]))
			return true;
	return false;
}

/* The time of the last event; INT64_MIN when there is none. */
static int find_last(const struct cli_operands *logs, int64_t *last_ns, struct wire_fault *fault)
{
	const struct store_reader_options options = {.reverse = true, .in_time_order = true};
	struct store_merge *merge;
	struct wire_event event;
	int status = cli_inputs_open(&merge, logs, &options, fault);
	*last_ns = INT64_MIN;
	if (status != 0)
		return status;
	status = store_merge_next(merge, &event, fault);
	if (status > 0)
		*last_ns = event.time_ns;
	store_merge_close(merge);
	return status < 0 ? status : 0;
}

/* Begin to count where the last window begins: that of now, or of the end of a log that nobody writes to. */
static int choose_begin(struct log_source *log, struct wire_fault *fault)
{
	int64_t end_ns = cli_now_ns();
	if (log->options.has_since)
		return 0;
	if (!log->is_written) {
		int error = find_last(log->options.logs, &end_ns, fault);
		if (error != 0)
			return error;
	}
	if (end_ns != INT64_MIN)
		store_filter_since(log->options.filter, end_ns - log->options.window_ns);
	return 0;
}

/* Find out when nothing was logged: a filter may hide the marks that say so. */
static int find_uptime(struct log_source *log, struct wire_fault *fault)
{
	struct store_uptime uptime;
	int error = cli_inputs_uptime(&uptime, log->options.logs, CLI_LAST_CLOCK, fault);
	if (error == 0)
		cli_top_window_set_uptime(&log->traffic.window, &uptime);
	store_uptime_fini(&uptime);
	return error;
}

static int open_logs(struct log_source *log, struct wire_fault *fault)
{
	const struct store_reader_options options = {
	    .filter = log->options.filter, .follow = true, .in_time_order = true};
	int error = choose_begin(log, fault);
	if (error == 0)
		error =
		    cli_joining_open(&log->merge, log->options.logs, &options, log->options.no_join, fault);
	if (error == 0) {
		error = cli_top_traffic_init(&log->traffic, store_merge_source(log->merge),
					     log->options.window_ns, log->options.folds_tokens);
		if (error != 0)
			wire_fault_set(fault, error, "out of memory");
	}
	return error == 0 ? find_uptime(log, fault) : error;
}

static void close_logs(struct log_source *log)
{
	cli_top_traffic_fini(&log->traffic);
	store_merge_close(log->merge);
	log->merge = NULL;
}

/* Count again from where the last window begins. */
static int toggle_fold(struct cli_top_source *source, struct wire_fault *fault)
{
	struct log_source *log = (struct log_source *)source;
	close_logs(log);
	log->options.folds_tokens = !log->options.folds_tokens;
	return open_logs(log, fault);
}

/* ---- reading ---- */

/* The time that the numbers are of: now, or the end of what was read when that is all there will be, or not all there is. Rates
 * follow the traffic of a log that is written to, and sum up the end of another. */
static void set_now(struct log_source *log)
{
	bool is_now = log->is_written && !log->is_behind;
	log->traffic.window.rate_slots = log->is_written ? CLI_TOP_RECENT_SLOTS : CLI_TOP_SLOTS;
	log->traffic.window.now_ns =
	    is_now || log->traffic.last_ns == INT64_MIN ? cli_now_ns() : log->traffic.last_ns;
}

static int poll_log(struct cli_top_source *source, struct wire_fault *fault)
{
	struct log_source *log = (struct log_source *)source;
	const int64_t deadline_ns = cli_top_deadline_in(READ_MS);
	struct wire_event event;
	const bool was_written = log->is_written;
	unsigned seen = 1;
	int status = 0;
	log->is_written = is_written(log->options.logs);
	log->has_begun |= log->is_written && !was_written;
	log->is_behind = false;
	store_merge_set_written(log->merge, log->is_written);
	for (; (status = store_merge_next(log->merge, &event, fault)) > 0; seen++) {
		cli_top_traffic_add(&log->traffic, &event);
		if (seen % EVENTS_PER_LOOK == 0 && cli_top_deadline_has_passed(deadline_ns)) {
			log->is_behind = true;
			break;
		}
	}
	set_now(log);
	if (status < 0 || !log->has_begun || seen == 1)
		return status;
	log->has_begun = false;
	return find_uptime(log, fault);
}

static bool has_ended(const struct cli_top_source *source)
{
	const struct log_source *log = (const struct log_source *)source;
	return !log->is_written && !log->is_behind;
}

/* ---- the head ---- */

static void write_state(struct log_source *log, struct cli_top_head *head)
{
	char time[EXPORT_TIME_TEXT], span[EXPORT_SIZE_TEXT];
	if (log->traffic.last_ns != INT64_MIN)
		export_clock_text(&log->clock, log->traffic.last_ns, EXPORT_TIME_SECOND, time);
	head->state_color = CLI_GREEN;
	if (log->is_behind && !log->is_written) {
		snprintf(head->state, sizeof(head->state), "reading");
		head->state_color = CLI_YELLOW;
	} else if (log->is_behind) {
		snprintf(head->state, sizeof(head->state), "reading, %s behind",
			 export_short_span_text(span, cli_now_ns() - log->traffic.last_ns));
		head->state_color = CLI_YELLOW;
	} else if (log->is_written) {
		snprintf(head->state, sizeof(head->state), "live");
	} else if (log->traffic.last_ns == INT64_MIN) {
		snprintf(head->state, sizeof(head->state), "no events");
		head->state_color = CLI_YELLOW;
	} else {
		snprintf(head->state, sizeof(head->state), "recorder stopped at %s", time);
		head->state_color = CLI_YELLOW;
	}
}

static void write_title(const struct log_source *log, struct cli_top_head *head)
{
	const struct cli_operands *logs = log->options.logs;
	if (logs->len == 1)
		snprintf(head->title, sizeof(head->title), "%s", logs->values[0]);
	else
		snprintf(head->title, sizeof(head->title), "%s and %d more", logs->values[0], logs->len - 1);
}

static uint64_t lost_messages(const struct cli_top_traffic *traffic)
{
	uint64_t lost = 0;
	for (uint32_t i = 0; i < traffic->services_cap; i++)
		if (traffic->services[i])
			lost += traffic->services[i]->lost_messages;
	return lost;
}

static void fill_head(struct cli_top_source *source, struct cli_top_head *head)
{
	struct log_source *log = (struct log_source *)source;
	const struct cli_top_traffic *traffic = &log->traffic;
	write_title(log, head);
	write_state(log, head);
	head->now_ns = has_ended(source) ? INT64_MIN : traffic->window.now_ns;
	cli_top_head_rate(head, "msg/s", cli_top_counter_rate(&traffic->messages, &traffic->window));
	cli_top_head_bytes_rate(head, cli_top_counter_rate(&traffic->bytes, &traffic->window));
	cli_top_head_count(head, "unheard", traffic->unheard, CLI_YELLOW);
	cli_top_head_count(head, "unanswered",
			   cli_top_traffic_unanswered(traffic, log->options.unanswered_ns), CLI_RED);
	cli_top_head_count(head, "lost", lost_messages(traffic), CLI_RED);
	cli_top_head_count(head, "errors", traffic->errors, CLI_RED);
	cli_top_head_count(head, "gaps", traffic->gaps, CLI_ALARM);
	cli_top_counter_history(&traffic->messages, &traffic->window, head->history);
	head->history_len = CLI_TOP_SLOTS;
}

static void fill_rows(struct cli_top_source *source, size_t view, struct cli_top_table *table)
{
	struct log_source *log = (struct log_source *)source;
	cli_top_log_rows(&log->traffic, (enum cli_top_log_view)view, log->options.unanswered_ns, table);
}

/* ---- the list behind a row ---- */

/* The connection of a row. NULL when it has been forgotten. */
static const struct cli_top_connection *connection_of(const struct log_source *log, uint64_t id)
{
	return cli_top_connections_find(&log->traffic.connections, (uint32_t)(id >> 56),
					id & (((uint64_t)1 << 56) - 1));
}

/* The word for a service that store_filter_client understands: its name, or its address. */
static const char *filter_of_client(const char *name)
{
	const char *const none = "(no name) ";
	return strncmp(name, none, strlen(none)) == 0 ? name + strlen(none) : name;
}

/* The texts of a choice: its pointers point into them. */
struct choice_texts {
	char subject[TRACE_FOLD_BYTES + 1], client[600];
};

static void copy_text(char *to, size_t size, struct wire_slice text)
{
	snprintf(to, size, "%.*s", (int)text.len, text.len ? text.data : "");
}

static bool choose_connection(const struct log_source *log, uint64_t id,
			      struct cli_top_messages_choice *choice, struct choice_texts *texts)
{
	const struct cli_top_connection *connection = connection_of(log, id);
	if (!connection)
		return false;
	snprintf(texts->client, sizeof(texts->client), "%" PRIu64, connection->conn);
	choice->client = texts->client;
	return true;
}

/* The one request of the row. */
static bool choose_request(const struct log_source *log, uint64_t id, struct cli_top_messages_choice *choice)
{
	const struct cli_top_request *request;
	uint64_t at = 0;
	while ((request = cli_top_requests_next(&log->traffic.requests, &at))) {
		if (cli_top_log_request_id(request) != id)
			continue;
		choice->since_ns = request->time_ns;
		choice->until_ns = request->time_ns + 1;
		return true;
	}
	return false;
}

/* Choose the messages behind a row. False when it is no longer known. */
static bool choose(const struct log_source *log, const struct cli_top_table *table,
		   const struct cli_top_row *row, struct cli_top_messages_choice *choice,
		   struct choice_texts *texts)
{
	size_t view = 0;
	while (cli_top_log_views[view] != table->view)
		view++;
	struct wire_slice subject = cli_top_cell_text(table, row, view == CLI_TOP_UNANSWERED ? 3 : 0);
	if (view == CLI_TOP_CONNECTIONS)
		return choose_connection(log, row->id, choice, texts);
	if (view == CLI_TOP_CLIENTS || view == CLI_TOP_DROPPED) {
		copy_text(texts->client, sizeof(texts->client), subject);
		choice->client = filter_of_client(texts->client);
		return true;
	}
	copy_text(texts->subject, sizeof(texts->subject), subject);
	choice->subject = texts->subject;
	return view != CLI_TOP_UNANSWERED || choose_request(log, row->id, choice);
}

static void close_list(struct cli_top_source *source)
{
	struct log_source *log = (struct log_source *)source;
	if (log->is_listing)
		cli_top_messages_close(&log->messages);
	log->is_listing = false;
}

static int open_list(struct cli_top_source *source, const struct cli_top_table *table,
		     const struct cli_top_row *row, size_t columns, char *title, struct wire_fault *fault)
{
	struct log_source *log = (struct log_source *)source;
	const struct cli_text_options text = {.color = log->options.color,
					      .utc = log->options.utc,
					      .decoder = log->options.decoder,
					      .columns = columns};
	struct cli_top_messages_choice choice = {
	    .since_ns = log->traffic.window.begin_ns, .until_ns = INT64_MAX, .no_join = log->options.no_join};
	struct choice_texts texts;
	close_list(source);
	if (!choose(log, table, row, &choice, &texts))
		return wire_fault_set(fault, -ENOENT, "it is no longer known");
	cli_top_join(title, choice.subject ? "messages to " : "events of ",
		     choice.subject ? texts.subject : texts.client);
	int error = cli_top_messages_open(&log->messages, log->options.logs, log->options.filter, &choice,
					  &text, fault);
	log->is_listing = error == 0;
	return error;
}

static int poll_list(struct cli_top_source *source, struct cli_top_lines *lines, struct wire_fault *fault)
{
	struct log_source *log = (struct log_source *)source;
	return log->is_listing ? cli_top_messages_poll(&log->messages, lines, fault) : 0;
}

static int open_text(struct cli_top_source *source, const struct cli_top_line *line, size_t columns,
		     struct cli_top_lines *lines, struct wire_fault *fault)
{
	struct log_source *log = (struct log_source *)source;
	const struct cli_text_options text = {.color = log->options.color,
					      .utc = log->options.utc,
					      .decoder = log->options.decoder,
					      .columns = columns,
					      .verbose = true};
	return cli_top_message_read(log->options.logs, log->options.no_join, line, &text, lines, fault);
}

static void close_source(struct cli_top_source *source)
{
	struct log_source *log = (struct log_source *)source;
	close_list(source);
	close_logs(log);
	free(log);
}

int cli_top_log_open(struct cli_top_source **source, const struct cli_top_log_options *options,
		     struct wire_fault *fault)
{
	struct log_source *log = calloc(1, sizeof(*log));
	if (!log)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	log->source = (struct cli_top_source){.views = cli_top_log_views,
					      .views_len = CLI_TOP_LOG_VIEWS,
					      .behind = "messages",
					      .poll_ms = POLL_MS,
					      .poll = poll_log,
					      .has_ended = has_ended,
					      .head = fill_head,
					      .toggle_fold = toggle_fold,
					      .rows = fill_rows,
					      .open_list = open_list,
					      .poll_list = poll_list,
					      .open_text = open_text,
					      .close_list = close_list,
					      .close = close_source};
	log->options = *options;
	log->clock.utc = options->utc;
	log->is_written = is_written(options->logs);
	int error = open_logs(log, fault);
	if (error == 0)
		*source = &log->source;
	else
		close_source(&log->source);
	return error;
}
