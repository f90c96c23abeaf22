#include "bench/results.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bench_results_fini(struct bench_results *results)
{
	free(results->list);
	*results = (struct bench_results){0};
}

static struct bench_series *find(const struct bench_results *results, const char *test, const char *contender,
				 enum bench_metric metric)
{
	for (size_t i = 0; i < results->count; i++) {
		struct bench_series *series = &results->list[i];
		if (series->metric == metric && strcmp(series->test, test) == 0 &&
		    strcmp(series->contender, contender) == 0)
			return series;
	}
	return NULL;
}

static struct bench_series *add_series(struct bench_results *results, const char *test, const char *contender,
				       enum bench_metric metric)
{
	struct bench_series *list = realloc(results->list, (results->count + 1) * sizeof *list);
	if (!list) {
		results->error = -ENOMEM;
		return NULL;
	}
	results->list = list;
	struct bench_series *series = &list[results->count++];
	*series = (struct bench_series){.contender = contender, .metric = metric};
	snprintf(series->test, sizeof series->test, "%s", test);
	return series;
}

void bench_results_add(struct bench_results *results, const char *test, const char *contender,
		       enum bench_metric metric, double value)
{
	struct bench_series *series = find(results, test, contender, metric);
	if (!series)
		series = add_series(results, test, contender, metric);
	if (series && series->count < BENCH_RUNS_MAX)
		series->values[series->count++] = value;
}

void bench_results_drop(struct bench_results *results, const char *test, const char *contender)
{
	size_t kept = 0;
	for (size_t i = 0; i < results->count; i++)
		if (strcmp(results->list[i].test, test) != 0 ||
		    strcmp(results->list[i].contender, contender) != 0)
			results->list[kept++] = results->list[i];
	results->count = kept;
}

const struct bench_series *bench_results_find(const struct bench_results *results, const char *test,
					      const char *contender, enum bench_metric metric)
{
	return find(results, test, contender, metric);
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(const double *values, int count)
{
	double sorted[BENCH_RUNS_MAX];
	memcpy(sorted, values, (size_t)count * sizeof *sorted);
	qsort(sorted, (size_t)count, sizeof *sorted, compare_doubles);
	return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

double bench_series_median(const struct bench_series *series)
{
	return median(series->values, series->count);
}

double bench_series_spread(const struct bench_series *series)
{
	double least = series->values[0], most = series->values[0], middle = bench_series_median(series);
	for (int i = 1; i < series->count; i++) {
		least = series->values[i] < least ? series->values[i] : least;
		most = series->values[i] > most ? series->values[i] : most;
	}
	return middle > 0 ? (most - least) / 2 / middle : 0;
}

double bench_series_ratio(const struct bench_series *series, const struct bench_series *against)
{
	double ratios[BENCH_RUNS_MAX];
	int count = series->count < against->count ? series->count : against->count;
	for (int i = 0; i < count; i++)
		ratios[i] = against->values[i] > 0 ? series->values[i] / against->values[i] : 0;
	return median(ratios, count);
}
