#include "replay/diff/latency.h"

enum { SUB_BITS = 4, SUB = 1 << SUB_BITS };

static unsigned bucket_of(uint64_t ns)
{
	if (ns < SUB)
		return (unsigned)ns;
	unsigned shift = 63 - (unsigned)__builtin_clzll(ns) - SUB_BITS;
	unsigned bucket = (shift + 1) * SUB + (unsigned)(ns >> shift & (SUB - 1));
	return bucket < REPLAY__LATENCY_BUCKETS ? bucket : REPLAY__LATENCY_BUCKETS - 1;
}

/* The middle of a bucket. */
static int64_t value_of(unsigned bucket)
{
	if (bucket < SUB)
		return bucket;
	unsigned shift = bucket / SUB - 1;
	uint64_t low = (uint64_t)(SUB + bucket % SUB) << shift;
	return (int64_t)(low + ((UINT64_C(1) << shift) - 1) / 2);
}

void replay__latencies_add(struct replay__latencies *latencies, int64_t ns)
{
	if (ns < 0)
		ns = 0;
	latencies->count++;
	latencies->buckets[bucket_of((uint64_t)ns)]++;
	if (ns > latencies->max_ns)
		latencies->max_ns = ns;
}

int64_t replay__latencies_share(const struct replay__latencies *latencies, double share)
{
	uint64_t wanted = (uint64_t)(share * (double)latencies->count + 0.5), seen = 0;
	if (latencies->count == 0)
		return 0;
	for (unsigned bucket = 0; bucket < REPLAY__LATENCY_BUCKETS; bucket++) {
		seen += latencies->buckets[bucket];
		if (seen >= wanted && seen > 0)
			return value_of(bucket) < latencies->max_ns ? value_of(bucket) : latencies->max_ns;
	}
	return latencies->max_ns;
}
