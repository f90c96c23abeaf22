/* diff_text.h - print the differences between two logs, for people.
 *
 *   changed    orders.new
 *     A #4 08:57:19.100123  23 B  {"id":4711,"total":12.5}
 *     B #4 08:57:20.300456  23 B  {"id":4711,"total":13.5}
 *       payload from byte 20 on
 *
 * Of decoded payloads it says so, and the excerpts begin shortly before the first byte in which the decoded texts differ.
 *
 * Then both logs, a table of the subjects that differ, latencies of replies, and the result. */
#ifndef CLI_OUTPUT_DIFF_TEXT_H
#define CLI_OUTPUT_DIFF_TEXT_H

#include "cli/output/row.h"
#include "export/decode/decode.h"
#include "export/text/clock.h"
#include "export/text/out.h"
#include "replay/diff/summary.h"

struct cli_diff_text {
	struct cli_row row;
	struct export_clock clock;
	const char *logs[REPLAY_SIDES]; /* their names; borrowed */
	uint64_t top;                   /* rows in each table */
	struct export_decoder *decoder; /* borrowed; NULL = payloads as they are */
};

void cli_diff_text_difference(struct cli_diff_text *text, const struct replay_difference *difference);

/* shown: how many differences were printed. The summary says how many were not. */
void cli_diff_text_summary(struct cli_diff_text *text, const struct replay_diff_summary *summary,
			   uint64_t shown);

#endif
