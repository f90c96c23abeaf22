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
/* Make a certificate in the folder, then become the proxy. Clients begin with the handshake, as HAProxy wants it. */
#define MAKE_CERTIFICATE                                                                                \
	"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=bench " \
	"-keyout $1/key -out $1/cert 2>/dev/null && cat $1/cert $1/key >$1/pem"
#define PROXY_TLS                                                                                    \
	MAKE_CERTIFICATE " && exec $0 proxy --listen 127.0.0.1:0 --upstream $2 --ports_file_dir $1 " \
			 "--tls-cert $1/cert --tls-key $1/key --tls-first"
static const char *const proxy_tls[] = {"sh", "-c", PROXY_TLS, "%t", "%d", "%p", NULL};
static const char *const proxy_tls_record[] = {
    "sh", "-c", PROXY_TLS " --record $1/log --record-overflow wait", "%t", "%d", "%p", NULL};

/* HAProxy in TCP mode, with the settings of Debian's package. It is given a listening socket, so that the kernel picks
 * the port. */
#define HAPROXY                                                                                           \
	"import json, os, socket, sys\n"                                                                  \
	"folder, port, bind, server = sys.argv[1:]\n"                                                     \
	"listening = socket.create_server(('127.0.0.1', 0), backlog=4096)\n"                              \
	"listening.set_inheritable(True)\n"                                                               \
	"with open(folder + '/haproxy.cfg', 'w') as file:\n"                                              \
	"    file.write(f'defaults\\n mode tcp\\n timeout connect 5s\\n timeout client 10m\\n timeout "   \
	"server "                                                                                         \
	"10m\\n'\n"                                                                                       \
	"        f'listen nats\\n bind fd@{listening.fileno()}{bind}\\n server one {port}{server}\\n')\n" \
	"with open(folder + '/new', 'w') as file:\n"                                                      \
	"    json.dump({'nats': ['nats://127.0.0.1:%d' % listening.getsockname()[1]]}, file)\n"           \
	"os.rename(folder + '/new', folder + '/haproxy.ports')\n"                                         \
	"os.execvp('haproxy', ['haproxy', '-db', '-f', folder + '/haproxy.cfg'])\n"
static const char *const haproxy[] = {"python3", "-c", HAPROXY, "%d", "%p", "", "", NULL};
static const char *const haproxy_tls[] = {
    "sh", "-c", MAKE_CERTIFICATE " && exec python3 -c \"$0\" $1 $2 \" ssl crt $1/pem\" \"\"", HAPROXY, "%d",
    "%p", NULL};
/* Another one speaks TLS for the clients of the load. */
static const char *const tls_client[] = {"python3", "-c", HAPROXY, "%d", "%p", "", " ssl verify none", NULL};

/* The slow contenders run only the shapes that they are compared in: a round of all shapes would take them
 * hours. */
#define FEW_SHAPES "1:[01]-@(16|128|json)"

const struct bench_contender bench_contenders[] = {
    {"nats-server", BENCH_LOGS_NOTHING, 0.25, NULL, nats_server, NULL, NULL},
    {"nats-jetstream", BENCH_LOGS_STREAM, 0.03, FEW_SHAPES, nats_jetstream, NULL, NULL},
    {"nats-trace", BENCH_LOGS_BYTES, 0.015, FEW_SHAPES, nats_trace, NULL, NULL},
    {"floor", BENCH_LOGS_NOTHING, 1, NULL, floor_plain, NULL, NULL},
    {"floor-record", BENCH_LOGS_BYTES, 0.6, NULL, floor_record, NULL, NULL},
    {"tapedeck", BENCH_LOGS_NOTHING, 1, NULL, tapedeck_plain, NULL, NULL},
    {"tapedeck-record", BENCH_LOGS_TAPE, 0.6, NULL, tapedeck_record, NULL, NULL},
    {"tapedeck-masked", BENCH_LOGS_TAPE, 0.6, "1:[01]-json", tapedeck_masked, NULL, NULL},
    {"haproxy", BENCH_LOGS_NOTHING, 0.25, NULL, haproxy, nats_server, NULL},
    {"proxy", BENCH_LOGS_NOTHING, 0.25, NULL, proxy_plain, nats_server, NULL},
    {"proxy-record", BENCH_LOGS_TAPE, 0.25, NULL, proxy_record, nats_server, NULL},
    {"haproxy-tls", BENCH_LOGS_NOTHING, 0.15, NULL, haproxy_tls, nats_server, tls_client},
    {"proxy-tls", BENCH_LOGS_NOTHING, 0.15, NULL, proxy_tls, nats_server, tls_client},
    {"proxy-tls-record", BENCH_LOGS_TAPE, 0.15, NULL, proxy_tls_record, nats_server, tls_client},
    {NULL, BENCH_LOGS_NOTHING, 0, NULL, NULL, NULL, NULL},
};

const struct bench_contender *bench_contender_find(const char *name)
{
	for (const struct bench_contender *contender = bench_contenders; contender->name; contender++)
		if (strcmp(contender->name, name) == 0)
			return contender;
	return NULL;
}

static const char *argument(const char *text, const struct bench_plan *plan)
{
	return strcmp(text, "%t") == 0 ? plan->tapedeck : text;
}

static const char *program(const struct bench_contender *contender, const struct bench_plan *plan)
{
	return argument(contender->argv[0], plan);
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
	bool needs_haproxy = contender->argv == haproxy || contender->in_front;
	if (needs_haproxy && !bench_program_exists("haproxy"))
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

/* Start a server. If it is a proxy, start the server that it connects to first, and then that in front of it. */
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
	return error || !contender->in_front ? error : bench_server_front(server, contender->in_front, fault);
}

int bench_contender_start(const struct bench_contender *contender, const struct bench_plan *plan,
			  struct bench_server *server, struct wire_fault *fault)
{
	const char *argv[24] = {NULL};
	for (int i = 0; contender->argv[i]; i++)
		argv[i] = argument(contender->argv[i], plan);
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
