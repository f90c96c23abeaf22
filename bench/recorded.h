/* recorded.h - logs that the broker recorded under a load, kept to be read, measured and replayed. */
#ifndef BENCH_RECORDED_H
#define BENCH_RECORDED_H

#include "bench/contender.h"

struct bench_recorded {
	struct bench_server server; /* stopped; its folder holds the log */
	struct bench_load_result load;
	struct bench_usage usage;
};

/* Record a load with tapedeck's own broker, and check the log. 0, or a negative code with *fault.
 * bench_recorded_fini is due in any case. */
int bench_recorded_init(struct bench_recorded *recorded, const struct bench_plan *plan,
			const struct bench_load *load, struct wire_fault *fault);

/* Remove the log. */
void bench_recorded_fini(struct bench_recorded *recorded);

#endif
