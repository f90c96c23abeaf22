/* suite.h - the kinds of measurement. Each runs its tests, adds what it measured to the results and prints it.
 *
 * 0, or a negative code, reported on stderr, when something was lost, miscounted or did not run. A measurement that
 * cannot run here (a program or a command is missing) is reported and skipped. */
#ifndef BENCH_SUITE_H
#define BENCH_SUITE_H

#include "bench/attack.h"
#include "bench/contender.h"
#include "bench/results.h"
#include "bench/shape.h"

/* Publishers and subscribers at full speed, all contenders. */
int bench_throughput_run(const struct bench_plan *plan, const struct bench_shape *shape,
			 struct bench_results *results);

int bench_latency_run(const struct bench_plan *plan, struct bench_results *results);
/* At one rate, in requests per second. */
int bench_latency_at(const struct bench_plan *plan, double rate, struct bench_results *results);
int bench_proxy_run(const struct bench_plan *plan, struct bench_results *results);
int bench_masking_run(const struct bench_plan *plan, struct bench_results *results);
int bench_storm_run(const struct bench_plan *plan, struct bench_results *results);
int bench_stalled_run(const struct bench_plan *plan, struct bench_results *results);
/* All attacks; then a single one. */
int bench_fairness_run(const struct bench_plan *plan, struct bench_results *results);
int bench_fairness_attack(const struct bench_plan *plan, const struct bench_attack *attack,
			  struct bench_results *results);
int bench_guests_run(const struct bench_plan *plan, struct bench_results *results);
int bench_sizes_run(const struct bench_plan *plan, struct bench_results *results);
int bench_reading_run(const struct bench_plan *plan, struct bench_results *results);
int bench_sniffing_run(const struct bench_plan *plan, struct bench_results *results);
int bench_replaying_run(const struct bench_plan *plan, struct bench_results *results);
int bench_segments_run(const struct bench_plan *plan, struct bench_results *results);
int bench_tracing_run(const struct bench_plan *plan, struct bench_results *results);

struct bench_suite {
	const char *name, *about;
	int (*run)(const struct bench_plan *plan, struct bench_results *results);
};

/* All suites but throughput; the list ends with name == NULL. */
extern const struct bench_suite bench_suites[];

/* One run of one contender in a test; adds its values. 0 or a negative code, already reported. */
typedef int bench_measure(const struct bench_plan *plan, const char *test,
			  const struct bench_contender *contender, const void *context,
			  struct bench_results *results);

/* Measure nats-server, tapedeck, tapedeck with recording, and the proxies where they are named, in turn, round by round, and print the test. Ends at the
 * first error. */
int bench_suite_rounds(const struct bench_plan *plan, const char *test, bench_measure *measure,
		       const void *context, struct bench_results *results);

/* Report on stderr what went wrong where; returns code. */
int bench_suite_complain(const char *test, const char *contender, int code, const char *text);

#endif
