/* trace_latency.h - `tapedeck trace --latency`. */
#ifndef CLI_COMMANDS_TRACE_LATENCY_H
#define CLI_COMMANDS_TRACE_LATENCY_H

#include "cli/commands/trace.h"

struct cli_trace_latency_settings {
	bool is_wanted; /* --latency */
};

/* Sets a struct cli_trace_latency_settings, zeroed before. */
extern const struct cli_option cli_trace_latency_options[];

/* Read the logs and print the view. Returns an exit status. */
int cli_trace_latency(const struct cli_trace_run *trace, const struct cli_trace_latency_settings *settings);

void cli_trace_latency_settings_fini(struct cli_trace_latency_settings *settings);

#endif
