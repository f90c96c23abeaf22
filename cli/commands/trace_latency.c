#include "cli/commands/trace_latency.h"

#include <stddef.h>

#include "cli/output/errors.h"

#define AT(member) offsetof(struct cli_trace_latency_settings, member)

const struct cli_option cli_trace_latency_options[] = {
    {.name = "latency", .kind = CLI_FLAG, .help = "print the latency view", .at = AT(is_wanted)},
    {.name = NULL},
};

int cli_trace_latency(const struct cli_trace_run *trace, const struct cli_trace_latency_settings *settings)
{
	(void)settings;
	return cli_usage_error(trace->command, "--latency is not available in this build");
}

void cli_trace_latency_settings_fini(struct cli_trace_latency_settings *settings)
{
	settings->is_wanted = false;
}
