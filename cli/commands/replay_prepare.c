#include "cli/commands/replay_prepare.h"
#include "cli/options/nothing_matched.h"
#include "cli/options/values.h"
#include "cli/output/errors.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "cli/options/logs.h"
#include "cli/options/time_option.h"
#include "cli/output/replay_dry_run.h"
#include "cli/output/times.h"
#include "store/read/steps.h"

int cli_replay_out_of_memory(const struct cli_replay_session *session)
{
	cli_error(session->command, "out of memory");
	return CLI_IO;
}

int cli_replay_flush(struct cli_replay_session *session, int status)
{
	int written = cli_write_status(session->command, export_out_flush(&session->out));

	return written == CLI_DONE ? status : written;
}

/* ---- what to play ---- */

/* A time given by --from or --to: a time of day, or an offset from the first message. */
struct moment {
	bool is_given;
	bool is_offset; /* ns is a steady time */
	int64_t ns;
};

/* CLI_GO_ON, or a status after a complaint. text may be NULL. is_reported: a doubt about a local time was reported before. */
static int read_moment(const struct cli_replay_session *session, const struct cli_time_option *option,
		       const char *text, bool is_reported, struct moment *moment)
{
	struct wire_fault fault;
	int64_t offset_ns;
	int error = 0;

	*moment = (struct moment){.is_given = text, .is_offset = text && text[0] == '+'};
	if (moment->is_offset) {
		error = cli_parse_duration_ns(text + 1, &offset_ns, &fault);
		moment->ns = error ? 0 : store_time_plus(session->span.first_ns, offset_ns);
		if (error)
			return cli_usage_error(session->command, "--%s: \"%s\" %s", option->name, text,
					       fault.text);
	} else if (text) {
		error = cli_time_option_read(is_reported ? NULL : session->command, option, text, &moment->ns,
					     &fault);
	}
	return error ? cli_usage_error(session->command, "%s", fault.text) : CLI_GO_ON;
}

static int read_moments(const struct cli_replay_session *session, struct moment *from, struct moment *to)
{
	const struct cli_replay_settings *settings = &session->settings;
	const struct cli_filters *filters = &settings->filters;
	const struct cli_time_option first = {.name = "from", .utc = filters->utc, .now_ns = cli_now_ns()};
	const struct cli_time_option last = {
	    .name = "to", .utc = filters->utc, .takes_later = true, .now_ns = first.now_ns};
	int status = read_moment(session, &first, settings->from ? settings->from : filters->since,
				 !settings->from, from);

	return status == CLI_GO_ON ? read_moment(session, &last, settings->to ? settings->to : filters->until,
						 !settings->to, to)
				   : status;
}

/* True for an offset in a log whose clock was set: it limits steady times, not times of day. */
static bool is_for_range(const struct cli_replay_session *session, const struct moment *moment)
{
	return moment->is_given && moment->is_offset && session->input.has_steps;
}

static void narrow_filter(struct cli_replay_session *session, const struct moment *from,
			  const struct moment *to)
{
	if (from->is_given && !is_for_range(session, from))
		session->input.from_ns = from->ns;
	if (to->is_given && !is_for_range(session, to))
		session->until_ns = to->ns;
	store_filter_since(session->filter, session->input.from_ns);
	store_filter_until(session->filter, session->until_ns);
}

static void narrow_range(struct cli_replay_session *session, const struct moment *from,
			 const struct moment *to)
{
	session->range = (struct replay_range){INT64_MIN, INT64_MAX};
	if (is_for_range(session, from))
		session->range.from_ns = from->ns;
	if (is_for_range(session, to))
		session->range.to_ns = to->ns;
	session->input.range = session->options.select.range = &session->range;
}

/* Begin the run at --from when that is within the recording, not at the first message after it. */
static void begin_at(struct cli_replay_session *session, const struct moment *from,
		     const struct cli_replay_span *whole)
{
	const struct cli_replay_span *span = &session->span;

	if (!session->settings.from || session->input.once)
		return;
	if (from->is_offset && from->ns > whole->first_ns)
		session->options.origin_ns = from->ns;
	if (!from->is_offset && from->ns > whole->first_time_ns)
		session->options.origin_ns =
		    store_time_plus(from->ns, store_time_minus(span->first_ns, span->first_time_ns));
}

/* Narrow the input to --from and --to, and find its first and last message again. As cli_replay_input_span, with *status
 * for a bad command line. */
static int narrow(struct cli_replay_session *session, int *status, struct wire_fault *fault)
{
	const struct cli_replay_span whole = session->span;
	struct moment from, to;

	*status = read_moments(session, &from, &to);
	if (*status != CLI_GO_ON)
		return 1;
	narrow_filter(session, &from, &to);
	narrow_range(session, &from, &to);
	int found = cli_replay_input_span(&session->input, &session->span, fault);
	if (found > 0)
		begin_at(session, &from, &whole);
	return found;
}

static int nothing_to_play(const struct cli_replay_session *session)
{
	cli_explain_nothing(session->command, "nothing to play: no message matches", &session->input.logs,
			    &session->settings.filters, &session->subjects);
	return CLI_FOUND;
}

/* Refuse options that need to read the input twice when it can be read only once. */
static int check_once(const struct cli_replay_session *session)
{
	const struct cli_replay_settings *settings = &session->settings;

	if (!session->input.once)
		return CLI_GO_ON;
	if (settings->iterations != 1 || (settings->connections == 1 && !settings->dry_run))
		return cli_usage_error(
		    session->command,
		    "--loop and --connections recorded need a file: a pipe can be read only once");
	if ((settings->from && settings->from[0] == '+') || (settings->to && settings->to[0] == '+'))
		return cli_usage_error(
		    session->command,
		    "the start of a pipe is not known in advance: give --from and --to as times");
	return CLI_GO_ON;
}

/* Find the first and the last message, twice: --from +5m counts from the first message. */
static int find_range(struct cli_replay_session *session)
{
	struct wire_fault fault;
	int status = CLI_GO_ON, found = cli_replay_input_span(&session->input, &session->span, &fault);

	if (found > 0)
		found = narrow(session, &status, &fault);
	if (status != CLI_GO_ON)
		return status;
	if (found < 0)
		return cli_log_error(session->command, &fault);
	return found > 0 ? CLI_GO_ON : nothing_to_play(session);
}

/* For live replies, read everything that may be a recorded reply. The player then skips what was not asked for. */
static int widen(struct cli_replay_session *session)
{
	session->input.filter = session->filter;
	if (!cli_replay_settings_live(&session->settings))
		return CLI_GO_ON;
	session->wide = store_filter_open();
	if (!session->wide)
		return cli_replay_out_of_memory(session);
	if (session->until_ns != INT64_MAX)
		store_filter_until(session->wide, store_time_plus(session->until_ns, REPLAY_REPLY_WINDOW_NS));
	session->input.filter = session->wide;
	session->options.select.filter = session->filter;
	return CLI_GO_ON;
}

/* A time without a date is the next one: the last one as seen from tomorrow. */
static int read_future(const struct cli_replay_session *session, const char *text, int64_t *ns,
		       struct wire_fault *fault)
{
	const int64_t day_ns = 86400LL * 1000000000;
	int64_t now_ns = cli_now_ns(), span_ns;

	if (text[0] == '+') {
		int error = cli_parse_duration_ns(text + 1, &span_ns, fault);
		*ns = error ? 0 : now_ns + span_ns;
		return error ? wire_fault_set(fault, error, "--start-at: \"%s\" is not a duration", text) : 0;
	}
	if (cli_parse_duration_ns(text, &span_ns, NULL) == 0 &&
	    isalpha((unsigned char)text[strlen(text) - 1]))
		return wire_fault_set(
		    fault, -EINVAL, "--start-at: \"%s\" would be in the past; write +%s for a time from now",
		    text, text);
	const struct cli_time_option option = {
	    .name = "start-at", .utc = session->settings.filters.utc, .now_ns = now_ns + day_ns};
	return cli_time_option_read(session->command, &option, text, ns, fault);
}

static int read_start(struct cli_replay_session *session)
{
	struct wire_fault fault;
	const char *text = session->settings.start_at;

	if (!text)
		return CLI_GO_ON;
	if (read_future(session, text, &session->options.start_at_ns, &fault) != 0)
		return cli_usage_error(session->command, "%s", fault.text);
	if (session->options.start_at_ns < cli_now_ns())
		return cli_usage_error(session->command, "--start-at: \"%s\" has passed", text);
	return CLI_GO_ON;
}

/* ---- requests ---- */

int cli_replay_open_acks(struct cli_replay_session *session)
{
	const struct cli_replay_settings *settings = &session->settings;
	const struct replay_acks_options options = {.window = (uint32_t)settings->window,
						    .timeout_ns =
							settings->connection.target.timeout_ms * 1000000};
	struct wire_fault fault;

	if (!settings->to_stream)
		return CLI_GO_ON;
	if (settings->resume && session->input.logs.len > 1)
		return cli_usage_error(session->command, "--resume: give one log");
	if (replay_acks_open(&session->options.acks, &options, &fault) == 0)
		return CLI_GO_ON;
	cli_error(session->command, "%s", fault.text);
	return CLI_IO;
}

int cli_replay_open_live_replies(struct cli_replay_session *session)
{
	const struct cli_replay_settings *settings = &session->settings;
	struct wire_fault fault;

	if (!cli_replay_settings_live(settings))
		return CLI_GO_ON;
	int status = cli_replay_compare(session->command, settings->compare == 1, &settings->ignores,
					&session->compare);
	if (status != CLI_GO_ON)
		return status;
	const struct replay_live_replies_options options = {
	    .verify = settings->verify,
	    .compare = session->compare,
	    .slower = settings->slower,
	    .timeout_ns = settings->connection.target.timeout_ms * 1000000,
	    .inboxes = {.prefix = settings->connection.target.inbox_prefix},
	    .mismatch = cli_replay_mismatch,
	    .context = &session->mismatches,
	};
	session->mismatches = (struct cli_replay_mismatches){.out = &session->out, .json = settings->json};
	if (replay_live_replies_open(&session->options.live, &options, &fault) == 0)
		return CLI_GO_ON;
	cli_error(session->command, "%s", fault.text);
	return CLI_IO;
}

/* ---- the dry run ---- */

static int read_dry_run(struct cli_replay_session *session, struct replay_rewrite *rewrite)
{
	const struct cli_replay_settings *settings = &session->settings;
	const struct replay_dry_run_options options = {
	    .input = session->options.input,
	    .select = &session->options.select,
	    .plan = &session->options.plan,
	    .map = replay_rewrite_map(rewrite),
	    .live_requests = cli_replay_settings_live(settings),
	    .inboxes = {.prefix = settings->connection.target.inbox_prefix},
	    .keeps_inboxes = settings->no_fold,
	    .origin_ns = session->options.origin_ns,
	};
	struct wire_fault fault;

	session->input.payloads = store_filter_needs_payloads(session->filter);
	int error = replay_dry_run_read(&session->dry_run, &options, &fault);
	session->input.payloads = true;
	return error < 0 ? cli_log_error(session->command, &fault) : CLI_GO_ON;
}

static int print_dry_run(struct cli_replay_session *session, struct replay_rewrite *rewrite)
{
	if (session->settings.json)
		cli_replay_dry_run_json(&session->out, &session->dry_run, &session->settings);
	else
		cli_replay_dry_run_text(&session->out, &session->dry_run, &session->settings,
					replay_rewrite_map(rewrite));
	return cli_replay_flush(session,
				cli_log_has_unread(&session->dry_run.read.damage) ? CLI_FOUND : CLI_DONE);
}

static int use_dry_run(struct cli_replay_session *session, struct replay_rewrite *rewrite)
{
	if (session->settings.dry_run)
		return print_dry_run(session, rewrite);
	if (session->dry_run.has_too_many_publishers)
		return cli_usage_error(
		    session->command, "more than %d connections published; use --connections one, or --shard",
		    REPLAY_PUBLISHERS_MAX);
	session->options.publishers = &session->dry_run.publishers;
	return CLI_GO_ON;
}

/* Read everything that is to be played, for --dry-run, or to learn which connections are needed. */
static int run_dry(struct cli_replay_session *session)
{
	struct replay_rewrite *rewrite;
	struct wire_fault fault;

	if (!session->settings.dry_run && session->settings.connections == 0)
		return CLI_GO_ON;
	if (replay_rewrite_open(&rewrite, &session->options.rewrite, &fault) != 0)
		return cli_connection_error(session->command, &fault);
	int status = read_dry_run(session, rewrite);
	if (status == CLI_GO_ON)
		status = use_dry_run(session, rewrite);
	replay_rewrite_close(rewrite);
	return status;
}

int cli_replay_prepare(struct cli_replay_session *session)
{
	struct wire_fault fault;
	int status;

	cli_replay_settings_apply(&session->settings, &session->options);
	session->options.input =
	    (struct replay_input){cli_replay_input_open, cli_replay_input_close, &session->input};
	session->input.filter = session->filter;
	session->input.no_join = session->settings.no_join;
	session->until_ns = INT64_MAX;
	if (cli_replay_input_inspect(&session->input, &fault) != 0)
		return cli_log_error(session->command, &fault);
	status = check_once(session);
	if (status == CLI_GO_ON)
		status = read_start(session);
	if (status == CLI_GO_ON)
		status = find_range(session);
	if (status == CLI_GO_ON)
		status = widen(session);
	if (status == CLI_GO_ON)
		status = run_dry(session);
	return status;
}
