/* compare_json.h - print what changed between two recordings as JSON (keys: docs/stat.md). */
#ifndef CLI_OUTPUT_COMPARE_JSON_H
#define CLI_OUTPUT_COMPARE_JSON_H

#include "cli/output/compare_text.h"

/* One object in one line. */
void cli_compare_json(struct export_out *out, const struct cli_compare_view *view);

#endif
