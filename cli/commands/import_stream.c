#include "cli/commands/import_stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands/interrupt.h"
#include "cli/options/logs.h"
#include "cli/options/time_option.h"
#include "cli/output/errors.h"
#include "cli/output/times.h"
#include "export/text/sizes.h"
#include "net/client/client.h"
#include "store/read/reader.h"
#include "tap/recorder/recorder.h"
#include "tap/subscriber/stream.h"
#include "trace/jetstream.h"

enum { DRAW_NS = 200 * 1000000 /* between two pictures of the progress */ };

struct import {
	const struct cli_command *command;
	const struct cli_import_stream *settings;
	const struct cli_recording *into;
	struct cli_masking *masking;
	struct wire_masker *masker;
	struct cli_jetstream jetstream;
	struct tap_stream_options options;
	struct tap_stream *stream;
	struct tap_recording *recording;
	struct tap_recorder *recorder;
	struct tap_pump pump;
	struct tap_pump_options pumping;
	int interrupt_fd;
	bool has_progress;
	int64_t started_ns, drawn_ns;
	uint64_t messages;
};

/* ---- where to begin ---- */

/* The sequence number of the newest message of the stream in the log; 0 when there is none. */
static int find_last(const char *dir, const char *stream, uint64_t *seq, struct wire_fault *fault)
{
	const struct store_reader_options options = {.reverse = true};
	struct trace_stream_place place;
	struct store_reader *reader;
	struct wire_event event;
	*seq = 0;
	if (!cli_log_exists(dir))
		return 0;
	int status = store_reader_open(&reader, dir, &options, fault);
	if (status < 0)
		return status;
	while (*seq == 0 && (status = store_reader_next(reader, &event, fault)) > 0)
		if (event.kind == WIRE_EVENT_MESSAGE && trace_stream_of_ack(&place, event.reply) &&
		    wire_slice_equal(place.stream, wire_slice_str(stream)))
			*seq = place.seq;
	store_reader_close(reader);
	return status < 0 ? status : 0;
}

static int read_since(const struct import *import, int64_t *ns, struct wire_fault *fault)
{
	const struct cli_time_option option = {.name = "since", .now_ns = cli_now_ns()};
	return cli_time_option_read(import->command, &option, import->settings->since, ns, fault);
}

/* After what the log has, unless the user says where. CLI_GO_ON, or an exit status after a complaint. */
static int find_start(struct import *import)
{
	const struct cli_import_stream *settings = import->settings;
	struct wire_fault fault;
	uint64_t last = 0;
	if (settings->since && read_since(import, &import->options.from_ns, &fault) != 0)
		return cli_usage_error(import->command, "%s", fault.text);
	import->options.from_seq = settings->from_seq;
	if (settings->since || settings->from_seq > 0)
		return CLI_GO_ON;
	if (find_last(import->into->dir, settings->name, &last, &fault) != 0)
		return cli_log_error(import->command, &fault);
	import->options.is_resumed = last > 0;
	import->options.from_seq = last > 0 ? last + 1 : 0;
	return CLI_GO_ON;
}

/* ---- opening ---- */

static void wake(void *context)
{
	tap_pump_wake(&((const struct import *)context)->pump);
}

static void report(void *context, const char *line)
{
	const struct import *import = context;
	cli_error(import->command, "%s", line);
}

static int open_recorder(struct import *import, struct wire_fault *fault)
{
	struct tap_recording_options options;
	cli_recording_apply(import->into, &options);
	options.writer.written_by = "import";
	options.writer.report = report;
	options.writer.context = import;
	options.writer.ends_at_loss = true;
	options.has_event_clock = true;
	int error = tap_recording_open(&import->recording, import->into->dir, &options, fault);
	if (error)
		return error;
	error = tap_recorder_open(&import->recorder, import->recording, wake, import);
	if (error == 0)
		error = cli_masking_masker(import->masking, &import->masker);
	return error ? wire_fault_set(fault, error, "%s: %s", import->into->dir, wire_error_text(error)) : 0;
}

static const char *text_or_null(const char *text)
{
	return *text ? text : NULL;
}

static int open_stream(struct import *import, struct net_client_target *target, struct wire_fault *fault)
{
	const struct cli_connection *connection = &import->settings->connection;
	import->options.target = target;
	import->options.name = cli_connection_name(connection, "tapedeck import");
	import->options.stream = (struct net_client_stream){.name = import->settings->name,
							    .domain = text_or_null(import->jetstream.domain),
							    .prefix = text_or_null(import->jetstream.prefix),
							    .timeout_ms = connection->target.timeout_ms};
	import->options.follows = import->settings->follows;
	return tap_stream_open(&import->stream, &import->options, fault);
}

/* ---- while it runs ---- */

static int count(void *context, const struct wire_event *event, struct wire_fault *fault)
{
	struct import *import = context;
	(void)fault;
	import->messages += event->kind == WIRE_EVENT_MESSAGE;
	if (tap_recorder_has_lost(import->recorder))
		return 1;
	return import->settings->limit > 0 && import->messages >= import->settings->limit;
}

static void draw(const struct import *import, int64_t now_ns)
{
	struct tap_stream_stats stats;
	char done[EXPORT_SIZE_TEXT], all[EXPORT_SIZE_TEXT], left[EXPORT_SIZE_TEXT];
	tap_stream_stats(import->stream, &stats);
	if (stats.messages == 0 || stats.expected == 0)
		return;
	double share = (double)stats.messages / (double)stats.expected;
	double left_ns = (double)(now_ns - import->started_ns) * (1 - share) / share;
	fprintf(stderr, "\rimporting %s %3.0f %%, %s of %s messages, %s left\033[K", import->settings->name,
		100 * share, export_count_text(done, stats.messages), export_count_text(all, stats.expected),
		export_span_text(left, (int64_t)left_ns));
	fflush(stderr);
}

/* The log has ended at a loss. Another import goes on after its last message. */
static bool is_incomplete(const struct import *import)
{
	struct wire_sink_status status = {0};
	tap_recording_status(import->recording, &status);
	return status.degraded || status.lost_messages > 0;
}

/* As pause of struct tap_pump_options. */
static bool show_progress(void *context, bool is_idle)
{
	struct import *import = context;
	int64_t now_ns = import->has_progress ? cli_now_ns() : 0;
	(void)is_idle;
	if (import->has_progress && now_ns - import->drawn_ns >= DRAW_NS) {
		import->drawn_ns = now_ns;
		draw(import, now_ns);
	}
	return !is_incomplete(import);
}

static void summarize(const struct import *import)
{
	struct tap_stream_stats stats;
	char messages[EXPORT_SIZE_TEXT], bytes[EXPORT_SIZE_TEXT], count_text[EXPORT_SIZE_TEXT],
	    more[300] = "";
	size_t len = 0;
	if (import->has_progress)
		fputs("\r\033[K", stderr);
	tap_stream_stats(import->stream, &stats);
	if (stats.messages > 0)
		len = (size_t)snprintf(more, sizeof more, ", sequence %" PRIu64 " to %" PRIu64,
				       stats.first_seq, stats.last_seq);
	if (stats.missing > 0)
		len += (size_t)snprintf(more + len, sizeof more - len,
					"; %s sequence numbers between are not in the stream",
					export_count_text(count_text, stats.missing));
	if (stats.lost > 0)
		snprintf(more + len, sizeof more - len,
			 "; %s were deleted from the stream since the last import",
			 export_count_text(count_text, stats.lost));
	if (!import->settings->is_quiet)
		cli_error(import->command, "%s message%s of %s, %s%s",
			  export_count_text(messages, stats.messages), export_plural(stats.messages),
			  import->settings->name, export_size_text(bytes, stats.bytes), more);
}

static int run_pump(struct import *import)
{
	struct wire_fault fault;
	struct wire_sink *sink = tap_recorder_sink(import->recorder);
	import->started_ns = cli_now_ns();
	import->pumping = (struct tap_pump_options){.source = tap_stream_pump_source(import->stream),
						    .sink = sink,
						    .masker = import->masker,
						    .now_ns = import->settings->follows ? cli_now_ns : NULL,
						    .interrupt_fd = import->interrupt_fd,
						    .event = count,
						    .pause = show_progress,
						    .context = import};
	int error = tap_pump_run(&import->pump, &import->pumping, &fault);
	summarize(import);
	if (!import->settings->is_quiet)
		cli_masking_report(import->masking, report, import);
	if (error < 0)
		return cli_connection_error(import->command, &fault);
	return cli_recording_end(import->command, &import->recorder, import->recording);
}

/* ---- the whole ---- */

static int stream_error(const struct import *import, const struct wire_fault *fault)
{
	if (fault->code != -ENOENT)
		return cli_connection_error(import->command, fault);
	cli_error(import->command, "%s", fault->text);
	return CLI_USAGE;
}

static int open_and_run(struct import *import, struct net_client_target *target)
{
	struct wire_fault fault;
	int status = CLI_DONE;
	if (open_stream(import, target, &fault) != 0)
		status = stream_error(import, &fault);
	else if (open_recorder(import, &fault) != 0)
		status = cli_log_error(import->command, &fault);
	else
		status = run_pump(import);
	tap_stream_close(import->stream);
	net_client_end_threads();
	tap_recorder_close(import->recorder);
	tap_recording_close(import->recording);
	return status;
}

static int open_signals(struct import *import)
{
	int error = tap_pump_init(&import->pump);
	if (!error)
		import->interrupt_fd = error = cli_interrupt_open();
	if (error >= 0)
		return CLI_GO_ON;
	cli_error(import->command, "cannot handle signals: %s", strerror(-error));
	return CLI_IO;
}

int cli_import_stream_run(const struct cli_command *command, const struct cli_import_stream *settings,
			  const struct cli_recording *recording, struct cli_masking *masking)
{
	struct import import = {.command = command,
				.settings = settings,
				.into = recording,
				.masking = masking,
				.pump.wake_fd = -1,
				.interrupt_fd = -1,
				.has_progress = !settings->is_quiet && isatty(STDERR_FILENO)};
	struct net_client_target *target = NULL;
	int status = find_start(&import);
	/* libnats starts threads as soon as there are options for it. Signals must be blocked before. */
	if (status == CLI_GO_ON)
		status = open_signals(&import);
	if (status == CLI_GO_ON)
		status = cli_connection_build_jetstream(command, &settings->connection, &target,
							&import.jetstream);
	if (status == CLI_GO_ON)
		status = open_and_run(&import, target);
	if (import.interrupt_fd >= 0)
		close(import.interrupt_fd);
	tap_pump_fini(&import.pump);
	net_client_target_close(target);
	return status;
}
