/* days.h - a log as if it had been recorded for days, in many segments. */
#ifndef BENCH_DAYS_H
#define BENCH_DAYS_H

#include <stdint.h>

#include "wire/error.h"

struct bench_days {
	int days;
	uint32_t segments, events; /* events in each segment, 10 or more */
	uint64_t seed;
};

/* Write JSON events of 20 clients, each tenth a request with its reply, into a new log at dir. Times end now. 0, or a negative code
 * with *fault. */
int bench_days_write(const char *dir, const struct bench_days *days, struct wire_fault *fault);

#endif
