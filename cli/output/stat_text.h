/* stat_text.h - print the totals of a log, for people. */
#ifndef CLI_OUTPUT_STAT_TEXT_H
#define CLI_OUTPUT_STAT_TEXT_H

#include "cli/output/client_rows.h"
#include "export/text/out.h"
#include "store/read/summary.h"

struct cli_stat_options {
	uint64_t top;                          /* rows in each table */
	const struct cli_client_rows *clients; /* the table of clients too; NULL = without it */
	bool utc, color;
};

void cli_stat_text(struct export_out *out, const char *log, const struct store_summary *summary,
		   const struct cli_stat_options *options);

#endif
