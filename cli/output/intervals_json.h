/* intervals_json.h - print the messages of a log by intervals as JSON (keys: docs/stat.md). */
#ifndef CLI_OUTPUT_INTERVALS_JSON_H
#define CLI_OUTPUT_INTERVALS_JSON_H

#include "cli/output/intervals_text.h"

/* One object in one line. */
void cli_intervals_json(struct export_out *out, const struct cli_intervals_view *view);

#endif
