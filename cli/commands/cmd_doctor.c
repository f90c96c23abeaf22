/* cmd_doctor.c - tapedeck doctor: what is wrong on the bus that was recorded. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/commands/interrupt.h"
#include "cli/options/filters.h"
#include "cli/options/joining.h"
#include "cli/options/logs.h"
#include "cli/options/nothing_matched.h"
#include "cli/output/doctor_json.h"
#include "cli/output/doctor_text.h"
#include "cli/output/errors.h"
#include "cli/output/screen.h"
#include "store/read/log.h"
#include "wire/suggest.h"

enum { TEXT_COLUMNS = 80, EVENTS_PER_LOOK = 4096, CHECKS_MAX = 64 };

struct settings {
	struct cli_filters filters;
	struct cli_list checks;
	bool list, json, no_pager, quiet, no_join;
	uint64_t memory;
	int color; /* enum cli_color_choice */
};

#define AT(member) offsetof(struct settings, member)

static const struct cli_option checking[] = {
    {.name = "check",
     .kind = CLI_LIST,
     .argument = "NAME,...",
     .help = "only these checks; may be repeated",
     .at = AT(checks)},
    {.name = "list", .kind = CLI_FLAG, .help = "print the checks, and read nothing", .at = AT(list)},
    {.name = "memory",
     .kind = CLI_BYTES,
     .argument = "SIZE",
     .help = "memory for subjects, connections, and requests that wait for a reply; default 128MiB",
     .at = AT(memory)},
    {.name = NULL},
};

static const struct cli_option output[] = {
    {.name = "json", .kind = CLI_FLAG, .help = "print one JSON object; keys: docs/doctor.md", .at = AT(json)},
    {.name = NULL},
};

static const struct cli_option_group groups[] = {
    {"Checks", checking, 0},
    {"Output", output, 0},
    {"Output", cli_color_options, AT(color)},
    {"Output", cli_pager_options, AT(no_pager)},
    {"Output", cli_quiet_options, AT(quiet)},
    {"Which events", cli_filter_options, AT(filters)},
    {"Which events", cli_seq_options, AT(filters)},
    {"Which events", cli_joining_options, AT(no_join)},
    {0},
};

struct session {
	const struct cli_command *command;
	const struct settings *settings;
	const struct cli_operands *logs, *subjects;
	struct store_merge *inputs;
	struct store_filter *chosen; /* what the findings are about; NULL: everything */
	struct trace_doctor *doctor;
	size_t checks_len;
	struct export_out out;
	struct cli_screen screen;
	int interrupt_fd;
};

/* ---- the checks ---- */

static bool exists(const char *name)
{
	struct trace_doctor_check check;
	for (size_t i = 0; trace_doctor_list(i, &check); i++)
		if (strcmp(check.name, name) == 0)
			return true;
	return false;
}

static int refuse_for_memory(const struct cli_command *command)
{
	cli_error(command, "out of memory");
	return CLI_IO;
}

/* --check without a name. */
static int refuse_none(const struct cli_command *command)
{
	char names[2000];
	size_t len = 0;
	struct trace_doctor_check check;
	for (size_t i = 0; trace_doctor_list(i, &check) && len < sizeof names; i++)
		len +=
		    (size_t)snprintf(names + len, sizeof names - len, "%s%s", i > 0 ? ", " : "", check.name);
	return cli_usage_error(command, "--check names no check; there are %s", names);
}

static int refuse(const struct cli_command *command, const char *name)
{
	const char *names[CHECKS_MAX] = {NULL};
	struct trace_doctor_check check;
	for (size_t i = 0; i < CHECKS_MAX - 1 && trace_doctor_list(i, &check); i++)
		names[i] = check.name;
	const char *nearest = wire_suggest(name, names);
	return cli_usage_error(command, "there is no check \"%s\"%s%s%s; --list names them", name,
			       nearest ? " (did you mean " : "", nearest ? nearest : "", nearest ? "?)" : "");
}

/* The names of --check, which may hold several between commas; *text is owned by the caller and holds them. */
static int read_checks(const struct cli_command *command, const struct cli_list *given,
		       struct cli_list *names, char **text)
{
	size_t len = 1;
	for (size_t i = 0; i < given->len; i++)
		len += strlen(given->values[i]) + 1;
	char *at = *text = calloc(len, 1);
	for (size_t i = 0; at && i < given->len; i++, at += strlen(at)) {
		strcat(at, given->values[i]);
		strcat(at, ",");
	}
	char *rest = *text;
	for (char *name; rest && (name = strsep(&rest, ",")) != NULL;) {
		if (*name && !exists(name))
			return refuse(command, name);
		if (*name && cli_list_add(names, name) != 0)
			return refuse_for_memory(command);
	}
	if (!*text)
		return refuse_for_memory(command);
	return given->len > 0 && names->len == 0 ? refuse_none(command) : CLI_GO_ON;
}

/* ---- the inputs ---- */

static struct trace_doctor_log describe_log(const char *path)
{
	struct trace_doctor_log log = {.name = path};
	struct store_log_segments segments = {0};
	if (cli_log_is_foreign(path) || store_log_list(&segments, path, NULL) != 0)
		return log;
	log.segments = segments.count;
	log.first_seq = segments.count > 0 ? segments.list[0].first_seq : 0;
	log.next_seq = segments.count > 1 ? segments.list[1].first_seq : 0;
	log.is_written = store_log_is_locked(path);
	store_log_segments_fini(&segments);
	return log;
}

/* Every kind, so that connections which were there before the log are seen, at the chosen times. */
static int build_times(const struct session *session, struct store_filter **times)
{
	static const char kinds[] =
	    "message,delivery,connect,disconnect,subscribe,unsubscribe,error,mark,gap";
	const struct cli_filters *filters = &session->settings->filters;
	const struct cli_filters only = {
	    .since = filters->since, .until = filters->until, .utc = filters->utc};
	const struct cli_operands none = {0};
	int status = cli_filters_build(session->command, &only, &none, times);
	if (status == CLI_GO_ON && store_filter_kinds(*times, kinds, NULL) != 0) {
		cli_error(session->command, "out of memory");
		return CLI_IO;
	}
	return status;
}

static bool has_conditions(const struct cli_filters *filters, const struct cli_operands *subjects)
{
	return subjects->len > 0 || filters->subjects.len > 0 || filters->excludes.len > 0 ||
	       filters->clients.len > 0 || filters->kinds.len > 0 || filters->headers.len > 0 ||
	       filters->greps.len > 0 || filters->min_size > 0 || filters->receivers.len > 0 ||
	       filters->seqs.len > 0 || filters->wheres.len > 0 || filters->unheard;
}

/* Replies to chosen requests are needed whatever their subject: the filter does not keep the reader from them. */
static bool is_chosen(const struct session *session, const struct wire_event *event)
{
	return !session->chosen ||
	       store_filter_event(session->chosen, event, store_merge_source(session->inputs));
}

/* ---- the work ---- */

static int look(struct session *session, struct wire_fault *fault)
{
	struct wire_event event;
	int status;
	for (uint64_t events = 1; (status = store_merge_next(session->inputs, &event, fault)) > 0; events++) {
		if (trace_doctor_add(session->doctor, &event, is_chosen(session, &event)) != 0)
			return wire_fault_set(fault, -ENOMEM, "out of memory");
		if (events % EVENTS_PER_LOOK == 0 && cli_interrupt_seen(session->interrupt_fd))
			return 0;
	}
	return status;
}

static void print(struct session *session, const struct trace_findings *findings)
{
	const char *const *logs = (const char *const *)session->logs->values;
	uint32_t logs_len = (uint32_t)session->logs->len;
	size_t columns = cli_terminal_columns(STDOUT_FILENO);
	if (session->settings->json) {
		cli_doctor_json(&session->out, session->doctor, findings, logs, logs_len);
		return;
	}
	const struct cli_doctor_text text = {
	    .out = &session->out,
	    .color = cli_color_wanted((enum cli_color_choice)session->settings->color, STDOUT_FILENO),
	    .utc = session->settings->filters.utc,
	    .columns = columns ? columns : TEXT_COLUMNS,
	    .logs = logs,
	    .logs_len = logs_len,
	    .is_filtered =
		session->chosen || session->settings->filters.since || session->settings->filters.until};
	cli_doctor_text(&text, session->doctor, findings, session->checks_len);
}

static int report_damage(const struct session *session)
{
	struct wire_damage damage;
	if (!session->settings->quiet)
		cli_joining_report(session->command, session->inputs, session->logs);
	store_merge_damage(session->inputs, &damage);
	return cli_log_report_unread(session->command, NULL, &damage);
}

/* Print the findings up to the place where an input cannot be read on, then the error. */
static int report(struct session *session, int error, const struct wire_fault *fault)
{
	struct trace_doctor_log *logs = calloc((size_t)session->logs->len, sizeof *logs);
	for (int i = 0; logs && i < session->logs->len; i++)
		logs[i] = describe_log(session->logs->values[i]);
	const struct trace_findings *findings =
	    trace_doctor_end(session->doctor, logs, logs ? (uint32_t)session->logs->len : 0);
	print(session, findings);
	int flushed = export_out_flush(&session->out);
	cli_screen_end(&session->screen);
	int status = cli_write_status(session->command, flushed);
	int damage = report_damage(session);
	struct trace_doctor_scope scope;
	trace_doctor_scope(session->doctor, &scope);
	bool is_found =
	    scope.events == 0 || (findings->len > 0 && findings->list[0].severity == TRACE_CRITICAL);
	free(logs);
	if (error == 0 && scope.events == 0 && !session->settings->quiet &&
	    (session->chosen || session->settings->filters.since || session->settings->filters.until))
		cli_explain_nothing(session->command, "nothing matched", session->logs,
				    &session->settings->filters, session->subjects);
	if (error < 0)
		return cli_log_error(session->command, fault);
	if (status != CLI_DONE)
		return status;
	return is_found ? CLI_FOUND : damage;
}

static int examine(struct session *session, const struct cli_list *checks, const struct store_filter *times)
{
	const struct store_reader_options options = {.filter = times,
						     .in_time_order = true,
						     .payloads = true,
						     .steady = true,
						     .progress = &session->screen.progress.base};
	const struct trace_doctor_options how = {
	    .memory_bytes = session->settings->memory > TRACE_DOCTOR_MEMORY_LEAST ? session->settings->memory
										  : TRACE_DOCTOR_MEMORY_LEAST,
	    .checks = checks->values,
	    .is_filtered = session->chosen != NULL};
	struct wire_fault fault = {.code = -ENOMEM, .text = "out of memory"};
	int error =
	    cli_joining_open(&session->inputs, session->logs, &options, session->settings->no_join, &fault);
	if (error)
		return cli_log_error(session->command, &fault);
	error = trace_doctor_open(&session->doctor, store_merge_source(session->inputs), &how);
	if (!error)
		error = look(session, &fault);
	int status =
	    session->doctor ? report(session, error, &fault) : cli_log_error(session->command, &fault);
	trace_doctor_close(session->doctor);
	store_merge_close(session->inputs);
	return status;
}

static size_t count_checks(const struct cli_list *checks)
{
	struct trace_doctor_check check;
	size_t count = 0;
	while (trace_doctor_list(count, &check))
		count++;
	return checks->len > 0 ? checks->len : count;
}

static int open_and_examine(struct session *session, const struct cli_list *checks,
			    const struct cli_operands *subjects)
{
	struct cli_filters filters = session->settings->filters;
	struct store_filter *times = NULL;
	int status = build_times(session, &times);
	filters.is_reported = true;
	if (status == CLI_GO_ON && has_conditions(&filters, subjects))
		status = cli_filters_build(session->command, &filters, subjects, &session->chosen);
	session->interrupt_fd = cli_interrupt_open();
	session->checks_len = count_checks(checks);
	if (status == CLI_GO_ON &&
	    (export_out_init(&session->out, STDOUT_FILENO) != 0 || session->interrupt_fd < 0)) {
		cli_error(session->command, "cannot start: out of memory or of file descriptors");
		status = CLI_IO;
	}
	cli_screen_init(&session->screen, session->settings->no_pager, session->settings->quiet,
			session->logs);
	cli_screen_attach(&session->screen, &session->out);
	session->screen.progress.interrupt_fd = session->interrupt_fd;
	if (status == CLI_GO_ON)
		status = examine(session, checks, times);
	export_out_fini(&session->out);
	if (session->interrupt_fd >= 0)
		close(session->interrupt_fd);
	store_filter_close(session->chosen);
	store_filter_close(times);
	return status;
}

static int print_list(const struct cli_command *command, const struct settings *settings)
{
	struct export_out out;
	size_t columns = cli_terminal_columns(STDOUT_FILENO);
	if (export_out_init(&out, STDOUT_FILENO) != 0)
		return refuse_for_memory(command);
	const struct cli_doctor_text text = {.out = &out, .columns = columns ? columns : SIZE_MAX};
	if (settings->json)
		cli_doctor_json_list(&out);
	else
		cli_doctor_text_list(&text);
	int status = cli_write_status(command, export_out_flush(&out));
	export_out_fini(&out);
	return status;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct settings settings = {.memory = UINT64_C(128) << 20};
	struct cli_operands operands, logs, subjects;
	struct cli_list checks = {0};
	char *text = NULL;
	int status = cli_options_parse(command, argc, argv, &settings, &operands);
	if (status == CLI_GO_ON && settings.list)
		status = print_list(command, &settings);
	if (status == CLI_GO_ON)
		status = read_checks(command, &settings.checks, &checks, &text);
	if (status == CLI_GO_ON)
		status = cli_logs_split(command, &operands, false, &logs, &subjects);
	if (status == CLI_GO_ON) {
		struct session session = {
		    .command = command, .settings = &settings, .logs = &logs, .subjects = &subjects};
		status = open_and_examine(&session, &checks, &subjects);
	}
	cli_list_fini(&checks);
	free(text);
	cli_list_fini(&settings.checks);
	cli_filters_fini(&settings.filters);
	return status;
}

const struct cli_command cli_doctor = {
    .name = "doctor",
    .summary = "what is wrong: unanswered, slow, dropped, flapping, never heard",
    .group = CLI_TASK_READ,
    .operands = "LOG... [SUBJECT...]",
    .about = "Looks for problems in one or several logs or packet captures, and prints findings: how bad "
	     "each one is, what to do about it, and the sequence numbers of the messages that show it. The "
	     "exit status is 1 when a finding is critical.\n"
	     "\n"
	     "Filters choose what findings are about; the facts behind them come from all events. "
	     "docs/doctor.md explains each check and its threshold.",
    .examples = "  tapedeck doctor log\n"
		"  tapedeck doctor log --since 1h 'orders.>'        the last hour of orders\n"
		"  tapedeck doctor log --check unanswered,dropped   two checks only\n"
		"  tapedeck doctor log --json |\n"
		"      jq -r '.findings[] | select(.severity == \"critical\").text'",
    .options = groups,
    .run = run,
};
