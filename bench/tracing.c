/* Speed and memory of each analysis, in one pass over the log of a whole platform. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bench/report.h"
#include "bench/server.h"
#include "bench/services.h"
#include "bench/suite.h"
#include "bench/tape.h"

enum { MESSAGES = 10000000 }; /* at the default length of a run */

struct tracing {
	const struct bench_plan *plan;
	struct bench_results *results;
	char folder[64], path[80];
	char seq[24],
	    id[32]; /* a message in the middle of the log; an order whose messages are its last ones */
	struct bench_services_log log;
};

/* An analysis, and the check of its answer. */
struct analysis {
	const char *way;
	const char *command, *option;
	const char *(*value)(const struct tracing *tracing); /* of the option; NULL: it has none */
	bool (*is_right)(const struct tracing *tracing, const json_t *answer);
};

static bool are_latencies_right(const struct tracing *tracing, const json_t *answer)
{
	const json_t *total = json_object_get(answer, "total");
	return bench_tape_number(answer, "messages") == tracing->log.messages &&
	       bench_tape_number(total, "count") == tracing->log.requests &&
	       bench_tape_number(total, "answered") == tracing->log.replies &&
	       bench_tape_number(total, "unanswered") == tracing->log.requests - tracing->log.replies;
}

/* All inboxes together count as one more subject. */
static bool is_graph_right(const struct tracing *tracing, const json_t *answer)
{
	return bench_tape_number(answer, "messages") == tracing->log.messages &&
	       json_array_size(json_object_get(answer, "subjects")) == BENCH_SERVICES_SUBJECTS + 1 &&
	       bench_tape_number(answer, "left_out") == 0;
}

static bool is_diagnosis_right(const struct tracing *tracing, const json_t *answer)
{
	return bench_tape_number(answer, "messages") == tracing->log.messages &&
	       bench_tape_number(answer, "subjects") == BENCH_SERVICES_SUBJECTS + 1 &&
	       bench_tape_number(answer, "connections") == BENCH_SERVICES_CLIENTS;
}

static const char *seq_of(const struct tracing *tracing)
{
	return tracing->seq;
}

/* A message of the conversation has a member of this name, a text that holds the other. */
static bool any_holds(const json_t *answer, const char *member, const char *wanted)
{
	const json_t *node;
	size_t i;
	json_array_foreach(json_object_get(answer, "nodes"), i, node)
	{
		const char *text = json_string_value(json_object_get(node, member));
		if (text && strstr(text, wanted))
			return true;
	}
	return false;
}

static bool holds_seq(const struct tracing *tracing, const json_t *answer)
{
	return any_holds(answer, "seq", tracing->seq);
}

static const char *id_of(const struct tracing *tracing)
{
	return tracing->id;
}

static bool holds_id(const struct tracing *tracing, const json_t *answer)
{
	return any_holds(answer, "payload", tracing->id);
}

static const struct analysis analyses[] = {
    {"latency", "trace", "--latency", NULL, are_latencies_right},
    {"graph", "trace", "--graph", NULL, is_graph_right},
    {"doctor", "doctor", NULL, NULL, is_diagnosis_right},
    {"seq", "trace", "--seq", seq_of, holds_seq},
    {"id", "trace", "--id", id_of, holds_id},
};

/* The arguments end with NULL. Of several conversations one is enough: they are printed once all of the log was read. */
static void put_arguments(const struct tracing *tracing, const struct analysis *analysis, const char *argv[9])
{
	size_t len = 0;
	argv[len++] = tracing->plan->tapedeck;
	argv[len++] = analysis->command;
	argv[len++] = tracing->path;
	argv[len++] = "--json";
	if (analysis->option)
		argv[len++] = analysis->option;
	if (analysis->value) {
		argv[len++] = analysis->value(tracing);
		argv[len++] = "-n1";
	}
	argv[len] = NULL;
}

/* In the results, the analysis stands in the contender's place. */
static int measure(struct tracing *tracing, const struct analysis *analysis, struct wire_fault *fault)
{
	const char *argv[9];
	struct bench_tape_cost cost;
	json_t *answer;
	put_arguments(tracing, analysis, argv);
	int error = bench_tape_measure(argv, &answer, &cost, fault);
	if (error)
		return error;
	bool is_right = analysis->is_right(tracing, answer);
	json_decref(answer);
	if (!is_right)
		return wire_fault_set(fault, -1, "%s: the answer does not match the log", analysis->way);
	bench_results_add(tracing->results, "trace", analysis->way, BENCH_RECORDS,
			  (double)tracing->log.messages / cost.seconds);
	bench_results_add(tracing->results, "trace", analysis->way, BENCH_CPU,
			  cost.cpu_seconds * 1e6 / (double)tracing->log.messages);
	bench_results_add(tracing->results, "trace", analysis->way, BENCH_PEAK, cost.peak_bytes);
	return 0;
}

static int prepare(struct tracing *tracing, struct wire_fault *fault)
{
	int error = bench_folder_make(tracing->folder, fault);
	if (error)
		return error;
	snprintf(tracing->path, sizeof tracing->path, "%s/log", tracing->folder);
	error = bench_services_write(tracing->path, (uint64_t)(MESSAGES * tracing->plan->seconds),
				     tracing->plan->seed, &tracing->log, fault);
	snprintf(tracing->seq, sizeof tracing->seq, "%" PRIu64, tracing->log.messages / 2);
	snprintf(tracing->id, sizeof tracing->id, "order-%" PRIu64,
		 (tracing->log.messages - 1) / BENCH_SERVICES_ORDER_MESSAGES);
	return error;
}

int bench_tracing_run(const struct bench_plan *plan, struct bench_results *results)
{
	struct tracing tracing = {.plan = plan, .results = results};
	struct wire_fault fault = {0};
	if (!bench_tape_has(plan->tapedeck, "trace")) {
		bench_suite_complain("trace", "tapedeck", 0, "this tapedeck has no such command; skipped");
		return 0;
	}
	int error = prepare(&tracing, &fault);
	for (int round = 0; round < plan->runs && !error; round++)
		for (size_t i = 0; i < sizeof analyses / sizeof *analyses && !error; i++)
			error = measure(&tracing, &analyses[i], &fault);
	if (tracing.folder[0])
		bench_folder_remove(tracing.folder);
	bench_report_test(plan, results, "trace");
	return error ? bench_suite_complain("trace", "tapedeck", error, fault.text) : 0;
}
