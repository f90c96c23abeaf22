/* cmd_top.c - tapedeck top: the busiest subjects, clients and requests of a log, live. */
#include <errno.h>
#include <stdio.h>
#include <strings.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/commands/interrupt.h"
#include "cli/options/decoding.h"
#include "cli/options/filters.h"
#include "cli/options/joining.h"
#include "cli/options/logs.h"
#include "cli/output/color.h"
#include "cli/output/errors.h"
#include "cli/top/log_source.h"
#include "cli/top/log_tables.h"
#include "cli/top/monitor_source.h"
#include "cli/top/monitor_tables.h"
#include "cli/top/run.h"
#include "wire/suggest.h"

struct settings {
	struct cli_filters filters;
	const char *server, *view, *sort, *match;
	bool reversed, folds, no_join;
	int64_t every_ms, window_ms, unanswered_ms;
	uint64_t iterations, rows; /* iterations: UNLIMITED without the option */
	int color;                 /* enum cli_color_choice */
	struct cli_decoding decoding;
};

#define UNLIMITED UINT64_MAX

#define AT(member) offsetof(struct settings, member)

static const struct cli_option source[] = {
    {.name = "server",
     .letter = 's',
     .kind = CLI_TEXT,
     .argument = "URL",
     .help = "instead of a log: the monitoring port of a broker or nats-server, http://host:8222",
     .at = AT(server)},
    {.name = "window",
     .kind = CLI_DURATION,
     .argument = "DURATION",
     .help = "rates and latencies are those of the last DURATION; default 1m",
     .at = AT(window_ms)},
    {.name = "unanswered",
     .kind = CLI_DURATION,
     .argument = "DURATION",
     .help = "list requests that have waited so long for a reply; default 1s",
     .at = AT(unanswered_ms)},
    {.name = "fold",
     .kind = CLI_FLAG,
     .help = "subjects that differ by an id only are one: orders.*.paid",
     .at = AT(folds)},
    {.name = NULL},
};

static const struct cli_option table[] = {
    {.name = "view",
     .kind = CLI_TEXT,
     .argument = "VIEW",
     .help =
	 "table to begin with: subjects (default), clients, latency, unanswered, dropped, connections; of "
	 "a server: connections (default), clients, subscriptions, slow",
     .at = AT(view)},
    {.name = "sort",
     .kind = CLI_TEXT,
     .argument = "COLUMN",
     .help = "sort by the column with this heading",
     .at = AT(sort)},
    {.name = "reverse", .kind = CLI_FLAG, .help = "sort the other way round", .at = AT(reversed)},
    {.name = "match",
     .kind = CLI_TEXT,
     .argument = "TEXT",
     .help = "only rows that hold the text or match the subject, as after the key /",
     .at = AT(match)},
    {.name = "every",
     .kind = CLI_DURATION,
     .argument = "DURATION",
     .help = "from one table to the next; default 2s",
     .at = AT(every_ms)},
    {.name = "iterations",
     .letter = 'n',
     .kind = CLI_COUNT,
     .argument = "N",
     .help = "print N tables as lines and end",
     .at = AT(iterations)},
    {.name = "rows",
     .kind = CLI_COUNT,
     .argument = "N",
     .help = "rows of a table that is printed as lines; default 20",
     .at = AT(rows)},
    {.name = NULL},
};

static const struct cli_option_group groups[] = {
    {"Source", source, 0},
    {"Table", table, 0},
    {"Table", cli_color_options, AT(color)},
    {"Messages behind a row", cli_decoding_options, AT(decoding)},
    {"Which events", cli_filter_options, AT(filters)},
    {"Which events", cli_joining_options, AT(no_join)},
    {0},
};

/* ---- words of the command line ---- */

static bool is_same_word(const char *name, const char *word)
{
	return strcasecmp(name, word) == 0;
}

static int complain_choice(const struct cli_command *command, const char *option, const char *word,
			   const char *const *names)
{
	const char *nearest = wire_suggest(word, names);
	char all[200] = "";
	for (size_t i = 0, len = 0; names[i] && len < sizeof(all); i++)
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s", i > 0 ? ", " : "", names[i]);
	return cli_usage_error(command, "--%s: \"%s\" is none of %s%s%s%s", option, word, all,
			       nearest ? " (did you mean " : "", nearest ? nearest : "", nearest ? "?)" : "");
}

static int find_view(const struct cli_command *command, const char *word,
		     const struct cli_top_view *const *views, size_t *view)
{
	const char *names[CLI_TOP_VIEWS_MAX + 1];
	size_t len = 0;
	*view = 0;
	for (; views[len]; len++) {
		names[len] = views[len]->name;
		if (word && is_same_word(names[len], word))
			*view = len;
	}
	names[len] = NULL;
	return !word || is_same_word(names[*view], word) ? CLI_GO_ON
							 : complain_choice(command, "view", word, names);
}

static int find_sort(const struct cli_command *command, const char *word, const struct cli_top_view *view,
		     size_t *sort)
{
	const char *names[CLI_TOP_COLUMNS_MAX + 1] = {NULL};
	*sort = view->sort;
	for (size_t i = 0; i < view->columns_len; i++) {
		names[i] = view->columns[i].name;
		if (word && is_same_word(names[i], word))
			*sort = i;
	}
	return !word || is_same_word(names[*sort], word) ? CLI_GO_ON
							 : complain_choice(command, "sort", word, names);
}

/* ---- the run ---- */

struct session {
	const struct cli_command *command;
	const struct settings *settings;
	struct cli_operands logs; /* none: a server */
	struct store_filter *filter;
	struct cli_top_options options;
};

static int open_source(const struct session *session, struct cli_top_source **opened)
{
	const struct settings *settings = session->settings;
	const struct cli_top_log_options log = {.logs = &session->logs,
						.filter = session->filter,
						.no_join = settings->no_join,
						.has_since = settings->filters.since != NULL,
						.window_ns = settings->window_ms * 1000000,
						.unanswered_ns = settings->unanswered_ms * 1000000,
						.folds_tokens = settings->folds,
						.utc = settings->filters.utc,
						.color = session->options.color,
						.decoder = settings->decoding.decoder};
	struct wire_fault fault;
	if (!settings->server)
		return cli_top_log_open(opened, &log, &fault) == 0 ? CLI_GO_ON
								   : cli_log_error(session->command, &fault);
	const struct cli_top_monitor_options monitor = {.url = settings->server,
							.window_ns = settings->window_ms * 1000000};
	if (cli_top_monitor_open(opened, &monitor, &fault) == 0)
		return CLI_GO_ON;
	cli_error(session->command, "%s", fault.text);
	return fault.code == -EINVAL ? CLI_USAGE : CLI_CONNECT;
}

static int watch(struct session *session)
{
	struct cli_top_source *opened;
	session->options.interrupt_fd = cli_interrupt_open_for_screen();
	if (session->options.interrupt_fd < 0) {
		cli_error(session->command, "cannot handle signals: %s",
			  wire_error_text(session->options.interrupt_fd));
		return CLI_IO;
	}
	int status = open_source(session, &opened);
	if (status == CLI_GO_ON) {
		status = cli_top_run(opened, &session->options);
		opened->close(opened);
	}
	close(session->options.interrupt_fd);
	return status;
}

/* Take the words for the table from the settings. */
static int choose_table(struct session *session)
{
	const struct settings *settings = session->settings;
	const struct cli_top_view *const *views =
	    settings->server ? cli_top_monitor_views : cli_top_log_views;
	session->options = (struct cli_top_options){
	    .command = session->command,
	    .reversed = settings->reversed,
	    .filter = settings->match,
	    .every_ms = (int)settings->every_ms,
	    .iterations = settings->iterations,
	    .rows = settings->rows,
	    .utc = settings->filters.utc,
	    .color = cli_color_wanted((enum cli_color_choice)settings->color, STDOUT_FILENO),
	    .is_plain = settings->iterations != UNLIMITED,
	};
	int status = find_view(session->command, settings->view, views, &session->options.view);
	if (status == CLI_GO_ON)
		status = find_sort(session->command, settings->sort, views[session->options.view],
				   &session->options.sort);
	return status;
}

static int check(const struct cli_command *command, const struct settings *settings)
{
	if (settings->every_ms < 100 || settings->every_ms > 3600000)
		return cli_usage_error(command, "--every must be from 100ms to 1h");
	if (settings->iterations == 0)
		return cli_usage_error(command, "-n 0 would print no table; give 1 or more");
	if (settings->window_ms < 1000)
		return cli_usage_error(command, "--window must be 1s at least");
	if (settings->filters.until)
		return cli_usage_error(command, "--until does not go with top, which follows the log");
	if (settings->server && settings->decoding.decoder)
		return cli_usage_error(command,
				       "--decode does not go with --server, which shows no messages");
	return CLI_GO_ON;
}

/* Find out which logs, or that it is a server. */
static int choose_input(struct session *session, const struct cli_operands *operands,
			struct cli_operands *subjects)
{
	int status;
	if (session->settings->server) {
		*subjects = *operands;
		return operands->len == 0
			   ? CLI_GO_ON
			   : cli_usage_error(session->command,
					     "--server takes the place of a log: \"%s\" is too much",
					     operands->values[0]);
	}
	status = cli_logs_split(session->command, operands, false, &session->logs, subjects);
	return status == CLI_GO_ON ? cli_logs_refuse_foreign(session->command, &session->logs, "top")
				   : status;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct settings settings = {
	    .every_ms = 2000, .window_ms = 60000, .unanswered_ms = 1000, .iterations = UNLIMITED, .rows = 20};
	struct session session = {.command = command, .settings = &settings};
	struct cli_operands operands, subjects;
	int status = cli_options_parse(command, argc, argv, &settings, &operands);

	if (status == CLI_GO_ON)
		status = check(command, &settings);
	if (status == CLI_GO_ON)
		status = choose_input(&session, &operands, &subjects);
	if (status == CLI_GO_ON)
		status = choose_table(&session);
	if (status == CLI_GO_ON)
		status = cli_filters_build(command, &settings.filters, &subjects, &session.filter);
	if (status == CLI_GO_ON)
		status = watch(&session);
	cli_decoding_report(&settings.decoding, command);
	cli_decoding_fini(&settings.decoding);
	store_filter_close(session.filter);
	cli_filters_fini(&settings.filters);
	return status;
}

const struct cli_command cli_top = {
    .name = "top",
    .summary = "watch the busiest subjects, clients and requests, live",
    .group = CLI_TASK_READ,
    .operands = "LOG... [SUBJECT...] | -s URL",
    .about = "Shows tables of a log while it is written, like top(1): subjects, clients,\n"
	     "latencies of requests, requests without a reply, clients that lost messages,\n"
	     "connections. It begins with the last minute of the log (--window) and follows\n"
	     "it. Enter shows the messages behind a row, ? lists the keys.\n"
	     "\n"
	     "With -s it asks the monitoring port of a running server instead: connections,\n"
	     "clients, subscriptions, slow consumers. That costs the server little, and\n"
	     "needs no log.\n"
	     "\n"
	     "Without a terminal it prints a table every two seconds as plain lines, and\n"
	     "ends when nobody writes to the log.",
    .examples = "  tapedeck top log\n"
		"  tapedeck top log 'orders.>' --view latency --sort max\n"
		"  tapedeck top log -n 1 --view unanswered      one table, for scripts\n"
		"  tapedeck top -s http://localhost:8222\n"
		"  ssh -t host tapedeck top /var/log/nats",
    .options = groups,
    .run = run,
};
