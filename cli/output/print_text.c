#include "cli/output/print_text.h"

#include <inttypes.h>

#include "cli/output/print_below.h"
#include "cli/output/sizes.h"
#include "trace/inbox.h"
#include "wire/headers.h"

enum {
	WHO_COLUMNS = 22, /* width at which columns begin… */
	SUBJECT_COLUMNS = 20,
	NARROW_WHO_COLUMNS = 18, /* …or on a narrow terminal */
	NARROW_SUBJECT_COLUMNS = 14,
	WHO_PERCENT = 28, /* of the terminal's width, which they may grow to */
	SUBJECT_PERCENT = 30,
	NARROW_SUBJECT_PERCENT = 20,
	SIZE_COLUMNS = 6,
	TAG_COLUMNS = 5,
	INBOX_TAIL = 8,       /* enough of an inbox to distinguish two requests */
	NARROW_COLUMNS = 110, /* below, times are in milliseconds */
};

/* How a row begins: the word for the kind and its colour. */
struct tag {
	const char *word;
	enum cli_color color;
};

struct line {
	struct cli_text_printer *printer;
	struct cli_row row;
	const struct wire_event *event;
	const struct cli_clients *clients;
	bool has_remark; /* something follows the size */
};

static bool is_narrow(const struct cli_text_printer *printer)
{
	return printer->options.columns > 0 && printer->options.columns < NARROW_COLUMNS;
}

static void begin_columns(struct cli_text_printer *printer)
{
	printer->who_columns = is_narrow(printer) ? NARROW_WHO_COLUMNS : WHO_COLUMNS;
	printer->subject_columns = is_narrow(printer) ? NARROW_SUBJECT_COLUMNS : SUBJECT_COLUMNS;
}

void cli_text_printer_init(struct cli_text_printer *printer, const struct cli_text_options *options)
{
	*printer = (struct cli_text_printer){.options = *options, .clock = {.utc = options->utc}, .day = -1};
	begin_columns(printer);
}

void cli_text_printer_resize(struct cli_text_printer *printer, size_t columns)
{
	if (columns == printer->options.columns)
		return;
	printer->options.columns = columns;
	begin_columns(printer);
}

static struct tag tag_of(const struct wire_event *event)
{
	static const struct tag tags[] = {
	    [WIRE_EVENT_MESSAGE] = {"pub", CLI_PLAIN},   [WIRE_EVENT_DELIVERY] = {"deliv", CLI_PLAIN},
	    [WIRE_EVENT_CONNECT] = {"conn", CLI_GREEN},  [WIRE_EVENT_DISCONNECT] = {"disc", CLI_YELLOW},
	    [WIRE_EVENT_SUBSCRIBE] = {"sub", CLI_GREEN}, [WIRE_EVENT_UNSUBSCRIBE] = {"unsub", CLI_YELLOW},
	    [WIRE_EVENT_ERROR] = {"error", CLI_RED},     [WIRE_EVENT_MARK] = {"mark", CLI_BOLD},
	    [WIRE_EVENT_GAP] = {"GAP", CLI_ALARM},
	};

	if (event->kind != WIRE_EVENT_MESSAGE)
		return tags[event->kind];
	if (event->reply.len > 0)
		return (struct tag){"req", CLI_CYAN};
	if (trace_has_inbox_prefix(event->subject))
		return (struct tag){"reply", CLI_MAGENTA};
	return tags[WIRE_EVENT_MESSAGE];
}

/* On a terminal, print a heading for each day, so that lines need no date. */
static void print_day(struct line *line)
{
	struct cli_text_printer *printer = line->printer;
	int64_t day = cli_clock_day(&printer->clock, line->event->time_ns);
	char text[CLI_TIME_TEXT];

	if (day == printer->day)
		return;
	printer->day = day;
	cli_clock_text(&printer->clock, line->event->time_ns, CLI_TIME_DAY, text);
	cli_row_format(&line->row, CLI_DIM, "── %s ──", text);
	cli_row_end(&line->row);
}

static void put_time(struct line *line)
{
	const struct cli_text_printer *printer = line->printer;
	enum cli_time_style style = is_narrow(printer) ? CLI_TIME_CLOCK_MS : CLI_TIME_CLOCK;
	char text[CLI_TIME_TEXT];

	if (printer->options.columns == 0)
		style = CLI_TIME_RFC3339;
	cli_clock_text(&line->printer->clock, line->event->time_ns, style, text);
	cli_row_text(&line->row, CLI_DIM, text);
	cli_row_text(&line->row, CLI_PLAIN, " ");
}

static void put_tag(struct line *line)
{
	struct tag tag = tag_of(line->event);
	size_t end = line->row.used + TAG_COLUMNS + 1;

	cli_row_text(&line->row, tag.color, tag.word);
	cli_row_fill(&line->row, end);
}

/* End a column that began at `start`: widen it to what it now holds, at most to `most`, and fill it up. */
static void end_column(struct line *line, size_t start, size_t *columns, size_t most)
{
	size_t used = line->row.used - start;

	if (used > *columns)
		*columns = used < most ? used : most;
	cli_row_fill(&line->row, start + *columns);
	cli_row_text(&line->row, CLI_PLAIN, "  ");
}

/* A share of the terminal's width in percent; without one, enough to keep most lines aligned. */
static size_t share(const struct line *line, size_t percent)
{
	size_t columns = line->printer->options.columns;

	return columns ? columns * percent / 100 : 48;
}

static size_t name_columns(const struct line *line)
{
	size_t columns = line->printer->options.columns;

	return columns ? columns / 8 : CLI_ROW_ENDLESS;
}

/* On a narrow terminal, print a name without its number. */
static void put_client(struct line *line, uint64_t conn, const struct wire_client *client)
{
	if (is_narrow(line->printer) && client && client->name.len > 0)
		cli_row_put(&line->row, CLI_PLAIN, client->name, name_columns(line));
	else
		cli_print_client(&line->row, CLI_PLAIN, client, conn, name_columns(line));
}

static uint32_t count_dropped(const struct wire_event *event)
{
	uint32_t dropped = 0;

	for (uint32_t i = 0; event->receivers && i < event->receivers_len; i++)
		dropped += event->receivers[i].outcome != WIRE_SENT;
	return dropped;
}

static void put_receivers(struct line *line)
{
	const struct wire_event *event = line->event;
	uint32_t dropped = count_dropped(event);

	bool are_known = !(event->flags & WIRE_EVENT_RECEIVERS_UNKNOWN);

	cli_row_text(&line->row, CLI_DIM, " → ");
	if (event->receiver_count == 1 && event->receivers && event->receivers_len == 1)
		put_client(line, event->receivers[0].conn,
			   cli_clients_find(line->clients, event->receivers[0].conn));
	else if (event->receiver_count > 0)
		cli_row_format(&line->row, CLI_PLAIN, "%" PRIu32, event->receiver_count);
	else
		cli_row_text(&line->row, CLI_YELLOW, are_known ? "nobody" : "?");
	if (event->receiver_count > 0 && !are_known)
		cli_row_text(&line->row, CLI_YELLOW, " + ?");
	if (dropped > 0)
		cli_row_format(&line->row, CLI_RED, " (%" PRIu32 " dropped)", dropped);
}

/* The address of a client comes later in its line: print the number of a client without a name here. */
static void put_newcomer(struct line *line)
{
	struct wire_client client = {0};

	if (line->event->client)
		client.name = line->event->client->name;
	cli_print_client(&line->row, CLI_PLAIN, &client, line->event->conn, name_columns(line));
}

static void put_who(struct line *line)
{
	const struct wire_event *event = line->event;
	size_t start = line->row.used;

	if (event->kind == WIRE_EVENT_DELIVERY)
		cli_row_text(&line->row, CLI_DIM, "→ ");
	if (event->flags & WIRE_EVENT_PUBLISHER_UNKNOWN)
		cli_row_text(&line->row, CLI_YELLOW, "?");
	else if (event->kind == WIRE_EVENT_CONNECT)
		put_newcomer(line);
	else if (event->conn)
		put_client(line, event->conn, cli_clients_find(line->clients, event->conn));
	if (event->kind == WIRE_EVENT_MESSAGE)
		put_receivers(line);
	end_column(line, start, &line->printer->who_columns, share(line, WHO_PERCENT));
}

/* Print the end of an inbox: it is the part that identifies it, and request and reply share it. */
static void put_inbox(struct line *line, const char *mark, struct wire_slice inbox, enum cli_color color)
{
	cli_row_text(&line->row, color, mark);
	if (line->printer->options.columns && inbox.len > INBOX_TAIL) {
		cli_row_text(&line->row, color, "…");
		inbox = wire_slice(inbox.data + inbox.len - INBOX_TAIL, INBOX_TAIL);
	}
	cli_row_put(&line->row, color, inbox, CLI_ROW_ENDLESS);
}

static void put_subject(struct line *line)
{
	struct wire_slice subject = line->event->subject;
	size_t start = line->row.used;

	const struct wire_slice prefix = WIRE_LITERAL(TRACE_INBOX_PREFIX ".");
	if (trace_has_inbox_prefix(subject))
		put_inbox(line, prefix.data, wire_slice(subject.data + prefix.len, subject.len - prefix.len),
			  CLI_PLAIN);
	else
		cli_row_put(&line->row, CLI_BOLD, subject, CLI_ROW_ENDLESS);
	end_column(line, start, &line->printer->subject_columns,
		   share(line, is_narrow(line->printer) ? NARROW_SUBJECT_PERCENT : SUBJECT_PERCENT));
}

static void put_size(struct line *line)
{
	char text[CLI_SIZE_TEXT];

	cli_row_format(&line->row, CLI_PLAIN, "%*s", SIZE_COLUMNS, cli_size_text(text, line->event->size));
}

/* Separate the next remark after the size from those before it. */
static void begin_remark(struct line *line)
{
	cli_row_text(&line->row, CLI_PLAIN, line->has_remark ? " " : "  ");
	line->has_remark = true;
}

static void put_status_note(struct line *line, const struct wire_headers *headers)
{
	begin_remark(line);
	cli_row_text(&line->row, CLI_YELLOW, "[");
	cli_row_put(&line->row, CLI_YELLOW, headers->status, CLI_ROW_ENDLESS);
	cli_row_text(&line->row, CLI_YELLOW, headers->text.len ? " " : "");
	cli_row_put(&line->row, CLI_YELLOW, headers->text, CLI_ROW_ENDLESS);
	cli_row_text(&line->row, CLI_YELLOW, "]");
}

/* The header block in short: its status, or the number of headers. */
static void put_headers_note(struct line *line)
{
	struct wire_headers headers;
	struct wire_slice key, value;
	size_t count = 0;
	int status = wire_headers_open(&headers, line->event->headers);

	while (status >= 0 && (status = wire_headers_next(&headers, &key, &value)) > 0)
		count++;
	if (status < 0) {
		begin_remark(line);
		cli_row_text(&line->row, CLI_YELLOW, "[malformed headers]");
	} else if (headers.status.len > 0) {
		put_status_note(line, &headers);
	} else if (!is_narrow(line->printer)) {
		begin_remark(line);
		cli_row_format(&line->row, CLI_DIM, "[%zu header%s]", count, count == 1 ? "" : "s");
	}
}

static void put_kept_note(struct line *line, const char *verb, const char *verb_after)
{
	char kept[CLI_SIZE_TEXT];

	begin_remark(line);
	cli_row_format(&line->row, CLI_YELLOW, "[%s %s%s]", verb,
		       cli_size_text(kept, line->event->payload.len), verb_after);
}

static void put_notes(struct line *line)
{
	const struct wire_event *event = line->event;

	if (event->reply.len > 0 && !is_narrow(line->printer)) {
		begin_remark(line);
		put_inbox(line, "↩ ", event->reply, CLI_CYAN);
	}
	if (event->kind == WIRE_EVENT_DELIVERY && event->outcome != WIRE_SENT) {
		begin_remark(line);
		cli_row_format(&line->row, CLI_RED, "[dropped: %s]", wire_outcome_name(event->outcome));
	}
	if (event->headers.len > 0)
		put_headers_note(line);
	if (event->flags & WIRE_EVENT_CUT)
		put_kept_note(line, "cut to", "");
	if (event->flags & WIRE_EVENT_PARTIAL)
		put_kept_note(line, "only", " seen");
	if (event->flags & WIRE_EVENT_MASKED) {
		begin_remark(line);
		cli_row_text(&line->row, CLI_YELLOW, "[masked]");
	}
}

static void print_message(struct line *line)
{
	const struct cli_text_options *options = &line->printer->options;

	put_who(line);
	put_subject(line);
	put_size(line);
	put_notes(line);
	if (!options->verbose && !options->hex && line->event->payload.len > 0) {
		begin_remark(line);
		cli_row_rest(&line->row, line->event->payload);
	}
	cli_row_end(&line->row);
	if (options->verbose)
		cli_print_details(&line->row, line->event, line->clients);
	if (options->verbose || options->hex)
		cli_print_payload(&line->row, line->event, options->hex);
}

static void print_connect(struct line *line)
{
	const struct wire_client *client = line->event->client;
	struct cli_row *row = &line->row;

	put_who(line);
	if (client) {
		cli_row_client(row, client);
		if (client->user.len > 0)
			cli_row_text(row, CLI_DIM, ", user ");
		cli_row_put(row, CLI_PLAIN, client->user, CLI_ROW_ENDLESS);
		if (client->account.len > 0)
			cli_row_text(row, CLI_DIM, ", account ");
		cli_row_put(row, CLI_PLAIN, client->account, CLI_ROW_ENDLESS);
	}
	if (line->event->flags & WIRE_EVENT_REPEATED)
		cli_row_text(row, CLI_DIM, " (connected before)");
	cli_row_end(row);
}

static void print_disconnect(struct line *line)
{
	const struct wire_event *event = line->event;
	char count[CLI_SIZE_TEXT], size[CLI_SIZE_TEXT];

	put_who(line);
	cli_row_put(&line->row, CLI_PLAIN, event->text, CLI_ROW_ENDLESS);
	if (event->lost_messages > 0)
		cli_row_format(&line->row, CLI_RED, "; %s message%s (%s) never reached it",
			       cli_count_text(count, event->lost_messages),
			       event->lost_messages == 1 ? "" : "s", cli_size_text(size, event->lost_bytes));
	cli_row_end(&line->row);
}

static void print_subscription(struct line *line)
{
	const struct wire_event *event = line->event;
	struct cli_row *row = &line->row;

	put_who(line);
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

static void put_lost(struct line *line)
{
	const struct wire_event *event = line->event;
	char count[CLI_SIZE_TEXT], size[CLI_SIZE_TEXT];

	if (event->lost_messages > 0)
		cli_row_format(&line->row, CLI_ALARM, "%s message%s not logged",
			       cli_count_text(count, event->lost_messages),
			       event->lost_messages == 1 ? "" : "s");
	else
		cli_row_text(&line->row, CLI_ALARM, "an unknown number of messages not logged");
	if (event->lost_bytes > 0)
		cli_row_format(&line->row, CLI_ALARM, " (%s)", cli_size_text(size, event->lost_bytes));
}

static void put_lost_time(struct line *line)
{
	const struct wire_event *event = line->event;
	struct cli_clock *clock = &line->printer->clock;
	char from[CLI_TIME_TEXT], to[CLI_TIME_TEXT];

	if (event->from_ns == event->to_ns)
		return;
	cli_clock_text(clock, event->from_ns, CLI_TIME_CLOCK_MS, from);
	cli_clock_text(clock, event->to_ns, CLI_TIME_CLOCK_MS, to);
	cli_row_format(&line->row, CLI_ALARM, " from %s to %s", from, to);
}

static void put_lost_events(struct line *line)
{
	const struct wire_event *event = line->event;

	if (event->from_seq == event->to_seq)
		cli_row_format(&line->row, CLI_ALARM, "event %" PRIu64 " lost", event->from_seq);
	else
		cli_row_format(&line->row, CLI_ALARM, "events %" PRIu64 " to %" PRIu64 " lost",
			       event->from_seq, event->to_seq);
}

static void print_gap(struct line *line)
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

static void print_remark(struct line *line)
{
	bool is_error = line->event->kind == WIRE_EVENT_ERROR;

	if (line->event->conn)
		put_who(line);
	cli_row_put(&line->row, is_error ? CLI_RED : CLI_BOLD, line->event->text, CLI_ROW_ENDLESS);
	cli_row_end(&line->row);
}

void cli_text_print(struct cli_text_printer *printer, struct cli_out *out, const struct wire_event *event,
		    const struct cli_clients *clients)
{
	const struct cli_text_options *options = &printer->options;
	size_t columns = options->columns ? options->columns : CLI_ROW_ENDLESS;
	struct line line = {.printer = printer,
			    .row = {.out = out, .color = options->color, .columns = columns},
			    .event = event,
			    .clients = clients};

	if (options->columns)
		print_day(&line);
	put_time(&line);
	put_tag(&line);
	switch (event->kind) {
	case WIRE_EVENT_MESSAGE:
	case WIRE_EVENT_DELIVERY: print_message(&line); break;
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
