/* trace_graph.h - `tapedeck trace --graph`: which services send what to whom. */
#ifndef CLI_COMMANDS_TRACE_GRAPH_H
#define CLI_COMMANDS_TRACE_GRAPH_H

#include "cli/commands/trace.h"

struct cli_trace_graph_settings {
	bool is_wanted; /* --graph */
	int format;     /* --format */
};

/* Sets a struct cli_trace_graph_settings, zeroed before. */
extern const struct cli_option cli_trace_graph_options[];

/* Read the logs and print the graph. Returns an exit status. */
int cli_trace_graph(const struct cli_trace_run *trace, const struct cli_trace_graph_settings *settings);

#endif
