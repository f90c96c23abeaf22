#include "cli/output/print_text.h"

#include <inttypes.h>

#include "cli/output/text_line.h"
#include "cli/output/text_message.h"
#include "export/text/sizes.h"

void cli_text_printer_init(struct cli_text_printer *printer, const struct cli_text_options *options)
{
	*printer = (struct cli_text_printer){.options = *options, .clock = {.utc = options->utc}, .day = -1};
	cli_text_layout_init(&printer->layout, options->columns);
}

void cli_text_printer_resize(struct cli_text_printer *printer, size_t columns)
{
	if (columns == printer->options.columns)
		return;
	printer->options.columns = columns;
	cli_text_layout_init(&printer->layout, columns);
}

static void print_connect(struct cli_text_line *line)
{
	const struct wire_client *client = line->event->client;
	struct cli_row *row = &line->row;

	cli_text_line_who(line);
	if (client) {
		cli_row_client(row, client);
		if (client->user.len > 0)
			cli_row_text(row, CLI_DIM, ", user ");
		cli_row_put(row, CLI_PLAIN, client->user, CLI_ROW_ENDLESS);
		if (client->account.len > 0)
			cli_row_text(row, CLI_DIM, ", account ");
		cli_row_put(row, CLI_PLAIN, client->account, CLI_ROW_ENDLESS);
		if (client->certificate.len > 0)
			cli_row_text(row, CLI_DIM, ", certificate ");
		cli_row_put(row, CLI_PLAIN, client->certificate, CLI_ROW_ENDLESS);
	}
	if (line->event->flags & WIRE_EVENT_REPEATED)
		cli_row_text(row, CLI_DIM, " (connected before)");
	cli_row_end(row);
}

static void print_disconnect(struct cli_text_line *line)
{
	const struct wire_event *event = line->event;
	char count[EXPORT_SIZE_TEXT], size[EXPORT_SIZE_TEXT];

	cli_text_line_who(line);
	cli_row_put(&line->row, CLI_PLAIN, event->text, CLI_ROW_ENDLESS);
	if (event->lost_messages > 0)
		cli_row_format(&line->row, CLI_RED, "; %s message%s (%s) never reached it",
			       export_count_text(count, event->lost_messages),
			       event->lost_messages == 1 ? "" : "s",
			       export_size_text(size, event->lost_bytes));
	cli_row_end(&line->row);
}

static void print_subscription(struct cli_text_line *line)
{
	const struct wire_event *event = line->event;
	struct cli_row *row = &line->row;

	cli_text_line_who(line);
	cli_row_put(row, CLI_BOLD, event->subject, CLI_ROW_ENDLESS);
	cli_row_text(row, CLI_DIM, event->subject.len ? " sid " : "sid ");
	cli_row_put(row, CLI_PLAIN, event->sid, CLI_ROW_ENDLESS);
	if (event->queue.len > 0) {
		cli_row_text(row, CLI_DIM, " queue ");
		cli_row_put(row, CLI_PLAIN, event->queue, CLI_ROW_ENDLESS);
	}
	if (event->kind == WIRE_EVENT_UNSUBSCRIBE && event->max > 0)
		cli_row_format(row, CLI_DIM, " after %" PRIu64 " messages", event->max);
	cli_row_end(row);
}

static void put_lost(struct cli_text_line *line)
{
	const struct wire_event *event = line->event;
	char count[EXPORT_SIZE_TEXT], size[EXPORT_SIZE_TEXT];

	if (event->lost_messages > 0)
		cli_row_format(&line->row, CLI_ALARM, "%s message%s not logged",
			       export_count_text(count, event->lost_messages),
			       event->lost_messages == 1 ? "" : "s");
	else
		cli_row_text(&line->row, CLI_ALARM, "an unknown number of messages not logged");
	if (event->lost_bytes > 0)
		cli_row_format(&line->row, CLI_ALARM, " (%s)", export_size_text(size, event->lost_bytes));
}

static void put_lost_time(struct cli_text_line *line)
{
	const struct wire_event *event = line->event;
	struct export_clock *clock = &line->printer->clock;
	char from[EXPORT_TIME_TEXT], to[EXPORT_TIME_TEXT];

	if (event->from_ns == event->to_ns)
		return;
	export_clock_text(clock, event->from_ns, EXPORT_TIME_CLOCK_MS, from);
	export_clock_text(clock, event->to_ns, EXPORT_TIME_CLOCK_MS, to);
	cli_row_format(&line->row, CLI_ALARM, " from %s to %s", from, to);
}

static void put_lost_events(struct cli_text_line *line)
{
	const struct wire_event *event = line->event;

	if (event->from_seq == event->to_seq)
		cli_row_format(&line->row, CLI_ALARM, "event %" PRIu64 " lost", event->from_seq);
	else
		cli_row_format(&line->row, CLI_ALARM, "events %" PRIu64 " to %" PRIu64 " lost",
			       event->from_seq, event->to_seq);
}

static void print_gap(struct cli_text_line *line)
{
	const struct wire_event *event = line->event;

	if (event->flags & WIRE_EVENT_DAMAGE) {
		put_lost_events(line);
	} else {
		put_lost(line);
		put_lost_time(line);
	}
	if (event->text.len > 0) {
		cli_row_text(&line->row, CLI_ALARM, ": ");
		cli_row_put(&line->row, CLI_ALARM, event->text, CLI_ROW_ENDLESS);
	}
	cli_row_end(&line->row);
}

static void print_remark(struct cli_text_line *line)
{
	bool is_error = line->event->kind == WIRE_EVENT_ERROR;

	if (line->event->conn)
		cli_text_line_who(line);
	/* The subject of a refused message is at the end of the text. */
	cli_row_put_ends(&line->row, is_error ? CLI_RED : CLI_BOLD, line->event->text, CLI_ROW_ENDLESS, 0);
	cli_row_end(&line->row);
}

void cli_text_print(struct cli_text_printer *printer, struct export_out *out, const struct wire_event *event,
		    const struct export_clients *clients)
{
	const struct cli_text_options *options = &printer->options;
	size_t columns = options->columns ? options->columns : CLI_ROW_ENDLESS;
	struct cli_text_line line = {.printer = printer,
				     .row = {.out = out, .color = options->color, .columns = columns},
				     .event = event,
				     .clients = clients};

	cli_text_line_begin(&line);
	switch (event->kind) {
	case WIRE_EVENT_MESSAGE:
	case WIRE_EVENT_DELIVERY: cli_text_message(&line); break;
	case WIRE_EVENT_CONNECT: print_connect(&line); break;
	case WIRE_EVENT_DISCONNECT: print_disconnect(&line); break;
	case WIRE_EVENT_SUBSCRIBE:
	case WIRE_EVENT_UNSUBSCRIBE: print_subscription(&line); break;
	case WIRE_EVENT_ERROR:
	case WIRE_EVENT_MARK: print_remark(&line); break;
	case WIRE_EVENT_GAP: print_gap(&line); break;
	case WIRE_EVENT_KINDS: break;
	}
}
