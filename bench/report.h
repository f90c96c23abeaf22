/* report.h - print what was measured: a table for people, or one JSON object a line. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "bench/results.h"

/* One test. For people: a row for each contender, with the median and the spread of the test's first metric, its
 * ratio to the first contender's in the same round, and the medians of the other metrics. JSON: one object a
 * contender and metric, {"test","server","metric","median","spread","values"}. */
void bench_report_test(const struct bench_plan *plan, const struct bench_results *results, const char *test);

/* A value in the metric's unit for people, "12.34 M/s". out holds 32 bytes. */
void bench_report_value(enum bench_metric metric, double value, char *out);

/* The metric's key in JSON. Static. */
const char *bench_metric_key(enum bench_metric metric);

#endif
