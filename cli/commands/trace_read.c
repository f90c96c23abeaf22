#include "cli/commands/trace_read.h"

#include <errno.h>
#include <unistd.h>

#include "cli/commands/interrupt.h"
#include "cli/options/inputs.h"
#include "cli/options/joining.h"
#include "cli/options/logs.h"
#include "cli/output/errors.h"

enum { EVENTS_PER_LOOK = 65536 }; /* between two looks for Ctrl-C */

static int open_filters(struct cli_trace_reading *reading)
{
	const struct cli_trace_run *trace = reading->trace;
	const struct cli_filters *filters = &trace->settings->filters;
	int status = cli_filters_build(trace->command, filters, &trace->subjects, &reading->filter);
	if (status == CLI_GO_ON)
		status =
		    cli_filters_build_since(trace->command, filters, &reading->reading, &reading->until_ns);
	if (status == CLI_GO_ON && store_filter_is_empty(reading->filter)) {
		store_filter_close(reading->filter);
		reading->filter = NULL;
	}
	return status;
}

static int open_logs(struct cli_trace_reading *reading)
{
	struct wire_fault fault = {0};
	const struct store_reader_options options = {
	    .filter = reading->reading,
	    .in_time_order = true,
	    .steady = true,
	    .progress = &reading->trace->screen->progress.base,
	    .payloads = reading->filter && store_filter_needs_payloads(reading->filter),
	};
	if (cli_joining_open(&reading->logs, &reading->trace->logs, &options,
			     reading->trace->settings->no_join, &fault) != 0)
		return cli_log_error(reading->trace->command, &fault);
	reading->source = store_merge_source(reading->logs);
	return CLI_GO_ON;
}

int cli_trace_reading_init(struct cli_trace_reading *reading, const struct cli_trace_run *trace)
{
	*reading = (struct cli_trace_reading){.trace = trace, .interrupt_fd = cli_interrupt_open()};
	if (reading->interrupt_fd < 0) {
		cli_error(trace->command, "cannot handle signals: %s",
			  wire_error_text(reading->interrupt_fd));
		return CLI_IO;
	}
	trace->screen->progress.interrupt_fd = reading->interrupt_fd;
	int status = open_filters(reading);
	return status == CLI_GO_ON ? open_logs(reading) : status;
}

void cli_trace_reading_fini(struct cli_trace_reading *reading)
{
	store_merge_close(reading->logs);
	store_filter_close(reading->filter);
	store_filter_close(reading->reading);
	store_uptime_fini(&reading->uptime);
	if (reading->interrupt_fd >= 0)
		close(reading->interrupt_fd);
}

static bool is_over(const struct cli_trace_reading *reading, const struct cli_trace_analysis *analysis,
		    const struct wire_event *event)
{
	return event->time_ns >= reading->until_ns &&
	       !(analysis->is_waiting && analysis->is_waiting(analysis->context));
}

static void widen(struct store_period *period, int64_t steady_ns, bool is_first)
{
	if (is_first || steady_ns < period->from_ns)
		period->from_ns = steady_ns;
	if (is_first || steady_ns > period->to_ns)
		period->to_ns = steady_ns;
}

/* 0 at the end, or a negative code with *fault. *read: from the first to the last event, steady. */
static int read_all(struct cli_trace_reading *reading, const struct cli_trace_analysis *analysis,
		    struct store_period *read, struct wire_fault *fault)
{
	struct wire_event event;
	uint64_t events = 0;
	int status;
	while ((status = store_merge_next(reading->logs, &event, fault)) > 0) {
		if (is_over(reading, analysis, &event))
			return 0;
		widen(read, event.steady_ns, events == 0);
		if (analysis->add(analysis->context, &event) != 0)
			return wire_fault_set(fault, -ENOMEM, "out of memory");
		if (++events % EVENTS_PER_LOOK == 0 && cli_interrupt_seen(reading->interrupt_fd))
			return 0;
	}
	return status;
}

int cli_trace_read(struct cli_trace_reading *reading, const struct cli_trace_analysis *analysis)
{
	const struct cli_command *command = reading->trace->command;
	struct wire_fault fault = {0};
	struct wire_damage damage;
	struct store_period read = {0};
	int status = read_all(reading, analysis, &read, &fault);
	if (status == 0)
		status = cli_inputs_uptime(&reading->uptime, &reading->trace->logs, CLI_STEADY_CLOCK, &fault);
	reading->uptime.life = read;
	cli_progress_end(&reading->trace->screen->progress);
	if (!reading->trace->settings->quiet)
		cli_joining_report(command, reading->logs, &reading->trace->logs);
	store_merge_damage(reading->logs, &damage);
	int unread = cli_log_report_unread(command, NULL, &damage);
	return status < 0 ? cli_log_error(command, &fault) : unread;
}
