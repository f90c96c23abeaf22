#include "cli/commands/view.h"
#include "cli/output/errors.h"
#include "cli/output/screen.h"
#include "cli/output/times.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/commands/interrupt.h"
#include "cli/commands/view_context.h"
#include "cli/commands/view_count.h"
#include "cli/commands/view_replies.h"
#include "cli/options/joining.h"
#include "cli/options/logs.h"
#include "cli/options/nothing_matched.h"
#include "export/text/sizes.h"
#include "store/read/steps.h"

#define LATE_NS INT64_C(200000000) /* an event is written to the log at most so long after it happened */

enum {
	WAIT_MS = 100,          /* between two looks for Ctrl-C, or for a log to appear */
	EVENTS_PER_LOOK = 1024, /* likewise while there is plenty to print */
};

#define WRITTEN_NS INT64_C(1000000000)

struct session {
	const struct cli_command *command;
	const struct cli_view *view;
	const struct cli_operands *inputs, *subjects;
	struct cli_printer printer;
	struct cli_screen screen;
	struct store_filter *filter;
	struct store_filter *around; /* the events that are read; NULL: those that pass the filter */
	struct cli_view_context context;
	struct cli_view_replies replies;
	struct store_merge *logs;
	int interrupt_fd;
	uint64_t matches;
	bool interrupted;
	bool waited; /* the log did not exist when the command started */
	int64_t started_ns;
};

static const struct wire_client *find_client(const void *context, uint64_t conn)
{
	return store_merge_client(context, conn);
}

static bool look_for_interrupt(struct session *session)
{
	session->interrupted = session->interrupted || cli_interrupt_seen(session->interrupt_fd);
	return session->interrupted;
}

static bool is_complete(const struct session *session)
{
	uint64_t limit = session->view->limit;

	return limit > 0 && session->matches >= limit;
}

/* The reader of our output has closed the pipe, or the disk is full. */
static bool is_output_dead(const struct session *session)
{
	return session->printer.out.error != 0;
}

/* Though there are enough matches, events after the last one are wanted. */
static bool awaits_more(const struct session *session)
{
	return session->context.after_left > 0 || session->replies.chosen > 0;
}

/* Print an event that passed the filter, or that is near one that did. 0 or -ENOMEM. */
static int put_around(struct session *session, const struct wire_event *event)
{
	bool is_chosen = !is_complete(session) &&
			 store_filter_event(session->filter, event, store_merge_source(session->logs));

	session->matches += is_chosen && cli_filters_match(&session->view->filters, event);
	return session->view->around.with_replies
		   ? cli_view_replies_take(&session->replies, event, is_chosen)
		   : cli_view_context_take(&session->context, event, is_chosen);
}

static int put(struct session *session, const struct wire_event *event)
{
	const struct export_clients clients = {.find = find_client, .context = session->logs};

	if (session->around)
		return put_around(session, event);
	cli_printer_put(&session->printer, event, &clients);
	session->matches += cli_filters_match(&session->view->filters, event);
	return 0;
}

/* Print the events that there are. 0 at their end, 1 when there is a reason to stop, or a negative code with
 * *fault. */
static int print_available(struct session *session, struct wire_fault *fault)
{
	struct wire_event event;
	uint64_t events = 0;
	int status;

	while ((status = store_merge_next(session->logs, &event, fault)) > 0) {
		if (put(session, &event) != 0)
			return wire_fault_set(fault, -ENOMEM, "out of memory");
		if ((is_complete(session) && !awaits_more(session)) || is_output_dead(session))
			return 1;
		if (++events % EVENTS_PER_LOOK == 0 && look_for_interrupt(session))
			return 1;
	}
	return status;
}

/* Following: no event that is still to come passes --until. Recorders may write an event a moment after it happened. */
static bool is_over(const struct session *session)
{
	return store_filter_is_over(session->filter, cli_now_ns() - WRITTEN_NS);
}

/* Nothing has come for a while. */
static int print_idle(struct session *session)
{
	if (session->view->around.with_replies)
		cli_view_replies_read_to(&session->replies, store_time_minus(cli_now_ns(), LATE_NS));
	return cli_printer_idle(&session->printer);
}

/* Why no more replies are expected when the last event was read. */
static enum export_pairing_end end_of(const struct session *session)
{
	const struct cli_filters *filters = &session->view->filters;
	if (session->view->follow)
		return EXPORT_PAIRING_FOLLOWED;
	return filters->until || filters->seqs.len > 0 || session->interrupted ? EXPORT_PAIRING_RANGE_ENDS
									       : EXPORT_PAIRING_LOG_ENDS;
}

static int print_all(struct session *session, struct wire_fault *fault)
{
	int status;
	bool was_over = is_over(session);

	while ((status = print_available(session, fault)) == 0 && session->view->follow && !was_over) {
		was_over = is_over(session);
		if (print_idle(session) != 0 || look_for_interrupt(session))
			break;
		store_merge_wait(session->logs, WAIT_MS);
	}
	if (session->view->around.with_replies)
		cli_view_replies_end(&session->replies, end_of(session));
	return status < 0 ? status : 0;
}

static int report_damage(const struct session *session)
{
	struct wire_damage damage;

	store_merge_damage(session->logs, &damage);
	return cli_log_report_unread(session->command, NULL, &damage);
}

/* Sum up in one line what was printed until Ctrl-C. */
static void report_summary(const struct session *session)
{
	const struct cli_printer *printer = &session->printer;
	char events[EXPORT_SIZE_TEXT], messages[EXPORT_SIZE_TEXT], bytes[EXPORT_SIZE_TEXT],
	    span[EXPORT_SIZE_TEXT];

	cli_error(session->command, "%s event%s, %s of them messages (%s), in %s",
		  export_count_text(events, printer->events), printer->events == 1 ? "" : "s",
		  export_count_text(messages, printer->messages), export_size_text(bytes, printer->bytes),
		  export_span_text(span, cli_now_ns() - session->started_ns));
}

static bool has_nothing(const struct session *session)
{
	return session->matches == 0 && !session->view->follow && !session->view->quiet &&
	       !session->interrupted && !is_output_dead(session) && !store_filter_is_empty(session->filter);
}

static int report(struct session *session, int status, const struct wire_fault *fault)
{
	cli_printer_flush(&session->printer);
	cli_screen_end(&session->screen);
	look_for_interrupt(session); /* which may have ended reading where nothing matched */
	if (session->interrupted && !session->view->quiet)
		report_summary(session);
	int output = cli_write_status(session->command, session->printer.out.error);
	if (!session->view->quiet)
		cli_joining_report(session->command, session->logs, session->inputs);
	if (!session->view->quiet)
		cli_decoding_report(&session->view->output.decoding, session->command);
	int damage = report_damage(session);
	if (status < 0)
		return cli_log_error(session->command, fault);
	if (has_nothing(session))
		cli_explain_nothing(session->command, "nothing matched", session->inputs,
				    &session->view->filters, session->subjects);
	if (output != CLI_DONE || damage != CLI_DONE)
		return output != CLI_DONE ? output : damage;
	return session->view->fail_empty && session->matches == 0 ? CLI_FOUND : CLI_DONE;
}

/* False when a signal came first. */
static bool wait_for_logs(struct session *session, const struct cli_operands *logs)
{
	for (int i = 0; i < logs->len; i++) {
		while (session->view->wait && !cli_log_exists(logs->values[i])) {
			if (!session->waited && !session->view->quiet)
				cli_error(session->command, "waiting for \"%s\"", logs->values[i]);
			session->waited = true;
			if (cli_interrupt_wait(session->interrupt_fd, WAIT_MS))
				return false;
		}
	}
	return true;
}

static struct store_reader_options reader_options(struct session *session)
{
	const struct cli_view *view = session->view;

	return (struct store_reader_options){
	    .filter = session->around ? session->around : session->filter,
	    .last_of = session->filter,
	    .reverse = view->reverse,
	    .in_time_order = true,
	    .follow = view->follow,
	    .from_end = view->from_end && !session->waited,
	    .last = view->last,
	    .payloads = true,
	    .progress = view->follow ? NULL : &session->screen.progress.base,
	    .steady = view->around.with_replies && !view->follow,
	};
}

/* Prepare for events around those that match. 0 or a negative code with *fault. */
static int open_around(struct session *session, struct wire_fault *fault)
{
	const struct cli_around *around = &session->view->around;
	struct wire_source *source = store_merge_source(session->logs);
	int error = 0;

	if (around->with_replies)
		error = cli_view_replies_init(&session->replies, &session->printer, source);
	else if (session->around)
		error = cli_view_context_init(&session->context, &session->printer, source,
					      (uint64_t)around->before, (uint64_t)around->after);
	return error ? wire_fault_set(fault, error, "out of memory") : 0;
}

static int read_logs(struct session *session, const struct cli_operands *logs)
{
	struct wire_fault fault = {0};

	if (!wait_for_logs(session, logs))
		return CLI_DONE;
	const struct store_reader_options options = reader_options(session);
	int status = cli_joining_open(&session->logs, logs, &options, session->view->no_join, &fault);
	if (status == 0)
		status = open_around(session, &fault);
	if (status == 0) {
		status = print_all(session, &fault);
		status = report(session, status, &fault);
	} else {
		status = cli_log_error(session->command, &fault);
	}
	cli_view_context_fini(&session->context);
	cli_view_replies_fini(&session->replies);
	store_merge_close(session->logs);
	return status;
}

static int count(struct session *session, const struct cli_operands *logs)
{
	const struct cli_view *view = session->view;
	const struct cli_counting counting = {.filters = &view->filters,
					      .filter = session->filter,
					      .limit = view->limit,
					      .no_join = view->no_join,
					      .quiet = view->quiet};
	int status = cli_view_count(session->command, logs, &counting, &session->matches);

	return status == CLI_DONE && view->fail_empty && session->matches == 0 ? CLI_FOUND : status;
}

static int run(struct session *session, const struct cli_operands *logs)
{
	int status = cli_printer_init(&session->printer, session->command, &session->view->output,
				      session->view->filters.utc);

	if (status != CLI_GO_ON)
		return status;
	session->interrupt_fd = cli_interrupt_open();
	cli_screen_init(&session->screen, session->view->no_pager || session->view->follow,
			session->view->quiet, logs);
	cli_screen_attach(&session->screen, &session->printer.out);
	session->screen.progress.interrupt_fd = session->interrupt_fd;
	if (session->interrupt_fd >= 0) {
		status = read_logs(session, logs);
		close(session->interrupt_fd);
	} else {
		cli_error(session->command, "cannot handle signals: %s",
			  wire_error_text(session->interrupt_fd));
		status = CLI_IO;
	}
	cli_printer_fini(&session->printer);
	return status;
}

static int check(const struct cli_command *command, struct cli_view *view, const struct cli_operands *logs)
{
	int status = cli_around_check(command, &view->around);

	if (status != CLI_GO_ON)
		return status;
	if (view->count && (view->follow || cli_around_is_wanted(&view->around)))
		return cli_usage_error(command, "--count excludes --follow, -A, -B, -C and --with-replies");
	if (view->around.with_replies && view->reverse)
		return cli_usage_error(command, "--with-replies and --reverse exclude each other");
	if (view->follow && view->reverse)
		return cli_usage_error(command, "--follow and --reverse exclude each other");
	if (view->follow)
		return cli_logs_refuse_foreign(command, logs, "following");
	return view->reverse ? cli_logs_refuse_foreign(command, logs, "--reverse") : CLI_GO_ON;
}

int cli_view_main(const struct cli_command *command, struct cli_view *view, int argc, char **argv)
{
	struct session session = {.command = command, .view = view, .started_ns = cli_now_ns()};
	struct cli_operands operands, logs, subjects;
	int status = cli_options_parse(command, argc, argv, view, &operands);

	if (status == CLI_GO_ON)
		status = cli_logs_split(command, &operands, view->wait, &logs, &subjects);
	if (status == CLI_GO_ON)
		status = check(command, view, &logs);
	if (status == CLI_GO_ON)
		status = cli_filters_default_kind(command, &view->filters, cli_printer_kind(&view->output));
	if (status == CLI_GO_ON)
		status = cli_filters_build(command, &view->filters, &subjects, &session.filter);
	session.inputs = &logs;
	session.subjects = &subjects;
	if (status == CLI_GO_ON && cli_around_is_wanted(&view->around))
		status = cli_filters_build_around(command, &view->filters, &session.around);
	if (status == CLI_GO_ON)
		status = view->count ? count(&session, &logs) : run(&session, &logs);
	store_filter_close(session.filter);
	store_filter_close(session.around);
	cli_filters_fini(&view->filters);
	cli_decoding_fini(&view->output.decoding);
	return status;
}
