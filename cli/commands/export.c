#include "cli/commands/export.h"

#include <errno.h>
#include <unistd.h>

#include "cli/commands/interrupt.h"
#include "cli/options/joining.h"
#include "cli/options/logs.h"
#include "cli/options/nothing_matched.h"
#include "cli/output/errors.h"
#include "cli/output/file.h"
#include "cli/output/screen.h"
#include "cli/output/times.h"
#include "export/text/sizes.h"

enum { WAIT_MS = 100, EVENTS_PER_LOOK = 1024 };

#define WRITTEN_NS INT64_C(1000000000) /* an event is in the log at most so long after it happened */

struct session {
	const struct cli_export *export;
	struct store_merge *logs;
	struct export_writer *writer;
	struct cli_file file;
	struct export_out out;
	struct cli_screen screen;
	int interrupt_fd;
	bool is_interrupted;
	uint64_t events;  /* chosen ones, given to the writer */
	uint64_t matches; /* of them, without gaps that nobody asked for */
};

static const struct wire_client *find_client(const void *context, uint64_t conn)
{
	return store_merge_client(context, conn);
}

static bool look_for_interrupt(struct session *session)
{
	session->is_interrupted = session->is_interrupted || cli_interrupt_seen(session->interrupt_fd);
	return session->is_interrupted;
}

static bool is_complete(const struct session *session)
{
	const struct cli_export *export = session->export;

	return export->limit > 0 && !export->settings.format->limits_itself &&
	       session->matches >= export->limit;
}

/* ---- reading ---- */

static int put(struct session *session, const struct wire_event *event, struct wire_fault *fault)
{
	const struct cli_export *export = session->export;
	struct wire_source *source = store_merge_source(session->logs);
	const bool is_chosen = !export->read || store_filter_event(export->chosen, event, source);
	const struct export_input input = {.source = source,
					   .clients = {.find = find_client, .context = session->logs},
					   .is_chosen = is_chosen};

	session->events += is_chosen;
	session->matches += is_chosen && cli_filters_match(&export->filters, event);
	return session->writer->put(session->writer, event, &input, fault);
}

/* The events that there are. 0 at their end, 1 when there is a reason to stop, or a negative code with *fault. */
static int put_available(struct session *session, struct wire_fault *fault)
{
	struct wire_event event;
	uint64_t events = 0;
	int status;

	while ((status = store_merge_next(session->logs, &event, fault)) > 0) {
		status = put(session, &event, fault);
		if (status < 0)
			return status;
		if (is_complete(session) || session->out.error != 0)
			return 1;
		if (++events % EVENTS_PER_LOOK == 0 && look_for_interrupt(session))
			return 1;
	}
	return status;
}

/* Nothing has come for a while: everything is known until a moment ago. */
static int idle(struct session *session, struct wire_fault *fault)
{
	struct export_writer *writer = session->writer;
	int error = writer->idle ? writer->idle(writer, cli_now_ns() - WRITTEN_NS, fault) : 0;

	export_out_flush(&session->out);
	return error;
}

static bool is_over(const struct session *session)
{
	return store_filter_is_over(session->export->chosen, cli_now_ns() - WRITTEN_NS);
}

static int put_all(struct session *session, struct wire_fault *fault)
{
	int status;
	bool was_over = is_over(session);

	while ((status = put_available(session, fault)) == 0 && session->export->follow && !was_over) {
		was_over = is_over(session);
		status = idle(session, fault);
		if (status < 0 || session->out.error != 0 || look_for_interrupt(session))
			break;
		store_merge_wait(session->logs, WAIT_MS);
	}
	if (status >= 0 && session->writer->end)
		status = session->writer->end(session->writer, fault);
	return status < 0 ? status : 0;
}

/* ---- reporting ---- */

void cli_export_report_omissions(const struct cli_command *command, const struct export_writer *writer)
{
	struct export_omission omission;
	char count[EXPORT_SIZE_TEXT];

	for (size_t i = 0; writer->omission && writer->omission(writer, i, &omission); i++)
		if (omission.count > 0)
			cli_error(command, "left out: %s %s", export_count_text(count, omission.count),
				  omission.what);
}

static void report_result(const struct session *session)
{
	const struct cli_export *export = session->export;
	char events[EXPORT_SIZE_TEXT];

	if (export->file)
		cli_error(export->command, "\"%s\": %s event%s", export->file,
			  export_count_text(events, session->events), export_plural(session->events));
	cli_export_report_omissions(export->command, session->writer);
	cli_joining_report(export->command, session->logs, &export->logs);
}

/* Ctrl-C is the usual end of --follow; before the end of a log it leaves a part of what was asked for. */
static bool is_cut_short(const struct session *session)
{
	return session->is_interrupted && !session->export->follow;
}

int cli_export_report_interrupt(const struct cli_command *command, const char *file)
{
	if (file)
		cli_error(command, "interrupted: \"%s\" was not written", file);
	else
		cli_error(command, "interrupted");
	return CLI_FOUND;
}

/* A collector may have missed more than what was not read. */
static int finish_cut_short(const struct session *session)
{
	const struct cli_export *export = session->export;
	const struct cli_export_format *format = export->settings.format;
	const int status = cli_export_report_interrupt(export->command, session->file.path);
	const int sent = format->status ? format->status(session->writer) : CLI_DONE;

	return sent != CLI_DONE ? sent : status;
}

static int finish(struct session *session, struct wire_fault *fault)
{
	const struct cli_export *export = session->export;
	struct wire_damage damage;
	int output = cli_write_status(export->command, export_out_flush(&session->out));

	cli_screen_end(&session->screen);
	if (output != CLI_DONE)
		return output;
	look_for_interrupt(session); /* which may have ended reading as if the logs ended there */
	if (is_cut_short(session))
		return finish_cut_short(session);
	if (cli_file_finish(&session->file, fault) != 0)
		return cli_log_error(export->command, fault);
	if (!export->quiet)
		report_result(session);
	if (session->matches == 0 && !export->quiet && !export->follow)
		cli_explain_nothing(export->command, "nothing matched", &export->logs, &export->filters,
				    &export->subjects);
	store_merge_damage(session->logs, &damage);
	const int unread = cli_log_report_unread(export->command, NULL, &damage);
	const struct cli_export_format *format = export->settings.format;

	return unread == CLI_DONE && format->status ? format->status(session->writer) : unread;
}

/* ---- the whole ---- */

static int open_logs(struct session *session, struct wire_fault *fault)
{
	const struct cli_export *export = session->export;
	const struct store_reader_options options = {
	    .filter = export->read ? export->read : export->chosen,
	    .last_of = export->chosen,
	    .in_time_order = true,
	    .follow = export->follow,
	    .payloads = true,
	    .steady = export->settings.format->reads_all,
	    .progress = export->follow ? NULL : &session->screen.progress.base};

	return cli_joining_open(&session->logs, &export->logs, &options, export->no_join, fault);
}

static int open_output(struct session *session, struct wire_fault *fault)
{
	const struct cli_export *export = session->export;
	int error = cli_file_init(&session->file, export->file, export->follow, session->interrupt_fd, fault);

	if (!error && export_out_init(&session->out, session->file.fd) != 0)
		error = wire_fault_set(fault, -ENOMEM, "out of memory");
	if (error)
		return error;
	session->out.begin = cli_file_begin;
	session->out.context = &session->file;
	if (!session->file.path)
		cli_screen_attach(&session->screen, &session->out);
	return 0;
}

static int export_all(struct session *session)
{
	const struct cli_export *export = session->export;
	const struct cli_export_format *format = export->settings.format;
	struct wire_fault fault = {0};
	struct cli_export_settings settings = export->settings;
	int error = open_logs(session, &fault);

	settings.running = (struct cli_export_running){.command = export->command,
						       .interrupt_fd = session->interrupt_fd,
						       .follows = export->follow,
						       .quiet = export->quiet};
	if (!error)
		error = open_output(session, &fault);
	if (!error)
		error = format->open(&session->writer, &settings, export->chosen, &session->out, &fault);
	if (error == -EINVAL)
		return cli_usage_error(export->command, "%s", fault.text);
	if (!error)
		error = put_all(session, &fault);
	if (!error)
		return finish(session, &fault);
	cli_screen_end(&session->screen);
	const int status = cli_log_error(export->command, &fault);

	return fault.code == -ECONNREFUSED ? CLI_CONNECT : status;
}

int cli_export_run(const struct cli_export *export)
{
	struct session session = {.export = export, .interrupt_fd = cli_interrupt_open(), .file.fd = -1};
	int status;

	cli_screen_init(&session.screen, true, export->quiet, &export->logs);
	session.screen.progress.interrupt_fd = session.interrupt_fd;
	if (session.interrupt_fd >= 0) {
		status = export_all(&session);
		close(session.interrupt_fd);
	} else {
		cli_error(export->command, "cannot handle signals: %s",
			  wire_error_text(session.interrupt_fd));
		status = CLI_IO;
	}
	if (session.writer)
		session.writer->close(session.writer);
	export_out_fini(&session.out);
	cli_file_fini(&session.file);
	store_merge_close(session.logs);
	return status;
}
