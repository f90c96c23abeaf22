/* A capture file decoded: summed up, and recorded into a log. */
#include <stdio.h>

#include "bench/capture.h"
#include "bench/report.h"
#include "bench/server.h"
#include "bench/suite.h"
#include "bench/tape.h"

enum { CAPTURE_MESSAGES = 1500000 }; /* at the default length of a run: 0.5 GB */

struct sniffing {
	const struct bench_plan *plan;
	struct bench_results *results;
	char folder[64], file[80], log[80];
	uint64_t messages, stream_bytes;
};

static int make_file(struct sniffing *sniffing, struct wire_fault *fault)
{
	struct bench_shape shape;
	struct bench_frames frames;
	int error = bench_folder_make(sniffing->folder, fault);
	if (error)
		return error;
	snprintf(sniffing->file, sizeof sniffing->file, "%s/bench.pcap", sniffing->folder);
	snprintf(sniffing->log, sizeof sniffing->log, "%s/log", sniffing->folder);
	sniffing->messages = (uint64_t)(CAPTURE_MESSAGES * sniffing->plan->seconds);
	error = bench_shape_parse(&shape, "1:1-128/64");
	if (!error)
		error = bench_frames_init(&frames, &shape, sniffing->plan->seed, 0, sniffing->messages);
	if (error)
		return wire_fault_set(fault, error, "%s", wire_error_text(error));
	uint64_t rounds = sniffing->messages / frames.count + 1;
	sniffing->messages = rounds * frames.count;
	error = bench_capture_make(sniffing->file, &frames, rounds, &sniffing->stream_bytes, fault);
	bench_frames_fini(&frames);
	return error;
}

/* Check that the summary counts every message and every delivery. */
static int check(const struct sniffing *sniffing, const json_t *answer, struct wire_fault *fault)
{
	uint64_t messages = bench_tape_number(answer, "messages");
	uint64_t deliveries = bench_tape_number(answer, "deliveries");
	if (messages == sniffing->messages && deliveries == sniffing->messages)
		return 0;
	return wire_fault_set(fault, -1, "%llu messages and %llu deliveries were seen of %llu each",
			      (unsigned long long)messages, (unsigned long long)deliveries,
			      (unsigned long long)sniffing->messages);
}

/* In the results, the use that is made of the capture stands in the contender's place. */
static void add_rate(struct sniffing *sniffing, const char *way, double seconds)
{
	bench_results_add(sniffing->results, "sniff-128", way, BENCH_RECORDS,
			  (double)sniffing->messages / seconds);
	bench_results_add(sniffing->results, "sniff-128", way, BENCH_GIGABITS,
			  8 * (double)sniffing->stream_bytes / seconds);
}

/* `tapedeck stat FILE` */
static int sum_up(struct sniffing *sniffing, struct wire_fault *fault)
{
	char command[4700];
	json_t *answer;
	double seconds;
	snprintf(command, sizeof command, "'%s' stat '%s' --json", sniffing->plan->tapedeck, sniffing->file);
	int error = bench_tape_ask(command, &answer, &seconds, fault);
	if (error)
		return error;
	error = check(sniffing, answer, fault);
	json_decref(answer);
	if (!error)
		add_rate(sniffing, "stat", seconds);
	return error;
}

/* `tapedeck sniff -r FILE --record LOG` */
static int record(struct sniffing *sniffing, struct wire_fault *fault)
{
	char command[4800];
	json_t *answer;
	double seconds;
	snprintf(command, sizeof command, "'%s' sniff -r '%s' --record '%s' >/dev/null 2>&1 && echo {}",
		 sniffing->plan->tapedeck, sniffing->file, sniffing->log);
	int error = bench_tape_ask(command, &answer, &seconds, fault);
	if (error)
		return error;
	json_decref(answer);
	error = bench_tape_stat(sniffing->plan->tapedeck, sniffing->log, &answer, fault);
	if (error)
		return error;
	error = check(sniffing, answer, fault);
	json_decref(answer);
	bench_folder_remove(sniffing->log);
	if (!error)
		add_rate(sniffing, "record", seconds);
	return error;
}

int bench_sniffing_run(const struct bench_plan *plan, struct bench_results *results)
{
	struct sniffing sniffing = {.plan = plan, .results = results};
	struct wire_fault fault = {0};
	if (!bench_tape_has(plan->tapedeck, "sniff")) {
		bench_suite_complain("sniff", "tapedeck", 0, "this tapedeck has no such command; skipped");
		return 0;
	}
	int error = make_file(&sniffing, &fault);
	for (int round = 0; round < plan->runs && !error; round++) {
		error = sum_up(&sniffing, &fault);
		if (!error)
			error = record(&sniffing, &fault);
	}
	if (sniffing.folder[0])
		bench_folder_remove(sniffing.folder);
	bench_report_test(plan, results, "sniff-128");
	return error ? bench_suite_complain("sniff", "tapedeck", error, fault.text) : 0;
}
