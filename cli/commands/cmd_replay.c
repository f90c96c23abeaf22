/* cmd_replay.c - tapedeck replay: publish a log again. */
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/commands/interrupt.h"
#include "cli/commands/replay_prepare.h"
#include "cli/commands/replay_terminal.h"
#include "cli/options/joining.h"
#include "cli/options/logs.h"
#include "cli/options/nothing_matched.h"
#include "cli/output/errors.h"
#include "cli/output/replay_report.h"
#include "net/client/client.h"

/* ---- playing ---- */

/* A stream has, or had already, each message that was sent to it. */
static bool all_was_answered(const struct replay_report *report)
{
	const struct replay_acks_report *acks = &report->acks;

	return !report->has_acks ||
	       (acks->refused + acks->without_stream + acks->pending == 0 && !report->resume_failed);
}

static bool is_success(const struct cli_replay_session *session, const struct replay_report *report)
{
	return (report->read.messages > 0 || session->settings.resumed_after > 0) &&
	       all_was_answered(report) && cli_replay_was_held(report) && cli_replay_failed(report) == 0 &&
	       !report->unconfirmed && !cli_log_has_unread(&report->read.damage) &&
	       (!report->requests || cli_replay_mismatch_count(report->requests) == 0);
}

static int report(struct cli_replay_session *session)
{
	if (session->settings.json)
		cli_replay_report_json(&session->out, session->player, &session->settings);
	else
		cli_replay_report_text(&session->out, session->player, &session->settings);
	if (replay_player_report(session->player)->read.messages == 0 && session->settings.resumed_after == 0)
		cli_explain_nothing(session->command, "nothing to play: no message matches",
				    &session->input.logs, &session->settings.filters, &session->subjects);
	return cli_replay_flush(
	    session, is_success(session, replay_player_report(session->player)) ? CLI_DONE : CLI_FOUND);
}

static int run_player(struct cli_replay_session *session, struct wire_fault *fault)
{
	struct cli_replay_terminal terminal = {
	    .player = session->player,
	    .first_ns = session->span.first_ns,
	    .last_ns = session->span.last_ns,
	    .iterations = session->options.iterations,
	    .as_recorded = session->options.plan.pacing == REPLAY_AS_RECORDED,
	    .utc = session->settings.filters.utc,
	    .signal_fd = session->signal_fd,
	};
	int error = cli_replay_terminal_open(&terminal);

	if (error)
		return wire_fault_set(fault, error, "cannot watch the terminal: %s", wire_error_text(error));
	error = replay_player_run(session->player, fault);
	cli_replay_terminal_close(&terminal);
	return error;
}

static int play(struct cli_replay_session *session)
{
	struct wire_fault fault;
	int error = run_player(session, &fault);
	int status = report(session);

	if (!error)
		return status;
	enum replay_end end = replay_player_report(session->player)->end;
	if (end == REPLAY_END_SERVER || end == REPLAY_END_UNACKNOWLEDGED)
		return cli_connection_error(session->command, &fault);
	return cli_log_error(session->command, &fault);
}

/* Refuse to play into the server that was recorded: every message would take effect twice, and be recorded
 * again. */
static int check_server(const struct cli_replay_session *session)
{
	char id[128];

	if (session->settings.yes)
		return CLI_GO_ON;
	replay_player_server_id(session->player, id, sizeof(id));
	if (!id[0] || !cli_replay_input_is_of(&session->input, id))
		return CLI_GO_ON;
	return cli_usage_error(
	    session->command, "this is the server that the log was recorded from; use --yes to play into it");
}

/* Every connection is an open file. The soft limit of 1024 exists for programs that use select(2). */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int connect_and_play(struct cli_replay_session *session)
{
	struct wire_fault fault;
	int status =
	    cli_connection_build(session->command, &session->settings.connection, &session->options.target);

	if (status != CLI_GO_ON)
		return status;
	raise_file_limit();
	if (replay_player_open(&session->player, &session->options, &fault) != 0)
		return cli_connection_error(session->command, &fault);
	status = check_server(session);
	return status == CLI_GO_ON ? play(session) : status;
}

/* Block signals before a thread exists that could receive them. */
static int hold_signals(struct cli_replay_session *session)
{
	session->signal_fd = cli_interrupt_open();
	if (session->signal_fd >= 0)
		return CLI_GO_ON;
	cli_error(session->command, "cannot handle signals: %s", wire_error_text(session->signal_fd));
	return CLI_IO;
}

static void close_session(struct cli_replay_session *session)
{
	replay_player_close(session->player);
	cli_joining_report(session->command, session->input.closed, &session->input.logs);
	cli_replay_input_fini(&session->input);
	net_client_target_close(session->options.target);
	net_client_end_threads();
	replay_live_replies_close(session->options.live);
	replay_acks_close(session->options.acks);
	replay_compare_close(session->compare);
	export_out_fini(&session->out);
	replay_dry_run_fini(&session->dry_run);
	if (session->signal_fd >= 0)
		close(session->signal_fd);
	store_filter_close(session->wide);
	store_filter_close(session->filter);
	cli_replay_settings_fini(&session->settings);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct cli_replay_session session = {
	    .command = command, .signal_fd = -1, .input = {.from_ns = INT64_MIN, .payloads = true}};
	struct cli_operands operands;
	int status;

	signal(SIGPIPE, SIG_IGN);
	cli_replay_settings_init(&session.settings);
	status = cli_options_parse(command, argc, argv, &session.settings, &operands);
	if (status == CLI_GO_ON)
		status = cli_replay_settings_check(command, &session.settings);
	if (status == CLI_GO_ON)
		status = cli_logs_split(command, &operands, false, &session.input.logs, &session.subjects);
	if (status == CLI_GO_ON)
		status =
		    cli_filters_build(command, &session.settings.filters, &session.subjects, &session.filter);
	if (status == CLI_GO_ON && export_out_init(&session.out, STDOUT_FILENO) != 0)
		status = cli_replay_out_of_memory(&session);
	if (status == CLI_GO_ON)
		status = cli_replay_prepare(&session);
	if (status == CLI_GO_ON)
		status = hold_signals(&session);
	if (status == CLI_GO_ON)
		status = cli_replay_open_live_replies(&session);
	if (status == CLI_GO_ON)
		status = cli_replay_open_acks(&session);
	if (status == CLI_GO_ON)
		status = connect_and_play(&session);
	close_session(&session);
	return status;
}

const struct cli_command cli_replay = {
    .name = "replay",
    .summary = "publish a log again, on time; compare the replies",
    .group = CLI_TASK_PLAY,
    .operands = "LOG... [SUBJECT...]",
    .about =
	"Plays the messages of one or several logs or packet captures into a NATS server, each when it is "
	"due: as recorded, faster, slower, or at a rate. The schedule never drifts; late messages are "
	"counted and reported.\n"
	"\n"
	"At a terminal: space pauses, arrows step and seek, + and - change the speed, q ends.",
    .examples = "  tapedeck replay log                      everything, as recorded\n"
		"  tapedeck replay log 'orders.>' --speed 10x -s nats://staging:4222\n"
		"  tapedeck replay log --from 03:12 --to 03:15 --map '>=stage.>'\n"
		"  tapedeck replay log --ramp 100..20k/60s --loop forever --duration 5m\n"
		"  tapedeck replay log --live stock --verify --ignore '$.at'\n"
		"      does the new stock service reply as the old one did?",
    .options = cli_replay_groups,
    .run = run,
};
