/* printer.h - events onto standard output in the form that was asked for: text, JSON, a template, CSV or raw payloads. */
#ifndef CLI_OUTPUT_PRINTER_H
#define CLI_OUTPUT_PRINTER_H

#include "cli/options/decoding.h"
#include "cli/options/options.h"
#include "cli/output/print_text.h"
#include "export/event/csv_rows.h"
#include "export/event/event_json.h"
#include "export/event/pairing.h"
#include "export/event/template.h"

struct cli_output {
	bool json, detail, verbose, hex, raw, no_payload;
	const char *format, *csv; /* NULL: not in these forms */
	struct export_shown shown;
	int color;                    /* enum cli_color_choice */
	struct cli_decoding decoding; /* of cli_decoding_options; whoever filled it in finishes it */
};

/* Sets a struct cli_output, zeroed before, except the colour (cli_color_options) and the decoding. */
extern const struct cli_option cli_output_options[];

/* Lines of text with remarks between them, not records for programs. */
static inline bool cli_output_is_for_people(const struct cli_output *output)
{
	return !output->json && !output->raw && !output->format && !output->csv;
}

struct cli_printer {
	struct cli_output output;
	bool is_terminal;
	int64_t flushed_ns; /* when the output was last flushed */
	struct export_out out;
	struct cli_text_printer text;
	struct export_event_json json;
	struct export_template template; /* with `format` */
	struct export_csv csv;
	uint64_t events, messages, bytes; /* printed; bytes of payloads */
};

/* The kind of events that this output is about unless the user asks for others: lines of fields (--format, --csv) are of
 * messages. NULL: every kind. */
const char *cli_printer_kind(const struct cli_output *output);

/* CLI_GO_ON; or an exit status after a complaint: contradicting options, no memory. */
int cli_printer_init(struct cli_printer *printer, const struct cli_command *command,
		     const struct cli_output *output, bool utc);
void cli_printer_fini(struct cli_printer *printer);

/* Print an event; flushes when the last flush is so long ago that a reader may be waiting. */
void cli_printer_put(struct cli_printer *printer, const struct wire_event *event,
		     const struct export_clients *clients);

/* Likewise, with what it has to do with other messages. */
void cli_printer_put_paired(struct cli_printer *printer, const struct wire_event *event,
			    const struct export_clients *clients, const struct export_pairing *pairing);

/* 0 or the first error of writing, -EPIPE when the reader has closed the pipe. */
int cli_printer_flush(struct cli_printer *printer);

/* Call when there is no event at the moment: flush. As cli_printer_flush, but notices that the reader has closed the
 * pipe without writing: `tail | head` ends when head does. */
int cli_printer_idle(struct cli_printer *printer);

#endif
