/* print_below.h - print the lines of --verbose, --hex and --headers below the line of a message. */
#ifndef CLI_OUTPUT_PRINT_BELOW_H
#define CLI_OUTPUT_PRINT_BELOW_H

#include "cli/output/row.h"
#include "export/decode/decode.h"
#include "export/event/clients.h"

/* Reply subject, receivers and headers, one to a line. */
void cli_print_details(struct cli_row *row, const struct wire_event *event,
		       const struct export_clients *clients);

/* The status and all headers, one to a line. */
void cli_print_headers(struct cli_row *row, struct wire_slice block);

/* A remark of our own. */
void cli_print_note(struct cli_row *row, const char *text);

/* By what the payload that follows was decoded, or why it was not. */
void cli_print_decoded(struct cli_row *row, enum export_decode_result result,
		       const struct export_decoded *decoded);

/* The whole payload, as lines of text or as a hex dump. */
void cli_print_payload(struct cli_row *row, const struct wire_event *event, bool hex);

/* "checkout#3", "10.0.0.7:53122" of a client without a name, "#3" of an unknown one; the name in at most `most` columns. */
void cli_print_client(struct cli_row *row, enum cli_color color, const struct wire_client *client,
		      uint64_t conn, size_t most);

#endif
