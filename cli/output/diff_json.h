/* diff_json.h - print the differences between two logs as JSON, one object per line (keys: docs/diff.md). */
#ifndef CLI_OUTPUT_DIFF_JSON_H
#define CLI_OUTPUT_DIFF_JSON_H

#include "export/decode/decode.h"
#include "export/event/headers_json.h"
#include "export/text/clock.h"
#include "replay/diff/summary.h"

struct cli_diff_json {
	struct export_out *out;
	struct export_clock clock;
	struct export_headers *scratch; /* borrowed */
	const char *logs[REPLAY_SIDES]; /* borrowed */
	struct export_decoder *decoder; /* borrowed; NULL = payloads as they are */
};

void cli_diff_json_difference(struct cli_diff_json *json, const struct replay_difference *difference);
void cli_diff_json_summary(struct cli_diff_json *json, const struct replay_diff_summary *summary);

#endif
