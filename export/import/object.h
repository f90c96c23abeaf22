/* object.h - a JSON object as an event: the keys of docs/reading.md as `export --format jsonl` writes them, and those of other
 * tools: a subject, a payload, a time (docs/exporting.md lists the names). `nats sub --dump` writes {"Subject", "Reply", "Header",
 * "Data"} with the payload in base64. */
#ifndef EXPORT_IMPORT_OBJECT_H
#define EXPORT_IMPORT_OBJECT_H

#include "export/import/made_event.h"
#include "wire/json.h"

/* Read the object into *made; `json` is memory for the reader. 0; or WIRE_EJSON or another negative code with *fault, which says what
 * is wrong and not where. */
int export__object_read(struct export__made_event *made, struct wire_json *json, struct wire_slice text,
			struct wire_fault *fault);

#endif
