#include "tap/proxy/latency.h"

static const uint64_t bounds_ns[TAP__LATENCY_BUCKETS] = {10000,    20000,    50000,     100000,   200000,
							 500000,   1000000,  2000000,   5000000,  10000000,
							 20000000, 50000000, 100000000, 200000000};

double tap__latency_bound(unsigned bucket)
{
	return (double)bounds_ns[bucket] / 1e9;
}

void tap__latency_add(struct tap__latency *latency, uint64_t ns)
{
	unsigned bucket = 0;
	while (bucket < TAP__LATENCY_BUCKETS && ns > bounds_ns[bucket])
		bucket++;
	latency->counts[bucket]++;
	latency->sum_ns += ns;
}
