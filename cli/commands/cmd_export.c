/* cmd_export.c - tapedeck export: a log in the formats of other tools. */
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/commands/export_conversations.h"
#include "cli/options/joining.h"
#include "cli/options/logs.h"
#include "cli/output/errors.h"
#include "cli/output/screen.h"

#define AT(member) offsetof(struct cli_export, member)

static const struct cli_option output[] = {
    {.name = "output",
     .letter = 'o',
     .kind = CLI_TEXT,
     .argument = "FILE",
     .help = "write into this file, which appears when it is complete; default: standard output",
     .at = AT(file)},
    {.name = NULL},
};

static const struct cli_option reading[] = {
    {.name = "limit",
     .letter = 'n',
     .kind = CLI_COUNT,
     .argument = "N",
     .help = "end after N events; html and mermaid: draw N messages (html without it: 5,000); dot: the N "
	     "subjects "
	     "with most messages (without it: 200)",
     .min = 1,
     .at = AT(limit)},
    {.name = "follow",
     .letter = 'f',
     .kind = CLI_FLAG,
     .help = "at the end, continue with new events",
     .at = AT(follow)},
    {.name = NULL},
};

static const struct cli_option_group groups[] = {
    {"Output", output, 0},
    {"Output", cli_export_format_options, AT(settings)},
    {"csv", cli_export_csv_options, AT(settings)},
    {"otlp", cli_otlp_options, AT(settings.otlp)},
    {"html and mermaid", cli_export_conversation_options, AT(conversations)},
    {"dot", cli_services_options, AT(settings.services)},
    {"Reading", reading, 0},
    {"Reading", cli_joining_options, AT(no_join)},
    {"Reading", cli_quiet_options, AT(quiet)},
    {"Which events", cli_filter_options, AT(filters)},
    {"Which events", cli_seq_options, AT(filters)},
    {0},
};

static int choose_format(struct cli_export *export)
{
	struct cli_export_settings *settings = &export->settings;

	if (!settings->format && export->file)
		settings->format = cli_export_format_of(export->file);
	else if (!settings->format && settings->otlp.endpoint)
		settings->format = cli_export_format_named("otlp");
	if (!settings->format && export->file)
		return cli_usage_error(export->command,
				       "\"%s\": its ending names no format; give --format FORMAT",
				       export->file);
	if (!settings->format)
		return cli_usage_error(export->command,
				       "give the format: --format FORMAT, or -o FILE with an ending");
	settings->utc = export->filters.utc;
	settings->limit = export->limit;
	settings->logs = export->logs;
	return CLI_GO_ON;
}

/* Options that would be ignored are mistakes. */
static int check_options_of_formats(const struct cli_export *export)
{
	const struct cli_export_settings *settings = &export->settings;
	const struct cli_otlp_settings *otlp = &settings->otlp;
	const char *format = settings->format->name;

	if (strcmp(format, "dot") != 0 && (settings->services.fold || settings->services.key))
		return cli_usage_error(export->command, "--by and --fold go with dot");
	if (strcmp(format, "csv") != 0 && (settings->columns || settings->keeps_formulas))
		return cli_usage_error(export->command, "--columns and --keep-formulas go with csv");
	if (strcmp(format, "otlp") != 0 && (otlp->endpoint || otlp->headers.len > 0 || otlp->has_sample ||
					    otlp->keeps_failures || otlp->slow_ms > 0))
		return cli_usage_error(export->command, "--otlp-endpoint, --otlp-header, --sample, "
							"--errors-and-slow and --slow go with otlp");
	return CLI_GO_ON;
}

static int check(const struct cli_export *export)
{
	const struct cli_export_format *format = export->settings.format;
	const bool to_terminal = (!export->file || strcmp(export->file, "-") == 0) && isatty(STDOUT_FILENO);

	if (export->settings.otlp.endpoint && export->file)
		return cli_usage_error(export->command, "--otlp-endpoint excludes --output");
	if (format->is_binary && to_terminal)
		return cli_usage_error(export->command, "%s is not for a terminal; give -o FILE",
				       format->name);
	if (format->cannot_follow && export->follow)
		return cli_usage_error(export->command,
				       "%s is written when the log ends: it excludes --follow", format->name);
	int status = check_options_of_formats(export);
	if (status == CLI_GO_ON)
		status = cli_export_check_conversations(export);
	if (status != CLI_GO_ON)
		return status;
	return export->follow ? cli_logs_refuse_foreign(export->command, &export->logs, "following")
			      : CLI_GO_ON;
}

static int build_filters(struct cli_export *export)
{
	const struct cli_export_format *format = export->settings.format;
	const char *kind = cli_export_asks_for_conversations(export) ? NULL : format->kind;
	int status = cli_filters_default_kind(export->command, &export->filters, kind);

	if (status == CLI_GO_ON)
		status =
		    cli_filters_build(export->command, &export->filters, &export->subjects, &export->chosen);
	export->filters.is_reported = true;
	if (status == CLI_GO_ON && format->reads_all)
		status = cli_filters_build_around(export->command, &export->filters, &export->read);
	return status;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct cli_export export = {.command = command};
	struct cli_operands operands;
	int status = cli_options_parse(command, argc, argv, &export, &operands);

	if (status == CLI_GO_ON)
		status = cli_logs_split(command, &operands, false, &export.logs, &export.subjects);
	if (status == CLI_GO_ON)
		status = choose_format(&export);
	if (status == CLI_GO_ON)
		status = check(&export);
	if (status == CLI_GO_ON)
		status = build_filters(&export);
	if (status == CLI_GO_ON)
		status = cli_export_asks_for_conversations(&export) ? cli_export_conversations_run(&export)
								    : cli_export_run(&export);
	store_filter_close(export.chosen);
	store_filter_close(export.read);
	cli_filters_fini(&export.filters);
	cli_otlp_settings_fini(&export.settings.otlp);
	cli_trace_conversation_settings_fini(&export.conversations);
	return status;
}

const struct cli_command cli_export = {
    .name = "export",
    .summary = "write a log in a format of another tool",
    .group = CLI_TASK_READ,
    .operands = "LOG... [SUBJECT...]",
    .about = "Writes the events that the filters choose in a format that other tools read.\n"
	     "\n"
	     "Formats:\n"
	     "  jsonl     a JSON object a line, complete; tapedeck import makes the log again\n"
	     "  csv       comma-separated values for spreadsheets and databases (RFC 4180)\n"
	     "  pcapng    packets of TCP connections that are made up, for Wireshark\n"
	     "  otlp      traces for OpenTelemetry, as OTLP/JSON lines or sent to a collector\n"
	     "  perfetto  a timeline for ui.perfetto.dev\n"
	     "  html      one page for a browser: a sequence diagram, a timeline, all contents\n"
	     "  mermaid   a sequence diagram of few messages, for Mermaid\n"
	     "  dot       the topology for Graphviz: which services send what to whom\n"
	     "\n"
	     "html and mermaid draw the conversations that --conversation and --id name, or\n"
	     "else the chosen messages and the replies to them. The topology for Mermaid:\n"
	     "tapedeck trace --graph --format mermaid.\n"
	     "\n"
	     "What a format cannot express is counted and reported. Payloads are data in every\n"
	     "format: whatever they hold, the output is valid, and nothing in it is executed.",
    .examples = "  tapedeck export log -o log.jsonl                       everything\n"
		"  tapedeck export log --format jsonl --since 5m | jq .subject\n"
		"  tapedeck export log 'orders.>' -o orders.csv           for a spreadsheet\n"
		"  tapedeck export log --columns time,subject,payload.id -o ids.csv\n"
		"  tapedeck export log --otlp-endpoint http://localhost:4318\n"
		"  tapedeck export log --since 1m -o log.pftrace          ui.perfetto.dev\n"
		"  tapedeck export log --conversation 4711 -o order.html  one conversation\n"
		"  tapedeck export log --id order-17 -o order.mmd         all about this order\n"
		"  tapedeck export log --fold -o platform.dot             who talks to whom",
    .options = groups,
    .run = run,
};
