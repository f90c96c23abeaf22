/* inputs.h - logs, segments, packet captures and files of events, opened as one source. */
#ifndef CLI_OPTIONS_INPUTS_H
#define CLI_OPTIONS_INPUTS_H

#include "cli/options/options.h"
#include "store/read/merge.h"
#include "store/read/uptime.h"

/* Open the operands (see cli/options/logs.h) and merge their events by time, which leaves out the steps of their
 * clocks. options hold for logs; of captures only the filter, `steady` and `progress` do, and captures cannot be followed or
 * reversed (cli_logs_refuse_foreign). 0 with *inputs, to be closed by the caller; or a negative code with *fault. */
int cli_inputs_open(struct store_merge **inputs, const struct cli_operands *operands,
		    const struct store_reader_options *options, struct wire_fault *fault);

/* Open one operand and add it to a merge. 0, or a negative code with *fault. */
int cli_inputs_add(struct store_merge *inputs, const char *operand,
		   const struct store_reader_options *options, struct wire_fault *fault);

enum cli_uptime_clock {
	CLI_STEADY_CLOCK, /* without steps, as steady_ns of events */
	CLI_LAST_CLOCK,   /* the clock as it is at the end of each log */
};

/* Find out when the operands were written: all of them together (store_uptime_join). A capture among them counts as written all
 * the time: then *uptime stays zeroed. 0, or a negative code with *fault; in either case call store_uptime_fini. */
int cli_inputs_uptime(struct store_uptime *uptime, const struct cli_operands *operands,
		      enum cli_uptime_clock on, struct wire_fault *fault);

struct cli_capture_options {
	const struct store_filter *filter; /* borrowed for the source's life; NULL = everything */
	bool looks_ahead;                  /* as in tap_sniffer_options */
	bool names_servers;                /* likewise */
	struct wire_progress *progress;    /* borrowed; NULL = not wanted */
};

/* Add a file of events (export/import/import.h), or standard input. As cli_inputs_add; of the options the filter and `progress` hold. */
int cli_inputs_add_events(struct store_merge *inputs, const char *operand,
			  const struct store_reader_options *options, struct wire_fault *fault);

/* Open a capture file or a file of events by itself, otherwise with the defaults. 0, or a negative code with *fault. */
int cli_inputs_open_foreign(struct wire_source **source, const char *path,
			    const struct cli_capture_options *options, struct wire_fault *fault);

#endif
