/* cmd_stat.c - tapedeck stat: the totals of a log. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/commands/stat_by.h"
#include "cli/commands/stat_compare.h"
#include "cli/commands/stat_every.h"
#include "cli/commands/stat_groups.h"
#include "cli/commands/stat_input.h"
#include "cli/options/filters.h"
#include "cli/options/joining.h"
#include "cli/options/logs.h"
#include "cli/options/nothing_matched.h"
#include "cli/output/color.h"
#include "cli/output/errors.h"
#include "cli/output/stat_json.h"
#include "cli/output/stat_text.h"
#include "store/read/event_summary.h"

enum { TOP = 10 };

/* --top was not given. */
#define TOP_DEFAULT UINT64_MAX

#define AT(member) offsetof(struct cli_stat_settings, member)

static const struct cli_option tables[] = {
    {.name = "by",
     .kind = CLI_CALL,
     .argument = "WHAT",
     .help = "one table by this instead of the totals: subject, client (who published), receiver, queue "
	     "(group), header:KEY, kind, size, conn (every connection)",
     .at = AT(by),
     .call = cli_stat_key_parse},
    {.name = "every",
     .kind = CLI_CALL,
     .argument = "DURATION",
     .help = "a row for each interval of this length instead of the totals, empty ones too; with --by a "
	     "line of bars for each row",
     .at = AT(every_ns),
     .call = cli_stat_every_parse},
    {.name = "compare",
     .kind = CLI_TEXT,
     .argument = "LOG|DURATION",
     .help = "what grew, shrank, is new or gone since that log; or, with a duration, in the last so long "
	     "(or --since to --until) since the time before it",
     .at = AT(compare)},
    {.name = "min-change",
     .kind = CLI_INT,
     .argument = "PERCENT",
     .help = "with --compare: leave out what changed less; default 10. 0: list every change, also those that "
	     "may be chance",
     .at = AT(min_change),
     .min = 0,
     .max = 1000000},
    {.name = "clients",
     .kind = CLI_FLAG,
     .help = "also list who published and received most, by name; with --by conn every connection",
     .at = AT(clients)},
    {.name = "top",
     .kind = CLI_COUNT,
     .argument = "N",
     .help = "rows in each table; default 10, by kind and size all",
     .at = AT(top)},
    {.name = NULL},
};

static const struct cli_option_group groups[] = {
    {"Tables", tables, 0},
    {"Subjects", cli_folding_options, AT(folding)},
    {"Output", cli_log_json_options, AT(json)},
    {"Output", cli_color_options, AT(color)},
    {"Output", cli_pager_options, AT(no_pager)},
    {"Output", cli_quiet_options, AT(quiet)},
    {"Which events", cli_filter_options, AT(filters)},
    {"Which events", cli_seq_options, AT(filters)},
    {"Which events", cli_joining_options, AT(no_join)},
    {0},
};

/* ---- totals ---- */

static int print_summary(struct cli_stat_session *session, const char *path,
			 const struct store_summary *summary)
{
	const struct cli_stat_settings *settings = session->settings;
	struct cli_client_rows clients = {0};
	const struct cli_stat_options options = {
	    .top = settings->top,
	    .clients = settings->clients ? &clients : NULL,
	    .utc = settings->filters.utc,
	    .color = cli_color_wanted((enum cli_color_choice)settings->color, STDOUT_FILENO)};

	if (cli_client_rows_init(&clients, summary, settings->by.is_given) != 0) {
		cli_error(session->command, "out of memory");
		return CLI_IO;
	}
	if (settings->json)
		cli_stat_json(&session->out, path, summary, &options);
	else
		cli_stat_text(&session->out, path, summary, &options);
	cli_client_rows_fini(&clients);
	session->matched = summary->events - summary->gaps;
	return CLI_DONE;
}

static struct store_summary_options options_of(struct cli_stat_session *session)
{
	return (struct store_summary_options){.filter = session->filter,
					      .clients = session->settings->clients,
					      .progress = &session->screen.progress.base,
					      .naming = cli_fold_naming(&session->fold)};
}

static int print_log(struct cli_stat_session *session, const struct cli_stat_input *input)
{
	const struct store_summary_options options = options_of(session);
	struct store_summary summary;
	struct wire_fault fault;

	if (store_summary_read(&summary, input->logs.values[0], &options, &fault) != 0)
		return cli_log_error(session->command, &fault);
	int status = print_summary(session, input->name, &summary);
	if (status == CLI_DONE && summary.damaged_blocks + summary.deleted_places > 0)
		status = CLI_FOUND;
	store_summary_fini(&summary);
	return status;
}

/* life: of the events that were counted, steady. */
static int count_events(struct store_event_summary *totals, const struct cli_stat_input *input,
			struct wire_source *source, struct store_period *life, struct wire_fault *fault)
{
	struct cli_stat_unified unified = {0};
	struct wire_event event;
	int status, error = 0;

	*life = (struct store_period){INT64_MAX, INT64_MIN};
	while (!error && (status = source->next(source, &event, fault)) > 0) {
		const struct wire_client *client = source->client(source, event.conn);

		if (event.steady_ns < life->from_ns)
			life->from_ns = event.steady_ns;
		if (event.steady_ns > life->to_ns)
			life->to_ns = event.steady_ns;
		if (cli_stat_input_is_cluster(input))
			error = cli_stat_unify(&unified, source, &event);
		error = error ? error : store_event_summary_add(totals, &event, client);
	}
	cli_stat_unified_fini(&unified);
	return error ? wire_fault_set(fault, -ENOMEM, "out of memory") : status;
}

/* Fill in the numbers that are not of events. */
static int describe_input(struct store_summary *summary, const struct cli_stat_input *input,
			  struct wire_source *source, struct store_period life, struct wire_fault *fault)
{
	struct wire_damage damage;
	struct store_uptime uptime;
	int error = cli_stat_input_uptime(input, &uptime, fault);

	if (!error && summary->events > 0)
		summary->down_ns = store_uptime_down(&uptime, life);
	store_uptime_fini(&uptime);
	source->damage(source, &damage);
	summary->damaged_blocks = damage.places;
	summary->deleted_places = damage.deleted_places;
	summary->deleted_events = damage.deleted_events;
	summary->log_bytes = cli_stat_input_bytes(input);
	return error;
}

/* Count a capture or a cluster event by event. Print the totals up to the place where a capture is cut off, then the error. */
static int print_events(struct cli_stat_session *session, const struct cli_stat_input *input)
{
	const struct store_summary_options counting = options_of(session);
	struct store_event_summary *totals = store_event_summary_open(&counting);
	struct wire_source *source;
	struct store_period life;
	struct wire_fault fault = {.code = -ENOMEM, .text = "out of memory"};

	if (!totals || cli_stat_input_read(session, input, session->filter, &source, &fault) != 0) {
		store_event_summary_close(totals);
		return cli_log_error(session->command, &fault);
	}
	int error = count_events(totals, input, source, &life, &fault);
	struct store_summary summary = *store_event_summary_end(totals);
	int other = describe_input(&summary, input, source, life, error ? NULL : &fault);
	int status = print_summary(session, input->name, &summary);
	if (status == CLI_DONE && summary.damaged_blocks + summary.deleted_places > 0)
		status = CLI_FOUND;
	cli_stat_input_end(session, input, source);
	store_event_summary_close(totals);
	return error == 0 && other == 0 ? status : cli_log_error(session->command, &fault);
}

/* ---- the command ---- */

/* Reading every connection of --clients is a form of the totals. */
static bool wants_groups(const struct cli_stat_settings *settings)
{
	return settings->by.is_given && !settings->clients;
}

static int report_table(struct cli_stat_session *session, const struct cli_stat_input *input)
{
	const struct cli_stat_settings *settings = session->settings;

	if (settings->compare)
		return cli_stat_compare(session, input->logs.values[0], &session->subjects);
	if (wants_groups(settings))
		return cli_stat_by(session, input);
	if (settings->every_ns > 0)
		return cli_stat_every(session, input);
	return cli_stat_input_is_cluster(input) || cli_stat_input_is_capture(input)
		   ? print_events(session, input)
		   : print_log(session, input);
}

static void explain_nothing(struct cli_stat_session *session, const struct cli_stat_input *input)
{
	cli_progress_yield(&session->screen.progress);
	cli_explain_nothing(session->command, "nothing matched", &input->logs, &session->settings->filters,
			    &session->subjects);
}

/* Report on the next input, which begins with this log. */
static int report(void *context, const char *log)
{
	struct cli_stat_session *session = context;
	const struct cli_stat_input *input = session->next++;
	const struct cli_stat_settings *settings = session->settings;

	if (session->is_next && !settings->json)
		export_out_char(&session->out, '\n');
	(void)log;
	session->is_next = true;
	session->is_joining_reported = false;
	session->matched = UINT64_MAX;
	int status = report_table(session, input);
	if (session->matched == 0 && !settings->quiet && !store_filter_is_empty(session->filter))
		explain_nothing(session, input);
	return status;
}

/* Options that would be ignored are mistakes. */
static int check_tables(const struct cli_command *command, const struct cli_stat_settings *settings)
{
	const bool is_other = settings->every_ns > 0 || settings->compare;

	if (settings->every_ns > 0 && settings->compare)
		return cli_usage_error(command, "--every and --compare exclude each other");
	if (settings->clients && is_other)
		return cli_usage_error(command, "--clients does not go with --every and --compare");
	if (settings->clients && settings->by.is_given && settings->by.key != TRACE_GROUP_CONN)
		return cli_usage_error(command, "--clients goes with --by conn only");
	if (settings->every_ns > 0 && !settings->by.is_given && settings->top != TOP_DEFAULT)
		return cli_usage_error(command, "--top goes with --every only when --by is given, too");
	if (settings->min_change >= 0 && !settings->compare)
		return cli_usage_error(command, "--min-change belongs to --compare");
	return CLI_GO_ON;
}

static bool has_pipe(const struct cli_operands *logs)
{
	struct stat file;

	for (int i = 0; i < logs->len; i++)
		if (strcmp(logs->values[i], "-") == 0 ||
		    (stat(logs->values[i], &file) == 0 && !S_ISREG(file.st_mode) && !S_ISDIR(file.st_mode)))
			return true;
	return false;
}

static int check(const struct cli_command *command, const struct cli_stat_settings *settings,
		 const struct cli_operands *logs)
{
	bool is_by_time = settings->every_ns > 0 && !settings->by.is_given;
	bool has_subjects = !is_by_time && (settings->by.key == TRACE_GROUP_SUBJECT || settings->clients);
	int status = check_tables(command, settings);

	if (status != CLI_GO_ON)
		return status;
	if (!has_subjects && cli_folding_is_given(&settings->folding))
		return cli_usage_error(command,
				       "--depth, --fold, --no-fold and --inbox-prefix need a table of "
				       "subjects");
	if (settings->every_ns > 0 && settings->by.is_given && has_pipe(logs))
		return cli_usage_error(command, "--every with --by reads twice, which a pipe does not allow");
	if (settings->compare && logs->len != 1)
		return cli_usage_error(command,
				       "--compare takes one log besides its own: --compare BEFORE AFTER");
	return cli_folding_check(command, &settings->folding);
}

/* Tables that never have many rows are printed whole. */
static void settle_top(struct cli_stat_settings *settings)
{
	enum trace_group_key key = settings->by.key;

	if (settings->top == TOP_DEFAULT && key != TRACE_GROUP_KIND && key != TRACE_GROUP_SIZE)
		settings->top = TOP;
}

static int report_all(const struct cli_command *command, const struct cli_stat_settings *settings,
		      const struct store_filter *filter, const struct cli_operands *logs,
		      const struct cli_operands *subjects)
{
	struct cli_stat_session session = {
	    .command = command, .settings = settings, .filter = filter, .subjects = *subjects};

	struct cli_stat_inputs inputs;
	struct wire_fault fault;

	if (cli_stat_inputs_open(&inputs, logs, settings->no_join || settings->compare, &fault) != 0)
		return cli_log_error(command, &fault);
	session.next = inputs.list;
	cli_fold_init(&session.fold, &settings->folding);
	cli_screen_init(&session.screen, settings->no_pager, settings->quiet, logs);
	int status =
	    cli_logs_report(command, &inputs.firsts, &session.out, &session.screen, report, &session);
	cli_stat_inputs_close(&inputs);
	return status;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct cli_stat_settings settings = {.top = TOP_DEFAULT, .min_change = -1};
	struct store_filter *filter = NULL;
	struct cli_operands operands, logs, subjects;
	int status = cli_options_parse(command, argc, argv, &settings, &operands);

	if (status == CLI_GO_ON)
		status = cli_logs_split(command, &operands, false, &logs, &subjects);
	if (status == CLI_GO_ON)
		status = check(command, &settings, &logs);
	if (status == CLI_GO_ON)
		status = cli_filters_build(command, &settings.filters, &subjects, &filter);
	if (status == CLI_GO_ON)
		settle_top(&settings);
	if (status == CLI_GO_ON)
		status = report_all(command, &settings, filter, &logs, &subjects);
	store_filter_close(filter);
	cli_filters_fini(&settings.filters);
	return status;
}

const struct cli_command cli_stat = {
    .name = "stat",
    .summary = "totals and rates: by time, subject, client or size; what changed",
    .group = CLI_TASK_READ,
    .operands = "LOG... [SUBJECT...]",
    .about = "Sums up one or several logs, each by itself; those of a cluster's servers as one. Payloads are "
	     "not read (except by --grep, --header\n"
	     "and --by header:KEY), so a log of gigabytes takes a moment. LOG may be a packet capture, too,\n"
	     "which is read whole. Filters are those of \"tapedeck cat\".",
    .examples = "  tapedeck stat log\n"
		"  tapedeck stat log --since 1h --clients --top 20   the last hour\n"
		"  tapedeck stat log --every 1m 'orders.>'           orders a minute\n"
		"  tapedeck stat log --by receiver                   who received most\n"
		"  tapedeck stat log --compare 24h                   what grew since yesterday\n"
		"  tapedeck stat --compare monday tuesday            what has changed\n"
		"  tapedeck stat log 'orders.>' --json | jq .rate",
    .options = groups,
    .run = run,
};
