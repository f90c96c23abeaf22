#include "cli/output/printer.h"
#include "cli/output/errors.h"

#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "cli/options/values.h"
#include "cli/output/color.h"

#define AT(member) offsetof(struct cli_output, member)

static int set_max_payload(void *member, const char *argument, struct wire_fault *fault)
{
	struct export_shown *shown = member;

	shown->has_limit = true;
	return cli_parse_bytes(argument, &shown->payload, fault);
}

const struct cli_option cli_output_options[] = {
    {.name = "verbose",
     .letter = 'v',
     .kind = CLI_FLAG,
     .help = "below each message: reply, receivers, headers and the whole payload",
     .at = AT(verbose)},
    {.name = "hex",
     .letter = 'X',
     .kind = CLI_FLAG,
     .help = "below each message: its payload as a hex dump",
     .at = AT(hex)},
    {.name = "raw",
     .kind = CLI_FLAG,
     .help = "payloads only, byte by byte, nothing between them",
     .at = AT(raw)},
    {.name = "json",
     .kind = CLI_FLAG,
     .help = "one JSON object a line; keys: docs/reading.md",
     .at = AT(json)},
    {.name = "detail",
     .kind = CLI_FLAG,
     .help = "with --json: who received each message, and who did not and why",
     .at = AT(detail)},
    {.name = "format",
     .kind = CLI_TEXT,
     .argument = "TEMPLATE",
     .help =
	 "a line for each message: '{time} {subject} {payload.id} {header.Trace-Id}'; \\t and \\n; fields: "
	 "docs/reading.md",
     .at = AT(format)},
    {.name = "csv",
     .kind = CLI_TEXT,
     .argument = "FIELD,...",
     .help = "comma-separated values with a line of names, of the fields of --format",
     .at = AT(csv)},
    {.name = "headers",
     .kind = CLI_FLAG,
     .help = "all headers, below the line where there is no room on it",
     .at = AT(shown.headers)},
    {.name = "no-payload", .kind = CLI_FLAG, .help = "leave payloads out", .at = AT(no_payload)},
    {.name = "max-payload",
     .kind = CLI_CALL,
     .argument = "SIZE",
     .help = "show at most SIZE of each payload, and how much is left out",
     .at = AT(shown),
     .call = set_max_payload},
    {.name = NULL},
};

enum { FLUSH_AFTER_NS = 20000000 };

const char *cli_printer_kind(const struct cli_output *output)
{
	return output->format || output->csv ? "message" : NULL;
}

static int check(const struct cli_command *command, const struct cli_output *output)
{
	bool is_text = output->verbose || output->hex;
	bool is_shortened = output->no_payload || output->shown.has_limit;

	if (output->json + output->raw + is_text + (output->format != NULL) + (output->csv != NULL) > 1)
		return cli_usage_error(
		    command, "--json, --format, --csv, --raw and --verbose or --hex exclude each other");
	if (output->detail && !output->json)
		return cli_usage_error(command, "--detail belongs to --json; for people: --verbose");
	if (output->raw && isatty(STDOUT_FILENO))
		return cli_usage_error(
		    command, "--raw would let payloads control your terminal; pipe it, or use --hex");
	if (is_shortened && (output->raw || cli_printer_kind(output)))
		return cli_usage_error(
		    command, "--no-payload and --max-payload do not go with --raw, --format and --csv");
	if (output->shown.headers && (output->json || output->raw || cli_printer_kind(output)))
		return cli_usage_error(command,
				       "--headers belongs to text for people; --json has all headers");
	return CLI_GO_ON;
}

/* Compile --format or --csv. CLI_GO_ON, or CLI_USAGE after a complaint. */
static int compile(struct cli_printer *printer, const struct cli_command *command, bool utc)
{
	const struct cli_output *output = &printer->output;
	struct wire_fault fault;

	if (output->format && export_template_init(&printer->template, output->format, utc, &fault) != 0)
		return cli_usage_error(command, "--format %s", fault.text);
	if (output->csv && export_csv_init(&printer->csv, output->csv, utc, &fault) != 0)
		return cli_usage_error(command, "--csv: %s", fault.text);
	printer->template.reader.decoder = printer->csv.reader.decoder = output->decoding.decoder;
	return CLI_GO_ON;
}

static void init_text(struct cli_printer *printer, bool utc)
{
	const struct cli_output *output = &printer->output;
	const struct cli_text_options text = {
	    .color = cli_color_wanted((enum cli_color_choice)output->color, STDOUT_FILENO),
	    .utc = utc,
	    .verbose = output->verbose,
	    .hex = output->hex,
	    .shown = output->shown,
	    .decoder = output->decoding.decoder,
	    .columns = cli_terminal_columns(STDOUT_FILENO),
	};

	cli_text_printer_init(&printer->text, &text);
}

int cli_printer_init(struct cli_printer *printer, const struct cli_command *command,
		     const struct cli_output *output, bool utc)
{
	int status = check(command, output);

	if (status != CLI_GO_ON)
		return status;
	*printer = (struct cli_printer){.output = *output, .is_terminal = isatty(STDOUT_FILENO)};
	if (output->no_payload)
		printer->output.shown =
		    (struct export_shown){.headers = output->shown.headers, .has_limit = true};
	init_text(printer, utc);
	status = compile(printer, command, utc);
	if (status == CLI_GO_ON &&
	    (export_event_json_init(&printer->json, output->detail, &printer->output.shown) != 0 ||
	     export_out_init(&printer->out, STDOUT_FILENO) != 0)) {
		cli_error(command, "out of memory");
		status = CLI_IO;
	}
	printer->json.decoder = output->decoding.decoder;
	cli_decoding_begin(&output->decoding, command);
	if (status != CLI_GO_ON)
		cli_printer_fini(printer);
	return status;
}

void cli_printer_fini(struct cli_printer *printer)
{
	export_event_json_fini(&printer->json);
	export_template_fini(&printer->template);
	export_csv_fini(&printer->csv);
	export_out_fini(&printer->out);
}

static int64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * 1000000000 + now.tv_nsec;
}

int cli_printer_flush(struct cli_printer *printer)
{
	printer->flushed_ns = monotonic_ns();
	if (printer->is_terminal)
		cli_text_printer_resize(&printer->text, cli_terminal_columns(STDOUT_FILENO));
	return export_out_flush(&printer->out);
}

int cli_printer_idle(struct cli_printer *printer)
{
	struct pollfd output = {.fd = STDOUT_FILENO};

	if (cli_printer_flush(printer) != 0)
		return printer->out.error;
	return poll(&output, 1, 0) > 0 ? -EPIPE : 0;
}

/* Flush after a single event, because the next match may take long; do not flush for each of many. */
static void flush_if_awaited(struct cli_printer *printer)
{
	if (monotonic_ns() - printer->flushed_ns >= FLUSH_AFTER_NS)
		cli_printer_flush(printer);
}

/* The payload alone, decoded where it can be. */
static void put_raw(struct cli_printer *printer, const struct wire_event *event)
{
	struct export_decoded decoded;
	const bool is_decoded =
	    export_decode(printer->output.decoding.decoder, event, &decoded) == EXPORT_DECODE_DONE;

	export_out_slice(&printer->out, is_decoded ? decoded.bytes : event->payload);
}

void cli_printer_put(struct cli_printer *printer, const struct wire_event *event,
		     const struct export_clients *clients)
{
	printer->events++;
	if (event->kind == WIRE_EVENT_MESSAGE) {
		printer->messages++;
		printer->bytes += event->size;
	}
	if (printer->output.json)
		export_event_json_line(&printer->json, &printer->out, event, clients);
	else if (printer->output.raw)
		put_raw(printer, event);
	else if (printer->output.format)
		export_template_print(&printer->template, &printer->out, event, clients);
	else if (printer->output.csv)
		export_csv_print(&printer->csv, &printer->out, event, clients);
	else
		cli_text_print(&printer->text, &printer->out, event, clients);
	flush_if_awaited(printer);
}

void cli_printer_put_paired(struct cli_printer *printer, const struct wire_event *event,
			    const struct export_clients *clients, const struct export_pairing *pairing)
{
	printer->json.pairing = *pairing;
	cli_printer_put(printer, event, clients);
	printer->json.pairing = (struct export_pairing){0};
	if (cli_output_is_for_people(&printer->output))
		export_pairing_text(pairing, &printer->out);
}
