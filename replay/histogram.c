#include "replay/histogram.h"

enum { EXACT = 2 * REPLAY_HISTOGRAM_STEPS, STEP_BITS = 6 };

/* Values below EXACT have a bucket each. Above, with the highest set bit at position 7 + e - 1, the 7 highest bits
 * choose the bucket and the e lower ones are dropped. */
static uint32_t bucket_of(int64_t ns)
{
	if (ns < EXACT)
		return ns < 0 ? 0 : (uint32_t)ns;
	uint32_t dropped = 63 - (uint32_t)__builtin_clzll((uint64_t)ns) - STEP_BITS;
	return dropped * REPLAY_HISTOGRAM_STEPS + (uint32_t)(ns >> dropped);
}

/* The largest value of a bucket. */
static int64_t bucket_end(uint32_t bucket)
{
	if (bucket < EXACT)
		return bucket;
	uint32_t dropped = bucket / REPLAY_HISTOGRAM_STEPS - 1;
	uint64_t high = bucket - dropped * REPLAY_HISTOGRAM_STEPS;
	return (int64_t)(((high + 1) << dropped) - 1);
}

void replay_histogram_add(struct replay_histogram *histogram, int64_t ns)
{
	histogram->counts[bucket_of(ns)]++;
	histogram->count++;
	if (ns > histogram->max_ns)
		histogram->max_ns = ns;
}

int64_t replay_histogram_quantile(const struct replay_histogram *histogram, double share)
{
	double wanted = share * (double)histogram->count;
	uint64_t seen = 0;

	for (uint32_t i = 0; i < REPLAY_HISTOGRAM_BUCKETS && histogram->count > 0; i++) {
		seen += histogram->counts[i];
		if (histogram->counts[i] > 0 && (double)seen >= wanted)
			return bucket_end(i) < histogram->max_ns ? bucket_end(i) : histogram->max_ns;
	}
	return histogram->max_ns;
}

uint64_t replay_histogram_above(const struct replay_histogram *histogram, int64_t ns)
{
	uint64_t above = 0;

	for (uint32_t i = bucket_of(ns) + 1; i < REPLAY_HISTOGRAM_BUCKETS; i++)
		above += histogram->counts[i];
	return above;
}
