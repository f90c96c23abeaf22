/* summary.h - verdicts on requests, counted by subject in bounded memory. Internal to replay. */
#ifndef REPLAY_VERIFY_SUMMARY_H
#define REPLAY_VERIFY_SUMMARY_H

#include "replay/verify/verdict.h"
#include "trace/names.h"

/* Rows; further subjects share one more. */
enum { REPLAY_VERIFY_SUBJECTS = 1000 };

struct replay_verify_row {
	const char *subject; /* NUL-terminated; owned by the summary */
	uint64_t requests, verdicts[REPLAY_VERDICT_COUNT];
	uint64_t pairs;                          /* replies that were compared */
	double recorded_total_ns, live_total_ns; /* sums of their latencies */
};

/* Zeroed = empty. */
struct replay__verify_summary {
	struct trace_names names;
	struct replay_verify_row *rows; /* owned; by number of the name */
	uint32_t len, cap;
};

void replay__verify_summary_fini(struct replay__verify_summary *summary);

/* Count the verdict on one request. A subject beyond the bound, or without memory for its row, is counted in the row
 * "(other subjects)"; without memory for that row, nowhere. */
void replay__verify_summary_add_verdict(struct replay__verify_summary *summary, const char *subject,
					enum replay_verdict verdict);
/* Count two replies that were compared, by the same rule. */
void replay__verify_summary_add_pair(struct replay__verify_summary *summary, const char *subject,
				     int64_t recorded_ns, int64_t live_ns);

/* Sort the rows: the most mismatches first, then the most requests. Add nothing afterwards. */
void replay__verify_summary_sort(struct replay__verify_summary *summary);

#endif
