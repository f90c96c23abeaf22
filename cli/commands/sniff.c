#include "cli/commands/sniff.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "cli/commands/interrupt.h"
#include "cli/options/logs.h"
#include "cli/output/color.h"
#include "cli/output/sniff_stats.h"
#include "tap/capture/privileges.h"
#include "tap/recorder/recorder.h"

enum {
	WAIT_MS = 50,           /* for packets, where there are none */
	EVENTS_PER_LOOK = 1024, /* between two looks at what else there is to do */
};

struct session {
	const struct cli_command *command;
	const struct cli_sniff *sniff;
	struct tap_sniffer *sniffer;
	struct tap_recording *recording; /* NULL: nothing is recorded */
	struct tap_recorder *recorder;   /* of the recording */
	struct wire_sink *sink;          /* the recorder's */
	bool prints;
	struct cli_printer printer;   /* when it prints */
	struct cli_sniff_stats stats; /* when a table was asked for */
	int interrupt_fd, wake_fd;
	bool is_stopped;
	uint64_t events, matches;
};

/* ---- opening ---- */

/* From the writer's thread. */
static void wake(void *context)
{
	const struct session *session = context;
	const uint64_t one = 1;

	if (write(session->wake_fd, &one, sizeof(one)) < 0)
		return; /* it is full: somebody wakes up already */
}

/* From the writer's thread: the recording is degraded, or well again. */
static void report(void *context, const char *line)
{
	const struct session *session = context;

	cli_error(session->command, "%s", line);
}

static int open_sniffer(struct session *session, const struct store_filter *filter, struct wire_fault *fault)
{
	const struct cli_sniff *sniff = session->sniff;
	struct tap_sniffer_options options;

	tap_sniffer_options_init(&options);
	options.capture = (struct tap_capture_options){.interface = sniff->interface,
						       .file = sniff->file,
						       .filter = sniff->bpf,
						       .ports = sniff->ports.list,
						       .ports_count = sniff->ports.len,
						       .snaplen = (uint32_t)sniff->snaplen,
						       .buffer_bytes = sniff->buffer_bytes,
						       .write_file = sniff->write_file,
						       .keeps_secrets = sniff->keeps_secrets};
	options.filter = filter;
	options.memory_bytes = sniff->memory_bytes;
	options.names_servers = sniff->recording.dir != NULL;
	return tap_sniffer_open(&session->sniffer, &options, fault);
}

/* Whoever captures with the rights of root does not look at packets with them. */
static int drop_privileges(const struct session *session, struct wire_fault *fault)
{
	const char *dir = session->sniff->recording.dir;
	int error = 0;

	if (!session->sniff->interface)
		return 0;
	if (dir)
		error = tap_privileges_make_folder(dir, fault);
	return error ? error : tap_privileges_drop(fault);
}

static int open_recorder(struct session *session, struct wire_fault *fault)
{
	const struct cli_recording *recording = &session->sniff->recording;
	struct tap_recording_options options;

	if (!recording->dir)
		return 0;
	cli_recording_apply(recording, &options);
	options.writer.report = report;
	options.writer.context = session;
	options.has_event_clock = session->sniff->file != NULL;
	int error = tap_recording_open(&session->recording, recording->dir, &options, fault);
	if (error)
		return error;
	error = tap_recorder_open(&session->recorder, session->recording, wake, session);
	if (error)
		return wire_fault_set(fault, error, "%s: %s", recording->dir, wire_error_text(error));
	session->sink = tap_recorder_sink(session->recorder);
	tap_sniffer_set_first_conn(session->sniffer, tap_recording_next_conn(session->recording));
	return 0;
}

/* ---- capturing ---- */

static const struct wire_client *find_client(const void *context, uint64_t conn)
{
	const struct session *session = context;
	struct wire_source *source = tap_sniffer_source(session->sniffer);

	return source->client(source, conn);
}

/* 0 or a negative code with *fault. */
static int take(struct session *session, const struct wire_event *event, struct wire_fault *fault)
{
	const struct cli_clients clients = {.find = find_client, .context = session};

	session->events++;
	session->matches += cli_filters_match(&session->sniff->filters, event);
	if (session->sink)
		session->sink->event(session->sink, event);
	if (session->prints)
		cli_printer_put(&session->printer, event, &clients);
	if (session->sniff->stats && cli_sniff_stats_add(&session->stats, event) != 0)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	return 0;
}

static void stop(struct session *session)
{
	if (!session->is_stopped)
		tap_sniffer_stop(session->sniffer);
	session->is_stopped = true;
}

/* Where the disk is slower than the packets, they wait: in the kernel's buffer, which tells what it drops. */
static void wait_for_room(struct session *session)
{
	struct pollfd waits[] = {{.fd = session->wake_fd, .events = POLLIN},
				 {.fd = session->interrupt_fd, .events = POLLIN}};
	uint64_t wakes;

	while (session->sink && !session->sink->ready(session->sink)) {
		if (poll(waits, session->is_stopped ? 1 : 2, -1) < 0)
			return;
		if (waits[1].revents && !session->is_stopped)
			stop(session);
		if (waits[0].revents && read(session->wake_fd, &wakes, sizeof(wakes)) < 0)
			return;
	}
}

/* What is to be done now and then. False when the output is dead. */
static bool look_around(struct session *session, bool is_idle)
{
	int error = 0;

	if (!session->is_stopped && cli_interrupt_seen(session->interrupt_fd))
		stop(session);
	if (session->sink && session->sniff->interface)
		session->sink->tick(session->sink, cli_now_ns());
	if (session->sniff->stats)
		error = cli_sniff_stats_draw(&session->stats, session->sniffer);
	else if (session->prints && is_idle)
		error = cli_printer_idle(&session->printer);
	return error == 0 && (!session->prints || session->printer.out.error == 0);
}

static bool is_complete(const struct session *session)
{
	return session->sniff->limit > 0 && session->matches >= session->sniff->limit;
}

/* Nothing is new. False at the end. */
static bool idle(struct session *session)
{
	if (tap_sniffer_is_over(session->sniffer) || !look_around(session, true))
		return false;
	tap_sniffer_wait(session->sniffer, WAIT_MS);
	return true;
}

/* 0 at the end, or a negative code with *fault. */
static int capture(struct session *session, struct wire_fault *fault)
{
	struct wire_event event;

	while (!is_complete(session)) {
		wait_for_room(session);
		int status = tap_sniffer_next(session->sniffer, &event, fault);

		if (status == 0 && !idle(session))
			return 0;
		if (status > 0)
			status = take(session, &event, fault);
		if (status < 0)
			return status;
		if (session->events % EVENTS_PER_LOOK == 0 && !look_around(session, false))
			return 0;
	}
	return 0;
}

/* ---- the end ---- */

static int report_output(struct session *session)
{
	int error = 0;

	if (session->sniff->stats)
		error = cli_sniff_stats_end(&session->stats, session->sniffer);
	else if (session->prints)
		error = cli_printer_flush(&session->printer);
	return cli_write_status(session->command, error);
}

static int report_recording(const struct session *session)
{
	struct wire_sink_status status = {0};

	if (session->sink)
		session->sink->status(session->sink, &status);
	if (!status.degraded)
		return CLI_DONE;
	cli_error(session->command, "the log is not complete: %s", status.reason);
	return CLI_IO;
}

static void report_summary(const struct session *session)
{
	struct tap_sniffer_stats stats;
	char line[CLI_SNIFF_LINE];

	tap_sniffer_stats(session->sniffer, &stats);
	cli_sniff_heard(line, sizeof(line), &stats);
	cli_error(session->command, "%s", line);
	cli_sniff_missed(line, sizeof(line), &stats);
	cli_error(session->command, "%s", line);
	if (cli_sniff_undecoded(line, sizeof(line), &stats))
		cli_error(session->command, "%s", line);
}

static int capture_and_report(struct session *session)
{
	struct wire_fault fault = {0};
	int error = capture(session, &fault), status = CLI_DONE;

	stop(session);
	int output = report_output(session);
	report_summary(session);
	if (error < 0)
		status = cli_log_error(session->command, &fault);
	if (status == CLI_DONE)
		status = output;
	return status == CLI_DONE ? report_recording(session) : status;
}

/* Closing may fail, too: the capture that is written, the log. */
static int close_all(struct session *session, int status)
{
	struct wire_fault fault;

	tap_recorder_close(session->recorder);
	tap_recording_close(session->recording);
	if (tap_sniffer_close(session->sniffer, &fault) == 0)
		return status;
	cli_error(session->command, "%s", fault.text);
	return status == CLI_DONE ? CLI_IO : status;
}

static int open_and_capture(struct session *session, const struct store_filter *filter)
{
	struct wire_fault fault;
	int error = open_sniffer(session, filter, &fault);

	error = error ? error : drop_privileges(session, &fault);
	error = error ? error : open_recorder(session, &fault);
	int status = error ? cli_log_error(session->command, &fault) : capture_and_report(session);
	return close_all(session, status);
}

/* ---- what it needs of the system ---- */

static int open_output(struct session *session)
{
	const struct cli_sniff *sniff = session->sniff;
	bool color = cli_color_wanted((enum cli_color_choice)sniff->output.color, STDOUT_FILENO);

	session->prints = !sniff->stats && (!sniff->recording.dir || sniff->output.json);
	if (session->prints)
		return cli_printer_init(&session->printer, session->command, &sniff->output,
					sniff->filters.utc);
	if (!sniff->stats || cli_sniff_stats_init(&session->stats, color) == 0)
		return CLI_GO_ON;
	cli_error(session->command, "out of memory");
	return CLI_IO;
}

static void close_output(struct session *session)
{
	if (session->prints)
		cli_printer_fini(&session->printer);
	else if (session->sniff->stats)
		cli_sniff_stats_fini(&session->stats);
}

int cli_sniff_run(const struct cli_command *command, const struct cli_sniff *sniff,
		  const struct store_filter *filter)
{
	struct session session = {.command = command, .sniff = sniff};
	int status = open_output(&session);

	if (status != CLI_GO_ON)
		return status;
	session.interrupt_fd = cli_interrupt_open();
	session.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (session.interrupt_fd >= 0 && session.wake_fd >= 0) {
		status = open_and_capture(&session, filter);
	} else {
		cli_error(command, "cannot handle signals: %s", strerror(errno));
		status = CLI_IO;
	}
	close_output(&session);
	close(session.interrupt_fd);
	close(session.wake_fd);
	return status;
}
