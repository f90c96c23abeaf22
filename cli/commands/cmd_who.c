/* cmd_who.c - tapedeck who: who is connected, or subscribed to a subject, at a moment of a log. */
#include <errno.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/commands/interrupt.h"
#include "cli/options/filters.h"
#include "cli/options/joining.h"
#include "cli/options/logs.h"
#include "cli/options/nothing_matched.h"
#include "cli/options/time_option.h"
#include "cli/output/color.h"
#include "cli/output/errors.h"
#include "cli/output/screen.h"
#include "cli/output/times.h"
#include "cli/output/who_json.h"
#include "cli/output/who_text.h"
#include "wire/subject.h"

enum { EVENTS_PER_LOOK = 4096 };

struct settings {
	const char *at;
	struct cli_list clients;
	uint64_t memory;
	bool utc, json, no_pager, quiet, no_join;
	int color; /* enum cli_color_choice */
};

#define AT(member) offsetof(struct settings, member)

static const struct cli_option choosing[] = {
    {.name = "at",
     .kind = CLI_TEXT,
     .argument = "TIME",
     .help = "at this moment instead of the end of the log: 14:03, 5m (ago), 2026-11-23T14:03:00Z, …",
     .at = AT(at)},
    {.name = "client",
     .kind = CLI_LIST,
     .argument = "NAME|ID|IP",
     .help = "only this client; may be repeated",
     .at = AT(clients)},
    {.name = "memory",
     .kind = CLI_BYTES,
     .argument = "SIZE",
     .help = "memory for clients and subscriptions; default 128MiB",
     .at = AT(memory)},
    {.name = NULL},
};

static const struct cli_option output[] = {
    {.name = "json",
     .kind = CLI_FLAG,
     .help = "print one JSON object; keys: docs/reading.md",
     .at = AT(json)},
    {.name = "utc",
     .kind = CLI_FLAG,
     .help = "times without a zone, and those printed, are UTC instead of local",
     .at = AT(utc)},
    {.name = NULL},
};

static const struct cli_option_group groups[] = {{"Who", choosing, 0},
						 {"Who", cli_joining_options, AT(no_join)},
						 {"Output", output, 0},
						 {"Output", cli_color_options, AT(color)},
						 {"Output", cli_pager_options, AT(no_pager)},
						 {"Output", cli_quiet_options, AT(quiet)},
						 {0}};

struct session {
	const struct cli_command *command;
	const struct settings *settings;
	struct store_filter *events;  /* the kinds that are needed */
	struct store_filter *clients; /* those that are wanted; NULL = all */
	int64_t at_ns;                /* INT64_MAX: the end of the log */
	struct wire_slice asked;
	const struct cli_operands *logs;
	struct store_merge *inputs;
	struct trace_presence *presence;
	int interrupt_fd;
	bool is_at_end; /* of the logs */
	struct cli_screen screen;
};

/* ---- the command line ---- */

static int refuse_for_memory(const struct cli_command *command)
{
	cli_error(command, "out of memory");
	return CLI_IO;
}

/* Every kind, so that connections which were there before a segment are seen. */
static int choose_events(struct session *session)
{
	struct wire_fault fault;
	session->at_ns = INT64_MAX;
	session->events = store_filter_open();
	if (!session->events ||
	    store_filter_kinds(session->events,
			       "message,delivery,connect,disconnect,subscribe,unsubscribe,mark", &fault) != 0)
		return refuse_for_memory(session->command);
	if (!session->settings->at)
		return CLI_GO_ON;
	const struct cli_time_option at = {
	    .name = "at", .utc = session->settings->utc, .now_ns = cli_now_ns()};
	if (cli_time_option_read(session->command, &at, session->settings->at, &session->at_ns, &fault) != 0)
		return cli_usage_error(session->command, "%s", fault.text);
	return CLI_GO_ON;
}

static int choose_clients(struct session *session)
{
	const struct cli_list *names = &session->settings->clients;
	struct wire_fault fault;
	session->clients = names->len > 0 ? store_filter_open() : NULL;
	if (names->len > 0 && !session->clients)
		return refuse_for_memory(session->command);
	for (size_t i = 0; i < names->len; i++)
		if (store_filter_client(session->clients, names->values[i], &fault) != 0)
			return cli_usage_error(session->command, "%s", fault.text);
	return CLI_GO_ON;
}

static int choose_subject(struct session *session, const struct cli_operands *subjects)
{
	if (subjects->len > 1)
		return cli_usage_error(session->command, "give one SUBJECT; \"%s\" is another one",
				       subjects->values[1]);
	if (subjects->len == 0)
		return CLI_GO_ON;
	session->asked = wire_slice_str(subjects->values[0]);
	return wire_subject_is_valid(session->asked)
		   ? CLI_GO_ON
		   : cli_usage_error(session->command, "\"%s\" is not a subject", subjects->values[0]);
}

/* ---- the work ---- */

/* The first event after the moment ends it: after a step of the clock back there may be earlier times. */
static int look(struct session *session, struct wire_fault *fault)
{
	struct wire_event event;
	int status;
	for (uint64_t events = 1; (status = store_merge_next(session->inputs, &event, fault)) > 0; events++) {
		if (event.time_ns > session->at_ns)
			return 0;
		trace_presence_add(session->presence, &event);
		if (events % EVENTS_PER_LOOK == 0 && cli_interrupt_seen(session->interrupt_fd))
			return 0;
	}
	session->is_at_end = status == 0;
	return status;
}

static int print(struct session *session, struct cli_who *who)
{
	struct export_out out;
	if (export_out_init(&out, STDOUT_FILENO) != 0)
		return refuse_for_memory(session->command);
	cli_screen_attach(&session->screen, &out);
	size_t columns = cli_terminal_columns(STDOUT_FILENO);
	struct cli_row row = {
	    .out = &out,
	    .color = cli_color_wanted((enum cli_color_choice)session->settings->color, STDOUT_FILENO),
	    .columns = columns ? columns : CLI_ROW_ENDLESS};
	int error = 0;
	if (session->settings->json)
		cli_who_json(&out, who);
	else
		error = cli_who_text(&row, who);
	int status = error ? refuse_for_memory(session->command)
			   : cli_write_status(session->command, export_out_flush(&out));
	cli_screen_end(&session->screen);
	export_out_fini(&out);
	return status;
}

/* No client of the names that were asked for was there. */
static void explain_nothing(const struct session *session)
{
	const struct cli_filters filters = {.clients = session->settings->clients};
	const struct cli_operands none = {0};
	cli_explain_nothing(session->command, "nothing matched", session->logs, &filters, &none);
}

static int report(struct session *session)
{
	const struct trace_presence_result *result = trace_presence_end(session->presence);
	struct cli_who who = {.result = result,
			      .clients = trace_presence_clients(session->presence),
			      .asked = session->asked,
			      .filter = session->clients,
			      .at_ns = session->settings->at ? session->at_ns : result->last_ns,
			      .is_after_end = session->settings->at && session->is_at_end,
			      .utc = session->settings->utc};
	struct wire_damage damage;
	int status = cli_who_order(&who) == 0 ? print(session, &who) : refuse_for_memory(session->command);
	if (who.rows_len == 0 && session->clients && !session->settings->quiet)
		explain_nothing(session);
	cli_who_fini(&who);
	if (!session->settings->quiet)
		cli_joining_report(session->command, session->inputs, session->logs);
	store_merge_damage(session->inputs, &damage);
	int unread = cli_log_report_unread(session->command, NULL, &damage);
	return status == CLI_DONE ? unread : status;
}

static int examine(struct session *session, const struct cli_operands *logs)
{
	const struct store_reader_options options = {
	    .filter = session->events, .in_time_order = true, .progress = &session->screen.progress.base};
	const struct trace_presence_options how = {.memory_bytes = session->settings->memory,
						   .asked = session->asked};
	struct wire_fault fault = {.code = -ENOMEM, .text = "out of memory"};
	session->logs = logs;
	int error = cli_joining_open(&session->inputs, logs, &options, session->settings->no_join, &fault);
	if (error)
		return cli_log_error(session->command, &fault);
	session->presence = trace_presence_open(store_merge_source(session->inputs), &how);
	error = session->presence ? look(session, &fault) : -ENOMEM;
	int status = session->presence ? report(session) : CLI_DONE;
	if (error)
		status = cli_log_error(session->command, &fault);
	trace_presence_close(session->presence);
	store_merge_close(session->inputs);
	return status;
}

static int look_and_report(struct session *session, const struct cli_operands *logs)
{
	session->interrupt_fd = cli_interrupt_open();
	if (session->interrupt_fd < 0) {
		cli_error(session->command, "cannot handle signals: %s",
			  wire_error_text(session->interrupt_fd));
		return CLI_IO;
	}
	cli_screen_init(&session->screen, session->settings->no_pager, session->settings->quiet, logs);
	session->screen.progress.interrupt_fd = session->interrupt_fd;
	int status = examine(session, logs);
	cli_screen_end(&session->screen);
	close(session->interrupt_fd);
	return status;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct settings settings = {.memory = UINT64_C(128) << 20};
	struct session session = {.command = command, .settings = &settings};
	struct cli_operands operands, logs, subjects;
	int status = cli_options_parse(command, argc, argv, &settings, &operands);
	if (status == CLI_GO_ON)
		status = cli_logs_split(command, &operands, false, &logs, &subjects);
	if (status == CLI_GO_ON)
		status = choose_subject(&session, &subjects);
	if (status == CLI_GO_ON)
		status = choose_events(&session);
	if (status == CLI_GO_ON)
		status = choose_clients(&session);
	if (status == CLI_GO_ON)
		status = look_and_report(&session, &logs);
	store_filter_close(session.events);
	store_filter_close(session.clients);
	cli_list_fini(&settings.clients);
	return status;
}

const struct cli_command cli_who = {
    .name = "who",
    .summary = "who is connected, or subscribed to a subject, at a moment",
    .group = CLI_TASK_READ,
    .operands = "LOG... [SUBJECT]",
    .about =
	"Lists the clients that were connected at the end of the log, or at another moment of it (--at): "
	"where\n"
	"from, with which library, since when, and how much they sent and received until then.\n"
	"\n"
	"With SUBJECT, lists the subscriptions that get messages of that subject, and who holds them. With\n"
	"wildcards, those that get any of its messages. Subscriptions are recorded with "
	"--record-detail=protocol;\n"
	"where they were not, clients that got such a message are listed.",
    .examples = "  tapedeck who log                              who is connected, from where\n"
		"  tapedeck who log orders.eu.paid               who gets orders.eu.paid\n"
		"  tapedeck who log orders.eu.paid --at 14:03    who got it at 14:03\n"
		"  tapedeck who log --client billing --json      one service",
    .options = groups,
    .run = run,
};
