/* event_json.h - events as JSON, one object a line, with the keys that docs/reading.md promises. */
#ifndef EXPORT_EVENT_EVENT_JSON_H
#define EXPORT_EVENT_EVENT_JSON_H

#include "export/decode/decode.h"
#include "export/event/clients.h"
#include "export/event/pairing.h"
#include "export/event/shown.h"
#include "export/text/json.h"

struct export_event_json {
	bool detail;        /* the receivers of each message, with the outcomes */
	bool exact_headers; /* as is_exact of export_headers_json */
	uint32_t log;       /* which of several inputs the event is from, from 1; 0 = do not say */
	struct export_shown shown;
	struct export_clock clock;
	struct export_pairing pairing;  /* of the event that is printed */
	struct export_headers *scratch; /* owned */
	struct export_decoder *decoder; /* borrowed; NULL = payloads as they are. Set it after init */
};

/* shown: how much of payloads; NULL = all. 0 or -ENOMEM. */
int export_event_json_init(struct export_event_json *printer, bool detail, const struct export_shown *shown);
void export_event_json_fini(struct export_event_json *printer);

/* Write the members of an event into an object that is open. */
void export_event_json_members(struct export_event_json *printer, struct export_json *json,
			       const struct wire_event *event, const struct export_clients *clients);

/* Print an event as an object in a line of its own. */
void export_event_json_line(struct export_event_json *printer, struct export_out *out,
			    const struct wire_event *event, const struct export_clients *clients);

#endif
