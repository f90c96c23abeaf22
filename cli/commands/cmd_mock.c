/* cmd_mock.c - tapedeck mock: stand in for a recorded service. */
#include <errno.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/commands/interrupt.h"
#include "cli/options/connection.h"
#include "cli/options/filters.h"
#include "cli/options/joining.h"
#include "cli/options/logs.h"
#include "cli/options/replay_values.h"
#include "cli/output/color.h"
#include "cli/output/errors.h"
#include "cli/output/mock_report.h"
#include "export/text/sizes.h"
#include "net/client/client.h"
#include "replay/mock/index_read.h"
#include "wire/subject.h"

struct settings {
	struct cli_filters filters;
	struct cli_connection connection;
	struct cli_replay_plan pacing;
	const char *service, *queue, *name;
	struct cli_list subjects;
	int on_miss; /* enum replay_mock_on_miss */
	uint64_t limit, memory;
	bool exact, json, no_join;
	int color; /* enum cli_color_choice */
};

#define AT(member) offsetof(struct settings, member)

static const struct cli_option service[] = {
    {.name = "service",
     .kind = CLI_TEXT,
     .argument = "SERVICE",
     .help = "mock the recorded client of this name; all clients of the name are one service",
     .at = AT(service)},
    {.name = "subjects",
     .kind = CLI_LIST,
     .argument = "SUBJECT",
     .help = "answer requests on these subjects, whoever replied to them when they were recorded; with "
	     "--service, only what that service answered; may be repeated",
     .at = AT(subjects)},
    {.name = "queue",
     .kind = CLI_TEXT,
     .argument = "GROUP",
     .help = "subscribe in this queue group instead of the recorded one; '' = without a queue group",
     .at = AT(queue)},
    {.name = "memory",
     .kind = CLI_BYTES,
     .argument = "SIZE",
     .help = "memory for the recorded replies; default 256MiB",
     .at = AT(memory)},
    {.name = "name",
     .kind = CLI_TEXT,
     .argument = "NAME",
     .help = "name of the connection; default: that of the service",
     .at = AT(name)},
    {.name = NULL},
};

static const struct cli_option answering[] = {
    {.name = "speed",
     .kind = CLI_CALL,
     .argument = "FACTOR",
     .help = "reply FACTOR times as fast as recorded: 2x, 0.5x, or at once: max; default 1x",
     .at = AT(pacing),
     .call = cli_replay_speed},
    {.name = "exact",
     .kind = CLI_FLAG,
     .help = "answer only requests that equal a recorded one: subject, payload and headers (in any order); "
	     "all others are missed",
     .at = AT(exact)},
    {.name = "on-miss",
     .kind = CLI_CHOICE,
     .argument = "no-responders|silent|last",
     .help = "for a request without a recorded reply: send \"no responders\" (default), send nothing, or "
	     "repeat the last reply on its subject",
     .at = AT(on_miss)},
    {.name = "limit",
     .letter = 'n',
     .kind = CLI_COUNT,
     .argument = "N",
     .help = "end after N requests",
     .min = 1,
     .at = AT(limit)},
    {.name = NULL},
};

static const struct cli_option output[] = {
    {.name = "json",
     .kind = CLI_FLAG,
     .help = "print the report as one JSON object; keys: docs/mocking.md",
     .at = AT(json)},
    {.name = NULL},
};

static const struct cli_option_group groups[] = {
    {"Which service", service, 0},
    {"Answering", answering, 0},
    {"Which part of the log", cli_filter_options, AT(filters)},
    {"Which part of the log", cli_seq_options, AT(filters)},
    {"Which part of the log", cli_joining_options, AT(no_join)},
    {"Connecting", cli_connection_options, AT(connection)},
    {"Output", output, 0},
    {"Output", cli_color_options, AT(color)},
    {0},
};

struct session {
	const struct cli_command *command;
	const struct settings *settings;
	struct store_filter *filter;
	struct replay_mock_index *index;
	int interrupt_fd;
};

/* ---- reading the log ---- */

static void report_damage(const struct session *session, const struct store_merge *logs)
{
	struct wire_damage damage;
	char text[EXPORT_SIZE_TEXT];

	store_merge_damage(logs, &damage);
	if (cli_log_has_unread(&damage))
		cli_error(
		    session->command,
		    "%s events of the log are damaged or were deleted before they could be read: requests "
		    "and replies among them are unknown",
		    export_count_text(text, damage.events + damage.deleted_events));
}

static void report_incomplete(const struct session *session)
{
	uint64_t count = replay_mock_index_incomplete(session->index);
	char text[EXPORT_SIZE_TEXT];

	if (count > 0)
		cli_error(session->command,
			  "%s replies were not recorded whole: only the recorded part of each is sent",
			  export_count_text(text, count));
}

static int index_error(const struct session *session, const struct wire_fault *fault)
{
	if (fault->code != -ENOENT)
		return cli_log_error(session->command, fault);
	cli_error(session->command, "%s", fault->text);
	return CLI_FOUND;
}

static int build_index(struct session *session, struct store_merge *logs)
{
	const struct replay_mock_choice choice = {.service = session->settings->service,
						  .subjects = session->settings->subjects.values,
						  .queue = session->settings->queue,
						  .exact = session->settings->exact,
						  .memory_bytes = session->settings->memory};
	struct wire_fault fault;

	if (replay_mock_index_read(&session->index, store_merge_source(logs), &choice, &fault) != 0)
		return index_error(session, &fault);
	report_damage(session, logs);
	report_incomplete(session);
	return CLI_GO_ON;
}

static int read_logs(struct session *session, const struct cli_operands *paths)
{
	const struct store_reader_options options = {
	    .filter = session->filter, .payloads = true, .in_time_order = true, .steady = true};
	struct store_merge *logs;
	struct wire_fault fault;

	if (cli_joining_open(&logs, paths, &options, session->settings->no_join, &fault) != 0)
		return index_error(session, &fault);
	int status = build_index(session, logs);
	cli_joining_report(session->command, logs, paths);
	store_merge_close(logs);
	return status;
}

/* ---- answering ---- */

static void report_ready(const struct session *session)
{
	char requests[EXPORT_SIZE_TEXT], replies[EXPORT_SIZE_TEXT];
	size_t subscriptions;

	replay_mock_index_subscriptions(session->index, &subscriptions);
	cli_error(session->command,
		  "ready: %s recorded requests with %s replies, %zu subscription%s; Ctrl-C ends",
		  export_count_text(requests, replay_mock_index_conversations(session->index)),
		  export_count_text(replies, replay_mock_index_replies(session->index)), subscriptions,
		  subscriptions == 1 ? "" : "s");
}

static void print_report(const struct session *session, struct replay_mock *mock, struct export_out *out)
{
	const struct cli_mock_totals recorded = {.conversations =
						     replay_mock_index_conversations(session->index),
						 .replies = replay_mock_index_replies(session->index)};
	size_t columns = cli_terminal_columns(STDOUT_FILENO);
	struct cli_row row = {
	    .out = out,
	    .color = cli_color_wanted((enum cli_color_choice)session->settings->color, STDOUT_FILENO),
	    .columns = columns ? columns : CLI_ROW_ENDLESS};
	struct replay_mock_report report;

	replay_mock_get_report(mock, &report);
	if (session->settings->json)
		cli_mock_report_json(out, &report, &recorded);
	else
		cli_mock_report_text(&row, &report);
}

static bool is_success(const struct replay_mock_report *report)
{
	return report->total.requests[REPLAY_MOCK_MISS] == 0 && report->failed == 0 &&
	       report->overflowed == 0 && report->not_permitted == 0;
}

static int report(const struct session *session, struct replay_mock *mock)
{
	struct replay_mock_report counts;
	struct export_out out;

	if (export_out_init(&out, STDOUT_FILENO) != 0) {
		cli_error(session->command, "out of memory");
		return CLI_IO;
	}
	print_report(session, mock, &out);
	int error = export_out_flush(&out);
	export_out_fini(&out);
	int status = cli_write_status(session->command, error);
	if (status != CLI_DONE)
		return status;
	replay_mock_get_report(mock, &counts);
	return is_success(&counts) ? CLI_DONE : CLI_FOUND;
}

static int answer(struct session *session, struct net_client_target *target)
{
	const struct settings *settings = session->settings;
	const bool at_once = settings->pacing.plan.pacing == REPLAY_FASTEST;
	const struct replay_mock_options options = {
	    .target = target,
	    .name = settings->name      ? settings->name
		    : settings->service ? settings->service
					: "tapedeck mock",
	    .speed = at_once                      ? 0
		     : settings->pacing.has_speed ? settings->pacing.plan.speed
						  : REPLAY_SPEED_ONE,
	    .on_miss = (enum replay_mock_on_miss)settings->on_miss,
	    .limit = settings->limit,
	    .stop_fd = session->interrupt_fd,
	};
	struct replay_mock *mock;
	struct wire_fault fault;

	if (replay_mock_open(&mock, session->index, &options, &fault) != 0)
		return cli_connection_error(session->command, &fault);
	report_ready(session);
	int error = replay_mock_run(mock, &fault);
	int status = report(session, mock);
	if (error != 0)
		status = cli_connection_error(session->command, &fault);
	replay_mock_close(mock);
	return status;
}

static int connect_and_answer(struct session *session)
{
	struct net_client_target *target;
	int status = cli_connection_build(session->command, &session->settings->connection, &target);

	if (status != CLI_GO_ON)
		return status;
	status = answer(session, target);
	net_client_target_close(target);
	net_client_end_threads();
	return status;
}

/* ---- the command ---- */

static int run_session(struct session *session, const struct cli_operands *logs)
{
	int status;

	session->interrupt_fd = cli_interrupt_open();
	if (session->interrupt_fd < 0) {
		cli_error(session->command, "cannot handle signals: %s",
			  wire_error_text(session->interrupt_fd));
		return CLI_IO;
	}
	status = read_logs(session, logs);
	if (status == CLI_GO_ON)
		status = connect_and_answer(session);
	replay_mock_index_close(session->index);
	close(session->interrupt_fd);
	return status;
}

static int check(const struct cli_command *command, const struct settings *settings,
		 const struct cli_operands *subjects)
{
	if (!settings->service && settings->subjects.len == 0)
		return cli_usage_error(command,
				       "which service? Give --service SERVICE or --subjects SUBJECT");
	for (size_t i = 0; i < settings->subjects.len; i++)
		if (!wire_subject_is_valid(wire_slice_str(settings->subjects.values[i])))
			return cli_usage_error(command, "--subjects: \"%s\" is not a subject",
					       settings->subjects.values[i]);
	if (subjects->len > 0)
		return cli_usage_error(
		    command, "there is no log \"%s\"; give the subjects of requests with --subjects",
		    subjects->values[0]);
	return CLI_GO_ON;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct settings settings = {0};
	struct session session = {.command = command, .settings = &settings};
	struct cli_operands operands, logs, subjects;
	int status;

	cli_connection_init(&settings.connection);
	status = cli_options_parse(command, argc, argv, &settings, &operands);
	if (status == CLI_GO_ON)
		status = cli_logs_split(command, &operands, false, &logs, &subjects);
	if (status == CLI_GO_ON)
		status = check(command, &settings, &subjects);
	if (status == CLI_GO_ON)
		status = cli_filters_build(command, &settings.filters, &subjects, &session.filter);
	if (status == CLI_GO_ON)
		status = run_session(&session, &logs);
	store_filter_close(session.filter);
	cli_list_fini(&settings.subjects);
	cli_filters_fini(&settings.filters);
	return status;
}

const struct cli_command cli_mock = {
    .name = "mock",
    .summary = "stand in for a recorded service: answer with its recorded replies",
    .group = CLI_TASK_PLAY,
    .operands = "LOG... --service SERVICE | --subjects SUBJECT",
    .about =
	"Subscribes as a recorded service did, in its queue group, and answers live requests as it did:\n"
	"\n"
	"  exact     When a request with the same subject and payload was recorded, send its replies. When "
	"several were recorded, use the next one each time, and then repeat the last one.\n"
	"  in order  Otherwise send the replies to the next request on the subject that was not used yet.\n"
	"  missed    Otherwise do what --on-miss says.\n"
	"\n"
	"With --exact there is no second step, and headers are compared, too. Replies are sent with their "
	"headers after the recorded delay (--speed). At the end a report counts the requests and lists those "
	"that were missed; the exit status is 1 when there are any.",
    .examples = "  tapedeck mock log --service stock\n"
		"  tapedeck mock log --subjects 'stock.*' --speed max -s nats://test:4222\n"
		"  tapedeck mock log --service stock --since 03:12 -n 1000 --json | jq .unknown",
    .options = groups,
    .run = run,
};
