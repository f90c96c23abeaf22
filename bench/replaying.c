/* A log played into our own broker, which records nothing: as fast as it goes, and at the recorded pace. */
#include <math.h>
#include <stdio.h>

#include "bench/recorded.h"
#include "bench/report.h"
#include "bench/suite.h"
#include "bench/tape.h"

struct kind {
	const char *test, *speed;
	double pace; /* at which the log was recorded, messages per second; 0: as fast as it went */
};

static const struct kind kinds[] = {{"replay-max", "max", 0}, {"replay-1x", "1x", 10e3}};

/* At the recorded pace: add how late messages were sent, and by how much the whole schedule shifted. */
static void add_lag(struct bench_results *results, const char *test, const json_t *answer)
{
	const json_t *lag = json_object_get(answer, "lag_us");
	double rate = json_number_value(json_object_get(answer, "rate"));
	double asked = json_number_value(json_object_get(answer, "asked_rate"));
	double intervals = (double)bench_tape_number(answer, "sent") - 1;
	bench_results_add(results, test, "tapedeck", BENCH_P50,
			  json_number_value(json_object_get(lag, "p50")));
	bench_results_add(results, test, "tapedeck", BENCH_P99,
			  json_number_value(json_object_get(lag, "p99")));
	bench_results_add(results, test, "tapedeck", BENCH_P999,
			  json_number_value(json_object_get(lag, "p999")));
	bench_results_add(results, test, "tapedeck", BENCH_DRIFT,
			  fabs(intervals / rate - intervals / asked) * 1e6);
}

static int play(const struct bench_plan *plan, const struct kind *kind, const struct bench_recorded *recorded,
		int port, struct bench_results *results, struct wire_fault *fault)
{
	char command[4800];
	json_t *answer;
	/* The tolerance is wide, so that lateness is measured and does not fail the replay. */
	snprintf(command, sizeof command,
		 "'%s' replay '%s' --speed %s --tolerance 1h --server nats://127.0.0.1:%d --json 2>/dev/null",
		 plan->tapedeck, recorded->server.log, kind->speed, port);
	int error = bench_tape_ask(command, &answer, NULL, fault);
	if (error)
		return error;
	if (bench_tape_number(answer, "sent") != recorded->load.messages)
		error = wire_fault_set(fault, -1, "not every message of the log was sent");
	else if (kind->pace > 0)
		add_lag(results, kind->test, answer);
	else
		bench_results_add(results, kind->test, "tapedeck", BENCH_RATE,
				  json_number_value(json_object_get(answer, "rate")));
	json_decref(answer);
	return error;
}

static int measure(const struct bench_plan *plan, const struct kind *kind,
		   const struct bench_recorded *recorded, struct bench_results *results,
		   struct wire_fault *fault)
{
	const struct bench_contender *broker = bench_contender_find("tapedeck");
	struct bench_server server;
	struct bench_usage usage;
	int error = bench_contender_start(broker, plan, &server, fault);
	if (!error)
		error = play(plan, kind, recorded, server.port, results, fault);
	if (!error)
		error = bench_contender_stop(broker, plan, &recorded->load, &server, &usage, fault);
	bench_server_remove(&server);
	return error;
}

static int record(const struct bench_plan *plan, const struct kind *kind, struct bench_recorded *recorded,
		  struct wire_fault *fault)
{
	struct bench_shape shape;
	struct bench_load load;
	*recorded = (struct bench_recorded){0};
	int error = bench_shape_parse(&shape, "1:1-128/64");
	if (!error)
		error = bench_load_init(&load, &shape, plan->seed, plan->seconds);
	if (error)
		return wire_fault_set(fault, error, "%s", wire_error_text(error));
	load.pace = kind->pace;
	if (kind->pace > 0)
		load.messages = (uint64_t)(2 * kind->pace * plan->seconds);
	error = bench_recorded_init(recorded, plan, &load, fault);
	bench_load_fini(&load);
	return error;
}

static int run_kind(const struct bench_plan *plan, const struct kind *kind, struct bench_results *results)
{
	struct bench_recorded recorded;
	struct wire_fault fault = {0};
	int error = record(plan, kind, &recorded, &fault);
	for (int round = 0; round < plan->runs && !error; round++)
		error = measure(plan, kind, &recorded, results, &fault);
	bench_recorded_fini(&recorded);
	bench_report_test(plan, results, kind->test);
	return error ? bench_suite_complain(kind->test, "tapedeck", error, fault.text) : 0;
}

int bench_replaying_run(const struct bench_plan *plan, struct bench_results *results)
{
	int result = 0;
	if (!bench_tape_has(plan->tapedeck, "replay"))
		return bench_suite_complain("replay", "tapedeck", 0,
					    "this tapedeck has no such command; skipped");
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		int error = run_kind(plan, &kinds[i], results);
		result = result ? result : error;
	}
	return result;
}
