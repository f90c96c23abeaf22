#include "cli/commands/trace_other.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

#include "cli/options/inputs.h"
#include "cli/output/errors.h"

/* Read on to the event. Returns whether it was found. */
static bool read_to(struct store_merge *log, const struct cli_trace_point *point, struct wire_event *event)
{
	struct wire_fault fault;
	while (store_merge_next(log, event, &fault) > 0)
		if (event->seq == point->seq || event->time_ns > point->time_ns)
			return event->seq == point->seq;
	return false;
}

/* Whatever the name holds, it cannot drive the terminal. */
static void copy_visible(char *text, size_t size, struct wire_slice name)
{
	size_t len = name.len < size ? name.len : size - 1;
	for (size_t i = 0; i < len; i++)
		text[i] = isprint((unsigned char)name.data[i]) ? name.data[i] : '?';
	text[len] = '\0';
}

/* The name of the event's client; empty when it has none, or is not known. The text is NUL-terminated. */
static void name_client(struct store_merge *log, const struct cli_trace_point *point, char *text, size_t size)
{
	struct wire_source *source = store_merge_source(log);
	struct wire_event event;
	text[0] = '\0';
	if (!read_to(log, point, &event) || event.conn == 0)
		return;
	const struct wire_client *client = source->client(source, event.conn);
	if (client && client->name.len > 0)
		copy_visible(text, size, client->name);
	else
		snprintf(text, size, "connection %" PRIu64, event.conn);
}

static void find_name(const struct cli_trace_session *session, char *text, size_t size)
{
	const struct cli_trace_point *point = &session->points.other;
	const struct cli_operands log = {.values = &session->trace->logs.values[point->input], .len = 1};
	struct store_filter *filter = store_filter_open();
	const struct store_reader_options reading = {.filter = filter, .in_time_order = true};
	struct store_merge *merge;
	text[0] = '\0';
	if (!filter)
		return;
	store_filter_since(filter, point->time_ns);
	if (cli_inputs_open(&merge, &log, &reading, NULL) == 0) {
		name_client(merge, point, text, size);
		store_merge_close(merge);
	}
	store_filter_close(filter);
}

void cli_trace_report_other(const struct cli_trace_session *session)
{
	const struct cli_trace_points *points = &session->points;
	const char *kind = wire_event_kind_name(points->other_kind);
	char name[200];
	find_name(session, name, sizeof name);
	char input[16] = "";
	if (session->trace->logs.len > 1)
		snprintf(input, sizeof input, "%" PRIu32 ":", points->other.input + 1);
	cli_error(session->trace->command,
		  "#%s%" PRIu64 " is a%s %s event%s%s, not a message; see \"tapedeck cat\"", input,
		  points->other.seq, *kind == 'u' || *kind == 'e' ? "n" : "", kind, name[0] ? " of " : "",
		  name);
}
