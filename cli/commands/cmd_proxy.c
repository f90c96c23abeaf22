/* cmd_proxy.c - tapedeck proxy: stand in front of NATS servers, and record what passes. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/log.h"
#include "broker/ports.h"
#include "cli/commands/commands.h"
#include "cli/options/options_file.h"
#include "cli/options/proxy_tls.h"
#include "cli/options/recording.h"
#include "cli/output/errors.h"
#include "tap/proxy/proxy.h"
#include "tap/recorder/recorder.h"

#define AT(member) offsetof(struct session, member)

/* A proxy that serves, and its settings. */
struct session {
	const struct cli_command *command;
	const char *config_path, *listen, *key_path, *http_host, *log_path, *pid_path, *ports_dir;
	struct cli_list upstreams, advertise, url_maps, proxy_networks;
	bool is_random, accepts_proxy, shares_port, no_log_time, debug;
	int http_port, send_proxy;
	int64_t drain_timeout_ms;
	uint64_t memory_bytes;
	struct cli_proxy_tls tls;
	struct cli_recording recording;
	int argc; /* the command line */
	char **argv;
	struct cli_arguments arguments; /* the settings borrow them */
	struct cli_arguments in_file;   /* as read last, without those of the command line */
	struct broker_log *log;         /* the proxy's own log lines */
	struct tap_recording *recorded; /* NULL: nothing is recorded */
	struct tap_recorder *recorder;  /* of the recording */
	char *ports_path;               /* owned; NULL: none */
	pthread_mutex_t lock;           /* guards proxy */
	struct tap_proxy *proxy;        /* NULL: not running */
};

/* Cut the argument at commas, in place. */
static int add_urls(void *member, const char *argument, struct wire_fault *fault)
{
	char *rest = (char *)(uintptr_t)argument;
	for (char *url; (url = strsep(&rest, ",")) != NULL;)
		if (cli_list_add(member, url) < 0)
			return wire_fault_set(fault, -ENOMEM, "out of memory");
	return 0;
}

static const struct cli_option serving[] = {
    {.name = "config",
     .letter = 'c',
     .kind = CLI_TEXT,
     .argument = "FILE",
     .at = AT(config_path),
     .help =
	 "read options from this file, NAME: VALUE; the command line comes after it. SIGHUP reads it again"},
    {.name = "listen",
     .kind = CLI_TEXT,
     .argument = "HOST:PORT",
     .at = AT(listen),
     .help = "where clients connect (default: 0.0.0.0:4222, and IPv6); port 0 is any free port"},
    {.name = "upstream",
     .kind = CLI_CALL,
     .argument = "URL[,URL...]",
     .at = AT(upstreams),
     .call = add_urls,
     .help = "the servers: each client is connected to the first that answers; tls://HOST:PORT asks for TLS; "
	     "repeatable"},
    {.name = "random",
     .kind = CLI_FLAG,
     .at = AT(is_random),
     .help = "connect each client to any server that answers, not to the first"},
    {.name = "advertise",
     .kind = CLI_CALL,
     .argument = "URL[,URL...]",
     .at = AT(advertise),
     .call = add_urls,
     .help = "further proxies, which clients learn from INFO; repeatable"},
    {.name = "map-url",
     .kind = CLI_LIST,
     .argument = "A=B",
     .at = AT(url_maps),
     .help =
	 "where the cluster announces its URL A, clients learn B; URLs without a map are left out, so that "
	 "clients stay with the proxies; repeatable"},
    {.name = "accept-proxy",
     .kind = CLI_FLAG,
     .at = AT(accepts_proxy),
     .help = "every client comes through a load balancer, and begins with a header of the PROXY protocol "
	     "(version 1 or 2) that "
	     "says who it is"},
    {.name = "accept-proxy-from",
     .kind = CLI_CALL,
     .argument = "NETWORK[,NETWORK...]",
     .at = AT(proxy_networks),
     .call = add_urls,
     .help = "likewise, but only of clients from these networks (10.0.0.0/8, ::1); others send no header; "
	     "repeatable"},
    {.name = "send-proxy",
     .kind = CLI_CHOICE,
     .argument = "none|v1|v2",
     .at = AT(send_proxy),
     .help = "begin each server connection with a header of the PROXY protocol (default: none)"},
    {.name = "proxy-key",
     .kind = CLI_TEXT,
     .argument = "FILE",
     .at = AT(key_path),
     .help = "sign each CONNECT with the NKey seed in this file, for servers that trust its public key "
	     "(nats-server 2.12 and "
	     "later: proxies { trusted })"},
    {.name = "reuse-port",
     .kind = CLI_FLAG,
     .at = AT(shares_port),
     .help = "share the ports with a proxy that replaces this one, or that this one replaces: start it with "
	     "the same options, "
	     "then drain the old one"},
    {.name = "drain-timeout",
     .kind = CLI_DURATION,
     .argument = "TIME",
     .at = AT(drain_timeout_ms),
     .help = "after SIGUSR2, close the connections that are left after this time (default 2m); 0: wait for "
	     "all to end"},
    {.name = "memory",
     .kind = CLI_BYTES,
     .argument = "SIZE",
     .at = AT(memory_bytes),
     .help = "limit on the memory for decoding and for messages that wait for their deliveries; default "
	     "32MiB"},
    {.name = "pid",
     .letter = 'P',
     .kind = CLI_TEXT,
     .argument = "FILE",
     .at = AT(pid_path),
     .help = "write the process id into this file"},
    {.name = "ports_file_dir",
     .kind = CLI_TEXT,
     .argument = "DIR",
     .at = AT(ports_dir),
     .help = "write DIR/PROGRAM_PID.ports, a list of the ports in use"},
    {0},
};

static const struct cli_option monitoring[] = {
    {.name = "http_port",
     .letter = 'm',
     .kind = CLI_INT,
     .argument = "PORT",
     .at = AT(http_port),
     .min = -1,
     .max = 65535,
     .help = "serve /healthz, /metrics and /varz on this port; -1 is any free port"},
    {.name = "http_host",
     .kind = CLI_TEXT,
     .argument = "HOST",
     .at = AT(http_host),
     .help = "bind the monitoring to this host address (default: 0.0.0.0, and IPv6)"},
    {0},
};

static const struct cli_option logging[] = {
    {.name = "log",
     .letter = 'l',
     .kind = CLI_TEXT,
     .argument = "FILE",
     .at = AT(log_path),
     .help = "write the proxy's own log lines into this file (default: stderr)"},
    {.name = "no-logtime",
     .kind = CLI_FLAG,
     .at = AT(no_log_time),
     .help = "begin log lines without the time"},
    {.name = "debug",
     .letter = 'D',
     .kind = CLI_FLAG,
     .at = AT(debug),
     .help = "also log each connection and its end"},
    {0},
};

static const struct cli_option_group groups[] = {
    {"Proxy", serving, 0},
    {"TLS", cli_proxy_tls_options, AT(tls)},
    {"Recording", cli_recording_options, AT(recording)},
    {"Monitoring", monitoring, 0},
    {"The proxy's own log lines", logging, 0},
    {0},
};

/* ---- callbacks ---- */

/* From the writer's thread: the recorder has room again. */
static void wake_proxy(void *context)
{
	struct session *session = context;
	pthread_mutex_lock(&session->lock);
	if (session->proxy)
		tap_proxy_wake(session->proxy);
	pthread_mutex_unlock(&session->lock);
}

/* From the writer's thread: the recording is degraded, or has recovered. */
static void report_recording(void *context, const char *line)
{
	struct session *session = context;
	broker_log(session->log, BROKER_LOG_WARN, "%s", line);
}

static void log_line(void *context, enum tap_proxy_level level, const char *line)
{
	static const enum broker_log_level levels[] = {[TAP_PROXY_ERROR] = BROKER_LOG_ERROR,
						       [TAP_PROXY_WARN] = BROKER_LOG_WARN,
						       [TAP_PROXY_INFO] = BROKER_LOG_INFO,
						       [TAP_PROXY_DEBUG] = BROKER_LOG_DEBUG};
	struct session *session = context;
	broker_log(session->log, levels[level], "%s", line);
}

static void reopen_log(void *context)
{
	struct session *session = context;
	if (broker_log_reopen(session->log) < 0)
		broker_log(session->log, BROKER_LOG_ERROR, "could not reopen the log file");
}

/* ---- options ---- */

static void init_settings(struct session *session, const struct cli_command *command)
{
	struct tap_proxy_options defaults;
	tap_proxy_options_init(&defaults);
	*session = (struct session){.command = command,
				    .argc = session->argc,
				    .argv = session->argv,
				    .listen = defaults.listen,
				    .http_host = defaults.http_host,
				    .tls = {.clients = defaults.tls, .servers = defaults.upstream_tls},
				    .drain_timeout_ms = defaults.drain_timeout_ms,
				    .memory_bytes = defaults.memory_bytes};
	cli_recording_init(&session->recording);
	session->recording.overflow = TAP_OVERFLOW_DROP;
}

static void fini_settings(struct session *session)
{
	cli_list_fini(&session->upstreams);
	cli_list_fini(&session->advertise);
	cli_list_fini(&session->url_maps);
	cli_list_fini(&session->proxy_networks);
	cli_recording_fini(&session->recording);
	cli_arguments_fini(&session->arguments);
	cli_arguments_fini(&session->in_file);
}

/* All arguments: the program, those of the file, the command line. 0, or a negative code with *fault. */
static int gather(struct session *session, const char *path, struct wire_fault *fault)
{
	int error = path ? cli_arguments_add_file(&session->in_file, path, fault) : 0;
	if (error)
		return error;
	error = cli_arguments_add(&session->arguments, session->argv[0]);
	for (int i = 0; error == 0 && i < session->in_file.len; i++)
		error = cli_arguments_add(&session->arguments, session->in_file.values[i]);
	for (int i = 1; error == 0 && i < session->argc; i++)
		error = cli_arguments_add(&session->arguments, session->argv[i]);
	return error ? wire_fault_set(fault, error, "out of memory") : 0;
}

static int parse_arguments(struct session *session)
{
	const struct cli_command *command = session->command;
	struct cli_arguments *arguments = &session->arguments;
	struct cli_operands operands;
	int status = cli_options_parse(command, arguments->len, arguments->values, session, &operands);
	if (status == CLI_GO_ON && operands.len > 0)
		status = cli_usage_error(command, "unexpected argument \"%s\"", operands.values[0]);
	return status;
}

/* Read the settings from a file (NULL: none) and the command line, of which the latter counts. */
static int read_settings(struct session *session, const struct cli_command *command, const char *path)
{
	struct wire_fault fault = {0};
	init_settings(session, command);
	if (gather(session, path, &fault) < 0) {
		cli_error(command, "%s", fault.text);
		return CLI_USAGE;
	}
	int status = parse_arguments(session);
	if (status == CLI_GO_ON && session->config_path && !path) {
		char *found = strdup(session->config_path);
		fini_settings(session);
		status = found ? read_settings(session, command, found) : CLI_IO;
		free(found);
		return status;
	}
	if (status == CLI_GO_ON && session->upstreams.len == 0)
		status = cli_usage_error(command, "give the servers: --upstream URL[,URL...]");
	if (status == CLI_GO_ON)
		status = cli_recording_check(command, &session->recording, session->arguments.len,
					     session->arguments.values);
	return status;
}

/* ---- SIGHUP ---- */

static void report_difference(void *context, const char *name)
{
	static const char *const applied[] = {"upstream", "random",        "advertise",
					      "map-url",  "drain-timeout", "debug"};
	struct session *session = context;
	bool is_applied = false;
	for (size_t i = 0; i < sizeof applied / sizeof *applied; i++)
		is_applied = is_applied || strcmp(applied[i], name) == 0;
	if (is_applied)
		broker_log(session->log, BROKER_LOG_INFO, "Reloaded: %s", name);
	else
		broker_log(session->log, BROKER_LOG_WARN, "Not reloaded: %s takes effect with a restart",
			   name);
}

static void set_options(const struct session *session, struct tap_proxy_options *options);

static void apply(struct session *session, struct session *fresh)
{
	struct tap_proxy_options options;
	struct wire_fault fault = {0};
	set_options(fresh, &options);
	if (tap_proxy_reload(session->proxy, &options, &fault) < 0) {
		broker_log(session->log, BROKER_LOG_ERROR, "Failed to reload: %s", fault.text);
		return;
	}
	broker_log_set(session->log, !session->no_log_time, fresh->debug, false);
	cli_arguments_compare(&session->in_file, &fresh->in_file, report_difference, session);
	cli_arguments_fini(&session->in_file);
	session->in_file = fresh->in_file;
	fresh->in_file = (struct cli_arguments){0};
}

static void reload(void *context)
{
	struct session *session = context, fresh = {.argc = session->argc, .argv = session->argv};
	if (!session->config_path)
		return;
	if (read_settings(&fresh, session->command, session->config_path) == CLI_GO_ON)
		apply(session, &fresh);
	else
		broker_log(session->log, BROKER_LOG_ERROR,
			   "Failed to reload: %s is unusable, nothing has changed", session->config_path);
	fini_settings(&fresh);
}

/* ---- opening ---- */

static int open_log(struct session *session, struct wire_fault *fault)
{
	session->log = broker_log_open(session->log_path, !session->no_log_time, session->debug, false);
	if (session->log)
		return 0;
	return wire_fault_set(fault, -errno, "cannot open the log file %s: %s",
			      session->log_path ? session->log_path : "(standard error)",
			      wire_error_text(-errno));
}

static int open_recorder(struct session *session, struct wire_fault *fault)
{
	const char *dir = session->recording.dir;
	struct tap_recording_options options;
	if (!dir)
		return 0;
	cli_recording_apply(&session->recording, &options);
	options.writer.written_by = "proxy";
	options.writer.report = report_recording;
	options.writer.context = session;
	int error = tap_recording_open(&session->recorded, dir, &options, fault);
	if (error)
		return error;
	error = tap_recorder_open(&session->recorder, session->recorded, wake_proxy, session);
	if (error)
		return wire_fault_set(fault, error, "%s: %s", dir, wire_error_text(error));
	broker_log(session->log, BROKER_LOG_INFO, "Recording into %s", dir);
	return 0;
}

static void set_proxy(struct session *session, struct tap_proxy *proxy)
{
	pthread_mutex_lock(&session->lock);
	session->proxy = proxy;
	pthread_mutex_unlock(&session->lock);
}

static void set_options(const struct session *session, struct tap_proxy_options *options)
{
	tap_proxy_options_init(options);
	options->listen = session->listen;
	options->upstreams = session->upstreams.values;
	options->advertise = session->advertise.values;
	options->url_maps = session->url_maps.values;
	options->tls = session->tls.clients;
	options->upstream_tls = session->tls.servers;
	options->is_random = session->is_random;
	options->drain_timeout_ms = session->drain_timeout_ms;
	options->http_host = session->http_host;
	options->http_port = session->http_port;
	options->memory_bytes = session->memory_bytes;
	options->accepts_proxy = session->accepts_proxy || session->proxy_networks.len > 0;
	options->proxy_networks = session->proxy_networks.values;
	options->send_proxy = session->send_proxy;
	options->key_path = session->key_path;
	options->shares_port = session->shares_port;
}

static int open_proxy(struct session *session, struct tap_proxy **proxy, struct wire_fault *fault)
{
	struct tap_proxy_options options;
	set_options(session, &options);
	options.sink = session->recorder ? tap_recorder_sink(session->recorder) : NULL;
	options.first_conn = session->recorded ? tap_recording_next_conn(session->recorded) : 1;
	options.log = log_line;
	options.reopen_log = reopen_log;
	options.reload = reload;
	options.context = session;
	return tap_proxy_open(proxy, &options, fault);
}

/* ---- serving ---- */

static int write_files(struct session *session, const struct tap_proxy *proxy, struct wire_fault *fault)
{
	const struct broker_ports ports = {.host = tap_proxy_host(proxy),
					   .port = tap_proxy_port(proxy),
					   .is_tls = session->tls.clients.cert_file != NULL,
					   .http_host = session->http_host,
					   .http_port = tap_proxy_http_port(proxy)};
	int error = session->pid_path ? broker_pid_write(session->pid_path, fault) : 0;
	if (error == 0 && session->ports_dir)
		error = broker_ports_write(session->ports_dir, &ports, &session->ports_path, fault);
	return error;
}

static void remove_files(struct session *session)
{
	if (session->pid_path)
		unlink(session->pid_path);
	if (session->ports_path)
		unlink(session->ports_path);
	free(session->ports_path);
}

static int run_proxy(struct session *session, struct wire_fault *fault)
{
	struct tap_proxy *proxy = NULL;
	int result = open_proxy(session, &proxy, fault);
	if (result < 0)
		return result;
	set_proxy(session, proxy);
	result = write_files(session, proxy, fault);
	if (result == 0) {
		broker_log(session->log, BROKER_LOG_INFO, "Listening for client connections on %s:%d",
			   tap_proxy_host(proxy), tap_proxy_port(proxy));
		result = tap_proxy_run(proxy);
		if (result < 0)
			wire_fault_set(fault, result, "%s", wire_error_text(result));
	}
	set_proxy(session, NULL);
	tap_proxy_close(proxy);
	remove_files(session);
	return result;
}

static int serve(struct session *session)
{
	struct wire_fault fault = {0};
	pthread_mutex_init(&session->lock, NULL);
	int result = open_log(session, &fault);
	if (result == 0)
		result = open_recorder(session, &fault);
	if (result == 0)
		result = run_proxy(session, &fault);
	tap_recorder_close(session->recorder);
	tap_recording_close(session->recorded);
	if (result < 0)
		cli_error(session->command, "%s", fault.text);
	else
		broker_log(session->log, BROKER_LOG_INFO, "Proxy Exiting..");
	pthread_mutex_destroy(&session->lock);
	broker_log_close(session->log);
	return result == 0 ? CLI_DONE : result == -EINVAL ? CLI_USAGE : CLI_IO;
}

/* ---- the command ---- */

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct session session = {.argc = argc, .argv = argv};
	int status = read_settings(&session, command, NULL);
	if (status == CLI_GO_ON)
		status = serve(&session);
	fini_settings(&session);
	return status;
}

const struct cli_command cli_proxy = {
    .name = "proxy",
    .summary = "stand in front of NATS servers, and log every message with --record",
    .group = CLI_TASK_RECORD,
    .operands = "",
    .about =
	"Passes the bytes of each client to a server and back, unchanged but for the addresses in INFO, "
	"so that\n"
	"clusters, JetStream, accounts and every kind of authentication work as without it. With "
	"--record every\n"
	"message that passes, and who received it, is logged. Recording never delays clients: what "
	"cannot be\n"
	"logged is counted (--record-overflow=drop is the default here).\n"
	"\n"
	"Signals: INT and TERM stop, USR2 drains (no new connections), HUP reads --config and certificates "
	"again, looks\n"
	"the servers up and checks them, HUP and USR1 reopen the log file. Certificates are also read again "
	"when\n"
	"their files change.",
    .examples = "  tapedeck proxy --listen :4222 --upstream 127.0.0.1:4223 --record log -m 8222\n"
		"  tapedeck proxy --upstream a:4222,b:4222 --advertise proxy2:4222 --record log\n"
		"  tapedeck proxy --upstream a:4222 --map-url b:4222=proxy2:4222 --record log\n"
		"  tapedeck proxy --tls-cert p.pem --tls-key p.key --upstream tls://a:4222",
    .options = groups,
    .run = run,
};
