/* summary.h - what a comparison found, by subject and in total. */
#ifndef REPLAY_DIFF_SUMMARY_H
#define REPLAY_DIFF_SUMMARY_H

#include "replay/diff/diff.h"

/* Time from a request to its first reply. */
struct replay_latency {
	uint64_t count;
	int64_t p50_ns, p99_ns, max_ns;
};

/* Counts of messages on one subject, or of replies to requests on it. */
struct replay_diff_subject {
	struct wire_slice subject; /* empty: of all beyond REPLAY_DIFF_SUBJECTS_MAX */
	bool is_reply;
	uint64_t messages[REPLAY_SIDES];
	uint64_t equal; /* pairs, including reordered ones and those that differ in deliveries */
	uint64_t differences[REPLAY_DIFFERENCES];
	uint64_t masked;       /* pairs that cannot be compared: one of the two was masked on purpose */
	uint64_t unverifiable; /* the counterpart may be lost in a gap, or was not recorded whole */
	struct replay_latency latency[REPLAY_SIDES]; /* replies only */
};

struct replay_diff_summary {
	struct replay_diff_subject total; /* without subject and latency */
	/* The most differences first, then by name; owned by the diff. */
	struct replay_diff_subject *subjects;
	size_t subjects_len;
	int64_t first_time_ns[REPLAY_SIDES], last_time_ns[REPLAY_SIDES]; /* of messages */
	uint64_t gaps[REPLAY_SIDES], gap_messages[REPLAY_SIDES];
	uint64_t
	    short_of_memory; /* messages given up before the window had passed: pairs may have been missed */
	bool stopped;        /* ended early: the rest of the recordings was not compared */
};

/* Sum up after the run. *summary is valid until the diff is closed. Reports slower subjects as differences, therefore call
 * it once. 0 or -ENOMEM. */
int replay_diff_sum_up(struct replay_diff *diff, struct replay_diff_summary *summary);

/* "missing", "extra", "changed", "reordered", "deliveries", "slower". Static. */
const char *replay_difference_name(enum replay_difference_kind kind);

/* All differences of the counts. */
uint64_t replay_diff_differences(const struct replay_diff_subject *counts);

#endif
