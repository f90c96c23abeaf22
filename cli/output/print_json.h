/* print_json.h - events as JSON, one object a line, with the keys that docs/reading.md promises. */
#ifndef CLI_OUTPUT_PRINT_JSON_H
#define CLI_OUTPUT_PRINT_JSON_H

#include "cli/output/clients.h"
#include "cli/output/json.h"
#include "cli/output/pairing.h"
#include "cli/output/shown.h"

struct cli_json_printer {
	bool detail; /* the receivers of each message, with the outcomes */
	struct cli_shown shown;
	struct cli_clock clock;
	struct cli_pairing pairing;  /* of the event that is printed */
	struct cli_headers *scratch; /* owned */
};

/* shown: how much of payloads; NULL = all. 0 or -ENOMEM. */
int cli_json_printer_init(struct cli_json_printer *printer, bool detail, const struct cli_shown *shown);
void cli_json_printer_fini(struct cli_json_printer *printer);

/* Write the members of an event into an object that is open. */
void cli_json_event(struct cli_json_printer *printer, struct cli_json *json, const struct wire_event *event,
		    const struct cli_clients *clients);

/* Print an event as an object in a line of its own. */
void cli_json_print(struct cli_json_printer *printer, struct cli_out *out, const struct wire_event *event,
		    const struct cli_clients *clients);

#endif
