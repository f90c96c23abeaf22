/* headers_json.h - a message's header block as members of a JSON object. */
#ifndef CLI_OUTPUT_HEADERS_JSON_H
#define CLI_OUTPUT_HEADERS_JSON_H

#include "cli/output/json.h"

/* Memory to group repeated keys in, reused for message after message. */
struct cli_headers;

/* NULL when out of memory. */
struct cli_headers *cli_headers_open(void);
void cli_headers_close(struct cli_headers *headers);

/* Writes "headers" (an object of arrays: order and case of the keys kept, values in order), "status" and
 * "description" when the block's first line has them, and "headers_base64" with the whole block when the
 * other members cannot express all of it: a malformed line, bytes that are not UTF-8, no memory. */
void cli_headers_json(struct cli_headers *headers, struct cli_json *json, struct wire_slice block);

#endif
