/* histogram.h - many durations in little memory, to be asked for percentiles.
 *
 * Log-linear: exact below 128 ns, then 64 steps for each doubling, so that what is read back is at most 1.6 % above
 * what was put in. 30 KiB whatever is counted. */
#ifndef REPLAY_HISTOGRAM_H
#define REPLAY_HISTOGRAM_H

#include <stdint.h>

enum {
	REPLAY_HISTOGRAM_STEPS = 64,
	REPLAY_HISTOGRAM_BUCKETS = 2 * REPLAY_HISTOGRAM_STEPS + 56 * REPLAY_HISTOGRAM_STEPS,
};

/* Zero-initialised: empty. */
struct replay_histogram {
	uint64_t counts[REPLAY_HISTOGRAM_BUCKETS];
	uint64_t count;
	int64_t max_ns; /* exact */
};

/* Negative durations count as 0. */
void replay_histogram_add(struct replay_histogram *histogram, int64_t ns);

/* The smallest recorded duration that at least `share` (0 … 1) of all do not exceed, rounded up to its step; 0 when
 * empty. */
int64_t replay_histogram_quantile(const struct replay_histogram *histogram, double share);

/* How many exceed ns, as far as the steps tell: those in its own step do not. */
uint64_t replay_histogram_above(const struct replay_histogram *histogram, int64_t ns);

#endif
