/* cmd_diff.c - tapedeck diff: compare the messages of two logs. */
#include <errno.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/commands/interrupt.h"
#include "cli/commands/replay_input.h"
#include "cli/options/decoding.h"
#include "cli/options/filters.h"
#include "cli/options/joining.h"
#include "cli/options/logs.h"
#include "cli/options/replay_values.h"
#include "cli/output/color.h"
#include "cli/output/diff_json.h"
#include "cli/output/diff_text.h"
#include "cli/output/errors.h"
#include "cli/output/screen.h"
#include "export/text/sizes.h"

struct settings {
	struct cli_filters filters;
	struct cli_list inboxes, ignore_headers, ignores;
	int compare; /* 0 bytes, 1 JSON */
	int replies; /* enum replay_diff_replies */
	int order;   /* enum replay_diff_order */
	bool deliveries, ignore_receivers, json, no_pager, quiet, no_join;
	double slower;
	int window;
	uint64_t memory, limit, top;
	int color; /* enum cli_color_choice */
	struct cli_decoding decoding;
};

#define AT(member) offsetof(struct settings, member)

static const struct cli_option comparing[] = {
    {.name = "order",
     .kind = CLI_CHOICE,
     .argument = "subject|publisher|none",
     .help = "which messages must be in the same order: those of a publisher on a subject (default), all "
	     "of a publisher, or none",
     .at = AT(order)},
    {.name = "replies",
     .kind = CLI_CHOICE,
     .argument = "fold|exact|ignore",
     .help =
	 "reply subjects: all inboxes are equal (default), compare them as they are, or do not compare them",
     .at = AT(replies)},
    {.name = "inbox",
     .kind = CLI_LIST,
     .argument = "SUBJECT",
     .help = "subjects that match this are inboxes, too, besides _INBOX.>; may be repeated",
     .at = AT(inboxes)},
    {.name = "ignore-header",
     .kind = CLI_LIST,
     .argument = "KEY",
     .help = "do not compare this header; may be repeated",
     .at = AT(ignore_headers)},
    {.name = "compare",
     .kind = CLI_CHOICE,
     .argument = "bytes|json",
     .help = "compare payloads byte by byte (default), or as JSON where they are JSON",
     .at = AT(compare)},
    {.name = "ignore",
     .kind = CLI_LIST,
     .argument = "PATH",
     .help = "compare as JSON without this: $.id, $.items[*].at, $..id; may be repeated",
     .at = AT(ignores)},
    {.name = "deliveries",
     .kind = CLI_FLAG,
     .help = "compare the receivers of each message where both logs know them (default)",
     .at = AT(deliveries)},
    {.name = "ignore-receivers",
     .kind = CLI_FLAG,
     .help = "do not compare receivers",
     .at = AT(ignore_receivers)},
    {.name = "slower",
     .kind = CLI_CALL,
     .argument = "FACTOR",
     .help =
	 "report a subject when the median latency of its replies in B is more than FACTOR times that in A; "
	 "for example 2x",
     .at = AT(slower),
     .call = cli_replay_factor},
    {.name = "window",
     .kind = CLI_INT,
     .argument = "N",
     .help =
	 "give up a message without a counterpart after N later ones have found theirs; default 65536, at "
	 "most 1048576",
     .at = AT(window),
     .min = 1,
     .max = REPLAY_DIFF_WINDOW_MAX},
    {.name = "memory",
     .kind = CLI_BYTES,
     .argument = "SIZE",
     .help = "memory for messages that wait for their counterparts; default 256MiB",
     .at = AT(memory)},
    {.name = NULL},
};

static const struct cli_option output[] = {
    {.name = "limit",
     .letter = 'n',
     .kind = CLI_COUNT,
     .argument = "N",
     .help = "print the first N differences and count the others; default 20, with --json all",
     .at = AT(limit)},
    {.name = "top",
     .kind = CLI_COUNT,
     .argument = "N",
     .help = "rows in each table; default 20",
     .at = AT(top)},
    {.name = "json",
     .kind = CLI_FLAG,
     .help = "print one JSON object per difference, and one for the result; keys: docs/diff.md",
     .at = AT(json)},
    {.name = NULL},
};

static const struct cli_option_group groups[] = {
    {"Comparing", comparing, 0},
    {"Output", output, 0},
    {"Output", cli_decoding_options, AT(decoding)},
    {"Output", cli_color_options, AT(color)},
    {"Output", cli_pager_options, AT(no_pager)},
    {"Output", cli_quiet_options, AT(quiet)},
    {"Which messages", cli_filter_options, AT(filters)},
    {"Which messages", cli_seq_options, AT(filters)},
    {"Which messages", cli_joining_options, AT(no_join)},
    {0},
};

struct session {
	const struct cli_command *command;
	const struct settings *settings;
	struct cli_operands sides[REPLAY_SIDES]; /* owned; the logs of each */
	struct store_merge *logs[REPLAY_SIDES];
	struct cli_replay_span spans[REPLAY_SIDES]; /* of messages */
	struct replay_compare *payloads;
	struct export_out out;
	struct cli_screen screen;
	struct export_headers *scratch;
	struct cli_diff_text text;
	struct cli_diff_json json;
	int interrupt_fd;
	uint64_t shown; /* differences */
};

static void report_difference(void *context, const struct replay_difference *difference)
{
	struct session *session = context;

	if (session->shown == session->settings->limit)
		return;
	session->shown++;
	if (session->settings->json)
		cli_diff_json_difference(&session->json, difference);
	else
		cli_diff_text_difference(&session->text, difference);
}

static bool should_stop(void *context)
{
	struct session *session = context;

	return cli_interrupt_seen(session->interrupt_fd) || session->out.error != 0;
}

/* The logs overlap in time: they are recordings of the same traffic. Otherwise one is assumed to be a replay of the
 * other. */
static bool overlap(const struct session *session)
{
	return session->spans[REPLAY_A].first_ns <= session->spans[REPLAY_B].last_ns &&
	       session->spans[REPLAY_B].first_ns <= session->spans[REPLAY_A].last_ns;
}

/* The receivers must be the same clients for the same traffic; in a replay they differ. */
static enum replay_diff_receivers receivers_option(const struct session *session)
{
	if (session->settings->ignore_receivers)
		return REPLAY_RECEIVERS_IGNORE;
	return overlap(session) ? REPLAY_RECEIVERS_EACH : REPLAY_RECEIVERS_COUNT;
}

static struct replay_diff_options diff_options(struct session *session)
{
	const struct settings *settings = session->settings;

	return (struct replay_diff_options){
	    .replies = (enum replay_diff_replies)settings->replies,
	    .order = (enum replay_diff_order)settings->order,
	    .inboxes = {.patterns = settings->inboxes.values},
	    .ignore_headers = settings->ignore_headers.values,
	    .compare = session->payloads,
	    .receivers = receivers_option(session),
	    .slower = settings->slower,
	    .same_clock = overlap(session),
	    .window = (uint64_t)settings->window,
	    .memory_bytes = settings->memory,
	    .stop = should_stop,
	    .context = session,
	};
}

static int report_damage(const struct session *session)
{
	int status = CLI_DONE;

	for (int side = 0; side < REPLAY_SIDES; side++) {
		struct wire_damage damage;

		store_merge_damage(session->logs[side], &damage);
		if (!session->settings->quiet)
			cli_joining_report(session->command, session->logs[side], &session->sides[side]);
		if (cli_log_report_unread(session->command, session->text.logs[side], &damage) != CLI_DONE)
			status = CLI_FOUND;
	}
	return status;
}

static void report_memory(const struct session *session, const struct replay_diff_summary *summary)
{
	char text[EXPORT_SIZE_TEXT];

	if (summary->short_of_memory > 0)
		cli_error(session->command,
			  "%s messages were given up early because memory was short: messages that are in "
			  "both logs may "
			  "be reported as missing and extra; raise --memory, or select fewer with SUBJECT or "
			  "--since",
			  export_count_text(text, summary->short_of_memory));
}

static int report_summary(struct session *session, struct replay_diff *diff)
{
	struct replay_diff_summary summary;

	if (replay_diff_sum_up(diff, &summary) != 0) {
		cli_error(session->command, "out of memory");
		return CLI_IO;
	}
	if (session->settings->json)
		cli_diff_json_summary(&session->json, &summary);
	else
		cli_diff_text_summary(&session->text, &summary, session->shown);
	int error = export_out_flush(&session->out);
	cli_screen_end(&session->screen);
	report_memory(session, &summary);
	if (!session->settings->quiet)
		cli_decoding_report(&session->settings->decoding, session->command);
	int damage = report_damage(session);
	int status = cli_write_status(session->command, error);
	if (status != CLI_DONE)
		return status;
	return replay_diff_differences(&summary.total) > 0 ? CLI_FOUND : damage;
}

static int compare(struct session *session)
{
	const struct replay_diff_options options = diff_options(session);
	struct replay_diff *diff = replay_diff_open(&options);
	struct wire_fault fault = {.code = -ENOMEM, .text = "out of memory"};
	int status = -ENOMEM;

	if (diff)
		status = replay_diff_run(diff, store_merge_source(session->logs[REPLAY_A]),
					 store_merge_source(session->logs[REPLAY_B]), report_difference,
					 session, &fault);
	cli_progress_yield(&session->screen.progress);
	status = status == 0 ? report_summary(session, diff) : cli_log_error(session->command, &fault);
	replay_diff_close(diff);
	return status;
}

static int find_span(struct session *session, int side, struct store_filter *filter)
{
	struct cli_replay_input input = {.logs = session->sides[side],
					 .filter = filter,
					 .no_join = session->settings->no_join,
					 .from_ns = INT64_MIN};
	struct wire_fault fault;
	int status = cli_replay_input_span(&input, &session->spans[side], &fault);

	if (status < 0)
		return cli_log_error(session->command, &fault);
	if (status == 0)
		session->spans[side] = (struct cli_replay_span){INT64_MAX, INT64_MIN, INT64_MAX};
	return CLI_GO_ON;
}

static int open_log(struct session *session, int side, const struct store_filter *filter)
{
	const struct store_reader_options options = {.filter = filter,
						     .payloads = true,
						     .in_time_order = true,
						     .steady = true,
						     .progress = &session->screen.progress.base};
	struct wire_fault fault;

	return cli_joining_open(&session->logs[side], &session->sides[side], &options,
				session->settings->no_join, &fault) == 0
		   ? CLI_GO_ON
		   : cli_log_error(session->command, &fault);
}

/* Each side has a filter of its own, because a filter serves one reader at a time. */
static int compare_logs(struct session *session, const struct cli_operands *subjects)
{
	struct store_filter *filters[REPLAY_SIDES] = {0};
	struct cli_filters chosen = session->settings->filters;
	int status = CLI_GO_ON;

	for (int side = 0; side < REPLAY_SIDES && status == CLI_GO_ON; side++) {
		status = cli_filters_build(session->command, &chosen, subjects, &filters[side]);
		chosen.is_reported = true;
		if (status == CLI_GO_ON)
			status = find_span(session, side, filters[side]);
		if (status == CLI_GO_ON)
			status = open_log(session, side, filters[side]);
	}
	if (status == CLI_GO_ON)
		status = compare(session);
	for (int side = 0; side < REPLAY_SIDES; side++) {
		store_merge_close(session->logs[side]);
		store_filter_close(filters[side]);
	}
	return status;
}

static int open_output(struct session *session, const struct cli_operands *logs)
{
	const struct settings *settings = session->settings;
	size_t columns = cli_terminal_columns(STDOUT_FILENO);

	session->interrupt_fd = cli_interrupt_open();
	session->scratch = export_headers_open();
	if (cli_log_list_open(&session->sides[REPLAY_A], logs->values[REPLAY_A]) != 0 ||
	    cli_log_list_open(&session->sides[REPLAY_B], logs->values[REPLAY_B]) != 0 ||
	    export_out_init(&session->out, STDOUT_FILENO) != 0 || !session->scratch ||
	    session->interrupt_fd < 0) {
		cli_error(session->command, "cannot start: out of memory or of file descriptors");
		return CLI_IO;
	}
	cli_screen_init(&session->screen, settings->no_pager, settings->quiet, logs);
	cli_screen_attach(&session->screen, &session->out);
	session->text = (struct cli_diff_text){
	    .row = {.out = &session->out,
		    .color = cli_color_wanted((enum cli_color_choice)settings->color, STDOUT_FILENO),
		    .columns = columns ? columns : CLI_ROW_ENDLESS},
	    .clock = {.utc = settings->filters.utc},
	    .logs = {logs->values[0], logs->values[1]},
	    .top = settings->top,
	    .decoder = settings->decoding.decoder};
	session->json = (struct cli_diff_json){.out = &session->out,
					       .clock = {.utc = true},
					       .scratch = session->scratch,
					       .logs = {logs->values[0], logs->values[1]},
					       .decoder = settings->decoding.decoder};
	cli_decoding_begin(&settings->decoding, session->command);
	return CLI_GO_ON;
}

static void close_output(struct session *session)
{
	for (int side = 0; side < REPLAY_SIDES; side++)
		cli_log_list_close(&session->sides[side]);
	export_out_fini(&session->out);
	export_headers_close(session->scratch);
	if (session->interrupt_fd >= 0)
		close(session->interrupt_fd);
}

static int check_logs(const struct cli_command *command, const struct cli_operands *logs,
		      const struct cli_operands *subjects)
{
	if (logs->len == 2)
		return CLI_GO_ON;
	if (logs->len > 2)
		return cli_usage_error(command, "compares two logs, not %d", logs->len);
	if (subjects->len > 0)
		return cli_usage_error(command, "there is no log \"%s\" to compare \"%s\" with",
				       subjects->values[0], logs->values[0]);
	return cli_usage_error(command, "which log is to be compared with \"%s\"?", logs->values[0]);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct settings settings = {.limit = UINT64_MAX, .top = 20};
	struct session session = {.command = command, .settings = &settings, .interrupt_fd = -1};
	struct cli_operands operands, logs, subjects;
	int status = cli_options_parse(command, argc, argv, &settings, &operands);

	if (status == CLI_GO_ON)
		status = cli_logs_split_lists(command, &operands, &logs, &subjects);
	if (status == CLI_GO_ON)
		status = check_logs(command, &logs, &subjects);
	if (status == CLI_GO_ON && settings.deliveries && settings.ignore_receivers)
		status =
		    cli_usage_error(command, "--deliveries and --ignore-receivers contradict each other");
	if (status == CLI_GO_ON && settings.limit == UINT64_MAX && !settings.json)
		settings.limit = 20;
	if (status == CLI_GO_ON)
		status =
		    cli_replay_compare(command, settings.compare == 1, &settings.ignores, &session.payloads);
	if (status == CLI_GO_ON) {
		status = open_output(&session, &logs);
		if (status == CLI_GO_ON)
			status = compare_logs(&session, &subjects);
		close_output(&session);
	}
	replay_compare_close(session.payloads);
	cli_list_fini(&settings.inboxes);
	cli_list_fini(&settings.ignores);
	cli_list_fini(&settings.ignore_headers);
	cli_filters_fini(&settings.filters);
	cli_decoding_fini(&settings.decoding);
	return status;
}

const struct cli_command cli_diff = {
    .name = "diff",
    .summary = "compare two logs: missing, extra, changed, reordered, slower",
    .group = CLI_TASK_READ,
    .operands = "A B [SUBJECT...]",
    .about =
	"Compares the messages of two logs, A and B: the same traffic recorded twice, or a recording and "
	"its replay. The messages on each subject must be the same: headers, payload, receivers, and the "
	"order in which each publisher sent them. Times, connection numbers and the names of inboxes may "
	"differ, and messages of different publishers and subjects may interleave differently. Receivers "
	"are compared where both logs know all of them. A and B may each be several logs with commas "
	"between them; those of a cluster's servers are read as one.\n"
	"\n"
	"Two things are not differences: a message that may be lost in a gap of the other log, which is "
	"reported as unverifiable, and one that was masked when it was recorded.\n"
	"\n"
	"The exit status is 0 when the logs are equal, 1 when they differ or one is damaged.",
    .examples = "  tapedeck diff log replayed                    was the replay the same?\n"
		"  tapedeck diff node-1,node-2,node-3 replayed   a cluster and its replay\n"
		"  tapedeck diff log replayed 'orders.>' -n 100 --order publisher\n"
		"  tapedeck diff monday tuesday --ignore-header Trace-Id --ignore '$.at'\n"
		"  tapedeck diff a b --json | jq 'select(.difference == \"missing\").a.subject'",
    .options = groups,
    .run = run,
};
