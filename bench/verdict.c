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

#define SMALL "*-@(16|128|128r|128[/+]*)"

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
    {"request-reply p99, recording on / off", "latency-50k", "tapedeck-record", "tapedeck", BENCH_P99,
     AT_MOST, 1.2},
    {"peak memory, recording on, every load", "*", "tapedeck-record", NULL, BENCH_PEAK, AT_MOST, 200e6},
    {"another's PING under attack, p99, recording on", "attack-*", "tapedeck-record", NULL, BENCH_P99,
     AT_MOST, 20e3},
    {"recording with two masks / recording on, JSON", "1:[01]-json", "tapedeck-masked", "tapedeck-record",
     BENCH_RATE, AT_LEAST, 0.6},
    {"proxy, recording / HAProxy", "*:*", "proxy-record", "haproxy", BENCH_RATE, AT_LEAST, 0.95},
    {"proxy, recording / HAProxy, CPU", "*:*", "proxy-record", "haproxy", BENCH_CPU, AT_MOST, 1.5},
    {"proxy, recording / HAProxy, request-reply p50", "latency-10k", "proxy-record", "haproxy", BENCH_P50,
     AT_MOST, 1.2},
    {"proxy, recording / HAProxy, request-reply p99", "latency-10k", "proxy-record", "haproxy", BENCH_P99,
     AT_MOST, 1.2},
    {"proxy, recording, 10 000 connections, memory", "storm-*", "proxy-record", NULL, BENCH_PEAK, AT_MOST,
     (64 << 20) + 10000.0 * (32 << 10)},
    {"recording as a guest / plain libnats subscriber", "guest-@(16|128)", "tapedeck", "libnats", BENCH_RATE,
     AT_LEAST, 0.8},
    {"log size, JSON events", "size-*", "tapedeck-record", NULL, BENCH_LOG, AT_MOST, 50},
    {"log size / zstd -1 row by row", "size-*", "tapedeck-record", NULL, BENCH_PER_ROWS, AT_MOST, 0.72},
    {"packed log / as it was recorded, JSON events", "size-calm", "packed", NULL, BENCH_PER_LOG, AT_MOST,
     0.75},
    {"count by subject", "read-*", "count-subject", NULL, BENCH_RECORDS, AT_LEAST, 30e6},
    {"count by time", "read-*", "count-time", NULL, BENCH_RECORDS, AT_LEAST, 30e6},
    {"count by intervals", "read-*", "every", NULL, BENCH_RECORDS, AT_LEAST, 50e6},
    {"condition on a column", "read-*", "where-size", NULL, BENCH_RECORDS, AT_LEAST, 10e6},
    {"condition on a JSON field", "read-json", "where-field", NULL, BENCH_RECORDS, AT_LEAST, 1e6},
    {"everything decoded, 128 B", "read-128", "all", NULL, BENCH_RECORDS, AT_LEAST, 5e6},
    {"capture file decoded, 128 B", "sniff-128", "stat", NULL, BENCH_RECORDS, AT_LEAST, 3e6},
    {"capture file decoded, TCP payload", "sniff-128", "stat", NULL, BENCH_GIGABITS, AT_LEAST, 5e9},
    {"latencies of a log, one pass", "trace", "latency", NULL, BENCH_RECORDS, AT_LEAST, 2e6},
    {"latencies of a log, memory", "trace", "latency", NULL, BENCH_PEAK, AT_MOST, 512 << 20},
    {"topology of a log, one pass", "trace", "graph", NULL, BENCH_RECORDS, AT_LEAST, 2e6},
    {"topology of a log, memory", "trace", "graph", NULL, BENCH_PEAK, AT_MOST, 512 << 20},
    {"doctor of a log, one pass", "trace", "doctor", NULL, BENCH_RECORDS, AT_LEAST, 2e6},
    {"doctor of a log, memory", "trace", "doctor", NULL, BENCH_PEAK, AT_MOST, 512 << 20},
    {"conversation of a number, 10 million in 2 s", "trace", "seq", NULL, BENCH_RECORDS, AT_LEAST, 5e6},
    {"conversation of an id, 10 million in 2 s", "trace", "id", NULL, BENCH_RECORDS, AT_LEAST, 5e6},
    {"ten days in 1 000 segments: ls", "segments", "ls", NULL, BENCH_SECONDS, AT_MOST, 1},
    {"ten days in 1 000 segments: stat", "segments", "stat", NULL, BENCH_SECONDS, AT_MOST, 1},
    {"ten days in 1 000 segments: tail", "segments", "tail", NULL, BENCH_SECONDS, AT_MOST, 1},
    {"ten days in 1 000 segments: trace --seq", "segments", "trace-seq", NULL, BENCH_SECONDS, AT_MOST, 1},
    {"ten days in 1 000 segments: cut --around", "segments", "cut-around", NULL, BENCH_SECONDS, AT_MOST, 1},
    {"ten days in 1 000 segments: retention", "segments", "retention", NULL, BENCH_SECONDS, AT_MOST, 1},
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

static bool is_met(const struct target *target, double measured)
{
	return target->bound == AT_LEAST ? measured >= target->wanted : measured <= target->wanted;
}

/* The result for one target. */
struct outcome {
	double measured;  /* the worst figure over all tests; NAN when nothing was measured */
	const char *test; /* that it comes from */
	int tests, missed;
};

static struct outcome judge(const struct bench_results *results, const struct target *target)
{
	struct outcome outcome = {.measured = NAN, .test = ""};
	for (size_t i = 0; i < results->count; i++) {
		const struct bench_series *series = &results->list[i];
		if (series->metric != target->metric || strcmp(series->contender, target->contender) != 0 ||
		    fnmatch(target->tests, series->test, FNM_EXTMATCH) != 0)
			continue;
		double value = figure(results, target, series->test);
		if (isnan(value))
			continue;
		outcome.tests++;
		outcome.missed += !is_met(target, value);
		if (outcome.tests > 1 && (target->bound == AT_LEAST) == (value > outcome.measured))
			continue;
		outcome.measured = value;
		outcome.test = series->test;
	}
	return outcome;
}

static void value_text(const struct target *target, double value, char *out)
{
	if (target->against)
		snprintf(out, 32, "%.2f x", value);
	else
		bench_report_value(target->metric, value, out);
}

static void print_text(const struct target *target, const struct outcome *outcome)
{
	char wanted[32], got[32], verdict[64] = "met";
	value_text(target, target->wanted, wanted);
	value_text(target, outcome->measured, got);
	if (outcome->missed > 0)
		snprintf(verdict, sizeof verdict, "missed by %d of %d, at worst %.2f of it", outcome->missed,
			 outcome->tests, outcome->measured / target->wanted);
	printf("  %-45s %s %11s %13s  %-16s %s\n", target->text,
	       target->bound == AT_LEAST ? ">=" : "<=", wanted, got, outcome->test, verdict);
}

static void print_json(const struct target *target, const struct outcome *outcome)
{
	json_t *row = json_pack("{ss ss sf sf ss si si}", "target", target->text, "metric",
				bench_metric_key(target->metric), "wanted", target->wanted, "measured",
				outcome->measured, "test", outcome->test, "tests", outcome->tests, "missed",
				outcome->missed);
	json_dumpf(row, stdout, JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(row);
}

void bench_verdict_print(const struct bench_plan *plan, const struct bench_results *results)
{
	int unknown = 0;
	if (!plan->json)
		printf("\nverdict (the worst test of each)\n");
	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
		struct outcome outcome = judge(results, &targets[i]);
		if (outcome.tests == 0)
			unknown++;
		else if (plan->json)
			print_json(&targets[i], &outcome);
		else
			print_text(&targets[i], &outcome);
	}
	if (unknown > 0 && !plan->json)
		printf("  %d further targets were not measured\n", unknown);
}
