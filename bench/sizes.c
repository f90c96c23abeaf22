/* The size of a log of JSON events on disk, against the same messages row by row through zstd -1. */
#include <stdio.h>

#include "bench/logread.h"
#include "bench/recorded.h"
#include "bench/report.h"
#include "bench/suite.h"
#include "bench/tape.h"

#define JSON_EVENTS "57:1-json" /* 57 connections, 95 subjects */

struct kind {
	const char *test;
	double pace; /* messages per second, 0: as fast as it goes */
	bool replies;
};

static const struct kind kinds[] = {
    {"size-flood", 0, false},    /* little time for compression */
    {"size-calm", 100e3, false}, /* ample time */
    {"size-replies", 100e3, true},
};

/* The log after `tapedeck pack`, against what it was. */
static int pack(const struct bench_plan *plan, const struct kind *kind, const char *log, double messages,
		struct bench_results *results, struct wire_fault *fault)
{
	const char *const argv[] = {plan->tapedeck, "pack", log, "--json", NULL};
	struct bench_tape_cost cost;
	json_t *answer;
	int error = bench_tape_measure(argv, &answer, &cost, fault);
	if (error)
		return error;
	double before = (double)bench_tape_number(answer, "before_bytes");
	double after = (double)bench_tape_number(answer, "after_bytes");
	json_decref(answer);
	bench_results_add(results, kind->test, "packed", BENCH_LOG, after / messages);
	bench_results_add(results, kind->test, "packed", BENCH_PER_LOG, after / before);
	bench_results_add(results, kind->test, "packed", BENCH_CPU, cost.cpu_seconds * 1e6 / messages);
	bench_results_add(results, kind->test, "packed", BENCH_PEAK, cost.peak_bytes);
	return 0;
}

static int measure(const struct bench_plan *plan, const struct bench_load *load, const struct kind *kind,
		   struct bench_results *results, struct wire_fault *fault)
{
	struct bench_recorded recorded;
	uint64_t rows_bytes = 0;
	int error = bench_recorded_init(&recorded, plan, load, fault);
	if (!error)
		error = bench_log_as_rows(recorded.server.log, &rows_bytes, fault);
	if (!error)
		error = pack(plan, kind, recorded.server.log, (double)recorded.load.messages, results, fault);
	bench_recorded_fini(&recorded);
	if (error)
		return error;
	double log_bytes = (double)recorded.usage.log_bytes, messages = (double)recorded.load.messages;
	bench_results_add(results, kind->test, "tapedeck-record", BENCH_LOG, log_bytes / messages);
	bench_results_add(results, kind->test, "tapedeck-record", BENCH_PER_ROWS,
			  log_bytes / (double)rows_bytes);
	bench_results_add(results, kind->test, "tapedeck-record", BENCH_CPU,
			  recorded.usage.cpu_s * 1e6 / messages);
	bench_results_add(results, kind->test, "zstd rows", BENCH_LOG, (double)rows_bytes / messages);
	return 0;
}

static int run_kind(const struct bench_plan *plan, const struct kind *kind, struct bench_results *results)
{
	struct bench_shape shape;
	struct bench_load load;
	struct wire_fault fault = {0};
	int error = bench_shape_parse(&shape, JSON_EVENTS);
	shape.replies = kind->replies;
	if (!error)
		error = bench_load_init(&load, &shape, plan->seed, plan->seconds);
	if (error)
		return bench_suite_complain(kind->test, "load", error, wire_error_text(error));
	load.pace = kind->pace;
	if (kind->pace > 0)
		load.messages = (uint64_t)(3 * kind->pace * plan->seconds);
	for (int round = 0; round < plan->runs && !error; round++)
		error = measure(plan, &load, kind, results, &fault);
	bench_load_fini(&load);
	bench_report_test(plan, results, kind->test);
	return error ? bench_suite_complain(kind->test, "tapedeck-record", error, fault.text) : 0;
}

int bench_sizes_run(const struct bench_plan *plan, struct bench_results *results)
{
	int result = 0;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		int error = run_kind(plan, &kinds[i], results);
		result = result ? result : error;
	}
	return result;
}
