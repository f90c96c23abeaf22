/* Subscribers that stop reading under a flood: how much memory they cost the server. */
#include <stdio.h>
#include <unistd.h>

#include "bench/client.h"
#include "bench/suite.h"
#include "bench/tape.h"

enum { SUBSCRIBERS = 8 };

static int stall(int port, int fds[SUBSCRIBERS], struct wire_fault *fault)
{
	static const char subscription[] = "SUB bench.> 1\r\n";
	for (int i = 0; i < SUBSCRIBERS; i++) {
		fds[i] = bench_client_open(port, subscription, sizeof subscription - 1);
		if (fds[i] < 0)
			return wire_fault_set(fault, fds[i], "%s", wire_error_text(fds[i]));
	}
	return 0;
}

/* Check that every message is in the log, also when such subscribers are cut off. */
static int check_log(const struct bench_plan *plan, const struct bench_server *server, uint64_t messages,
		     struct wire_fault *fault)
{
	json_t *totals;
	int error = bench_tape_stat(plan->tapedeck, server->log, &totals, fault);
	if (error)
		return error;
	uint64_t logged = bench_tape_number(totals, "messages");
	json_decref(totals);
	return logged == messages ? 0
				  : wire_fault_set(fault, -1, "%llu messages were logged of %llu",
						   (unsigned long long)logged, (unsigned long long)messages);
}

static int flood(const struct bench_load *load, const struct bench_contender *contender, int port,
		 struct bench_load_result *done, struct wire_fault *fault)
{
	int fds[SUBSCRIBERS] = {-1, -1, -1, -1, -1, -1, -1, -1};
	int error = stall(port, fds, fault);
	if (!error)
		error = bench_load_run(load, contender->share, port, done, fault);
	for (int i = 0; i < SUBSCRIBERS; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return error;
}

static int measure(const struct bench_plan *plan, const char *test, const struct bench_contender *contender,
		   const void *context, struct bench_results *results)
{
	const struct bench_load *load = context;
	struct bench_server server;
	struct bench_usage usage;
	struct bench_load_result done = {0};
	struct wire_fault fault = {0};
	int error = bench_contender_start(contender, plan, &server, &fault);
	if (!error)
		error = flood(load, contender, server.port, &done, &fault);
	if (!error)
		error = bench_server_stop(&server, &usage, &fault);
	if (!error && contender->recording == BENCH_LOGS_TAPE)
		error = check_log(plan, &server, done.messages, &fault);
	bench_server_remove(&server);
	if (error)
		return bench_suite_complain(test, contender->name, error, fault.text);
	bench_results_add(results, test, contender->name, BENCH_PEAK, (double)usage.peak_bytes);
	bench_results_add(results, test, contender->name, BENCH_RATE, (double)done.messages / done.seconds);
	return 0;
}

int bench_stalled_run(const struct bench_plan *plan, struct bench_results *results)
{
	static const char test[] = "stalled-8";
	struct bench_shape shape;
	struct bench_load load;
	int error = bench_shape_parse(&shape, "1:0-128");
	if (!error)
		error = bench_load_init(&load, &shape, plan->seed, plan->seconds);
	if (error)
		return bench_suite_complain(test, "load", error, wire_error_text(error));
	error = bench_suite_rounds(plan, test, measure, &load, results);
	bench_load_fini(&load);
	return error;
}
