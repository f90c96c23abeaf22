#include "cli/output/stat_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/output/groups_text.h"
#include "export/text/clock.h"
#include "wire/conn.h"

enum { VALUE_COLUMN = 14, NOTE_COLUMN = 30 };

struct report {
	struct cli_row row;
	const struct store_summary *summary;
	const struct cli_stat_options *options;
};

/* That rates are over. */
static double seconds(const struct store_summary *summary)
{
	return (double)store_summary_up_ns(summary) / 1e9;
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
	struct export_clock clock = {.utc = report->options->utc};
	char text[200], first[EXPORT_TIME_TEXT], last[EXPORT_TIME_TEXT], day[EXPORT_TIME_TEXT],
	    span[EXPORT_SIZE_TEXT];

	if (summary->events == 0)
		return;
	export_clock_text(&clock, summary->first_time_ns, EXPORT_TIME_SECOND, first);
	export_clock_text(&clock, summary->last_time_ns, EXPORT_TIME_SECOND, last);
	export_clock_text(&clock, summary->last_time_ns, EXPORT_TIME_DAY, day);
	const char *zone = strrchr(day, ' ') + 1;
	snprintf(text, sizeof(text), "%s to %s %s, %s", first, last, zone,
		 export_span_text(span, summary->span_ns));
	put_line(report, CLI_PLAIN, "time", text, "");
}

static void put_steps(struct report *report)
{
	const struct wire_steps *steps = &report->summary->steps;
	char value[EXPORT_STEPS_TEXT + 30];

	if (steps->count == 0)
		return;
	export_steps_text(value, steps);
	strcat(value, ", left out of rates");
	put_line(report, CLI_YELLOW, "clock", value, "");
}

/* When the recorder was down. */
static void put_down(struct report *report)
{
	const struct store_summary *summary = report->summary;
	char value[EXPORT_SIZE_TEXT];

	if (summary->down_ns > 0)
		put_line(report, CLI_YELLOW, "down", export_span_text(value, summary->down_ns),
			 "of it nothing was logged; left out of rates");
}

static void put_sizes(struct report *report)
{
	const struct store_summary *summary = report->summary;
	double bytes = (double)summary->bytes;
	char value[EXPORT_SIZE_TEXT], rate[EXPORT_SIZE_TEXT], each[EXPORT_SIZE_TEXT], note[100];

	export_size_text(each, (uint64_t)(ratio(bytes, (double)summary->messages) + 0.5));
	snprintf(note, sizeof(note), "%s each, headers included", each);
	if (seconds(summary) > 0)
		snprintf(note, sizeof(note), "%s each, %s, headers included", each,
			 export_bytes_per_time_text(rate, bytes / seconds(summary)));
	put_line(report, CLI_PLAIN, "bytes", export_size_text(value, summary->bytes), note);
}

static void put_messages(struct report *report)
{
	const struct store_summary *summary = report->summary;
	char value[EXPORT_SIZE_TEXT], rate[EXPORT_SIZE_TEXT], note[100] = "";
	double messages = (double)summary->messages;

	if (summary->messages == 0) {
		put_line(report, CLI_BOLD, "messages", "0", "");
		return;
	}
	if (seconds(summary) > 0)
		export_per_time_text(note, messages / seconds(summary));
	put_line(report, CLI_BOLD, "messages", export_count_text(value, summary->messages), note);
	put_sizes(report);
	note[0] = '\0';
	if (summary->deliveries > 0)
		snprintf(note, sizeof(note), "%s per message",
			 export_short_rate_text(rate, ratio((double)summary->deliveries, messages)));
	put_line(report, CLI_PLAIN, "deliveries", export_count_text(value, summary->deliveries), note);
	if (summary->unknown_receivers > 0)
		put_line(report, CLI_YELLOW, "receivers",
			 export_count_text(value, summary->unknown_receivers),
			 "messages may have receivers that are not known");
	if (summary->unknown_publishers > 0)
		put_line(report, CLI_YELLOW, "publishers",
			 export_count_text(value, summary->unknown_publishers),
			 "messages have a publisher that is not known");
	if (summary->masked_messages > 0)
		put_line(report, CLI_YELLOW, "masked", export_count_text(value, summary->masked_messages),
			 "messages were masked when they were recorded");
}

static void put_troubles(struct report *report)
{
	const struct store_summary *summary = report->summary;
	char value[EXPORT_SIZE_TEXT], count[EXPORT_SIZE_TEXT], note[100] = "";

	put_line(report, CLI_PLAIN, "connections", export_count_text(value, summary->connections), "");
	put_line(report, summary->errors ? CLI_YELLOW : CLI_PLAIN, "errors",
		 export_count_text(value, summary->errors), "");
	if (summary->gap_messages)
		snprintf(note, sizeof(note), "%s messages were not logged",
			 export_count_text(count, summary->gap_messages));
	put_line(report, summary->gaps ? CLI_RED : CLI_PLAIN, "gaps", export_count_text(value, summary->gaps),
		 note);
	if (summary->damaged_blocks)
		put_line(report, CLI_RED, "damage", export_count_text(value, summary->damaged_blocks),
			 "blocks cannot be read; \"tapedeck verify\" says where");
	if (summary->deleted_places)
		put_line(report, CLI_RED, "missed", export_count_text(value, summary->deleted_events),
			 "events were deleted before they could be read");
}

static void put_disk(struct report *report)
{
	const struct store_summary *summary = report->summary;
	char value[EXPORT_SIZE_TEXT], each[EXPORT_SIZE_TEXT], times[EXPORT_SIZE_TEXT], note[150] = "";

	export_rate_text(each, ratio((double)summary->log_bytes, (double)summary->messages));
	export_rate_text(times, ratio((double)summary->raw_bytes, (double)summary->log_bytes));
	if (summary->messages > 0 && summary->segments == 0) /* a capture */
		snprintf(note, sizeof(note), "%s B per message", each);
	else if (summary->messages > 0)
		snprintf(note, sizeof(note), "%s B per message, compressed %s : 1, %" PRIu64 " segment%s",
			 each, times, summary->segments, export_plural(summary->segments));
	put_line(report, CLI_PLAIN, "on disk", export_size_text(value, summary->log_bytes), note);
}

static void put_remaining(struct report *report, size_t count, size_t shown, const char *noun)
{
	char text[EXPORT_SIZE_TEXT];

	if (count > shown) {
		cli_row_format(&report->row, CLI_DIM, "  and %s more %s%s (--top N)",
			       export_count_text(text, count - shown), noun, count - shown == 1 ? "" : "s");
		cli_row_end(&report->row);
	}
}

static void put_subjects(struct report *report)
{
	const struct store_summary *summary = report->summary;
	static const struct cli_groups_words words = {"messages", "subject", " (--top N)"};
	const struct cli_groups_scale scale =
	    cli_groups_scale_of(summary->messages, store_summary_up_ns(summary));

	cli_groups_text(&report->row, &scale, &summary->subjects, report->options->top, &words, NULL);
}

/* One connection by its number, several by how many they are. */
static void put_connections(struct cli_row *row, const struct cli_client_row *client)
{
	char count[EXPORT_SIZE_TEXT];

	if (client->connections == 1) {
		const uint32_t log = wire_conn_input(client->conn, 0);

		cli_row_format(row, CLI_DIM, "#%" PRIu64, wire_conn_number(client->conn));
		if (log > 0)
			cli_row_format(row, CLI_DIM, "@%" PRIu32, log + 1);
		cli_row_text(row, CLI_DIM, " ");
		return;
	}
	if (client->client.name.len == 0)
		cli_row_text(row, CLI_PLAIN, "(no name)");
	cli_row_format(row, CLI_DIM, " (%s connections) ", export_count_text(count, client->connections));
}

static void put_client(struct report *report, const struct cli_client_row *client)
{
	const struct wire_client *who = &client->client;
	struct cli_row *row = &report->row;
	char messages[EXPORT_SIZE_TEXT], bytes[EXPORT_SIZE_TEXT], deliveries[EXPORT_SIZE_TEXT];

	cli_row_format(row, CLI_PLAIN, "%12s %7s %12s  ", export_count_text(messages, client->messages),
		       export_size_text(bytes, client->bytes),
		       export_count_text(deliveries, client->deliveries));
	cli_row_put(row, CLI_BOLD, who->name, CLI_ROW_ENDLESS);
	put_connections(row, client);
	cli_row_client(row, who);
	if (who->account.len > 0)
		cli_row_text(row, CLI_DIM,
			     who->address.len + who->lang.len + who->version.len > 0 ? ", account "
										     : "account ");
	cli_row_put(row, CLI_PLAIN, who->account, CLI_ROW_ENDLESS);
	cli_row_end(row);
}

static void put_clients(struct report *report)
{
	const struct cli_client_rows *clients = report->options->clients;
	size_t shown = clients->len;

	if (shown > report->options->top)
		shown = (size_t)report->options->top;
	if (shown == 0)
		return;
	export_out_char(report->row.out, '\n');
	cli_row_format(&report->row, CLI_DIM, "%12s %7s %12s  client", "published", "bytes", "received");
	cli_row_end(&report->row);
	for (size_t i = 0; i < shown; i++)
		put_client(report, &clients->list[i]);
	put_remaining(report, clients->len, shown, "client");
}

void cli_stat_text(struct export_out *out, const char *log, const struct store_summary *summary,
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
	put_down(&report);
	put_steps(&report);
	put_messages(&report);
	put_troubles(&report);
	put_disk(&report);
	put_subjects(&report);
	if (options->clients)
		put_clients(&report);
}
