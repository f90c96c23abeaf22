#include "cli/commands/export_formats.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/options/inputs.h"
#include "export/event/csv.h"
#include "export/event/jsonl.h"
#include "export/graph/dot.h"
#include "export/html/html.h"
#include "export/pcapng/pcapng.h"
#include "export/perfetto/perfetto.h"
#include "export/sequence/mermaid.h"

#define AT(member) offsetof(struct cli_export_settings, member)

/* How many messages, and subjects, are drawn without --limit. */
enum { HTML_MESSAGES = 5000, DOT_SUBJECTS = 200 };

/* ---- the formats ---- */

static int open_jsonl(struct export_writer **writer, const struct cli_export_settings *settings,
		      const struct store_filter *chosen, struct export_out *out, struct wire_fault *fault)
{
	(void)settings;
	(void)chosen;
	return export_jsonl_open(writer, out, fault);
}

static int open_csv(struct export_writer **writer, const struct cli_export_settings *settings,
		    const struct store_filter *chosen, struct export_out *out, struct wire_fault *fault)
{
	const struct export_csv_options options = {
	    .columns = settings->columns, .keeps_formulas = settings->keeps_formulas, .utc = settings->utc};

	(void)chosen;
	return export_csv_open(writer, &options, out, fault);
}

static int open_pcapng(struct export_writer **writer, const struct cli_export_settings *settings,
		       const struct store_filter *chosen, struct export_out *out, struct wire_fault *fault)
{
	(void)settings;
	(void)chosen;
	return export_pcapng_open(writer, out, fault);
}

static int open_otlp(struct export_writer **writer, const struct cli_export_settings *settings,
		     const struct store_filter *chosen, struct export_out *out, struct wire_fault *fault)
{
	(void)chosen;
	return cli_otlp_open(writer, &settings->otlp, &settings->running, out, fault);
}

static int open_perfetto(struct export_writer **writer, const struct cli_export_settings *settings,
			 const struct store_filter *chosen, struct export_out *out, struct wire_fault *fault)
{
	(void)settings;
	(void)chosen;
	return export_perfetto_open(writer, out, fault);
}

static int open_mermaid(struct export_writer **writer, const struct cli_export_settings *settings,
			const struct store_filter *chosen, struct export_out *out, struct wire_fault *fault)
{
	const struct export_mermaid_options options = {.messages_max = settings->limit, .utc = settings->utc};

	(void)chosen;
	return export_mermaid_open(writer, &options, out, fault);
}

static int open_html(struct export_writer **writer, const struct cli_export_settings *settings,
		     const struct store_filter *chosen, struct export_out *out, struct wire_fault *fault)
{
	const struct export_html_options options = {.messages_max =
							settings->limit > 0 ? settings->limit : HTML_MESSAGES,
						    .logs = (const char *const *)settings->logs.values,
						    .logs_len = settings->logs.len,
						    .utc = settings->utc};

	(void)chosen;
	return export_html_open(writer, &options, out, fault);
}

static int open_dot(struct export_writer **writer, const struct cli_export_settings *settings,
		    const struct store_filter *chosen, struct export_out *out, struct wire_fault *fault)
{
	struct export_dot_options options = {.key = (enum trace_service_key)settings->services.key,
					     .folds_tokens = settings->services.fold,
					     .subjects_max =
						 settings->limit > 0 ? settings->limit : DOT_SUBJECTS,
					     .filter = store_filter_is_empty(chosen) ? NULL : chosen};
	int error = cli_inputs_uptime(&options.uptime, &settings->logs, CLI_STEADY_CLOCK, fault);

	if (!error)
		error = export_dot_open(writer, &options, out, fault);
	if (error)
		store_uptime_fini(&options.uptime);
	return error;
}

const struct cli_export_format cli_export_formats[] = {
    {.name = "jsonl",
     .endings = "jsonl ndjson",
     .summary = "a JSON object a line, complete: `tapedeck import` makes the log again",
     .open = open_jsonl},
    {.name = "csv",
     .endings = "csv",
     .summary = "comma-separated values with a line of names (RFC 4180), for spreadsheets and databases",
     .kind = "message",
     .open = open_csv},
    {.name = "pcapng",
     .endings = "pcapng",
     .summary = "packets of synthesised TCP connections, for Wireshark and tshark",
     .is_binary = true,
     .open = open_pcapng},
    {.name = "otlp",
     .endings = "otlp otlp.jsonl",
     .summary = "traces for OpenTelemetry: OTLP/JSON lines, or sent to a collector",
     .kind = "message",
     .reads_all = true,
     .open = open_otlp,
     .status = cli_otlp_status},
    {.name = "perfetto",
     .endings = "pftrace perfetto-trace",
     .summary = "a timeline for ui.perfetto.dev",
     .kind = "message",
     .reads_all = true,
     .is_binary = true,
     .open = open_perfetto},
    {.name = "html",
     .endings = "html htm",
     .summary = "one page with a sequence diagram, a timeline and all contents, for a browser",
     .kind = "message,delivery",
     .reads_all = true,
     .limits_itself = true,
     .draws_conversations = true,
     .cannot_follow = true,
     .open = open_html},
    {.name = "mermaid",
     .endings = "mmd mermaid",
     .summary = "a sequence diagram of few messages, as text",
     .kind = "message,delivery",
     .reads_all = true,
     .limits_itself = true,
     .draws_conversations = true,
     .cannot_follow = true,
     .open = open_mermaid},
    {.name = "dot",
     .endings = "dot gv",
     .summary = "which services send what to whom, for Graphviz",
     .reads_all = true,
     .limits_itself = true,
     .cannot_follow = true,
     .open = open_dot},
    {.name = NULL},
};

/* ---- choosing one ---- */

static int refuse_format(const char *word, struct wire_fault *fault)
{
	char names[200] = "";

	for (const struct cli_export_format *format = cli_export_formats; format->name; format++) {
		size_t len = strlen(names);
		snprintf(names + len, sizeof(names) - len, "%s%s", len > 0 ? ", " : "", format->name);
	}
	return wire_fault_set(fault, -EINVAL, "\"%s\" is none of %s", word, names);
}

const struct cli_export_format *cli_export_format_named(const char *name)
{
	for (const struct cli_export_format *format = cli_export_formats; format->name; format++)
		if (strcmp(format->name, name) == 0)
			return format;
	return NULL;
}

static int choose_format(void *member, const char *argument, struct wire_fault *fault)
{
	const struct cli_export_format **chosen = member;

	*chosen = cli_export_format_named(argument);
	return *chosen ? 0 : refuse_format(argument, fault);
}

const struct cli_option cli_export_format_options[] = {
    {.name = "format",
     .letter = 'F',
     .kind = CLI_CALL,
     .argument = "FORMAT",
     .words = "jsonl|csv|pcapng|otlp|perfetto|html|mermaid|dot",
     .help = "one of the formats above; default: by the ending of FILE",
     .call = choose_format,
     .at = AT(format)},
    {.name = NULL},
};

const struct cli_option cli_export_csv_options[] = {
    {.name = "columns",
     .kind = CLI_TEXT,
     .argument = "FIELDS",
     .help =
	 "the columns, in their order, with commas between: time,subject,payload.id; the fields are those "
	 "of cat --csv. Default: time, kind, client, subject, reply, size, receivers, status, payload",
     .at = AT(columns)},
    {.name = "keep-formulas",
     .kind = CLI_FLAG,
     .help = "leave values as they are that a spreadsheet takes for formulas. By default a ' is put before a "
	     "value that begins with =, +, - or @ and is not a number",
     .at = AT(keeps_formulas)},
    {.name = NULL},
};

static bool has_ending(const char *path, const char *ending, size_t len)
{
	size_t path_len = strlen(path);

	return path_len > len && path[path_len - len - 1] == '.' &&
	       strncmp(path + path_len - len, ending, len) == 0;
}

/* The length of the longest one that the path has; 0 when it has none. */
static size_t ending_of(const char *path, const char *endings)
{
	size_t longest = 0;

	while (*endings) {
		size_t len = strcspn(endings, " ");
		if (len > longest && has_ending(path, endings, len))
			longest = len;
		endings += len;
		endings += strspn(endings, " ");
	}
	return longest;
}

const struct cli_export_format *cli_export_format_of(const char *path)
{
	const struct cli_export_format *found = NULL;
	size_t longest = 0;

	for (const struct cli_export_format *format = cli_export_formats; format->name; format++) {
		const size_t len = ending_of(path, format->endings);
		found = len > longest ? format : found;
		longest = len > longest ? len : longest;
	}
	return found;
}
