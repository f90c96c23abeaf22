/* mock_report.h - print the requests that a mock received and its replies, for people and as JSON (keys:
 * docs/mocking.md). */
#ifndef CLI_OUTPUT_MOCK_REPORT_H
#define CLI_OUTPUT_MOCK_REPORT_H

#include "cli/output/row.h"
#include "replay/mock/mock.h"

struct cli_mock_totals {
	uint64_t conversations, replies; /* recorded */
};

void cli_mock_report_text(struct cli_row *row, const struct replay_mock_report *report);

/* One object in one line. */
void cli_mock_report_json(struct export_out *out, const struct replay_mock_report *report,
			  const struct cli_mock_totals *recorded);

#endif
