#include "cli/commands/sniff.h"
#include "cli/output/errors.h"
#include "cli/output/times.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands/interrupt.h"
#include "cli/options/logs.h"
#include "cli/options/nothing_matched.h"
#include "cli/output/color.h"
#include "cli/output/screen.h"
#include "cli/output/sniff_stats.h"
#include "tap/capture/privileges.h"
#include "tap/pump.h"
#include "tap/recorder/recorder.h"

struct sniff_run {
	const struct cli_command *command;
	const struct cli_sniff *sniff;
	const struct store_filter *filter;
	struct tap_sniffer *sniffer;
	struct tap_recording *recording; /* NULL: nothing is recorded */
	struct tap_recorder *recorder;   /* of the recording */
	struct wire_sink *sink;          /* the recorder's */
	struct tap_pump pump;
	struct tap_pump_options pumping;
	struct cli_screen screen;
	bool prints;
	struct cli_printer printer;   /* when it prints */
	struct cli_sniff_stats stats; /* with --stats */
	struct cli_fold fold;         /* of the subjects of --stats */
	int interrupt_fd;
	int packets_fd; /* standard output, when packets are written to it; 0: they are not */
	uint64_t matches;
};

/* ---- opening ---- */

/* The writer has room again. Called from its thread. */
static void wake(void *context)
{
	tap_pump_wake(&((const struct sniff_run *)context)->pump);
}

/* The recording has become degraded, or has recovered. Called from the writer's thread. */
static void report(void *context, const char *line)
{
	const struct sniff_run *run = context;

	cli_error(run->command, "%s", line);
}

static int open_sniffer(struct sniff_run *run, const struct store_filter *filter, struct wire_fault *fault)
{
	const struct cli_sniff *sniff = run->sniff;
	struct tap_sniffer_options options;

	tap_sniffer_options_init(&options);
	options.capture = (struct tap_capture_options){.interface = sniff->interface,
						       .file = sniff->file,
						       .filter = sniff->bpf,
						       .ports = sniff->ports.list,
						       .ports_count = sniff->ports.len,
						       .snaplen = (uint32_t)sniff->snaplen,
						       .buffer_bytes = sniff->buffer_bytes,
						       .progress = &run->screen.progress.base,
						       .write_file = sniff->write_file,
						       .write_fd = run->packets_fd,
						       .keeps_secrets = sniff->keeps_secrets};
	options.filter = filter;
	options.memory_bytes = sniff->memory_bytes;
	options.names_servers = sniff->recording.dir != NULL;
	return tap_sniffer_open(&run->sniffer, &options, fault);
}

/* Drop the privileges that capturing needs: packets are decoded without them. */
static int drop_privileges(const struct sniff_run *run, struct wire_fault *fault)
{
	const char *dir = run->sniff->recording.dir;
	int error = 0;

	if (!run->sniff->interface)
		return 0;
	if (dir)
		error = tap_privileges_make_folder(dir, fault);
	return error ? error : tap_privileges_drop(fault);
}

static int open_recorder(struct sniff_run *run, struct wire_fault *fault)
{
	const struct cli_recording *recording = &run->sniff->recording;
	struct tap_recording_options options;

	if (!recording->dir)
		return 0;
	cli_recording_apply(recording, &options);
	options.writer.written_by = "sniff";
	options.writer.report = report;
	options.writer.context = run;
	options.has_event_clock = run->sniff->file != NULL;
	int error = tap_recording_open(&run->recording, recording->dir, &options, fault);
	if (error)
		return error;
	error = tap_recorder_open(&run->recorder, run->recording, wake, run);
	if (error)
		return wire_fault_set(fault, error, "%s: %s", recording->dir, wire_error_text(error));
	run->sink = tap_recorder_sink(run->recorder);
	tap_sniffer_set_first_conn(run->sniffer, tap_recording_next_conn(run->recording));
	return 0;
}

/* ---- while it runs ---- */

static const struct wire_client *find_client(const void *context, uint64_t conn)
{
	const struct sniff_run *run = context;
	struct wire_source *source = tap_sniffer_source(run->sniffer);

	return source->client(source, conn);
}

/* As event of struct tap_pump_options. */
static int show(void *context, const struct wire_event *event, struct wire_fault *fault)
{
	struct sniff_run *run = context;
	const struct export_clients clients = {.find = find_client, .context = run};

	run->matches += cli_filters_match(&run->sniff->filters, event);
	if (run->prints)
		cli_printer_put(&run->printer, event, &clients);
	if (run->sniff->stats && cli_sniff_stats_add(&run->stats, event) != 0)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	return run->sniff->limit > 0 && run->matches >= run->sniff->limit;
}

/* As pause of struct tap_pump_options. False when standard output is closed. */
static bool refresh(void *context, bool is_idle)
{
	struct sniff_run *run = context;
	int error = 0;

	if (run->sniff->stats)
		error = cli_sniff_stats_draw(&run->stats, run->sniffer);
	else if (run->prints && is_idle)
		error = cli_printer_idle(&run->printer);
	return error == 0 && (!run->prints || run->printer.out.error == 0);
}

static void prepare_pump(struct sniff_run *run)
{
	run->pumping = (struct tap_pump_options){.source = tap_sniffer_pump_source(run->sniffer),
						 .sink = run->sink,
						 .masker = run->sniff->masking.masker,
						 .now_ns = run->sniff->interface ? cli_now_ns : NULL,
						 .interrupt_fd = run->interrupt_fd,
						 .event = show,
						 .pause = refresh,
						 .context = run};
}

/* ---- the end ---- */

static int report_output(struct sniff_run *run)
{
	int error = 0;

	if (run->sniff->stats)
		error = cli_sniff_stats_end(&run->stats, run->sniffer);
	else if (run->prints)
		error = cli_printer_flush(&run->printer);
	return cli_write_status(run->command, error);
}

static int end_recording(struct sniff_run *run)
{
	return run->recorder ? cli_recording_end(run->command, &run->recorder, run->recording) : CLI_DONE;
}

static void report_mask(void *context, const char *line)
{
	const struct sniff_run *run = context;

	cli_error(run->command, "%s", line);
}

static void report_summary(const struct sniff_run *run)
{
	struct tap_sniffer_stats stats;
	char line[CLI_SNIFF_LINE];

	tap_sniffer_stats(run->sniffer, &stats);
	cli_sniff_captured(line, sizeof(line), &stats);
	cli_error(run->command, "%s", line);
	cli_sniff_missed(line, sizeof(line), &stats);
	cli_error(run->command, "%s", line);
	if (cli_sniff_undecoded(line, sizeof(line), &stats))
		cli_error(run->command, "%s", line);
}

/* A file that holds nothing that was asked for. */
static void explain_nothing(const struct sniff_run *run)
{
	char *file = (char *)run->sniff->file;
	const struct cli_operands files = {.values = &file, .len = 1};

	if (file && run->matches == 0 && !run->sniff->quiet && !store_filter_is_empty(run->filter))
		cli_explain_nothing(run->command, "nothing matched", &files, &run->sniff->filters,
				    &run->sniff->subjects);
}

/* Who reads the packets from standard output has had enough. */
static bool is_reader_gone(const struct wire_fault *fault)
{
	return fault->code == -EPIPE;
}

static int capture_and_report(struct sniff_run *run)
{
	struct wire_fault fault = {0};

	prepare_pump(run);
	int error = tap_pump_run(&run->pump, &run->pumping, &fault), status = CLI_DONE;
	tap_pump_stop(&run->pump, &run->pumping);
	int output = report_output(run);
	cli_screen_end(&run->screen);
	if (!run->sniff->quiet) {
		report_summary(run);
		cli_masking_report(&run->sniff->masking, report_mask, run);
		cli_decoding_report(&run->sniff->output.decoding, run->command);
	}
	if (error >= 0)
		explain_nothing(run);
	if (error < 0 && !is_reader_gone(&fault))
		status = cli_log_error(run->command, &fault);
	if (status == CLI_DONE)
		status = output;
	return status == CLI_DONE ? end_recording(run) : status;
}

/* Closing the file that packets are written to may fail. */
static int close_all(struct sniff_run *run, int status)
{
	struct wire_fault fault;

	tap_recorder_close(run->recorder);
	tap_recording_close(run->recording);
	if (tap_sniffer_close(run->sniffer, &fault) == 0 || is_reader_gone(&fault))
		return status;
	cli_error(run->command, "%s", fault.text);
	return status == CLI_DONE ? CLI_IO : status;
}

static int open_and_capture(struct sniff_run *run, const struct store_filter *filter)
{
	struct wire_fault fault;
	int error = open_sniffer(run, filter, &fault);

	error = error ? error : drop_privileges(run, &fault);
	error = error ? error : open_recorder(run, &fault);
	int status = error ? cli_log_error(run->command, &fault) : capture_and_report(run);
	return close_all(run, status);
}

/* ---- output and signals ---- */

static int open_output(struct sniff_run *run)
{
	const struct cli_sniff *sniff = run->sniff;
	const struct cli_sniff_stats_options stats = {
	    .naming = cli_fold_naming(&run->fold),
	    .is_capture_file = sniff->file != NULL,
	    .color = cli_color_wanted((enum cli_color_choice)sniff->output.color, STDOUT_FILENO)};

	run->prints = !sniff->stats && (!sniff->recording.dir || sniff->output.json);
	if (run->prints) {
		int status =
		    cli_printer_init(&run->printer, run->command, &sniff->output, sniff->filters.utc);

		if (status == CLI_GO_ON)
			cli_screen_attach(&run->screen, &run->printer.out);
		return status;
	}
	if (!sniff->stats || cli_sniff_stats_init(&run->stats, &stats) == 0)
		return CLI_GO_ON;
	cli_error(run->command, "out of memory");
	return CLI_IO;
}

/* With --write - standard output is that of the packets, and everything printed goes to stderr. 0 or a negative errno. */
static int separate_packets(struct sniff_run *run)
{
	if (!run->sniff->write_file || strcmp(run->sniff->write_file, "-") != 0)
		return 0;
	run->packets_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return run->packets_fd < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ? -errno : 0;
}

static void close_output(struct sniff_run *run)
{
	if (run->prints)
		cli_printer_fini(&run->printer);
	else if (run->sniff->stats)
		cli_sniff_stats_fini(&run->stats);
}

static int run_with_pump(struct sniff_run *run, const struct store_filter *filter)
{
	int error = tap_pump_init(&run->pump);

	if (!error)
		run->interrupt_fd = error = cli_interrupt_open();
	if (error < 0)
		cli_error(run->command, "cannot handle signals: %s", strerror(-error));
	int status = error < 0 ? CLI_IO : open_and_capture(run, filter);
	if (run->interrupt_fd >= 0)
		close(run->interrupt_fd);
	tap_pump_fini(&run->pump);
	return status;
}

int cli_sniff_run(const struct cli_command *command, const struct cli_sniff *sniff,
		  const struct store_filter *filter)
{
	char *file = (char *)sniff->file;
	const struct cli_operands files = {.values = &file, .len = file != NULL};
	struct sniff_run run = {.command = command, .sniff = sniff, .filter = filter, .interrupt_fd = -1};
	int error = separate_packets(&run);

	if (error != 0) {
		cli_error(command, "standard output: %s", wire_error_text(error));
		return CLI_IO;
	}
	cli_screen_init(&run.screen, true, sniff->quiet || sniff->stats || !file, &files);
	cli_fold_init(&run.fold, &sniff->folding);
	int status = open_output(&run);
	if (status != CLI_GO_ON)
		return status;
	status = run_with_pump(&run, filter);
	close_output(&run);
	return status;
}
