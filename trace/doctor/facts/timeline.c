#include "trace/doctor/facts/timeline.h"

#include <string.h>

#include "store/read/steps.h"

#define FIRST_WIDTH_NS INT64_C(1000000)

void doctor__timeline_move(struct doctor__timeline *timeline, int64_t ns)
{
	if (!timeline->is_begun)
		*timeline = (struct doctor__timeline){
		    .is_begun = true, .start_ns = ns, .now_ns = ns, .width_ns = FIRST_WIDTH_NS};
	int64_t since_ns = store_time_minus(ns, timeline->start_ns);
	while (since_ns / timeline->width_ns >= DOCTOR__SLICES && timeline->width_ns < INT64_MAX / 2) {
		timeline->width_ns *= 2;
		timeline->doublings++;
	}
	int64_t slice = since_ns > 0 ? since_ns / timeline->width_ns : 0;
	timeline->slice = slice < DOCTOR__SLICES ? (uint32_t)slice : DOCTOR__SLICES - 1;
	timeline->until_ns = store_time_plus(
	    store_time_plus(timeline->start_ns, timeline->slice * timeline->width_ns), timeline->width_ns);
}

void doctor__series_follow(struct doctor__series *series, const struct doctor__timeline *timeline)
{
	for (; series->doublings != timeline->doublings; series->doublings++) {
		for (uint32_t i = 0; i < DOCTOR__SLICES / 2; i++)
			series->counts[i] = series->counts[2 * i] + series->counts[2 * i + 1];
		memset(series->counts + DOCTOR__SLICES / 2, 0, sizeof series->counts / 2);
	}
}

static void halve(struct doctor__latency_series *series)
{
	for (uint32_t i = 0; i < DOCTOR__SLICES; i++) {
		uint32_t a = 2 * i, b = 2 * i + 1;
		bool is_over = a >= DOCTOR__SLICES;
		uint32_t slowest = !is_over && series->slowest[b] > series->slowest[a] ? b : a;
		series->counts[i] = is_over ? 0 : series->counts[a] + series->counts[b];
		series->sums[i] = is_over ? 0 : series->sums[a] + series->sums[b];
		series->slowest[i] = is_over ? 0 : series->slowest[slowest];
		series->slowest_seqs[i] = is_over ? 0 : series->slowest_seqs[slowest];
		series->origins[i] = is_over ? 0 : series->origins[slowest];
	}
}

void doctor__latency_series_follow(struct doctor__latency_series *series,
				   const struct doctor__timeline *timeline)
{
	for (; series->doublings != timeline->doublings; series->doublings++)
		halve(series);
}

void doctor__latency_series_add(struct doctor__latency_series *series,
				const struct doctor__timeline *timeline, float log2_ns, uint32_t origin,
				uint64_t seq)
{
	uint32_t slice = timeline->slice;
	if (series->doublings != timeline->doublings)
		doctor__latency_series_follow(series, timeline);
	if (series->counts[slice]++ == 0 || log2_ns > series->slowest[slice]) {
		series->slowest[slice] = log2_ns;
		series->slowest_seqs[slice] = seq;
		series->origins[slice] = (uint16_t)origin;
	}
	series->sums[slice] += log2_ns;
}

uint64_t doctor__series_sum(const struct doctor__series *series, uint32_t from, uint32_t to)
{
	uint64_t sum = 0;
	for (uint32_t i = from; i < to; i++)
		sum += series->counts[i];
	return sum;
}

/* Between two powers of two a straight line. */
float doctor__log2(int64_t ns)
{
	if (ns < 1)
		return 0;
	int power = 63 - __builtin_clzll((uint64_t)ns);
	return (float)power + (float)((double)ns / (double)(UINT64_C(1) << power) - 1);
}

int64_t doctor__exp2(double log2_ns)
{
	int power = (int)log2_ns;
	if (power > 62)
		return INT64_MAX;
	return (int64_t)((double)(UINT64_C(1) << power) * (1 + log2_ns - power));
}
