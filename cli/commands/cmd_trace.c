/* cmd_trace.c - tapedeck trace: from many messages to conversations, latencies and the graph of services. */
#include "cli/commands/commands.h"
#include "cli/commands/trace_conversations.h"
#include "cli/commands/trace_graph.h"
#include "cli/commands/trace_latency.h"
#include "cli/options/joining.h"
#include "cli/options/logs.h"
#include "cli/output/color.h"
#include "cli/output/errors.h"

enum { DEFAULT_MEMORY = 256 << 20 };

struct settings {
	struct cli_trace_settings common;
	struct cli_trace_conversation_settings conversations;
	struct cli_trace_latency_settings latency;
	struct cli_trace_graph_settings graph;
};

#define AT(member)     offsetof(struct settings, member)
#define COMMON(member) offsetof(struct cli_trace_settings, member)

static const struct cli_option reading[] = {
    {.name = "follow",
     .letter = 'f',
     .kind = CLI_FLAG,
     .help = "at the end, continue with new events",
     .at = COMMON(follow)},
    {.name = "memory",
     .kind = CLI_BYTES,
     .argument = "SIZE",
     .help = "memory for what is kept while reading; default 256MiB",
     .at = COMMON(memory_bytes)},
    {.name = NULL},
};

static const struct cli_option output[] = {
    {.name = "limit",
     .letter = 'n',
     .kind = CLI_COUNT,
     .argument = "N",
     .help = "end after N conversations; with --latency and --graph, rows of each table",
     .min = 1,
     .at = COMMON(limit)},
    {.name = "json", .kind = CLI_FLAG, .help = "print JSON; keys: docs/tracing.md", .at = COMMON(json)},
    {.name = NULL},
};

static const struct cli_option_group groups[] = {
    {"Conversations", cli_trace_conversation_options, AT(conversations)},
    {"Latencies", cli_trace_latency_options, AT(latency)},
    {"Topology", cli_trace_graph_options, AT(graph)},
    {"Latencies and topology", cli_services_options, AT(common.services)},
    {"Reading", reading, AT(common)},
    {"Which messages", cli_filter_options, AT(common.filters)},
    {"Which messages", cli_joining_options, AT(common.no_join)},
    {"Output", output, AT(common)},
    {"Output", cli_decoding_options, AT(conversations.decoding)},
    {"Output", cli_color_options, AT(common.color)},
    {"Output", cli_pager_options, AT(common.no_pager)},
    {"Output", cli_quiet_options, AT(common.quiet)},
    {0},
};

static bool has_conversation_options(const struct cli_trace_conversation_settings *settings)
{
	return settings->seqs.len + settings->ids.len + settings->keys.len + settings->evidence.len > 0 ||
	       settings->forget_keys || settings->no_inferred || settings->window_ns > 0 ||
	       settings->decoding.decoder;
}

static bool lists_requests(const struct cli_trace_latency_settings *latency)
{
	return latency->slow_ns > 0 || latency->unanswered_ns > 0 || latency->every_ns > 0;
}

static bool asks_for_latencies(const struct cli_trace_latency_settings *latency)
{
	return latency->is_wanted || lists_requests(latency);
}

static int check_other_view(const struct cli_trace_run *trace, const struct settings *settings)
{
	const struct cli_services *services = &settings->common.services;
	const bool is_of_services = asks_for_latencies(&settings->latency) || settings->graph.is_wanted;

	if (is_of_services && has_conversation_options(&settings->conversations))
		return cli_usage_error(trace->command,
				       "--seq, --id, --key, --forget-keys, --evidence, --no-inferred, "
				       "--window and --decode do not go with --latency and --graph");
	if (!is_of_services && (services->fold || services->key != 0))
		return cli_usage_error(trace->command, "--fold and --by go with --latency or --graph");
	return CLI_GO_ON;
}

/* Options that would be ignored are mistakes. */
static int check_view(const struct cli_trace_run *trace, const struct settings *settings)
{
	const struct cli_trace_latency_settings *latency = &settings->latency;

	if (settings->graph.is_wanted && lists_requests(latency))
		return cli_usage_error(trace->command,
				       "--slow, --unanswered and --every do not go with --graph");
	if (!asks_for_latencies(latency) && latency->sort != 0)
		return cli_usage_error(trace->command, "--sort goes with --latency, --slow and --unanswered");
	if (!settings->graph.is_wanted && settings->graph.format != 0)
		return cli_usage_error(trace->command, "--format goes with --graph");
	if (settings->graph.format != 0 && settings->common.json)
		return cli_usage_error(trace->command, "--format and --json exclude each other");
	if (settings->common.follow && (asks_for_latencies(latency) || settings->graph.is_wanted))
		return cli_usage_error(trace->command, "--follow does not go with --latency and --graph");
	return check_other_view(trace, settings);
}

static int run_view(const struct cli_trace_run *trace, const struct settings *settings)
{
	int status = check_view(trace, settings);

	if (status != CLI_GO_ON)
		return status;
	if (settings->latency.is_wanted && settings->graph.is_wanted)
		return cli_usage_error(trace->command, "--latency and --graph exclude each other");
	if (asks_for_latencies(&settings->latency))
		return cli_trace_latency(trace, &settings->latency);
	if (settings->graph.is_wanted)
		return cli_trace_graph(trace, &settings->graph);
	return cli_trace_conversations(trace, &settings->conversations);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct settings settings = {.common.memory_bytes = DEFAULT_MEMORY};
	struct cli_screen screen;
	struct cli_trace_run trace = {.command = command, .settings = &settings.common, .screen = &screen};
	struct cli_operands operands;
	int status = cli_options_parse(command, argc, argv, &settings, &operands);

	if (status == CLI_GO_ON)
		status = cli_logs_split(command, &operands, false, &trace.logs, &trace.subjects);
	if (status == CLI_GO_ON && settings.common.follow)
		status = cli_logs_refuse_foreign(command, &trace.logs, "following");
	if (status == CLI_GO_ON) {
		const struct cli_trace_settings *common = &settings.common;
		cli_screen_init(&screen, common->no_pager || common->follow, common->quiet || common->follow,
				&trace.logs);
		status = run_view(&trace, &settings);
	}
	cli_trace_conversation_settings_fini(&settings.conversations);
	cli_filters_fini(&settings.common.filters);
	return status;
}

const struct cli_command cli_trace = {
    .name = "trace",
    .summary = "conversations: who caused what, who answered, what went wrong",
    .group = CLI_TASK_READ,
    .operands = "LOG... [SUBJECT...]",
    .about =
	"Follows the chosen messages forwards and backwards through logs and packet captures: their "
	"deliveries, replies, and what a receiver published because of them. Prints a tree for each "
	"conversation; every line names its evidence. With --latency or --graph, prints tables of requests "
	"or of services instead.",
    .examples = "  tapedeck trace log --seq 4711              what happened around this message\n"
		"  tapedeck trace log --id order-17           everything about this order\n"
		"  tapedeck trace log 'orders.new' -n 3       the first three orders\n"
		"  tapedeck trace capture.pcapng --id order-17 --key '$.order_id'",
    .options = groups,
    .run = run,
};
