/* suite.h - the kinds of measurement. Each runs its tests, adds what it measured to the results and prints it.
 *
 * 0, or a negative code when something was lost, miscounted or did not run; told on stderr. What cannot run here
 * (a program or a command that is missing) is told and left out. */
#ifndef BENCH_SUITE_H
#define BENCH_SUITE_H

#include "bench/results.h"
#include "bench/shape.h"

/* Publishers and subscribers at full speed, all contenders. */
int bench_throughput_run(const struct bench_plan *plan, const struct bench_shape *shape,
			 struct bench_results *results);

int bench_latency_run(const struct bench_plan *plan, struct bench_results *results);
int bench_storm_run(const struct bench_plan *plan, struct bench_results *results);
int bench_sizes_run(const struct bench_plan *plan, struct bench_results *results);
int bench_reading_run(const struct bench_plan *plan, struct bench_results *results);
int bench_sniffing_run(const struct bench_plan *plan, struct bench_results *results);
int bench_replaying_run(const struct bench_plan *plan, struct bench_results *results);

struct bench_suite {
	const char *name, *about;
	int (*run)(const struct bench_plan *plan, struct bench_results *results);
};

/* All suites but throughput; the list ends with name == NULL. */
extern const struct bench_suite bench_suites[];

/* Say on stderr what went wrong where; returns code. */
int bench_suite_complain(const char *test, const char *contender, int code, const char *text);

#endif
