/* cmd_proxy.c - tapedeck proxy: stand in front of NATS servers, and record what passes. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/log.h"
#include "broker/ports.h"
#include "cli/commands/commands.h"
#include "cli/options/proxy_settings.h"
#include "cli/output/errors.h"
#include "tap/proxy/proxy.h"
#include "tap/recorder/recorder.h"

/* A proxy that serves. */
struct session {
	const struct cli_command *command;
	struct cli_proxy_settings settings;
	int argc; /* the command line */
	char **argv;
	struct broker_log *log;         /* the proxy's own log lines */
	struct tap_recording *recorded; /* NULL: nothing is recorded */
	struct tap_recorder *recorder;  /* of the recording */
	char *ports_path;               /* owned; NULL: none */
	pthread_mutex_t lock;           /* guards proxy */
	struct tap_proxy *proxy;        /* NULL: not running */
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

/* From the writer's thread, when the recording is degraded or has recovered; and from the main thread. */
static void log_warning(void *context, const char *line)
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

static void apply(struct session *session, struct cli_proxy_settings *fresh)
{
	struct tap_proxy_options options;
	struct wire_fault fault = {0};
	struct cli_arguments *in_file = &session->settings.in_file;
	cli_proxy_settings_apply(fresh, &options);
	if (tap_proxy_reload(session->proxy, &options, &fault) < 0) {
		broker_log(session->log, BROKER_LOG_ERROR, "Failed to reload: %s", fault.text);
		return;
	}
	broker_log_set(session->log, !session->settings.no_log_time, fresh->debug, false);
	cli_arguments_compare(in_file, &fresh->in_file, report_difference, session);
	cli_arguments_fini(in_file);
	*in_file = fresh->in_file;
	fresh->in_file = (struct cli_arguments){0};
}

static void reload(void *context)
{
	struct session *session = context;
	const char *path = session->settings.config_path;
	struct cli_proxy_settings fresh;
	if (!path)
		return;
	if (cli_proxy_settings_read(&fresh, session->command, path, session->argc, session->argv) ==
	    CLI_GO_ON)
		apply(session, &fresh);
	else
		broker_log(session->log, BROKER_LOG_ERROR,
			   "Failed to reload: %s is unusable, nothing has changed", path);
	cli_proxy_settings_fini(&fresh);
}

/* ---- opening ---- */

static int open_log(struct session *session, struct wire_fault *fault)
{
	session->log = broker_log_open(session->settings.log_path, !session->settings.no_log_time,
				       session->settings.debug, false);
	if (session->log)
		return 0;
	return wire_fault_set(fault, -errno, "cannot open the log file %s: %s",
			      session->settings.log_path ? session->settings.log_path : "(standard error)",
			      wire_error_text(-errno));
}

static int open_recorder(struct session *session, struct wire_fault *fault)
{
	const char *dir = session->settings.recording.dir;
	struct tap_recording_options options;
	if (!dir)
		return 0;
	cli_recording_apply(&session->settings.recording, &options);
	options.writer.written_by = "proxy";
	options.writer.report = log_warning;
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

static int open_proxy(struct session *session, struct tap_proxy **proxy, struct wire_fault *fault)
{
	struct tap_proxy_options options;
	cli_proxy_settings_apply(&session->settings, &options);
	options.sink = session->recorder ? tap_recorder_sink(session->recorder) : NULL;
	options.mask = session->settings.masking.mask;
	if (cli_masking_before(&session->settings.masking, &options.sink) < 0)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
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
					   .is_tls = session->settings.tls.clients.cert_file != NULL,
					   .http_host = session->settings.http_host,
					   .http_port = tap_proxy_http_port(proxy)};
	int error = session->settings.pid_path ? broker_pid_write(session->settings.pid_path, fault) : 0;
	if (error == 0 && session->settings.ports_dir)
		error = broker_ports_write(session->settings.ports_dir, &ports, &session->ports_path, fault);
	return error;
}

static void remove_files(struct session *session)
{
	if (session->settings.pid_path)
		unlink(session->settings.pid_path);
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
	cli_masking_report(&session->settings.masking, log_warning, session);
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
	struct session session = {.command = command, .argc = argc, .argv = argv};
	int status = cli_proxy_settings_read(&session.settings, command, NULL, argc, argv);
	if (status == CLI_GO_ON)
		status = serve(&session);
	cli_proxy_settings_fini(&session.settings);
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
    .options = cli_proxy_groups,
    .run = run,
};
