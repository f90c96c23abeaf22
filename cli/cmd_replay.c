/* cmd_replay.c - tapedeck replay: publish a log again. */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/logs.h"
#include "cli/replay_input.h"
#include "cli/replay_report.h"
#include "cli/times.h"

struct session {
	const struct cli_command *command;
	struct cli_replay_settings settings;
	struct cli_replay_input input;
	struct replay_player_options options;
	struct replay_player *player;
	int64_t first_ns, last_ns; /* recorded times of what is to be played */
};

/* ---- what to play ---- */

/* A moment as --from and --to have it. CLI_GO_ON, or a status after a complaint. */
static int read_moment(const struct session *session, const char *option, const char *text, int64_t first_ns,
		       int64_t *ns)
{
	struct wire_fault fault;
	int64_t offset_ns;
	int error;

	if (text[0] == '+') {
		error = cli_parse_duration_ns(text + 1, &offset_ns, &fault);
		if (!error)
			*ns = first_ns + offset_ns;
	} else {
		error = cli_time_parse(text, cli_now_ns(), session->settings.filters.utc, ns, &fault);
	}
	return error ? cli_usage_error(session->command, "--%s: \"%s\" %s", option, text, fault.text)
		     : CLI_GO_ON;
}

/* Narrow the input to --from and --to, which may count from its first message. */
static int narrow(struct session *session)
{
	const struct cli_replay_settings *settings = &session->settings;
	int status = CLI_GO_ON;
	int64_t to_ns;

	if (settings->filters.since)
		status = read_moment(session, "since", settings->filters.since, session->first_ns,
				     &session->input.from_ns);
	if (settings->from)
		status =
		    read_moment(session, "from", settings->from, session->first_ns, &session->input.from_ns);
	if (status == CLI_GO_ON && settings->from)
		session->options.origin_ns = session->input.from_ns;
	if (status == CLI_GO_ON && settings->to)
		status = read_moment(session, "to", settings->to, session->first_ns, &to_ns);
	if (status == CLI_GO_ON && settings->to) {
		store_filter_until(session->input.filter, to_ns);
		session->last_ns = to_ns < session->last_ns ? to_ns : session->last_ns;
	}
	return status;
}

/* Look at the ends of the input. */
static int look(struct session *session)
{
	struct wire_fault fault;
	int status = cli_replay_input_span(&session->input, &session->first_ns, &session->last_ns, &fault);

	if (status < 0)
		return cli_log_error(session->command, &fault);
	if (status > 0)
		return narrow(session);
	cli_error(session->command, "there is nothing to play: no message matches");
	return CLI_FOUND;
}

static int read_start(struct session *session)
{
	struct wire_fault fault;
	const char *text = session->settings.start_at;
	int64_t now_ns = cli_now_ns();

	if (!text)
		return CLI_GO_ON;
	if (cli_time_parse(text, now_ns, session->settings.filters.utc, &session->options.start_at_ns,
			   &fault) != 0)
		return cli_usage_error(session->command, "--start-at: \"%s\" %s", text, fault.text);
	if (session->options.start_at_ns < now_ns)
		return cli_usage_error(session->command, "--start-at: \"%s\" has passed", text);
	return CLI_GO_ON;
}

/* ---- playing ---- */

static int report(const struct session *session)
{
	const struct replay_report *report = replay_player_report(session->player);
	struct cli_out out;

	if (cli_out_init(&out, STDOUT_FILENO) != 0) {
		cli_error(session->command, "out of memory");
		return CLI_IO;
	}
	if (session->settings.json)
		cli_replay_report_json(&out, session->player);
	else
		cli_replay_report_text(&out, session->player, &session->settings);
	int error = cli_out_flush(&out);
	cli_out_fini(&out);
	if (error != 0 && error != -EPIPE) {
		cli_error(session->command, "cannot write: %s", wire_error_text(error));
		return CLI_IO;
	}
	bool is_fine =
	    cli_replay_was_held(report) && cli_replay_failed(report) == 0 && report->read.damaged_places == 0;
	return is_fine ? CLI_DONE : CLI_FOUND;
}

static int play(struct session *session)
{
	struct wire_fault fault;
	int error = replay_player_run(session->player, &fault);
	int status = report(session);

	if (!error)
		return status;
	if (replay_player_report(session->player)->end == REPLAY_END_SERVER)
		return cli_connection_error(session->command, &fault);
	return cli_log_error(session->command, &fault);
}

static int connect_and_play(struct session *session)
{
	struct wire_fault fault;
	int status =
	    cli_connection_build(session->command, &session->settings.connection, &session->options.nats);

	if (status != CLI_GO_ON)
		return status;
	if (replay_player_open(&session->player, &session->options, &fault) == 0)
		status = play(session);
	else
		status = cli_connection_error(session->command, &fault);
	replay_player_close(session->player);
	natsOptions_Destroy(session->options.nats);
	nats_Close();
	return status;
}

static int run_session(struct session *session)
{
	int status;

	cli_replay_settings_apply(&session->settings, &session->options);
	session->options.input = (struct replay_input){cli_replay_input_open, &session->input};
	status = read_start(session);
	if (status == CLI_GO_ON)
		status = look(session);
	return status == CLI_GO_ON ? connect_and_play(session) : status;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct session session = {.command = command, .input = {.from_ns = INT64_MIN, .payloads = true}};
	struct cli_operands operands, subjects;
	int status;

	signal(SIGPIPE, SIG_IGN);
	cli_replay_settings_init(&session.settings);
	status = cli_options_parse(command, argc, argv, &session.settings, &operands);
	if (status == CLI_GO_ON)
		status = cli_replay_settings_check(command, &session.settings);
	if (status == CLI_GO_ON)
		status = cli_logs_split(command, &operands, false, &session.input.logs, &subjects);
	if (status == CLI_GO_ON)
		status =
		    cli_filters_build(command, &session.settings.filters, &subjects, &session.input.filter);
	if (status == CLI_GO_ON)
		status = run_session(&session);
	store_filter_close(session.input.filter);
	cli_replay_settings_fini(&session.settings);
	return status;
}

const struct cli_command cli_replay = {
    .name = "replay",
    .summary = "publish a log again, on time",
    .group = CLI_TASK_PLAY,
    .operands = "LOG... [SUBJECT...]",
    .about = "Plays the messages of one or several logs into a NATS server, each when it is due: as it was\n"
	     "recorded, faster, slower, or at a rate.",
    .examples = "  tapedeck replay log                               everything, as it was\n"
		"  tapedeck replay log 'orders.>' --speed 10x -s nats://staging:4222\n"
		"  tapedeck replay log --from 03:12 --to 03:15 --map '>=stage.>'\n"
		"  tapedeck replay log --ramp 100..20k/60s --loop forever --duration 5m",
    .options = cli_replay_groups,
    .run = run,
};
