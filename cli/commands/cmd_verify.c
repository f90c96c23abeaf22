/* cmd_verify.c - tapedeck verify: check every checksum and every sequence number. */
#include <stdio.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/options/logs.h"
#include "cli/output/color.h"
#include "cli/output/errors.h"
#include "cli/output/row.h"
#include "export/text/json.h"
#include "export/text/sizes.h"
#include "store/care/verify.h"

struct settings {
	bool repair, json, quiet;
	int color; /* enum cli_color_choice */
};

#define AT(member) offsetof(struct settings, member)

static const struct cli_option options[] = {
    {.name = "repair",
     .kind = CLI_FLAG,
     .help =
	 "cut torn ends, rebuild footers, and replace damaged blocks, unreadable files and missing segments "
	 "by gap events; the originals are kept beside them as .torn or .damaged; no recorder may be using "
	 "the log",
     .at = AT(repair)},
    {.name = NULL},
};

static const struct cli_option_group groups[] = {
    {"Options", options, 0},
    {"Options", cli_log_json_options, AT(json)},
    {"Options", cli_color_options, AT(color)},
    {"Options", cli_quiet_options, AT(quiet)},
    {0},
};

struct session {
	const struct cli_command *command;
	const struct settings *settings;
	struct export_out out;
	struct cli_screen screen;
	struct export_json json;
	bool color;
};

static void finding(void *context, const char *line)
{
	struct session *session = context;
	struct cli_row row = {.out = &session->out, .color = session->color, .columns = CLI_ROW_ENDLESS};

	if (session->settings->json) {
		export_json_string(&session->json, NULL, wire_slice_str(line));
		return;
	}
	cli_row_text(&row, CLI_RED, line);
	cli_row_end(&row);
	export_out_flush(&session->out);
}

static void put_counts(struct export_json *json, const struct store_verify_report *report)
{
	export_json_number(json, "segments", report->segments);
	export_json_number(json, "blocks", report->blocks);
	export_json_number(json, "events", report->events);
	export_json_number(json, "messages", report->messages);
	export_json_number(json, "bytes", report->bytes);
	export_json_number(json, "damaged_blocks", report->damaged_blocks);
	export_json_number(json, "missing_events", report->missing_events);
	export_json_number(json, "gaps", report->gaps);
	export_json_number(json, "gap_messages", report->gap_messages);
	export_json_number(json, "torn_bytes", report->torn_bytes);
	export_json_number(json, "open_segments", report->open_segments);
	export_json_number(json, "bad_footers", report->bad_footers);
	export_json_number(json, "repaired_segments", report->repaired_segments);
}

static void put_verdict(struct cli_row *row, const struct store_verify_report *report, int status)
{
	char count[EXPORT_SIZE_TEXT];

	if (status == 0 && report->repaired_segments > 0)
		cli_row_format(row, CLI_GREEN, "repaired %s segment%s",
			       export_count_text(count, report->repaired_segments),
			       export_plural(report->repaired_segments));
	else if (status == 0)
		cli_row_text(row, CLI_GREEN, "whole");
	else
		cli_row_text(row, CLI_ALARM, "damaged");
}

static void put_flaw(struct cli_row *row, const char *noun, uint64_t count)
{
	char text[EXPORT_SIZE_TEXT];

	if (count > 0)
		cli_row_format(row, CLI_RED, ", %s %s%s", export_count_text(text, count), noun,
			       export_plural(count));
}

/* Print facts worth knowing that are not damage, one per line. */
static void put_remarks(struct cli_row *row, const struct store_verify_report *report)
{
	char text[EXPORT_SIZE_TEXT], more[EXPORT_SIZE_TEXT];

	if (report->gaps > 0) {
		cli_row_format(row, CLI_YELLOW, "  %s known gap%s, not damage: %s message%s not in the log",
			       export_count_text(text, report->gaps), export_plural(report->gaps),
			       export_count_text(more, report->gap_messages),
			       export_plural(report->gap_messages));
		cli_row_end(row);
	}
	if (report->open_segments > 0) {
		cli_row_format(row, CLI_DIM, "  %s open segment%s: being written, or left by a crash",
			       export_count_text(text, report->open_segments),
			       export_plural(report->open_segments));
		if (report->torn_bytes > 0)
			cli_row_format(row, CLI_DIM, "; %s at the end %s not complete yet",
				       export_size_text(text, report->torn_bytes),
				       report->torn_bytes == 1 ? "is" : "are");
		cli_row_end(row);
	}
}

static void put_text(struct session *session, const char *log, const struct store_verify_report *report,
		     int status)
{
	struct cli_row row = {.out = &session->out, .color = session->color, .columns = CLI_ROW_ENDLESS};
	char segments[EXPORT_SIZE_TEXT], blocks[EXPORT_SIZE_TEXT], events[EXPORT_SIZE_TEXT],
	    size[EXPORT_SIZE_TEXT];

	cli_row_format(&row, CLI_BOLD, "%s: ", log);
	put_verdict(&row, report, status);
	cli_row_format(&row, CLI_PLAIN, "; %s segment%s, %s block%s, %s event%s, %s",
		       export_count_text(segments, report->segments), export_plural(report->segments),
		       export_count_text(blocks, report->blocks), export_plural(report->blocks),
		       export_count_text(events, report->events), export_plural(report->events),
		       export_size_text(size, report->bytes));
	put_flaw(&row, "damaged block", report->damaged_blocks);
	put_flaw(&row, "missing event", report->missing_events);
	put_flaw(&row, "bad footer", report->bad_footers);
	cli_row_end(&row);
	put_remarks(&row, report);
}

static void begin_json(struct session *session, const char *log)
{
	session->json = (struct export_json){.out = &session->out};
	export_json_object(&session->json, NULL);
	export_json_bytes(&session->json, "log", wire_slice_str(log));
	export_json_array(&session->json, "findings");
}

static void end_json(struct session *session, const struct store_verify_report *report, int status,
		     const struct wire_fault *fault)
{
	export_json_array_end(&session->json);
	put_counts(&session->json, report);
	if (status < 0)
		export_json_string(&session->json, "error", wire_slice_str(fault->text));
	export_json_word(&session->json, "result",
			 status == 0  ? "whole"
			 : status > 0 ? "damaged"
				      : "unreadable",
			 status == 0  ? 5
			 : status > 0 ? 7
				      : 10);
	export_json_object_end(&session->json);
	export_out_char(&session->out, '\n');
}

static int verify_log(void *context, const char *log)
{
	struct session *session = context;
	struct store_verify_report report = {0};
	struct wire_fault fault = {0};

	if (session->settings->json)
		begin_json(session, log);
	int status = store_verify(log, session->settings->repair, &report, finding, session,
				  &session->screen.progress.base, &fault);
	if (session->settings->json)
		end_json(session, &report, status, &fault);
	else if (status >= 0)
		put_text(session, log, &report, status);
	export_out_flush(&session->out);
	if (status < 0)
		return cli_log_error(session->command, &fault);
	return status == 0 ? CLI_DONE : CLI_FOUND;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct settings settings = {0};
	struct cli_operands logs;
	int status = cli_logs_parse(command, argc, argv, &settings,
				    "verifying, which is about a log's checksums,", &logs);

	if (status != CLI_GO_ON)
		return status;
	struct session session = {.command = command,
				  .settings = &settings,
				  .color =
				      cli_color_wanted((enum cli_color_choice)settings.color, STDOUT_FILENO)};
	cli_screen_init(&session.screen, true, settings.quiet, &logs);
	return cli_logs_report(command, &logs, &session.out, &session.screen, verify_log, &session);
}

const struct cli_command cli_verify = {
    .name = "verify",
    .summary = "check every checksum and every sequence number",
    .group = CLI_TASK_CARE,
    .operands = "LOG...",
    .about =
	"Reads every byte of one or several logs, and reports what is damaged, where, and which sequence "
	"numbers are lost. The exit status is 1 when there is damage that was not repaired.\n"
	"\n"
	"The unfinished end of a log that is being written, or that a crash left, is not damage. Neither are "
	"gaps that the recorder reported.",
    .examples = "  tapedeck verify log\n"
		"  tapedeck verify --repair log     after a disk failure, without a recorder\n"
		"  tapedeck verify archive/* --json | jq -r 'select(.result != \"whole\") | .log'",
    .options = groups,
    .run = run,
};
