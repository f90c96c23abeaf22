#include "cli/output/who_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "cli/output/table.h"
#include "export/text/clock.h"
#include "export/text/sizes.h"

struct report {
	const struct cli_who *who;
	struct cli_row *row;
	struct cli_table *table;
	struct export_clock clock;
};

/* ---- cells ---- */

static void put(struct report *report, struct wire_slice text)
{
	cli_table_add(report->table, text.len ? CLI_PLAIN : CLI_DIM, text.len ? text : WIRE_LITERAL("-"));
}

static void put_count(struct report *report, uint64_t count)
{
	char text[EXPORT_SIZE_TEXT];
	cli_table_add(report->table, count ? CLI_PLAIN : CLI_DIM,
		      wire_slice_str(export_count_text(text, count)));
}

/* The time of day, or the date of another day; "?": not known. */
static void put_time(struct report *report, int64_t ns)
{
	char text[EXPORT_TIME_TEXT];
	if (ns == TRACE_PRESENCE_BEFORE) {
		cli_table_add(report->table, CLI_DIM, WIRE_LITERAL("?"));
		return;
	}
	bool is_today =
	    export_clock_day(&report->clock, ns) == export_clock_day(&report->clock, report->who->at_ns);
	export_clock_text(&report->clock, ns, EXPORT_TIME_SECOND, text);
	size_t day = sizeof "2026-11-23" - 1;
	cli_table_add(report->table, CLI_PLAIN,
		      is_today ? wire_slice_str(text + day + 1) : wire_slice(text, day));
}

/* "billing#3", "(no name)#4" */
static void put_client(struct report *report, uint32_t client)
{
	const struct trace_client *known = trace_clients_at(report->who->clients, client);
	struct wire_slice name = trace_clients_service_name(report->who->clients, known->service);
	char text[40];
	bool is_named = cli_who_client(report->who, client)->name.len > 0;
	snprintf(text, sizeof text, "(no name)#%" PRIu64, known->conn);
	cli_table_add(report->table, is_named ? CLI_PLAIN : CLI_DIM, is_named ? name : wire_slice_str(text));
}

/* "go 1.37.0" */
static void put_library(struct report *report, const struct wire_client *client)
{
	char text[100];
	int len = snprintf(text, sizeof text, "%.*s %.*s", (int)client->lang.len,
			   client->lang.len ? client->lang.data : "", (int)client->version.len,
			   client->version.len ? client->version.data : "");
	put(report, client->lang.len
			? wire_slice(text, (size_t)len < sizeof text ? (size_t)len : sizeof text - 1)
			: WIRE_LITERAL(""));
}

/* ---- tables ---- */

static const struct cli_table_column client_columns[] = {
    {.heading = "client"},
    {.heading = "address", .is_clipped = true},
    {.heading = "library", .is_clipped = true},
    {.heading = "user", .is_clipped = true},
    {.heading = "since"},
    {.heading = "subs", .is_right = true},
    {.heading = "sent", .is_right = true},
    {.heading = "received", .is_right = true},
    {.heading = "last"},
};

static void put_client_row(struct report *report, uint32_t number)
{
	const struct trace_present_client *here = &report->who->result->clients[number];
	const struct wire_client *client = cli_who_client(report->who, number);
	put_client(report, number);
	put(report, client->address);
	put_library(report, client);
	put(report, client->user);
	put_time(report, here->since_ns);
	put_count(report, here->subscriptions);
	put_count(report, here->published);
	put_count(report, here->received);
	if (here->published + here->received > 0)
		put_time(report, here->last_ns);
	else
		put(report, WIRE_LITERAL(""));
}

static const struct cli_table_column subscription_columns[] = {
    {.heading = "subscription", .is_clipped = true},
    {.heading = "queue", .is_clipped = true},
    {.heading = "client"},
    {.heading = "address", .is_clipped = true},
    {.heading = "since"},
    {.heading = "received", .is_right = true},
    {.heading = "last"},
};

static void put_subscription_row(struct report *report, uint32_t number)
{
	const struct trace_present_subscription *here = &report->who->result->subscriptions[number];
	const struct trace_names *names = &report->who->result->names;
	if (here->is_recorded)
		put(report, trace_names_text(names, here->subject));
	else
		cli_table_add(report->table, CLI_DIM, WIRE_LITERAL("(not recorded)"));
	put(report, trace_names_text(names, here->queue));
	put_client(report, here->client);
	put(report, cli_who_client(report->who, here->client)->address);
	put_time(report, here->since_ns);
	put_count(report, here->received);
	if (here->received > 0)
		put_time(report, here->last_ns);
	else
		put(report, WIRE_LITERAL(""));
}

/* ---- the head ---- */

static void put_subject_head(struct report *report, const char *at)
{
	const struct cli_who *who = report->who;
	char plain[EXPORT_SIZE_TEXT], groups[EXPORT_SIZE_TEXT];
	cli_row_put(report->row, CLI_BOLD, who->asked, CLI_ROW_ENDLESS);
	if (who->rows_len == 0)
		cli_row_text(report->row, CLI_YELLOW, ": nobody is known to be subscribed");
	else
		cli_row_format(report->row, CLI_PLAIN, ": %s subscription%s, %s queue group%s",
			       export_count_text(plain, who->plain), export_plural(who->plain),
			       export_count_text(groups, who->groups), export_plural(who->groups));
	cli_row_format(report->row, CLI_PLAIN, " at %s", at);
	cli_row_end(report->row);
}

static void put_note(struct report *report, const char *note)
{
	cli_row_text(report->row, CLI_YELLOW, note);
	cli_row_end(report->row);
}

static void put_moment_note(struct report *report, const char *before, int64_t ns, const char *after)
{
	char time[EXPORT_TIME_TEXT], note[EXPORT_TIME_TEXT + 80];
	export_clock_text(&report->clock, ns, EXPORT_TIME_SECOND, time);
	snprintf(note, sizeof note, "%s at %s%s", before, time, after);
	put_note(report, note);
}

/* Say why nobody may be there: the recording was stopped, or everybody has left. */
static void put_absence(struct report *report)
{
	const struct trace_presence_result *result = report->who->result;
	static const char hint[] = "; --at TIME shows an earlier moment";
	if (report->who->is_after_end)
		put_moment_note(report, "the log ends", result->last_ns, "");
	if (result->stopped_ns != TRACE_PRESENCE_BEFORE)
		put_moment_note(report, "the recording stopped", result->stopped_ns, hint);
	else if (result->here == 0 && result->last_left_ns != TRACE_PRESENCE_BEFORE)
		put_moment_note(report, "the last client left", result->last_left_ns, hint);
}

static void put_head(struct report *report)
{
	const struct cli_who *who = report->who;
	char at[EXPORT_TIME_TEXT], count[EXPORT_SIZE_TEXT];
	export_clock_text(&report->clock, who->at_ns, EXPORT_TIME_SECOND, at);
	if (who->asked.len > 0)
		put_subject_head(report, at);
	else {
		cli_row_format(report->row, CLI_BOLD, "%s client%s at %s",
			       export_count_text(count, who->rows_len), export_plural(who->rows_len), at);
		cli_row_end(report->row);
	}
	if (who->asked.len > 0 && who->result->subscribes == 0)
		put_note(report,
			 "subscriptions were not recorded: only clients that got a message are known");
	put_absence(report);
	if (who->result->left_out > 0)
		put_note(report, "memory was short: there may be more (--memory)");
}

int cli_who_text(struct cli_row *row, const struct cli_who *who)
{
	bool of_subject = who->asked.len > 0;
	struct report report = {.who = who, .row = row, .clock = {.utc = who->utc}};
	report.table = of_subject
			   ? cli_table_open(subscription_columns,
					    sizeof subscription_columns / sizeof *subscription_columns)
			   : cli_table_open(client_columns, sizeof client_columns / sizeof *client_columns);
	if (!report.table)
		return -ENOMEM;
	put_head(&report);
	for (size_t i = 0; i < who->rows_len; i++)
		(of_subject ? put_subscription_row : put_client_row)(&report, who->rows[i]);
	int error = who->rows_len > 0 ? cli_table_print(report.table, row) : 0;
	cli_table_close(report.table);
	return error;
}
