/* latency.h - a histogram of how long bytes stayed in the proxy: from the turn of the loop in which they were read until the
 * other side took them. Internal to tap. */
#ifndef TAP_PROXY_LATENCY_H
#define TAP_PROXY_LATENCY_H

#include <stdint.h>

enum { TAP__LATENCY_BUCKETS = 14 };

struct tap__latency {
	uint64_t counts[TAP__LATENCY_BUCKETS + 1]; /* by bucket; the last one has no bound */
	uint64_t sum_ns;
};

/* The upper bound of a bucket in seconds: 10 µs, 20 µs, 50 µs … 200 ms. */
double tap__latency_bound(unsigned bucket);

void tap__latency_add(struct tap__latency *latency, uint64_t ns);

#endif
