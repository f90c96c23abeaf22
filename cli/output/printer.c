#include "cli/output/printer.h"
#include "cli/output/errors.h"

#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "cli/output/color.h"

#define AT(member) offsetof(struct cli_output, member)

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
    {.name = NULL},
};

enum { FLUSH_AFTER_NS = 20000000 };

static int check(const struct cli_command *command, const struct cli_output *output)
{
	if (output->json + output->raw + (output->hex || output->verbose) > 1)
		return cli_usage_error(command, "--json, --raw and --verbose or --hex exclude each other");
	if (output->detail && !output->json)
		return cli_usage_error(command, "--detail belongs to --json; for people: --verbose");
	if (output->raw && isatty(STDOUT_FILENO))
		return cli_usage_error(
		    command, "--raw would let payloads control your terminal; pipe it, or use --hex");
	return CLI_GO_ON;
}

int cli_printer_init(struct cli_printer *printer, const struct cli_command *command,
		     const struct cli_output *output, bool utc)
{
	int status = check(command, output);

	if (status != CLI_GO_ON)
		return status;
	*printer = (struct cli_printer){.output = *output, .is_terminal = isatty(STDOUT_FILENO)};
	const struct cli_text_options text = {
	    .color = cli_color_wanted((enum cli_color_choice)output->color, STDOUT_FILENO),
	    .utc = utc,
	    .verbose = output->verbose,
	    .hex = output->hex,
	    .columns = cli_terminal_columns(STDOUT_FILENO),
	};
	cli_text_printer_init(&printer->text, &text);
	if (cli_json_printer_init(&printer->json, output->detail) == 0 &&
	    cli_out_init(&printer->out, STDOUT_FILENO) == 0)
		return CLI_GO_ON;
	cli_json_printer_fini(&printer->json);
	cli_error(command, "out of memory");
	return CLI_IO;
}

void cli_printer_fini(struct cli_printer *printer)
{
	cli_json_printer_fini(&printer->json);
	cli_out_fini(&printer->out);
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
	return cli_out_flush(&printer->out);
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

void cli_printer_put(struct cli_printer *printer, const struct wire_event *event,
		     const struct cli_clients *clients)
{
	printer->events++;
	if (event->kind == WIRE_EVENT_MESSAGE) {
		printer->messages++;
		printer->bytes += event->size;
	}
	if (printer->output.json)
		cli_json_print(&printer->json, &printer->out, event, clients);
	else if (printer->output.raw)
		cli_out_slice(&printer->out, event->payload);
	else
		cli_text_print(&printer->text, &printer->out, event, clients);
	flush_if_awaited(printer);
}

void cli_printer_put_paired(struct cli_printer *printer, const struct wire_event *event,
			    const struct cli_clients *clients, const struct cli_pairing *pairing)
{
	printer->json.pairing = *pairing;
	cli_printer_put(printer, event, clients);
	printer->json.pairing = (struct cli_pairing){0};
	if (!printer->output.json && !printer->output.raw)
		cli_pairing_text(pairing, &printer->out);
}
