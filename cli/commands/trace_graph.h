/* trace_graph.h - `tapedeck trace --graph`. */
#ifndef CLI_COMMANDS_TRACE_GRAPH_H
#define CLI_COMMANDS_TRACE_GRAPH_H

#include "cli/commands/trace.h"

struct cli_trace_graph_settings {
	bool is_wanted; /* --graph */
};

/* Sets a struct cli_trace_graph_settings, zeroed before. */
extern const struct cli_option cli_trace_graph_options[];

/* Read the logs and print the view. Returns an exit status. */
int cli_trace_graph(const struct cli_trace_run *trace, const struct cli_trace_graph_settings *settings);

void cli_trace_graph_settings_fini(struct cli_trace_graph_settings *settings);

#endif
