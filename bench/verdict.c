#include "bench/verdict.h"

#include <fnmatch.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/report.h"

enum bound { AT_LEAST, AT_MOST };

struct target {
	const char *text;
	const char *tests;     /* a pattern of fnmatch(3); the worst of them counts */
	const char *contender; /* whose figure it is… */
	const char *against;   /* …as a ratio to whose in the same round; NULL: as it is */
	enum bench_metric metric;
	enum bound bound;
	double wanted;
};

#define SMALL "*-@(16|128|128/*)"

static const struct target targets[] = {
    {"recording on / recording floor, every shape", "*:*", "tapedeck-record", "floor-record", BENCH_RATE,
     AT_LEAST, 0.5},
    {"recording on / nats-server, 1:1 16 B", "1:1-16", "tapedeck-record", "nats-server", BENCH_RATE, AT_LEAST,
     3},
    {"recording on / nats-server, 16 B and 128 B", SMALL, "tapedeck-record", "nats-server", BENCH_RATE,
     AT_LEAST, 2},
    {"recording on / nats-server, 1:1 JSON", "1:1-json", "tapedeck-record", "nats-server", BENCH_RATE,
     AT_LEAST, 1},
    {"recording on / JetStream, 128 B", "1:[01]-128", "tapedeck-record", "nats-jetstream", BENCH_RATE,
     AT_LEAST, 15},
    {"recording on / JetStream, 128 B, CPU", "1:[01]-128", "tapedeck-record", "nats-jetstream", BENCH_CPU,
     AT_MOST, 0.1},
    {"recording on / JetStream, JSON", "1:[01]-json", "tapedeck-record", "nats-jetstream", BENCH_RATE,
     AT_LEAST, 5},
    {"headline: recording on, 1:1 16 B", "1:1-16", "tapedeck-record", NULL, BENCH_RATE, AT_LEAST, 15e6},
    {"recording off / floor, every shape", "*:*", "tapedeck", "floor", BENCH_RATE, AT_LEAST, 0.5},
    {"recording on / off, 16 B", "*:*-16", "tapedeck-record", "tapedeck", BENCH_RATE, AT_LEAST, 0.6},
    {"request-reply p99, recording on / off", "latency-*", "tapedeck-record", "tapedeck", BENCH_P99, AT_MOST,
     1.2},
    {"peak memory, recording on, every load", "*", "tapedeck-record", NULL, BENCH_PEAK, AT_MOST, 200e6},
    {"log size, JSON events", "size-*", "tapedeck-record", NULL, BENCH_LOG, AT_MOST, 50},
    {"log size / zstd -1 row by row", "size-*", "tapedeck-record", NULL, BENCH_PER_ROWS, AT_MOST, 0.72},
    {"count by subject, by time", "read-count-*", "tapedeck", NULL, BENCH_RECORDS, AT_LEAST, 30e6},
    {"everything decoded, 128 B", "read-all-128", "tapedeck", NULL, BENCH_RECORDS, AT_LEAST, 5e6},
    {"capture file decoded, 128 B", "sniff-stat", "tapedeck", NULL, BENCH_RECORDS, AT_LEAST, 3e6},
    {"capture file decoded, TCP payload", "sniff-stat", "tapedeck", NULL, BENCH_GIGABITS, AT_LEAST, 5e9},
    {"replay, fastest, 128 B", "replay-max", "tapedeck", NULL, BENCH_RATE, AT_LEAST, 5e6},
    {"replay at 1x, 10 k/s: lag p50", "replay-1x", "tapedeck", NULL, BENCH_P50, AT_MOST, 30},
    {"replay at 1x, 10 k/s: lag p99", "replay-1x", "tapedeck", NULL, BENCH_P99, AT_MOST, 100},
};

/* The target's figure in one test; NAN when it was not measured. */
static double figure(const struct bench_results *results, const struct target *target, const char *test)
{
	const struct bench_series *series =
	    bench_results_find(results, test, target->contender, target->metric);
	if (!series || !target->against)
		return series ? bench_series_median(series) : NAN;
	const struct bench_series *against =
	    bench_results_find(results, test, target->against, target->metric);
	return against ? bench_series_ratio(series, against) : NAN;
}

/* The worst figure over all tests, and the test it comes from; NAN when nothing was measured. */
static double worst(const struct bench_results *results, const struct target *target, const char **test)
{
	double found = NAN;
	for (size_t i = 0; i < results->count; i++) {
		const struct bench_series *series = &results->list[i];
		if (series->metric != target->metric || strcmp(series->contender, target->contender) != 0 ||
		    fnmatch(target->tests, series->test, FNM_EXTMATCH) != 0)
			continue;
		double value = figure(results, target, series->test);
		if (isnan(value) || (!isnan(found) && (target->bound == AT_LEAST) == (value > found)))
			continue;
		found = value;
		*test = series->test;
	}
	return found;
}

static bool is_met(const struct target *target, double measured)
{
	return target->bound == AT_LEAST ? measured >= target->wanted : measured <= target->wanted;
}

static void value_text(const struct target *target, double value, char *out)
{
	if (target->against)
		snprintf(out, 32, "%.2f x", value);
	else
		bench_report_value(target->metric, value, out);
}

static void print_text(const struct target *target, double measured, const char *test)
{
	char wanted[32], got[32] = "not measured", verdict[40] = "";
	value_text(target, target->wanted, wanted);
	if (!isnan(measured)) {
		value_text(target, measured, got);
		snprintf(verdict, sizeof verdict, is_met(target, measured) ? "met" : "missed: %.2f of it",
			 measured / target->wanted);
	}
	printf("  %-46s %s %11s %14s  %-20s %s\n", target->text,
	       target->bound == AT_LEAST ? ">=" : "<=", wanted, got, isnan(measured) ? "" : test, verdict);
}

static void print_json(const struct target *target, double measured, const char *test)
{
	if (isnan(measured))
		return;
	json_t *row = json_pack("{ss ss sf sf ss sb}", "target", target->text, "metric",
				bench_metric_key(target->metric), "wanted", target->wanted, "measured",
				measured, "test", test, "met", is_met(target, measured));
	json_dumpf(row, stdout, JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(row);
}

void bench_verdict_print(const struct bench_plan *plan, const struct bench_results *results)
{
	if (!plan->json)
		printf("\nverdict (the worst test of each)\n");
	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
		const char *test = "";
		double measured = worst(results, &targets[i], &test);
		if (plan->json)
			print_json(&targets[i], measured, test);
		else
			print_text(&targets[i], measured, test);
	}
}
