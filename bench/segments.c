/* Ten days in 1,000 segments: how long commands take that need little of them, and their memory; and one pass of retention. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/clock.h"
#include "bench/days.h"
#include "bench/report.h"
#include "bench/suite.h"
#include "bench/tape.h"
#include "store/write/producer.h"

enum { DAYS = 10, SEGMENTS = 1000, EVENTS = 2000, SMOKE_SEGMENTS = 20 };

static const char TEST[] = "segments";

struct asked {
	const char *name;      /* in the results */
	const char *arguments; /* of tapedeck, before the log… */
	const char *more;      /* …and after it */
};

static const struct asked commands[] = {
    {"ls", "ls --summary", ""},
    {"stat", "stat", ""},
    {"tail", "tail -n 10", "--until 1m"},
    {"trace-seq", "trace", "--seq 10021"},
    {"cut-around", "cut", "--around 10021 5m --record cut"},
};

static int ask(const struct bench_plan *plan, const char *folder, const struct asked *asked,
	       struct bench_results *results, struct wire_fault *fault)
{
	char command[9000];
	const char *const argv[] = {"/bin/sh", "-c", command, NULL};
	struct bench_tape_cost cost;
	json_t *answer;
	snprintf(command, sizeof command,
		 "cd '%s' && rm -rf cut && '%s' %s log %s >/dev/null 2>&1 && echo {}", folder, plan->tapedeck,
		 asked->arguments, asked->more);
	int error = bench_tape_measure(argv, &answer, &cost, fault);
	if (error)
		return error;
	json_decref(answer);
	bench_results_add(results, TEST, asked->name, BENCH_SECONDS, cost.seconds);
	bench_results_add(results, TEST, asked->name, BENCH_PEAK, cost.peak_bytes);
	return 0;
}

/* Open the log with a limit that the oldest segments exceed, and close it again. */
static int retain(const char *log, struct bench_results *results, struct wire_fault *fault)
{
	struct store_writer_options options;
	struct store_writer *writer;
	store_writer_options_init(&options);
	options.retain_age_ms = (DAYS * 24 - 1) * INT64_C(3600000);
	double start_s = bench_now_s();
	int error = store_writer_open(&writer, log, &options, fault);
	if (error)
		return error;
	store_writer_flush(writer);
	store_writer_close(writer);
	bench_results_add(results, TEST, "retention", BENCH_SECONDS, bench_now_s() - start_s);
	return 0;
}

static int measure(const struct bench_plan *plan, const char *folder, struct bench_results *results,
		   struct wire_fault *fault)
{
	char log[4200];
	int error = 0;
	snprintf(log, sizeof log, "%s/log", folder);
	for (int round = 0; round < plan->runs && !error; round++) {
		for (size_t i = 0; i < sizeof commands / sizeof *commands && !error; i++)
			error = ask(plan, folder, &commands[i], results, fault);
		error = error ? error : retain(log, results, fault);
	}
	return error;
}

int bench_segments_run(const struct bench_plan *plan, struct bench_results *results)
{
	const struct bench_days days = {.days = DAYS,
					.segments = plan->smoke ? SMOKE_SEGMENTS : SEGMENTS,
					.events = EVENTS,
					.seed = plan->seed};
	char folder[] = "/tmp/tapedeck-bench-XXXXXX", log[64], command[100];
	struct wire_fault fault = {.code = -1, .text = "no folder can be made below /tmp"};
	if (!mkdtemp(folder))
		return bench_suite_complain(TEST, "log", -1, fault.text);
	snprintf(log, sizeof log, "%s/log", folder);
	int error = bench_days_write(log, &days, &fault);
	error = error ? error : measure(plan, folder, results, &fault);
	bench_report_test(plan, results, TEST);
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	if (system(command) != 0)
		fprintf(stderr, "bench: cannot remove %s\n", folder);
	return error ? bench_suite_complain(TEST, "tapedeck", error, fault.text) : 0;
}
