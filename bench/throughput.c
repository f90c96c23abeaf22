#include <stdlib.h>

#include "bench/report.h"
#include "bench/suite.h"

enum { CONTENDERS_MAX = 16 };

/* One contender, one load. */
static int measure(const struct bench_plan *plan, const struct bench_load *load,
		   const struct bench_contender *contender, struct bench_results *results)
{
	struct bench_server server;
	struct bench_load_result done = {0};
	struct bench_usage usage;
	struct wire_fault fault = {0};
	int error = bench_contender_start(contender, plan, &server, &fault);
	if (!error)
		error = bench_load_run(load, contender->share, server.port, &done, &fault);
	if (!error)
		error = bench_contender_stop(contender, plan, &done, &server, &usage, &fault);
	bench_server_remove(&server);
	if (error)
		return bench_suite_complain(load->shape.name, contender->name, error, fault.text);
	double messages = (double)done.messages;
	const char *test = load->shape.name, *name = contender->name;
	bench_results_add(results, test, name, BENCH_RATE, messages / done.seconds);
	bench_results_add(results, test, name, BENCH_CPU, usage.cpu_s * 1e6 / messages);
	bench_results_add(results, test, name, BENCH_PEAK, (double)usage.peak_bytes);
	if (contender->recording != BENCH_LOGS_NOTHING)
		bench_results_add(results, test, name, BENCH_LOG, (double)usage.log_bytes / messages);
	return 0;
}

int bench_throughput_run(const struct bench_plan *plan, const struct bench_shape *shape,
			 struct bench_results *results)
{
	struct bench_load load;
	bool out[CONTENDERS_MAX] = {false};
	int result = bench_load_init(&load, shape, plan->seed, plan->seconds);
	if (result)
		return bench_suite_complain(shape->name, "load", result, wire_error_text(result));
	for (int round = 0; round < plan->runs; round++)
		for (int i = 0; bench_contenders[i].name; i++) {
			const struct bench_contender *contender = &bench_contenders[i];
			if (out[i] || !bench_contender_runs(contender, plan, shape->name))
				continue;
			int error = measure(plan, &load, contender, results);
			if (error) {
				bench_results_drop(results, shape->name, contender->name);
				out[i] = true;
				result = error;
			}
		}
	bench_load_fini(&load);
	bench_report_test(plan, results, shape->name);
	return result;
}
