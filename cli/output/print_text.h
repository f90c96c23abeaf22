/* print_text.h - events as lines for people.
 *
 *   07:57:19.123456 req   checkout#3 → stock#7   stock.get              12 B  ↩ …XMHPDbGO  {"sku":"a1"}
 *   07:57:19.123999 reply stock#7 → checkout#3   _INBOX.…XMHPDbGO       30 B  {"stock":3}
 *
 *
 * On a terminal every column has its place (cli/output/text_layout.h), and longer text is clipped. Without a terminal
 * nothing is clipped, and times are complete, so that lines can be searched and sorted. */
#ifndef CLI_OUTPUT_PRINT_TEXT_H
#define CLI_OUTPUT_PRINT_TEXT_H

#include "cli/output/text_layout.h"
#include "export/decode/decode.h"
#include "export/event/clients.h"
#include "export/event/shown.h"
#include "export/text/clock.h"
#include "export/text/out.h"

struct cli_text_options {
	bool color;
	bool utc;     /* not local time */
	bool verbose; /* reply, receivers, headers and the whole payload below the line */
	bool hex;     /* the payload as a hex dump below the line */
	struct export_shown shown;
	struct export_decoder *decoder; /* borrowed; NULL = payloads as they are */
	size_t columns;                 /* of the terminal; 0 = there is none */
};

struct cli_text_printer {
	struct cli_text_options options;
	struct export_clock clock;
	int64_t day; /* the last heading was for */
	struct cli_text_layout layout;
};

void cli_text_printer_init(struct cli_text_printer *printer, const struct cli_text_options *options);

/* The terminal's width has changed. */
void cli_text_printer_resize(struct cli_text_printer *printer, size_t columns);

void cli_text_print(struct cli_text_printer *printer, struct export_out *out, const struct wire_event *event,
		    const struct export_clients *clients);

#endif
