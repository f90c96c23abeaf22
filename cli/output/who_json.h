/* who_json.h - print who is connected, or who is subscribed to a subject, as one JSON object (docs/reading.md). */
#ifndef CLI_OUTPUT_WHO_JSON_H
#define CLI_OUTPUT_WHO_JSON_H

#include "cli/output/who_order.h"
#include "export/text/out.h"

void cli_who_json(struct export_out *out, const struct cli_who *who);

#endif
