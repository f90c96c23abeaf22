#include "cli/commands/trace_graph.h"

#include <stddef.h>

#include "cli/output/errors.h"

#define AT(member) offsetof(struct cli_trace_graph_settings, member)

const struct cli_option cli_trace_graph_options[] = {
    {.name = "graph", .kind = CLI_FLAG, .help = "print the graph view", .at = AT(is_wanted)},
    {.name = NULL},
};

int cli_trace_graph(const struct cli_trace_run *trace, const struct cli_trace_graph_settings *settings)
{
	(void)settings;
	return cli_usage_error(trace->command, "--graph is not available in this build");
}

void cli_trace_graph_settings_fini(struct cli_trace_graph_settings *settings)
{
	settings->is_wanted = false;
}
