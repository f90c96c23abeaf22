/* cmd_replay.c - tapedeck replay: publish a log again. */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/logs.h"
#include "cli/replay_answers.h"
#include "cli/replay_input.h"
#include "cli/replay_plan.h"
#include "cli/replay_report.h"
#include "cli/replay_terminal.h"
#include "cli/times.h"

enum { NATS_CLOSE_MS = 5000 };

struct session {
	const struct cli_command *command;
	struct cli_replay_settings settings;
	struct store_filter *filter; /* what is to be played */
	struct store_filter *wide;   /* everything, for replies are looked for elsewhere; NULL: not needed */
	struct cli_replay_input input;
	struct replay_player_options options;
	struct replay_compare *compare;
	struct cli_replay_mismatches mismatches;
	struct cli_out out;
	struct replay_survey survey;
	struct replay_player *player;
	int64_t first_ns, last_ns; /* recorded times of what is to be played */
	int signal_fd;             /* -1: not open */
};

static int out_of_memory(const struct session *session)
{
	cli_error(session->command, "out of memory");
	return CLI_IO;
}

/* ---- what to play ---- */

/* A moment as --from and --to have it. CLI_GO_ON, or a status after a complaint. */
static int read_moment(const struct session *session, const char *option, const char *text, int64_t *ns)
{
	struct wire_fault fault;
	int64_t offset_ns;
	int error;

	if (text[0] == '+') {
		error = cli_parse_duration_ns(text + 1, &offset_ns, &fault);
		if (!error)
			*ns = session->first_ns + offset_ns;
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
	const char *from = settings->from ? settings->from : settings->filters.since;
	const char *to = settings->to ? settings->to : settings->filters.until;
	int status = CLI_GO_ON;

	if (from)
		status = read_moment(session, "from", from, &session->input.from_ns);
	if (status == CLI_GO_ON && to)
		status = read_moment(session, "to", to, &session->options.until_ns);
	if (status != CLI_GO_ON)
		return status;
	if (settings->from)
		session->options.origin_ns = session->input.from_ns;
	store_filter_since(session->filter, session->input.from_ns);
	store_filter_until(session->filter, session->options.until_ns);
	return CLI_GO_ON;
}

static int nothing_to_play(const struct session *session)
{
	cli_error(session->command, "there is nothing to play: no message matches");
	return CLI_FOUND;
}

/* Look at the ends of the input, twice: what --from +5m means follows from the first message. */
static int look(struct session *session)
{
	struct wire_fault fault;
	int status = cli_replay_input_span(&session->input, &session->first_ns, &session->last_ns, &fault);

	if (status == 0)
		return nothing_to_play(session);
	if (status > 0) {
		int narrowed = narrow(session);
		if (narrowed != CLI_GO_ON)
			return narrowed;
		status =
		    cli_replay_input_span(&session->input, &session->first_ns, &session->last_ns, &fault);
	}
	if (status < 0)
		return cli_log_error(session->command, &fault);
	return status > 0 ? CLI_GO_ON : nothing_to_play(session);
}

/* Requests with live replies: the log is read whole, and what is not asked for is passed over later. */
static int widen(struct session *session)
{
	session->input.filter = session->filter;
	if (!cli_replay_settings_ask(&session->settings))
		return CLI_GO_ON;
	session->wide = store_filter_open();
	if (!session->wide)
		return out_of_memory(session);
	session->input.filter = session->wide;
	session->options.select.filter = session->filter;
	return CLI_GO_ON;
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

/* ---- requests ---- */

static int open_compare(struct session *session)
{
	const struct cli_replay_settings *settings = &session->settings;
	struct wire_fault fault;

	session->compare = replay_compare_open();
	if (!session->compare)
		return out_of_memory(session);
	if (settings->compare == 1)
		replay_compare_as_json(session->compare);
	for (size_t i = 0; i < settings->ignores.len; i++)
		if (replay_compare_ignore(session->compare, settings->ignores.values[i], &fault) != 0)
			return cli_usage_error(session->command, "--ignore: %s", fault.text);
	return CLI_GO_ON;
}

static int open_answers(struct session *session)
{
	const struct cli_replay_settings *settings = &session->settings;
	struct wire_fault fault;

	if (!cli_replay_settings_ask(settings))
		return CLI_GO_ON;
	int status = open_compare(session);
	if (status != CLI_GO_ON)
		return status;
	const struct replay_answers_options options = {
	    .verify = settings->verify,
	    .compare = session->compare,
	    .slower = settings->slower,
	    .timeout_ns = settings->connection.timeout_ms * 1000000,
	    .inbox_prefix = settings->connection.inbox_prefix,
	    .mismatch = cli_replay_mismatch,
	    .context = &session->mismatches,
	};
	session->mismatches = (struct cli_replay_mismatches){.out = &session->out, .json = settings->json};
	if (replay_answers_open(&session->options.answers, &options, &fault) == 0)
		return CLI_GO_ON;
	cli_error(session->command, "%s", fault.text);
	return CLI_IO;
}

/* ---- the plan ---- */

static int read_survey(struct session *session, struct replay_rewrite *rewrite)
{
	const struct cli_replay_settings *settings = &session->settings;
	const struct replay_survey_options options = {
	    .input = session->options.input,
	    .select = &session->options.select,
	    .plan = &session->options.plan,
	    .map = replay_rewrite_map(rewrite),
	    .ask = cli_replay_settings_ask(settings),
	    .inbox_prefix = settings->connection.inbox_prefix,
	    .until_ns = session->options.until_ns,
	    .origin_ns = session->options.origin_ns,
	};
	struct wire_fault fault;

	session->input.payloads = store_filter_needs_payloads(session->filter);
	int error = replay_survey_read(&session->survey, &options, &fault);
	session->input.payloads = true;
	return error < 0 ? cli_log_error(session->command, &fault) : CLI_GO_ON;
}

/* Flush what was printed; the exit status, `fine` when that went well. */
static int flush(struct session *session, int fine)
{
	int error = cli_out_flush(&session->out);

	if (error == 0 || error == -EPIPE)
		return fine;
	cli_error(session->command, "cannot write: %s", wire_error_text(error));
	return CLI_IO;
}

static int print_plan(struct session *session, struct replay_rewrite *rewrite)
{
	if (session->settings.json)
		cli_replay_plan_json(&session->out, &session->survey, &session->settings);
	else
		cli_replay_plan_text(&session->out, &session->survey, &session->settings,
				     replay_rewrite_map(rewrite));
	return flush(session, session->survey.read.damaged_places > 0 ? CLI_FOUND : CLI_DONE);
}

static int use_survey(struct session *session, struct replay_rewrite *rewrite)
{
	if (session->settings.dry_run)
		return print_plan(session, rewrite);
	if (session->survey.roster_is_full)
		return cli_usage_error(
		    session->command, "more than %d connections published; use --connections one, or --shard",
		    REPLAY_ROSTER_MAX);
	session->options.roster = &session->survey.roster;
	return CLI_GO_ON;
}

/* A look through all that is to be played, where something has to be known of it beforehand. */
static int survey(struct session *session)
{
	struct replay_rewrite *rewrite;
	struct wire_fault fault;

	if (!session->settings.dry_run && session->settings.connections == 0)
		return CLI_GO_ON;
	if (replay_rewrite_open(&rewrite, &session->options.rewrite, &fault) != 0)
		return cli_connection_error(session->command, &fault);
	int status = read_survey(session, rewrite);
	if (status == CLI_GO_ON)
		status = use_survey(session, rewrite);
	replay_rewrite_close(rewrite);
	return status;
}

/* ---- playing ---- */

static bool is_fine(const struct replay_report *report)
{
	return cli_replay_was_held(report) && cli_replay_failed(report) == 0 && !report->unconfirmed &&
	       report->read.damaged_places == 0 &&
	       (!report->answers || cli_replay_mismatch_count(report->answers) == 0);
}

static int report(struct session *session)
{
	if (session->settings.json)
		cli_replay_report_json(&session->out, session->player, &session->settings);
	else
		cli_replay_report_text(&session->out, session->player, &session->settings);
	return flush(session, is_fine(replay_player_report(session->player)) ? CLI_DONE : CLI_FOUND);
}

static int run_player(struct session *session, struct wire_fault *fault)
{
	struct cli_replay_terminal terminal = {
	    .player = session->player,
	    .first_ns = session->first_ns,
	    .last_ns = session->last_ns,
	    .passes = session->options.passes,
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

static int play(struct session *session)
{
	struct wire_fault fault;
	int error = run_player(session, &fault);
	int status = report(session);

	if (!error)
		return status;
	if (replay_player_report(session->player)->end == REPLAY_END_SERVER)
		return cli_connection_error(session->command, &fault);
	return cli_log_error(session->command, &fault);
}

/* What is played into the server it was recorded from is recorded again, and done twice. */
static int check_server(const struct session *session)
{
	char id[128];

	if (session->settings.yes)
		return CLI_GO_ON;
	replay_player_server_id(session->player, id, sizeof(id));
	if (!id[0] || !cli_replay_input_is_of(&session->input, id))
		return CLI_GO_ON;
	return cli_usage_error(
	    session->command,
	    "this is the very server that the log was recorded from; play into it with --yes");
}

static int connect_and_play(struct session *session)
{
	struct wire_fault fault;
	int status =
	    cli_connection_build(session->command, &session->settings.connection, &session->options.nats);

	if (status != CLI_GO_ON)
		return status;
	if (replay_player_open(&session->player, &session->options, &fault) != 0)
		return cli_connection_error(session->command, &fault);
	status = check_server(session);
	return status == CLI_GO_ON ? play(session) : status;
}

/* Signals are held back before any thread is there that could take them. */
static int hold_signals(struct session *session)
{
	session->signal_fd = cli_interrupt_open();
	if (session->signal_fd >= 0)
		return CLI_GO_ON;
	cli_error(session->command, "cannot handle signals: %s", wire_error_text(session->signal_fd));
	return CLI_IO;
}

static void close_session(struct session *session)
{
	replay_player_close(session->player);
	natsOptions_Destroy(session->options.nats);
	nats_CloseAndWait(NATS_CLOSE_MS);
	replay_answers_close(session->options.answers);
	replay_compare_close(session->compare);
	cli_out_fini(&session->out);
	replay_survey_fini(&session->survey);
	if (session->signal_fd >= 0)
		close(session->signal_fd);
	store_filter_close(session->wide);
	store_filter_close(session->filter);
	cli_replay_settings_fini(&session->settings);
}

static int run_session(struct session *session)
{
	int status;

	cli_replay_settings_apply(&session->settings, &session->options);
	session->options.input = (struct replay_input){cli_replay_input_open, &session->input};
	session->input.filter = session->filter;
	status = read_start(session);
	if (status == CLI_GO_ON)
		status = look(session);
	if (status == CLI_GO_ON)
		status = widen(session);
	if (status == CLI_GO_ON)
		status = survey(session);
	if (status == CLI_GO_ON)
		status = hold_signals(session);
	if (status == CLI_GO_ON)
		status = open_answers(session);
	return status == CLI_GO_ON ? connect_and_play(session) : status;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct session session = {
	    .command = command, .signal_fd = -1, .input = {.from_ns = INT64_MIN, .payloads = true}};
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
		status = cli_filters_build(command, &session.settings.filters, &subjects, &session.filter);
	if (status == CLI_GO_ON && cli_out_init(&session.out, STDOUT_FILENO) != 0)
		status = out_of_memory(&session);
	if (status == CLI_GO_ON)
		status = run_session(&session);
	close_session(&session);
	return status;
}

const struct cli_command cli_replay = {
    .name = "replay",
    .summary = "publish a log again, on time; compare the replies",
    .group = CLI_TASK_PLAY,
    .operands = "LOG... [SUBJECT...]",
    .about = "Plays the messages of one or several logs into a NATS server, each when it is due: as it was\n"
	     "recorded, faster, slower, or at a rate. What leaves late, and by how much, is reported; the\n"
	     "schedule itself never drifts.",
    .examples =
	"  tapedeck replay log                               everything, as it was\n"
	"  tapedeck replay log 'orders.>' --speed 10x -s nats://staging:4222\n"
	"  tapedeck replay log --from 03:12 --to 03:15 --map '>=stage.>'\n"
	"  tapedeck replay log --ramp 100..20k/60s --loop forever --duration 5m\n"
	"  tapedeck replay log --live stock --verify --ignore '$.at'     is the new stock service like the "
	"old?",
    .options = cli_replay_groups,
    .run = run,
};
