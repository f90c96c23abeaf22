/* latency.h - how long answers took: a histogram in constant memory, exact to 6 %. */
#ifndef REPLAY_DIFF_LATENCY_H
#define REPLAY_DIFF_LATENCY_H

#include <stdint.h>

/* Buckets: 16 to each power of two; the first 16 hold one nanosecond each. */
enum { REPLAY__LATENCY_BUCKETS = 16 * 48 };

/* Zeroed = empty. */
struct replay__latencies {
	uint64_t count;
	int64_t max_ns;
	uint32_t buckets[REPLAY__LATENCY_BUCKETS];
};

/* Negative times count as 0, times beyond three days as three days. */
void replay__latencies_add(struct replay__latencies *latencies, int64_t ns);

/* The time that a share (0 to 1) of all stays below; 0 when there are none. */
int64_t replay__latencies_share(const struct replay__latencies *latencies, double share);

#endif
