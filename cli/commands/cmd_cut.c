/* cmd_cut.c - tapedeck cut: a part of a log as a log of its own. */
#include "cli/commands/commands.h"
#include "cli/commands/copying.h"
#include "cli/options/filters.h"
#include "cli/options/joining.h"
#include "cli/options/logs.h"
#include "cli/options/values.h"
#include "cli/output/errors.h"
#include "cli/output/screen.h"
#include "store/read/reader.h"
#include "store/read/steps.h"

struct settings {
	const char *dir;
	const char *around[2]; /* number of an event, time before and after it */
	struct cli_filters filters;
	struct cli_masking masking;
	int level;
	bool no_join, quiet;
};

#define AT(member) offsetof(struct settings, member)

static const struct cli_option around[] = {
    {.name = "around",
     .kind = CLI_TWO,
     .argument = "SEQ SPAN",
     .help = "events at most this long before or after the event of this number: --around 4711 5m",
     .at = AT(around)},
    {.name = NULL},
};

static const struct cli_option_group groups[] = {
    {"The new log", cli_copying_record_options, AT(dir)},
    {"The new log", cli_copying_level_options, AT(level)},
    {"Which events", around, 0},
    {"Which events", cli_filter_options, AT(filters)},
    {"Which events", cli_seq_options, AT(filters)},
    {"Masking", cli_masking_options, AT(masking)},
    {"Reading", cli_joining_options, AT(no_join)},
    {"Reading", cli_quiet_options, AT(quiet)},
    {0},
};

struct session {
	const struct cli_command *command;
	struct settings settings;
	struct cli_copying copying;
	struct store_filter *chosen, *period;
};

/* ---- --around ---- */

/* The time of event number `seq`, which must be there. CLI_GO_ON or an exit status. */
static int find_time(const struct session *session, const char *seq, int64_t *time_ns)
{
	const char *log = session->copying.logs.values[0];
	struct store_filter *filter = store_filter_open();
	const struct store_reader_options options = {.filter = filter};
	struct store_reader *reader;
	struct wire_event event;
	struct wire_fault fault = {.text = "out of memory"};
	int status = filter ? store_filter_seq(filter, seq, &fault) : -1;

	if (status == 0 && (status = store_reader_open(&reader, log, &options, &fault)) == 0) {
		status = store_reader_next(reader, &event, &fault);
		*time_ns = status > 0 ? event.time_ns : 0;
		bool is_found = status > 0 && event.kind != WIRE_EVENT_GAP;
		store_reader_close(reader);
		if (status >= 0 && !is_found)
			status =
			    wire_fault_set(&fault, STORE_EFILTER, "there is no event %s in \"%s\"", seq, log);
	}
	store_filter_close(filter);
	return status < 0 ? cli_log_error(session->command, &fault) : CLI_GO_ON;
}

static int apply_around(struct session *session)
{
	const struct settings *settings = &session->settings;
	int64_t span_ms, time_ns;
	struct wire_fault fault;

	if (!settings->around[0])
		return CLI_GO_ON;
	if (session->copying.logs.len > 1)
		return cli_usage_error(session->command,
				       "--around needs a single log: each has its own numbers");
	if (settings->filters.since || settings->filters.until)
		return cli_usage_error(session->command, "--around excludes --since and --until");
	if (settings->around[0][strspn(settings->around[0], "0123456789")] || !settings->around[0][0])
		return cli_usage_error(session->command, "option --around: \"%s\" is no sequence number",
				       settings->around[0]);
	if (cli_parse_duration_ms(settings->around[1], &span_ms, &fault) != 0)
		return cli_usage_error(session->command, "option --around: \"%s\" %s", settings->around[1],
				       fault.text);
	int status = find_time(session, settings->around[0], &time_ns);
	if (status != CLI_GO_ON)
		return status;
	struct store_filter *const filters[] = {session->chosen, session->period};
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		store_filter_since(filters[i], store_time_minus(time_ns, span_ms * 1000000));
		store_filter_until(filters[i], store_time_plus(time_ns, span_ms * 1000000 + 1));
	}
	return CLI_GO_ON;
}

/* ---- the command ---- */

/* The options choose among the events of a period, and not only the period. */
static bool chooses(const struct cli_filters *filters, const struct cli_operands *subjects)
{
	return subjects->len > 0 ||
	       filters->subjects.len + filters->clients.len + filters->receivers.len + filters->kinds.len +
		       filters->headers.len + filters->greps.len + filters->wheres.len >
		   0 ||
	       filters->min_size > 0 || filters->unheard;
}

static int check(const struct session *session)
{
	const struct cli_operands *logs = &session->copying.logs;

	if (!session->settings.dir)
		return cli_usage_error(session->command, "give the new log with --record DIR");
	for (int i = 0; i < logs->len; i++)
		if (strcmp(logs->values[i], "-") == 0)
			return cli_usage_error(
			    session->command,
			    "cut reads its logs twice, but standard input can be read once: "
			    "give a file");
	return CLI_GO_ON;
}

static int build_filters(struct session *session)
{
	struct settings *settings = &session->settings;
	int status = cli_filters_build(session->command, &settings->filters, &session->copying.subjects,
				       &session->chosen);

	settings->filters.is_reported = true;
	if (status == CLI_GO_ON)
		status = cli_filters_build_around(session->command, &settings->filters, &session->period);
	return status == CLI_GO_ON ? apply_around(session) : status;
}

static int cut(struct session *session)
{
	const struct settings *settings = &session->settings;
	struct cli_copying *copying = &session->copying;

	copying->dir = settings->dir;
	copying->level = settings->level;
	copying->no_join = settings->no_join;
	copying->quiet = settings->quiet;
	copying->masking = &session->settings.masking;
	copying->filters = &settings->filters;
	copying->chosen = chooses(&settings->filters, &copying->subjects) ? session->chosen : NULL;
	copying->period = session->period;
	return cli_copying_run(copying);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct session session = {
	    .command = command, .settings.level = CLI_COPYING_LEVEL, .copying.command = command};
	struct cli_operands operands;
	int status = cli_options_parse(command, argc, argv, &session.settings, &operands);

	if (status == CLI_GO_ON)
		status = cli_logs_split(command, &operands, false, &session.copying.logs,
					&session.copying.subjects);
	if (status == CLI_GO_ON)
		status = check(&session);
	if (status == CLI_GO_ON)
		status = cli_masking_check(command, &session.settings.masking);
	if (status == CLI_GO_ON)
		status = build_filters(&session);
	if (status == CLI_GO_ON)
		status = cut(&session);
	store_filter_close(session.chosen);
	store_filter_close(session.period);
	cli_filters_fini(&session.settings.filters);
	cli_masking_fini(&session.settings.masking);
	return status;
}

const struct cli_command cli_cut = {
    .name = "cut",
    .summary = "write a part of a log into a new log",
    .group = CLI_TASK_CARE,
    .operands = "LOG... [SUBJECT...] --record DIR",
    .about =
	"Writes the events that the filters choose into a new log, small enough to send to a colleague. The "
	"new log also gets what is needed to read them: the marks and gaps of that time, and the connects, "
	"disconnects, subscriptions and errors of the clients that the events name.\n"
	"\n"
	"Times, receivers and connection numbers are those of the log; sequence numbers begin at 1 again. "
	"The "
	"new log appears when it is complete: DIR holds all of it, or is not there.",
    .examples = "  tapedeck cut log --since 03:12 --until 03:15 --record incident\n"
		"  tapedeck cut log 'orders.>' --client billing -o billing\n"
		"  tapedeck cut log --around 4711 5m -o near     5 minutes before and after it\n"
		"  tapedeck cut log --seq 4000..5000 -o part --level 19\n"
		"  tapedeck cut log --mask '$..card' -o shown     without card numbers",
    .options = groups,
    .run = run,
};
