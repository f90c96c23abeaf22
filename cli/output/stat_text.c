#include "cli/output/stat_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/output/row.h"
#include "cli/output/sizes.h"
#include "cli/output/times.h"

enum { VALUE_COLUMN = 14, NOTE_COLUMN = 30 };

struct report {
	struct cli_row row;
	const struct store_summary *summary;
	const struct cli_stat_options *options;
};

static double seconds(const struct store_summary *summary)
{
	return (double)summary->span_ns / 1e9;
}

static double ratio(double part, double whole)
{
	return whole > 0 ? part / whole : 0;
}

static void put_line(struct report *report, enum cli_color color, const char *name, const char *value,
		     const char *note)
{
	cli_row_fill(&report->row, 2);
	cli_row_text(&report->row, CLI_DIM, name);
	cli_row_fill(&report->row, VALUE_COLUMN);
	cli_row_text(&report->row, color, value);
	if (note[0]) {
		cli_row_fill(&report->row, NOTE_COLUMN);
		cli_row_text(&report->row, CLI_PLAIN, note);
	}
	cli_row_end(&report->row);
}

static void put_time(struct report *report)
{
	const struct store_summary *summary = report->summary;
	struct cli_clock clock = {.utc = report->options->utc};
	char text[200], first[CLI_TIME_TEXT], last[CLI_TIME_TEXT], day[CLI_TIME_TEXT], span[CLI_SIZE_TEXT];

	if (summary->events == 0)
		return;
	cli_clock_text(&clock, summary->first_time_ns, CLI_TIME_SECOND, first);
	cli_clock_text(&clock, summary->last_time_ns, CLI_TIME_SECOND, last);
	cli_clock_text(&clock, summary->last_time_ns, CLI_TIME_DAY, day);
	const char *zone = strrchr(day, ' ') + 1;
	snprintf(text, sizeof(text), "%s to %s %s, %s", first, last, zone,
		 cli_span_text(span, summary->span_ns));
	put_line(report, CLI_PLAIN, "time", text, "");
}

static void put_steps(struct report *report)
{
	const struct wire_steps *steps = &report->summary->steps;
	char value[CLI_STEPS_TEXT + 30];

	if (steps->count == 0)
		return;
	cli_steps_text(value, steps);
	strcat(value, ", left out of rates");
	put_line(report, CLI_YELLOW, "clock", value, "");
}

static void put_messages(struct report *report)
{
	const struct store_summary *summary = report->summary;
	char value[CLI_SIZE_TEXT], rate[CLI_SIZE_TEXT], size[CLI_SIZE_TEXT], note[100];
	double messages = (double)summary->messages, bytes = (double)summary->payload_bytes;

	if (summary->messages == 0) {
		put_line(report, CLI_BOLD, "messages", "0", "");
		return;
	}
	snprintf(note, sizeof(note), "%s/s", cli_rate_text(rate, ratio(messages, seconds(summary))));
	put_line(report, CLI_BOLD, "messages", cli_count_text(value, summary->messages), note);
	cli_size_text(size, (uint64_t)(ratio(bytes, messages) + 0.5));
	cli_size_text(rate, (uint64_t)ratio(bytes, seconds(summary)));
	snprintf(note, sizeof(note), "%s each, %s/s", size, rate);
	put_line(report, CLI_PLAIN, "payload", cli_size_text(value, summary->payload_bytes), note);
	snprintf(note, sizeof(note), "%s per message",
		 cli_rate_text(rate, ratio((double)summary->deliveries, messages)));
	put_line(report, CLI_PLAIN, "deliveries", cli_count_text(value, summary->deliveries), note);
	if (summary->unknown_receivers > 0)
		put_line(report, CLI_YELLOW, "receivers", cli_count_text(value, summary->unknown_receivers),
			 "messages may have receivers that are not known");
	if (summary->unknown_publishers > 0)
		put_line(report, CLI_YELLOW, "publishers", cli_count_text(value, summary->unknown_publishers),
			 "messages have a publisher that is not known");
	if (summary->masked_messages > 0)
		put_line(report, CLI_YELLOW, "masked", cli_count_text(value, summary->masked_messages),
			 "messages were masked when they were recorded");
}

static void put_troubles(struct report *report)
{
	const struct store_summary *summary = report->summary;
	char value[CLI_SIZE_TEXT], count[CLI_SIZE_TEXT], note[100] = "";

	put_line(report, CLI_PLAIN, "connections", cli_count_text(value, summary->connections), "");
	put_line(report, summary->errors ? CLI_YELLOW : CLI_PLAIN, "errors",
		 cli_count_text(value, summary->errors), "");
	if (summary->gap_messages)
		snprintf(note, sizeof(note), "%s messages were not logged",
			 cli_count_text(count, summary->gap_messages));
	put_line(report, summary->gaps ? CLI_RED : CLI_PLAIN, "gaps", cli_count_text(value, summary->gaps),
		 note);
	if (summary->damaged_blocks)
		put_line(report, CLI_RED, "damage", cli_count_text(value, summary->damaged_blocks),
			 "blocks cannot be read; \"tapedeck verify\" says where");
	if (summary->deleted_places)
		put_line(report, CLI_RED, "missed", cli_count_text(value, summary->deleted_events),
			 "events were deleted before they could be read");
}

static void put_disk(struct report *report)
{
	const struct store_summary *summary = report->summary;
	char value[CLI_SIZE_TEXT], each[CLI_SIZE_TEXT], times[CLI_SIZE_TEXT], note[150] = "";

	cli_rate_text(each, ratio((double)summary->log_bytes, (double)summary->messages));
	cli_rate_text(times, ratio((double)summary->raw_bytes, (double)summary->log_bytes));
	if (summary->messages > 0 && summary->segments == 0) /* a capture */
		snprintf(note, sizeof(note), "%s B per message", each);
	else if (summary->messages > 0)
		snprintf(note, sizeof(note), "%s B per message, compressed %s : 1, %" PRIu64 " segment%s",
			 each, times, summary->segments, summary->segments == 1 ? "" : "s");
	put_line(report, CLI_PLAIN, "on disk", cli_size_text(value, summary->log_bytes), note);
}

static void put_remaining(struct report *report, size_t count, size_t shown, const char *noun)
{
	char text[CLI_SIZE_TEXT];

	if (count > shown) {
		cli_row_format(&report->row, CLI_DIM, "  and %s more %s%s (--top N)",
			       cli_count_text(text, count - shown), noun, count - shown == 1 ? "" : "s");
		cli_row_end(&report->row);
	}
}

static void put_subjects(struct report *report)
{
	const struct store_summary *summary = report->summary;
	char messages[CLI_SIZE_TEXT], bytes[CLI_SIZE_TEXT], each[CLI_SIZE_TEXT];
	size_t shown = summary->subjects_len;

	if (shown > report->options->top)
		shown = (size_t)report->options->top;
	if (shown == 0)
		return;
	cli_out_char(report->row.out, '\n');
	cli_row_format(&report->row, CLI_DIM, "%14s %6s %8s %8s  subject", "messages", "%", "payload",
		       "each");
	cli_row_end(&report->row);
	for (size_t i = 0; i < shown; i++) {
		const struct store_summary_subject *subject = &summary->subjects[i];
		double count = (double)subject->messages;

		cli_size_text(each, (uint64_t)(ratio((double)subject->bytes, count) + 0.5));
		cli_row_format(&report->row, CLI_PLAIN, "%14s %6.1f %8s %8s  ",
			       cli_count_text(messages, subject->messages),
			       100 * ratio(count, (double)summary->messages),
			       cli_size_text(bytes, subject->bytes), each);
		cli_row_put(&report->row, CLI_BOLD, subject->subject, CLI_ROW_ENDLESS);
		cli_row_end(&report->row);
	}
	put_remaining(report, summary->subjects_len, shown, "subject");
}

static void put_client(struct report *report, const struct store_summary_client *client)
{
	const struct wire_client *who = &client->client;
	struct cli_row *row = &report->row;
	char messages[CLI_SIZE_TEXT], bytes[CLI_SIZE_TEXT], deliveries[CLI_SIZE_TEXT];

	cli_row_format(row, CLI_PLAIN, "%14s %8s %14s  ", cli_count_text(messages, client->messages),
		       cli_size_text(bytes, client->bytes), cli_count_text(deliveries, client->deliveries));
	cli_row_put(row, CLI_BOLD, who->name, CLI_ROW_ENDLESS);
	cli_row_format(row, CLI_DIM, "#%" PRIu64 " ", client->conn);
	cli_row_client(row, who);
	if (who->account.len > 0)
		cli_row_text(row, CLI_DIM, ", account ");
	cli_row_put(row, CLI_PLAIN, who->account, CLI_ROW_ENDLESS);
	cli_row_end(row);
}

static void put_clients(struct report *report)
{
	const struct store_summary *summary = report->summary;
	size_t shown = summary->clients_len;

	if (shown > report->options->top)
		shown = (size_t)report->options->top;
	if (shown == 0)
		return;
	cli_out_char(report->row.out, '\n');
	cli_row_format(&report->row, CLI_DIM, "%14s %8s %14s  client", "published", "payload", "received");
	cli_row_end(&report->row);
	for (size_t i = 0; i < shown; i++)
		put_client(report, &summary->clients[i]);
	put_remaining(report, summary->clients_len, shown, "client");
}

void cli_stat_text(struct cli_out *out, const char *log, const struct store_summary *summary,
		   const struct cli_stat_options *options)
{
	size_t columns = cli_terminal_columns(out->fd);
	struct report report = {
	    .row = {.out = out, .color = options->color, .columns = columns ? columns : CLI_ROW_ENDLESS},
	    .summary = summary,
	    .options = options};

	cli_row_text(&report.row, CLI_BOLD, log);
	cli_row_end(&report.row);
	put_time(&report);
	put_steps(&report);
	put_messages(&report);
	put_troubles(&report);
	put_disk(&report);
	put_subjects(&report);
	if (options->clients)
		put_clients(&report);
}
