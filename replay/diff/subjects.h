/* subjects.h - the counts of each subject while two recordings are compared, and its waiting messages. Internal to
 * replay/diff. */
#ifndef REPLAY_DIFF_SUBJECTS_H
#define REPLAY_DIFF_SUBJECTS_H

#include "replay/diff/summary.h"
#include "replay/diff/window.h"
#include "trace/histogram.h"

/* The messages of one subject; or, separately, the replies to requests on it. */
struct replay__subject {
	uint64_t hash;
	struct replay_diff_subject counts; /* its subject is NUL-terminated and follows this struct */
	struct replay__entries waiting[REPLAY_SIDES];
	uint64_t given_up[REPLAY_SIDES];  /* messages without a counterpart */
	uint64_t publisher[REPLAY_SIDES]; /* of the first message */
	bool has_publishers;              /* more than one, in either recording */
	struct trace_histogram
	    *latencies[REPLAY_SIDES]; /* owned; NULL: no reply yet, or too many subjects have latencies */
};

struct replay__subjects {
	struct replay__subject **slots; /* open addressing, at most half full */
	size_t mask, count;
	size_t text_bytes, histograms;
	struct replay__subject *others; /* counts all subjects beyond the bounds */
};

/* 0 or -ENOMEM. Call replay__subjects_fini in either case. */
int replay__subjects_init(struct replay__subjects *subjects);
void replay__subjects_fini(struct replay__subjects *subjects);

/* The entry of a subject, created when it is new; beyond the bounds, the one of all others. NULL when out of memory. */
struct replay__subject *replay__subjects_get(struct replay__subjects *subjects, struct wire_slice subject,
					     bool is_reply);

/* Count the latency of a reply. Not counted beyond a bound on the number of histograms, or without memory. */
void replay__subjects_add_latency(struct replay__subjects *subjects, struct replay__subject *subject,
				  enum replay_diff_side side, int64_t ns);

#endif
