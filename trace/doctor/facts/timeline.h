/* timeline.h - the time of a recording in at most 64 slices of equal length, and numbers counted by slice.
 *
 * The length of the recording is not known before its end. Slices are short at first, and whenever a time does not fit
 * they become twice as long. A series follows when it is used the next time. */
#ifndef TRACE_DOCTOR_FACTS_TIMELINE_H
#define TRACE_DOCTOR_FACTS_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "store/read/steps.h"

enum { DOCTOR__SLICES = 64 };

/* Zeroed = not begun. */
struct doctor__timeline {
	bool is_begun;
	int64_t start_ns, width_ns;
	int64_t now_ns;   /* the latest time so far */
	int64_t until_ns; /* the end of the present slice */
	uint32_t slice;   /* the present one */
	uint32_t doublings;
};

/* Zeroed = empty. */
struct doctor__series {
	uint32_t doublings; /* of the timeline when it was used last */
	uint32_t counts[DOCTOR__SLICES];
};

/* Latencies by slice: how many, the sum of their logarithms, and an example. Zeroed = empty. */
struct doctor__latency_series {
	uint32_t doublings;
	uint32_t counts[DOCTOR__SLICES];
	float sums[DOCTOR__SLICES]; /* of binary logarithms of nanoseconds */
	uint64_t slowest_seqs[DOCTOR__SLICES];
	float slowest[DOCTOR__SLICES];    /* the logarithm of the slowest */
	uint16_t origins[DOCTOR__SLICES]; /* the input of the slowest */
};

/* Move on to a slice that holds a later time. Internal. */
void doctor__timeline_move(struct doctor__timeline *timeline, int64_t ns);
void doctor__series_follow(struct doctor__series *series, const struct doctor__timeline *timeline);

/* Go to a time; one that is earlier than the present slice is taken for a part of it. Hot. */
static inline void doctor__timeline_go(struct doctor__timeline *timeline, int64_t ns)
{
	if (ns > timeline->now_ns)
		timeline->now_ns = ns;
	if (ns >= timeline->until_ns || !timeline->is_begun)
		doctor__timeline_move(timeline, ns);
}

/* Count one in the present slice. Hot. */
static inline void doctor__series_add(struct doctor__series *series, const struct doctor__timeline *timeline)
{
	if (series->doublings != timeline->doublings)
		doctor__series_follow(series, timeline);
	series->counts[timeline->slice]++;
}

/* Count a latency in the present slice; `log2_ns` is its binary logarithm, `seq` that of the request. */
void doctor__latency_series_add(struct doctor__latency_series *series,
				const struct doctor__timeline *timeline, float log2_ns, uint32_t origin,
				uint64_t seq);
void doctor__latency_series_follow(struct doctor__latency_series *series,
				   const struct doctor__timeline *timeline);

/* The slices that are over: the present one is not. */
static inline uint32_t doctor__timeline_slices(const struct doctor__timeline *timeline)
{
	return timeline->slice;
}

/* From the first to the latest time. */
static inline int64_t doctor__timeline_span_ns(const struct doctor__timeline *timeline)
{
	return timeline->is_begun ? store_time_minus(timeline->now_ns, timeline->start_ns) : 0;
}

/* The sum of slices [from, to). */
uint64_t doctor__series_sum(const struct doctor__series *series, uint32_t from, uint32_t to);

/* The binary logarithm of a duration of at least 1 ns (0 for less), at most 0.09 too small. Fast. */
float doctor__log2(int64_t ns);
/* The duration of that logarithm. */
int64_t doctor__exp2(double log2_ns);

#endif
