/* Reading a log back: counting without payloads, skipping, decoding, searching, printing.
 *
 * The commands are measured as people run them, from start to end, with their output discarded. "Everything
 * decoded" is measured with the reader that all of them use, in this process: the time to print would hide
 * it. */
#include <inttypes.h>
#include <stdio.h>

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
	const char *test;
	bool json; /* payloads are JSON */
	struct bench_recorded recorded;
	char half[80]; /* options for the middle half of its time */
};

/* In the results, the way of reading stands in the contender's place. */
static void add_rate(struct reading *reading, const char *way, uint64_t messages, double seconds)
{
	bench_results_add(reading->results, reading->test, way, BENCH_RECORDS, (double)messages / seconds);
}

static int complain(const struct reading *reading, const char *way, int error, const char *text)
{
	return bench_suite_complain(reading->test, way, error, text);
}

/* Run `tapedeck COMMAND LOG ARGUMENTS`. *seconds is its time, *messages the number of messages that it
 * reports. */
static int run(struct reading *reading, const char *way, const char *command, const char *arguments,
	       uint64_t *messages, double *seconds)
{
	char line[4800];
	struct wire_fault fault;
	json_t *answer;
	snprintf(line, sizeof line, "'%s' %s '%s' --json %s", reading->plan->tapedeck, command,
		 reading->recorded.server.log, arguments);
	int error = bench_tape_ask(line, &answer, seconds, &fault);
	if (error)
		return complain(reading, way, error, fault.text);
	*messages = bench_tape_number(answer, "messages");
	json_decref(answer);
	return 0;
}

/* Measure how fast `tapedeck stat` with these arguments goes through the whole log. */
static int go_through(struct reading *reading, const char *way, const char *arguments)
{
	uint64_t messages;
	double seconds;
	int error = run(reading, way, "stat", arguments, &messages, &seconds);
	if (!error)
		add_rate(reading, way, reading->recorded.load.messages, seconds);
	return error;
}

static int count_by_subject(struct reading *reading)
{
	return go_through(reading, "count-subject", reading->json ? "'shop.order.*'" : "'bench.1*'");
}

/* Measure how fast the messages of half of the log's time are counted; the rest has to be skipped. */
static int count_by_time(struct reading *reading)
{
	uint64_t messages;
	double seconds;
	int error = run(reading, "count-time", "stat", reading->half, &messages, &seconds);
	if (!error)
		add_rate(reading, "count-time", messages, seconds);
	return error;
}

static int count_by_intervals(struct reading *reading)
{
	return go_through(reading, "every", "--every 1s");
}

/* Measure a filter that nothing in the log can match. */
static int skip(struct reading *reading)
{
	return go_through(reading, "skip", "--until 1000000000");
}

static int decode(struct reading *reading)
{
	struct bench_decoded decoded;
	struct wire_fault fault;
	int error = bench_log_decode(reading->recorded.server.log, &decoded, &fault);
	if (error)
		return complain(reading, "all", error, fault.text);
	if (decoded.messages != reading->recorded.load.messages)
		return complain(reading, "all", -1, "not every message was read");
	add_rate(reading, "all", decoded.messages, decoded.seconds);
	return 0;
}

static int grep(struct reading *reading)
{
	return go_through(reading, "grep",
			  reading->json ? "--grep '\"total\":42\\.[0-9]*7,'" : "--grep 'tape[0-9]deck'");
}

/* Measure conditions on a column, and on a field of the payload. */
static int find_by_size(struct reading *reading)
{
	return go_through(reading, "where-size", "--where 'size > 1M'");
}

static int find_by_field(struct reading *reading)
{
	return go_through(reading, "where-field", "--where '$.data.total > 1e9'");
}

/* Measure how fast `cat` prints everything. */
static int print(struct reading *reading)
{
	uint64_t lines;
	double seconds;
	int error = run(reading, "print", "cat", "| { n=$(wc -l); echo \"{\\\"messages\\\":$n}\"; }", &lines,
			&seconds);
	if (error)
		return error;
	if (lines < reading->recorded.load.messages)
		return complain(reading, "print", -1, "not every message was printed");
	add_rate(reading, "print", lines, seconds);
	return 0;
}

static int read_round(struct reading *reading)
{
	static int (*const ways[])(struct reading *) = {
	    count_by_subject, count_by_time, count_by_intervals, skip, decode, grep, find_by_size,
	    find_by_field,    print};
	int error = 0;
	for (size_t i = 0; i < sizeof ways / sizeof *ways && !error; i++)
		error = ways[i](reading);
	return error;
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

static int read_log(struct reading *reading, const char *shape_name)
{
	struct wire_fault fault = {0};
	int error = prepare(reading, shape_name, &fault);
	if (error)
		complain(reading, "recording", error, fault.text);
	for (int round = 0; round < reading->plan->runs && !error; round++)
		error = read_round(reading);
	bench_recorded_fini(&reading->recorded);
	bench_report_test(reading->plan, reading->results, reading->test);
	return error;
}

int bench_reading_run(const struct bench_plan *plan, struct bench_results *results)
{
	struct reading letters = {.plan = plan, .results = results, .test = "read-128"};
	struct reading json = {.plan = plan, .results = results, .test = "read-json", .json = true};
	int error = read_log(&letters, "1:1-128/64");
	return error ? error : read_log(&json, "57:1-json");
}
