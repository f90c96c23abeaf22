#include "cli/commands/export_formats.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "export/event/csv.h"
#include "export/event/jsonl.h"
#include "export/pcapng/pcapng.h"

#define AT(member) offsetof(struct cli_export_settings, member)

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

static int choose_format(void *member, const char *argument, struct wire_fault *fault)
{
	const struct cli_export_format **chosen = member;

	for (const struct cli_export_format *format = cli_export_formats; format->name; format++) {
		if (strcmp(format->name, argument) == 0) {
			*chosen = format;
			return 0;
		}
	}
	return refuse_format(argument, fault);
}

const struct cli_option cli_export_format_options[] = {
    {.name = "format",
     .letter = 'F',
     .kind = CLI_CALL,
     .argument = "FORMAT",
     .words = "jsonl|csv|pcapng",
     .help = "see \"Formats\" below; default: by the ending of FILE",
     .call = choose_format,
     .at = AT(format)},
    {.name = "columns",
     .kind = CLI_TEXT,
     .argument = "FIELDS",
     .help = "csv: the columns, in their order, with commas between: time,subject,payload.id; the fields are "
	     "those of "
	     "cat --csv. Default: time, kind, client, subject, reply, size, receivers, status, payload",
     .at = AT(columns)},
    {.name = "keep-formulas",
     .kind = CLI_FLAG,
     .help = "csv: leave values as they are that a spreadsheet takes for formulas. By default a ' is put "
	     "before a value "
	     "that begins with =, +, - or @ and is not a number",
     .at = AT(keeps_formulas)},
    {.name = NULL},
};

static bool has_ending(const char *path, const char *ending, size_t len)
{
	size_t path_len = strlen(path);

	return path_len > len && path[path_len - len - 1] == '.' &&
	       strncmp(path + path_len - len, ending, len) == 0;
}

static bool has_any_ending(const char *path, const char *endings)
{
	while (*endings) {
		size_t len = strcspn(endings, " ");
		if (has_ending(path, endings, len))
			return true;
		endings += len;
		endings += strspn(endings, " ");
	}
	return false;
}

const struct cli_export_format *cli_export_format_of(const char *path)
{
	for (const struct cli_export_format *format = cli_export_formats; format->name; format++)
		if (has_any_ending(path, format->endings))
			return format;
	return NULL;
}
