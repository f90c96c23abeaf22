/* results.h - what was measured: for each test, contender and metric one value per round.
 *
 * The machines this runs on are shared and noisy, so absolute figures vary; the ratio of two contenders that ran one
 * after the other, round by round, is stable. */
#ifndef BENCH_RESULTS_H
#define BENCH_RESULTS_H

#include <stddef.h>

#include "bench/plan.h"

/* X(name, key in JSON, heading, unit for people, units in one of those, digits after the point). */
#define BENCH_METRIC_TABLE(X)                                              \
	X(RATE, "messages_per_s", "rate", "M/s", 1e6, 2)                   \
	X(CPU, "cpu_us_per_message", "cpu/msg", "us", 1, 3)                \
	X(PEAK, "peak_bytes", "peak memory", "MB", 1e6, 1)                 \
	X(LOG, "log_bytes_per_message", "log/msg", "B", 1, 1)              \
	X(P50, "p50_us", "p50", "us", 1, 1)                                \
	X(P99, "p99_us", "p99", "us", 1, 1)                                \
	X(P999, "p999_us", "p99.9", "us", 1, 1)                            \
	X(MAX, "max_us", "max", "us", 1, 1)                                \
	X(CONNECTS, "connections_per_s", "connects", "k/s", 1e3, 1)        \
	X(EACH, "bytes_per_connection", "each", "kB", 1e3, 2)              \
	X(RECORDS, "records_per_s", "records", "M/s", 1e6, 2)              \
	X(GIGABITS, "payload_bits_per_s", "TCP payload", "Gbit/s", 1e9, 2) \
	X(PER_ROWS, "ratio_to_rows", "of zstd rows", "x", 1, 3)            \
	X(PER_LOG, "ratio_to_log", "of the log", "x", 1, 3)                \
	X(SECONDS, "seconds", "time", "s", 1, 3)                           \
	X(DRIFT, "drift_us", "drift", "us", 1, 0)

enum bench_metric {
#define BENCH_METRIC_ENUM(name, key, heading, unit, scale, digits) BENCH_##name,
	BENCH_METRIC_TABLE(BENCH_METRIC_ENUM)
#undef BENCH_METRIC_ENUM
	    BENCH_METRICS
};

struct bench_series {
	char test[48];
	const char *contender; /* static */
	enum bench_metric metric;
	int count;
	double values[BENCH_RUNS_MAX];
};

struct bench_results {
	struct bench_series *list; /* owned */
	size_t count;
	int error; /* -ENOMEM once a value was lost */
};

void bench_results_fini(struct bench_results *results);

/* Add the next round's value. contender is borrowed for good. */
void bench_results_add(struct bench_results *results, const char *test, const char *contender,
		       enum bench_metric metric, double value);

/* Forget a contender that failed in a test: its rounds would no longer be those of the others. */
void bench_results_drop(struct bench_results *results, const char *test, const char *contender);

/* NULL when nothing was measured. Valid until the next bench_results_add. */
const struct bench_series *bench_results_find(const struct bench_results *results, const char *test,
					      const char *contender, enum bench_metric metric);

double bench_series_median(const struct bench_series *series);
/* Half of the difference between the smallest and the largest value, as a part of the median. */
double bench_series_spread(const struct bench_series *series);
/* The median of the ratios, round by round. */
double bench_series_ratio(const struct bench_series *series, const struct bench_series *against);

#endif
