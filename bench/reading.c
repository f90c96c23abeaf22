/* Reading a log back: counting without payloads, skipping, decoding, searching, printing.
 *
 * The commands are measured as people run them, from start to end, what they print thrown away. "Everything
 * decoded" is measured with the reader that they all use, in this process: printing would hide it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bench/clock.h"
#include "bench/logread.h"
#include "bench/recorded.h"
#include "bench/report.h"
#include "bench/suite.h"
#include "bench/tape.h"

enum { LOG_SECONDS = 4 }; /* of load, at the default length of a run */

/* A log to be read, and what is asked of it. */
struct reading {
	const struct bench_plan *plan;
	struct bench_results *results;
	const char *suffix; /* of the tests' names */
	struct bench_recorded recorded;
	char half[80]; /* options for the middle half of its time */
};

static int add_rate(struct reading *reading, const char *kind, uint64_t messages, double seconds)
{
	char test[48];
	snprintf(test, sizeof test, "read-%s-%s", kind, reading->suffix);
	bench_results_add(reading->results, test, "tapedeck", BENCH_RECORDS, (double)messages / seconds);
	return 0;
}

/* Run `tapedeck COMMAND LOG ARGUMENTS` and say how long it took and how many messages it speaks of. */
static int run(struct reading *reading, const char *kind, const char *command, const char *arguments,
	       uint64_t *messages, double *seconds)
{
	char line[4800];
	struct wire_fault fault;
	json_t *answer;
	snprintf(line, sizeof line, "'%s' %s '%s' --json %s", reading->plan->tapedeck, command,
		 reading->recorded.server.log, arguments);
	int error = bench_tape_ask(line, &answer, seconds, &fault);
	if (error)
		return bench_suite_complain(kind, "tapedeck", error, fault.text);
	*messages = bench_tape_number(answer, "messages");
	json_decref(answer);
	return 0;
}

/* How fast the whole log is gone through for a question. */
static int go_through(struct reading *reading, const char *kind, const char *command, const char *arguments)
{
	uint64_t messages;
	double seconds;
	int error = run(reading, kind, command, arguments, &messages, &seconds);
	return error ? error : add_rate(reading, kind, reading->recorded.load.messages, seconds);
}

/* How fast the messages of half of the log's time are counted; the rest has to be skipped. */
static int count_half(struct reading *reading)
{
	uint64_t messages;
	double seconds;
	int error = run(reading, "count-time", "stat", reading->half, &messages, &seconds);
	return error ? error : add_rate(reading, "count-time", messages, seconds);
}

static int decode(struct reading *reading)
{
	struct bench_decoded decoded;
	struct wire_fault fault;
	int error = bench_log_decode(reading->recorded.server.log, &decoded, &fault);
	if (error)
		return bench_suite_complain("read-all", "tapedeck", error, fault.text);
	if (decoded.messages != reading->recorded.load.messages)
		return bench_suite_complain("read-all", "tapedeck", -1, "not every message was read");
	return add_rate(reading, "all", decoded.messages, decoded.seconds);
}

static int read_round(struct reading *reading)
{
	const bool json = strcmp(reading->suffix, "json") == 0;
	int error = go_through(reading, "count-subject", "stat", json ? "'shop.order.*'" : "'bench.1*'");
	if (!error)
		error = count_half(reading);
	if (!error)
		error = go_through(reading, "skip", "stat", "--until 1000000000");
	if (!error)
		error = decode(reading);
	if (!error)
		error = go_through(reading, "grep", "stat",
				   json ? "--grep '\"amount\":42\\.[0-9]*7,'" : "--grep 'tape[0-9]deck'");
	if (!error)
		error = go_through(reading, "print", "cat", "| tail -n 1");
	return error;
}

static void report(const struct reading *reading)
{
	static const char *const kinds[] = {"count-subject", "count-time", "skip", "all", "grep", "print"};
	char test[48];
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		snprintf(test, sizeof test, "read-%s-%s", kinds[i], reading->suffix);
		bench_report_test(reading->plan, reading->results, test);
	}
}

static int prepare(struct reading *reading, const char *shape_name, struct wire_fault *fault)
{
	struct bench_shape shape;
	struct bench_load load;
	int64_t first_ns = 0, last_ns = 0;
	int error = bench_shape_parse(&shape, shape_name);
	if (!error)
		error =
		    bench_load_init(&load, &shape, reading->plan->seed, LOG_SECONDS * reading->plan->seconds);
	if (error)
		return wire_fault_set(fault, error, "%s", wire_error_text(error));
	error = bench_recorded_init(&reading->recorded, reading->plan, &load, fault);
	bench_load_fini(&load);
	if (!error)
		error = bench_log_times(reading->recorded.server.log, &first_ns, &last_ns, fault);
	snprintf(reading->half, sizeof reading->half, "--since %" PRId64 " --until %" PRId64,
		 first_ns + (last_ns - first_ns) / 4, last_ns - (last_ns - first_ns) / 4);
	return error;
}

static int read_log(const struct bench_plan *plan, struct bench_results *results, const char *suffix,
		    const char *shape_name)
{
	struct reading reading = {.plan = plan, .results = results, .suffix = suffix};
	struct wire_fault fault = {0};
	int error = prepare(&reading, shape_name, &fault);
	if (error)
		bench_suite_complain(shape_name, "tapedeck", error, fault.text);
	for (int round = 0; round < plan->runs && !error; round++)
		error = read_round(&reading);
	bench_recorded_fini(&reading.recorded);
	report(&reading);
	return error;
}

int bench_reading_run(const struct bench_plan *plan, struct bench_results *results)
{
	int error = read_log(plan, results, "128", "1:1-128/64");
	return error ? error : read_log(plan, results, "json", "57:1-json");
}
