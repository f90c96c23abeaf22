/* stat_json.h - print the totals of a log as JSON (keys: docs/reading.md). */
#ifndef CLI_OUTPUT_STAT_JSON_H
#define CLI_OUTPUT_STAT_JSON_H

#include "cli/output/stat_text.h"

/* Print one object in one line. */
void cli_stat_json(struct export_out *out, const char *log, const struct store_summary *summary,
		   const struct cli_stat_options *options);

#endif
