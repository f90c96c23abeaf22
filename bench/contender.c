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

/* Fields that every event has and that compress well: the log is hardly smaller without them, so that the writer has as much
 * to do. */
static const char *const tapedeck_masked[] = {"%t",     "broker",   COMMON,   "--record", "%d/log",
					      "--mask", "$.tenant", "--mask", "$.source", NULL};

/* All messages must be recorded, so that a recording that loses some does not make it faster. */
static const char *const proxy_record[] = {"%t",   "proxy", "--listen", "127.0.0.1:0", "--upstream",
					   "%p",   PORTS,   "--record", "%d/log",      "--record-overflow",
					   "wait", NULL};
static const char *const proxy_plain[] = {"%t",         "proxy", "--listen", "127.0.0.1:0",
					  "--upstream", "%p",    PORTS,      NULL};
/* HAProxy in TCP mode, with the settings of Debian's package. It is given a listening socket, so that the kernel picks
 * the port. */
static const char *const haproxy[] = {
    "python3",
    "-c",
    "import json, os, socket, sys\n"
    "folder, port = sys.argv[1:]\n"
    "listening = socket.create_server(('127.0.0.1', 0), backlog=4096)\n"
    "listening.set_inheritable(True)\n"
    "with open(folder + '/haproxy.cfg', 'w') as file:\n"
    "    file.write(f'defaults\\n mode tcp\\n timeout connect 5s\\n timeout client 10m\\n timeout server "
    "10m\\n'\n"
    "        f'listen nats\\n bind fd@{listening.fileno()}\\n server one {port}\\n')\n"
    "with open(folder + '/new', 'w') as file:\n"
    "    json.dump({'nats': ['nats://127.0.0.1:%d' % listening.getsockname()[1]]}, file)\n"
    "os.rename(folder + '/new', folder + '/haproxy.ports')\n"
    "os.execvp('haproxy', ['haproxy', '-db', '-f', folder + '/haproxy.cfg'])\n",
    "%d",
    "%p",
    NULL};

/* The slow contenders run only the shapes that they are compared in: a round of all shapes would take them
 * hours. */
#define FEW_SHAPES "1:[01]-@(16|128|json)"

const struct bench_contender bench_contenders[] = {
    {"nats-server", BENCH_LOGS_NOTHING, 0.25, NULL, nats_server, NULL},
    {"nats-jetstream", BENCH_LOGS_STREAM, 0.03, FEW_SHAPES, nats_jetstream, NULL},
    {"nats-trace", BENCH_LOGS_BYTES, 0.015, FEW_SHAPES, nats_trace, NULL},
    {"floor", BENCH_LOGS_NOTHING, 1, NULL, floor_plain, NULL},
    {"floor-record", BENCH_LOGS_BYTES, 0.6, NULL, floor_record, NULL},
    {"tapedeck", BENCH_LOGS_NOTHING, 1, NULL, tapedeck_plain, NULL},
    {"tapedeck-record", BENCH_LOGS_TAPE, 0.6, NULL, tapedeck_record, NULL},
    {"tapedeck-masked", BENCH_LOGS_TAPE, 0.6, "1:[01]-json", tapedeck_masked, NULL},
    {"haproxy", BENCH_LOGS_NOTHING, 0.25, NULL, haproxy, nats_server},
    {"proxy", BENCH_LOGS_NOTHING, 0.25, NULL, proxy_plain, nats_server},
    {"proxy-record", BENCH_LOGS_TAPE, 0.25, NULL, proxy_record, nats_server},
    {NULL, BENCH_LOGS_NOTHING, 0, NULL, NULL, NULL},
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
	if (strcmp(contender->name, "haproxy") == 0 && !bench_program_exists("haproxy"))
		return false;
	return bench_program_exists(program(contender, plan));
}

bool bench_contender_runs(const struct bench_contender *contender, const struct bench_plan *plan,
			  const char *shape)
{
	if (contender->shapes && fnmatch(contender->shapes, shape, FNM_EXTMATCH) != 0)
		return false;
	if (contender->behind && !plan->servers)
		return false;
	if (plan->servers && !is_listed(plan->servers, contender->name))
		return false;
	return bench_contender_exists(contender, plan);
}

/* Start a server. If it is a proxy, start the server that it connects to first. */
static int start_both(const struct bench_contender *contender, const char *const *argv,
		      struct bench_server *server, struct wire_fault *fault)
{
	struct bench_server behind = {0};
	int error = contender->behind ? bench_server_start(&behind, contender->behind, NULL, fault) : 0;
	if (!error)
		error = bench_server_start(server, argv, contender->behind ? &behind : NULL, fault);
	else
		*server = (struct bench_server){0};
	if (!server->behind)
		bench_server_remove(&behind);
	return error;
}

int bench_contender_start(const struct bench_contender *contender, const struct bench_plan *plan,
			  struct bench_server *server, struct wire_fault *fault)
{
	const char *argv[24] = {program(contender, plan)};
	for (int i = 1; contender->argv[i]; i++)
		argv[i] = contender->argv[i];
	int error = start_both(contender, argv, server, fault);
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
