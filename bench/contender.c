#include "bench/contender.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "bench/jetstream.h"
#include "bench/tape.h"

#define PORTS  "--ports_file_dir", "%d"
#define COMMON "-a", "127.0.0.1", "-p", "-1", PORTS

static const char *const nats_server[] = {"nats-server", COMMON, NULL};
static const char *const nats_jetstream[] = {"nats-server", COMMON, "-js", "-sd", "%d/log", NULL};
static const char *const nats_trace[] = {"nats-server", COMMON, "-DV", "-l", "%d/log/trace", NULL};
static const char *const floor_plain[] = {"%b/floor", PORTS, NULL};
static const char *const floor_record[] = {"%b/floor", PORTS, "--record", "%d/log/floor", NULL};
static const char *const tapedeck_plain[] = {"%t", "broker", COMMON, NULL};
static const char *const tapedeck_record[] = {"%t", "broker", COMMON, "--record", "%d/log", NULL};

/* The slow contenders run only the shapes that they are compared in: a round of all shapes would take them
 * hours. */
#define FEW_SHAPES "1:[01]-@(16|128|json)"

const struct bench_contender bench_contenders[] = {
    {"nats-server", BENCH_LOGS_NOTHING, 0.25, NULL, nats_server},
    {"nats-jetstream", BENCH_LOGS_STREAM, 0.03, FEW_SHAPES, nats_jetstream},
    {"nats-trace", BENCH_LOGS_BYTES, 0.015, FEW_SHAPES, nats_trace},
    {"floor", BENCH_LOGS_NOTHING, 1, NULL, floor_plain},
    {"floor-record", BENCH_LOGS_BYTES, 0.6, NULL, floor_record},
    {"tapedeck", BENCH_LOGS_NOTHING, 1, NULL, tapedeck_plain},
    {"tapedeck-record", BENCH_LOGS_TAPE, 0.6, NULL, tapedeck_record},
    {NULL, BENCH_LOGS_NOTHING, 0, NULL, NULL},
};

const struct bench_contender *bench_contender_find(const char *name)
{
	for (const struct bench_contender *contender = bench_contenders; contender->name; contender++)
		if (strcmp(contender->name, name) == 0)
			return contender;
	return NULL;
}

static const char *program(const struct bench_contender *contender, const struct bench_plan *plan)
{
	return strcmp(contender->argv[0], "%t") == 0 ? plan->tapedeck : contender->argv[0];
}

/* Is the name one of the list's? */
static bool is_listed(const char *list, const char *name)
{
	size_t len = strlen(name);
	for (const char *at = list; (at = strstr(at, name)) != NULL; at += len)
		if ((at == list || at[-1] == ',') && (at[len] == ',' || at[len] == '\0'))
			return true;
	return false;
}

bool bench_contender_exists(const struct bench_contender *contender, const struct bench_plan *plan)
{
	return bench_program_exists(program(contender, plan));
}

bool bench_contender_runs(const struct bench_contender *contender, const struct bench_plan *plan,
			  const char *shape)
{
	if (contender->shapes && fnmatch(contender->shapes, shape, FNM_EXTMATCH) != 0)
		return false;
	if (plan->servers && !is_listed(plan->servers, contender->name))
		return false;
	return bench_contender_exists(contender, plan);
}

int bench_contender_start(const struct bench_contender *contender, const struct bench_plan *plan,
			  struct bench_server *server, struct wire_fault *fault)
{
	const char *argv[24] = {program(contender, plan)};
	for (int i = 1; contender->argv[i]; i++)
		argv[i] = contender->argv[i];
	int error = bench_server_start(server, argv, fault);
	if (!error && contender->recording == BENCH_LOGS_STREAM)
		error = bench_jetstream_create(server->port, fault);
	return error;
}

static int check(const char *what, uint64_t logged, uint64_t expected, struct wire_fault *fault)
{
	if (logged == expected)
		return 0;
	return wire_fault_set(fault, -EPROTO, "%llu %s were logged of %llu", (unsigned long long)logged, what,
			      (unsigned long long)expected);
}

static int check_stream(const struct bench_server *server, const struct bench_load_result *load,
			struct wire_fault *fault)
{
	uint64_t messages;
	int error = bench_jetstream_count(server->port, &messages, fault);
	return error ? error : check("messages", messages, load->messages, fault);
}

static int check_tape(const struct bench_plan *plan, const struct bench_server *server,
		      const struct bench_load_result *load, struct wire_fault *fault)
{
	json_t *totals;
	int error = bench_tape_stat(plan->tapedeck, server->log, &totals, fault);
	if (error)
		return error;
	error = check("messages", bench_tape_number(totals, "messages"), load->messages, fault);
	if (!error)
		error = check("deliveries", bench_tape_number(totals, "deliveries"), load->deliveries, fault);
	if (!error)
		error = check("gaps", bench_tape_number(totals, "gaps"), 0, fault);
	json_decref(totals);
	return error;
}

int bench_contender_stop(const struct bench_contender *contender, const struct bench_plan *plan,
			 const struct bench_load_result *load, struct bench_server *server,
			 struct bench_usage *usage, struct wire_fault *fault)
{
	int error = contender->recording == BENCH_LOGS_STREAM ? check_stream(server, load, fault) : 0;
	int stopped = bench_server_stop(server, usage, error ? NULL : fault);
	if (error || stopped)
		return error ? error : stopped;
	return contender->recording == BENCH_LOGS_TAPE ? check_tape(plan, server, load, fault) : 0;
}
