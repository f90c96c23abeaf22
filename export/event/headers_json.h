/* headers_json.h - a message's header block as members of a JSON object. */
#ifndef EXPORT_EVENT_HEADERS_JSON_H
#define EXPORT_EVENT_HEADERS_JSON_H

#include "export/text/json.h"

/* Memory to group repeated keys in, reused for message after message. */
struct export_headers;

/* NULL when out of memory. */
struct export_headers *export_headers_open(void);
void export_headers_close(struct export_headers *headers);

/* Writes "headers" (an object of arrays: order and case of the keys kept, values in order), "status" and
 * "description" when the block's first line has them, and "headers_base64" with the whole block when the
 * other members cannot express all of it: a malformed line, bytes that are not UTF-8, no memory. is_exact: also when the bytes
 * are not those of `NATS/1.0 status description`, then `Key: value` in the order of the object. */
void export_headers_json(struct export_headers *headers, struct export_json *json, struct wire_slice block,
			 bool is_exact);

#endif
