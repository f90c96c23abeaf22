/* trace_latency.h - `tapedeck trace --latency`: how long requests take, and who is slow or silent. */
#ifndef CLI_COMMANDS_TRACE_LATENCY_H
#define CLI_COMMANDS_TRACE_LATENCY_H

#include "cli/commands/trace.h"

struct cli_trace_latency_settings {
	bool is_wanted;                           /* --latency */
	int64_t slow_ns, unanswered_ns, every_ns; /* 0 = not asked for */
	int sort;                                 /* enum cli_latency_sort */
};

/* Sets a struct cli_trace_latency_settings, zeroed before. */
extern const struct cli_option cli_trace_latency_options[];

/* Read the logs and print the latencies. Returns an exit status. */
int cli_trace_latency(const struct cli_trace_run *trace, const struct cli_trace_latency_settings *settings);

#endif
