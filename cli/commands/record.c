#include "cli/commands/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/commands/interrupt.h"
#include "cli/options/logs.h"
#include "cli/output/errors.h"
#include "cli/output/times.h"
#include "export/text/sizes.h"
#include "net/client/client.h"
#include "tap/pump.h"
#include "tap/recorder/recorder.h"
#include "tap/subscriber/subscriber.h"

enum { RETRY_MS = 500 /* between two tries of the first connection */ };

struct record_run {
	const struct cli_command *command;
	struct cli_record *record;
	struct net_client_target *target;
	struct net_client_target *system; /* the system account; NULL: none */
	struct tap_subscriber *subscriber;
	struct tap_recording *recording;
	struct tap_recorder *recorder;
	struct wire_sink *sink; /* the recorder's, or one that masks before it */
	struct tap_pump pump;
	struct tap_pump_options pumping;
	int interrupt_fd;
	int64_t started_ns, last_message_ns; /* monotonic */
	uint64_t messages, messages_checked; /* so far; at the last check of whether to end */
};

/* ---- opening ---- */

/* The writer has room again. Called from its thread. */
static void wake(void *context)
{
	tap_pump_wake(&((const struct record_run *)context)->pump);
}

/* Called from the writer's thread, and from threads of the client. */
static void report(void *context, const char *line)
{
	const struct record_run *run = context;
	cli_error(run->command, "%s", line);
}

static int open_recorder(struct record_run *run, struct wire_fault *fault)
{
	const struct cli_recording *recording = &run->record->recording;
	struct tap_recording_options options;
	cli_recording_apply(recording, &options);
	options.writer.written_by = "record";
	options.writer.report = report;
	options.writer.context = run;
	int error = tap_recording_open(&run->recording, recording->dir, &options, fault);
	if (error)
		return error;
	error = tap_recorder_open(&run->recorder, run->recording, wake, run);
	if (error == 0) {
		run->sink = tap_recorder_sink(run->recorder);
		error = cli_masking_before(&run->record->masking, &run->sink);
	}
	return error ? wire_fault_set(fault, error, "%s: %s", recording->dir, wire_error_text(error)) : 0;
}

/* One try, or, with --wait, until a server answers. 0, or a negative code with *fault: -EINTR after a signal. */
static int open_subscriber(struct record_run *run, struct wire_fault *fault)
{
	static const char *const everything[] = {">", NULL};
	const struct cli_record *record = run->record;
	const struct tap_subscriber_options options = {
	    .target = run->target,
	    .name = cli_connection_name(&record->connection, "tapedeck record"),
	    .subjects = record->subjects.len > 0 ? (const char *const *)record->subjects.values : everything,
	    .group = record->group,
	    .memory_bytes = record->memory_bytes,
	    .limit = record->limit,
	    .confirm_ms = record->connection.target.timeout_ms,
	    .control = record->control,
	    .is_paused = record->is_paused,
	    .report = record->quiet ? NULL : report,
	    .context = run};
	int error = tap_subscriber_open(&run->subscriber, &options, fault);
	if (error == -ECONNREFUSED && record->waits)
		cli_error(run->command, "%s; waiting", fault->text);
	while (error == -ECONNREFUSED && record->waits) {
		if (cli_interrupt_wait(run->interrupt_fd, RETRY_MS))
			return wire_fault_set(fault, -EINTR, "interrupted");
		error = tap_subscriber_open(&run->subscriber, &options, fault);
	}
	return error;
}

/* CLI_GO_ON; or an exit status after a complaint. */
static int open_watch(struct record_run *run)
{
	const struct cli_record *record = run->record;
	struct cli_connection system;
	struct wire_fault fault;
	cli_connection_init(&system);
	system.context = record->system_context;
	system.ignores_environment = true;
	int status =
	    record->system_context ? cli_connection_build(run->command, &system, &run->system) : CLI_GO_ON;
	if (status != CLI_GO_ON)
		return status;
	const struct tap_subscriber_watch watch = {.system = run->system,
						   .monitors = record->monitors.values,
						   .first_conn = tap_recording_next_conn(run->recording),
						   .log = run->sink};
	return tap_subscriber_watch(run->subscriber, &watch, &fault) == 0
		   ? CLI_GO_ON
		   : cli_connection_error(run->command, &fault);
}

/* ---- while it runs ---- */

/* As event of struct tap_pump_options. */
static int count(void *context, const struct wire_event *event, struct wire_fault *fault)
{
	struct record_run *run = context;
	(void)fault;
	run->messages += event->kind == WIRE_EVENT_MESSAGE;
	return 0;
}

static int64_t monotonic_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* As pause of struct tap_pump_options. */
static bool check_end(void *context, bool is_idle)
{
	struct record_run *run = context;
	const struct cli_record *record = run->record;
	int64_t now_ns = monotonic_ns();
	(void)is_idle;
	if (run->messages > run->messages_checked)
		run->last_message_ns = now_ns;
	run->messages_checked = run->messages;
	bool is_over = record->duration_ms > 0 && now_ns - run->started_ns >= record->duration_ms * 1000000;
	bool is_quiet = record->idle_ms > 0 && now_ns - run->last_message_ns >= record->idle_ms * 1000000;
	if (is_over || is_quiet)
		tap_pump_stop(&run->pump, &run->pumping);
	return true;
}

static void prepare_pump(struct record_run *run)
{
	run->started_ns = run->last_message_ns = monotonic_ns();
	run->pumping = (struct tap_pump_options){.source = tap_subscriber_pump_source(run->subscriber),
						 .sink = run->sink,
						 .now_ns = cli_now_ns,
						 .interrupt_fd = run->interrupt_fd,
						 .event = count,
						 .pause = check_end,
						 .context = run};
}

/* ---- the end ---- */

static void summarize(const struct record_run *run)
{
	struct tap_subscriber_stats stats;
	char messages[EXPORT_SIZE_TEXT], bytes[EXPORT_SIZE_TEXT], span[EXPORT_SIZE_TEXT], more[400] = "";
	char outage[EXPORT_SIZE_TEXT], dropped[EXPORT_SIZE_TEXT];
	size_t len = 0;
	tap_subscriber_stats(run->subscriber, &stats);
	if (stats.dropped > 0)
		len = (size_t)snprintf(more, sizeof more, "; %s dropped, because recording could not keep up",
				       export_count_text(dropped, stats.dropped));
	if (stats.outages > 0)
		snprintf(more + len, sizeof more - len, "; %" PRIu64 " outage%s, %s in all", stats.outages,
			 export_plural(stats.outages), export_span_text(outage, stats.outage_ns));
	cli_error(run->command, "%s message%s, %s, received in %s%s",
		  export_count_text(messages, stats.messages), export_plural(stats.messages),
		  export_size_text(bytes, stats.bytes),
		  export_span_text(span, monotonic_ns() - run->started_ns), more);
	if (stats.refused > 0)
		cli_error(run->command, "the server refused something: %s", stats.last_error);
}

static int record_and_report(struct record_run *run)
{
	struct wire_fault fault = {0};
	prepare_pump(run);
	int error = tap_pump_run(&run->pump, &run->pumping, &fault);
	if (!run->record->quiet) {
		summarize(run);
		cli_masking_report(&run->record->masking, report, run);
	}
	int status = cli_recording_end(run->command, &run->recorder, run->recording);
	return error < 0 ? cli_connection_error(run->command, &fault) : status;
}

static int open_and_record(struct record_run *run)
{
	struct wire_fault fault;
	int status = CLI_DONE, error = open_subscriber(run, &fault);
	if (error == -EINTR)
		status = CLI_DONE;
	else if (error)
		status = cli_connection_error(run->command, &fault);
	else if (open_recorder(run, &fault) != 0)
		status = cli_log_error(run->command, &fault);
	else if ((status = open_watch(run)) == CLI_GO_ON)
		status = record_and_report(run);
	tap_subscriber_close(run->subscriber);
	net_client_end_threads();
	tap_recorder_close(run->recorder);
	tap_recording_close(run->recording);
	return status;
}

static int open_signals(struct record_run *run)
{
	int error = tap_pump_init(&run->pump);
	if (!error)
		run->interrupt_fd = error = cli_interrupt_open();
	if (error >= 0)
		return CLI_GO_ON;
	cli_error(run->command, "cannot handle signals: %s", strerror(-error));
	return CLI_IO;
}

int cli_record_run(const struct cli_command *command, struct cli_record *record)
{
	struct record_run run = {
	    .command = command, .record = record, .pump.wake_fd = -1, .interrupt_fd = -1};
	/* libnats starts threads as soon as there are options for it. Signals must be blocked before. */
	int status = open_signals(&run);
	if (status == CLI_GO_ON)
		status = cli_connection_build(command, &record->connection, &run.target);
	if (status == CLI_GO_ON)
		status = open_and_record(&run);
	if (run.interrupt_fd >= 0)
		close(run.interrupt_fd);
	tap_pump_fini(&run.pump);
	net_client_target_close(run.system);
	net_client_target_close(run.target);
	return status;
}
