#include "bench/report.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { COLUMN = 14 };

static const struct {
	const char *key, *heading, *unit;
	double scale;
	int digits;
} metrics[] = {
#define METRIC(name, key, heading, unit, scale, digits) {key, heading, unit, scale, digits},
    BENCH_METRIC_TABLE(METRIC)
#undef METRIC
};

const char *bench_metric_key(enum bench_metric metric)
{
	return metrics[metric].key;
}

void bench_report_value(enum bench_metric metric, double value, char *out)
{
	if (metric == BENCH_RATE && value < 1e5)
		snprintf(out, 32, "%.2f k/s", value / 1e3);
	else
		snprintf(out, 32, "%.*f %s", metrics[metric].digits, value / metrics[metric].scale,
			 metrics[metric].unit);
}

static void print_json(const struct bench_series *series)
{
	json_t *values = json_array();
	for (int i = 0; i < series->count; i++)
		json_array_append_new(values, json_real(series->values[i]));
	json_t *row = json_pack("{ss ss ss sf sf so}", "test", series->test, "server", series->contender,
				"metric", metrics[series->metric].key, "median", bench_series_median(series),
				"spread", bench_series_spread(series), "values", values);
	json_dumpf(row, stdout, JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(row);
}

/* Find the metrics of the test. Returns the first one, which is compared; BENCH_METRICS when there is
 * none. */
static enum bench_metric metrics_of(const struct bench_results *results, const char *test,
				    bool present[BENCH_METRICS])
{
	enum bench_metric first = BENCH_METRICS;
	memset(present, 0, BENCH_METRICS * sizeof *present);
	for (size_t i = 0; i < results->count; i++) {
		if (strcmp(results->list[i].test, test) != 0)
			continue;
		present[results->list[i].metric] = true;
		if (first == BENCH_METRICS)
			first = results->list[i].metric;
	}
	return first;
}

static void print_heading(const char *test, enum bench_metric first, const bool present[BENCH_METRICS])
{
	printf("\n%-18s%*s        %8s", test, COLUMN, metrics[first].heading, "ratio");
	for (int i = 0; i < BENCH_METRICS; i++)
		if (present[i] && i != (int)first)
			printf("%*s", COLUMN, metrics[i].heading);
	putchar('\n');
}

static void print_row(const struct bench_results *results, const struct bench_series *series,
		      const struct bench_series *reference, const bool present[BENCH_METRICS])
{
	char text[32];
	bench_report_value(series->metric, bench_series_median(series), text);
	printf("  %-16s%*s +-%3.0f %% %7.2f x", series->contender, COLUMN, text,
	       100 * bench_series_spread(series), bench_series_ratio(series, reference));
	for (int i = 0; i < BENCH_METRICS; i++) {
		if (!present[i] || i == (int)series->metric)
			continue;
		const struct bench_series *other =
		    bench_results_find(results, series->test, series->contender, (enum bench_metric)i);
		text[0] = '\0';
		if (other)
			bench_report_value(other->metric, bench_series_median(other), text);
		printf("%*s", COLUMN, text);
	}
	putchar('\n');
}

static void print_table(const struct bench_results *results, const char *test)
{
	bool present[BENCH_METRICS];
	const struct bench_series *reference = NULL;
	enum bench_metric first = metrics_of(results, test, present);
	if (first == BENCH_METRICS)
		return;
	print_heading(test, first, present);
	for (size_t i = 0; i < results->count; i++) {
		const struct bench_series *series = &results->list[i];
		if (strcmp(series->test, test) != 0 || series->metric != first)
			continue;
		reference = reference ? reference : series;
		print_row(results, series, reference, present);
	}
}

void bench_report_test(const struct bench_plan *plan, const struct bench_results *results, const char *test)
{
	if (!plan->json)
		print_table(results, test);
	for (size_t i = 0; plan->json && i < results->count; i++)
		if (strcmp(results->list[i].test, test) == 0)
			print_json(&results->list[i]);
	fflush(stdout);
}
