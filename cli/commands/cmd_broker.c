/* cmd_broker.c - tapedeck broker, also under the name nats-server: serve, and record the messages. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/broker.h"
#include "broker/log.h"
#include "cli/commands/broker_signal.h"
#include "cli/commands/commands.h"
#include "cli/options/broker_flags.h"
#include "cli/options/broker_settings.h"
#include "cli/output/errors.h"
#include "tap/recorder/recorder.h"

/* A broker that serves, and its settings. */
struct session {
	const struct cli_command *command;
	int argc;
	char **argv;
	struct cli_broker_settings settings;
	struct broker_log *log;          /* the server's own log lines: the broker's and ours */
	struct tap_recording *recording; /* NULL: nothing is recorded */
	struct tap_recorder *recorder;   /* of the recording */
	char dir[4096];                  /* the log directory */
	pthread_mutex_t lock;            /* guards broker */
	struct broker *broker;           /* NULL: not running */
};

/* ---- callbacks ---- */

/* From the writer's thread: the recorder has room again. */
static void wake_broker(void *context)
{
	struct session *session = context;
	pthread_mutex_lock(&session->lock);
	if (session->broker)
		broker_wake(session->broker);
	pthread_mutex_unlock(&session->lock);
}

/* From the writer's thread, when the recording is degraded or has recovered; and from the main thread. */
static void log_warning(void *context, const char *line)
{
	struct session *session = context;
	broker_log(session->log, BROKER_LOG_WARN, "%s", line);
}

/* SIGHUP: read the file again and apply the same flags. */
static int reload_options(void *context, struct broker_options *fresh, struct wire_fault *fault)
{
	struct session *session = context;
	struct cli_broker_settings settings;
	cli_broker_settings_init(&settings);
	settings.config_path = session->settings.config_path;
	int status =
	    cli_broker_settings_read(session->command, &settings, session->argc, session->argv, false, fault);
	if (status == CLI_GO_ON) {
		*fresh = settings.broker;
		fresh->reload = reload_options;
		fresh->reload_context = context;
		settings.broker = (struct broker_options){0};
	} else if (status != CLI_FOUND) {
		wire_fault_set(fault, BROKER_ECONFIG, "the flags are not valid");
	}
	cli_broker_settings_fini(&settings);
	return status == CLI_GO_ON ? 0 : BROKER_ECONFIG;
}

/* ---- recording ---- */

static int open_recorder(struct session *session, const char *dir, struct wire_fault *fault)
{
	struct tap_recording_options options;
	cli_recording_apply(&session->settings.recording, &options);
	options.writer.written_by = "broker";
	options.writer.report = log_warning;
	options.writer.context = session;
	snprintf(session->dir, sizeof session->dir, "%s", dir);
	int error = tap_recording_open(&session->recording, session->dir, &options, fault);
	if (error)
		return error;
	error = tap_recorder_open(&session->recorder, session->recording, wake_broker, session);
	return error ? wire_fault_set(fault, error, "%s: %s", session->dir, wire_error_text(error)) : 0;
}

/* Test suites start several servers at once with the same TAPEDECK_RECORD: the first one gets that log, each
 * other one a log of its own next to it. */
static int open_recorder_beside(struct session *session, const char *dir, struct wire_fault *fault)
{
	char beside[4096];
	snprintf(beside, sizeof beside, "%.4000s-%ld", dir, (long)getpid());
	return open_recorder(session, beside, fault);
}

/* Make the parent directories, like `mkdir -p`. A failure is reported when the directory itself is made. */
static void make_parents(const char *dir)
{
	char path[4096];
	snprintf(path, sizeof path, "%s", dir);
	for (char *slash = strchr(path + (path[0] == '/'), '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
}

static int start_recording(struct session *session, struct wire_fault *fault)
{
	const char *dir = session->settings.recording.dir;
	bool is_shared = !dir && session->command->alone;
	if (is_shared)
		dir = getenv("TAPEDECK_RECORD");
	if (!dir || !*dir)
		return 0;
	if (is_shared)
		make_parents(dir);
	int result = open_recorder(session, dir, fault);
	if (result == STORE_ELOCKED && is_shared)
		result = open_recorder_beside(session, dir, fault);
	if (result < 0)
		return result;
	session->settings.broker.first_client_id = tap_recording_next_conn(session->recording);
	broker_log(session->log, BROKER_LOG_INFO, "Recording into %s", session->dir);
	return 0;
}

/* ---- serving ---- */

static void set_broker(struct session *session, struct broker *broker)
{
	pthread_mutex_lock(&session->lock);
	session->broker = broker;
	pthread_mutex_unlock(&session->lock);
}

static int run_broker(struct session *session, struct wire_fault *fault)
{
	struct wire_sink *sink = session->recorder ? tap_recorder_sink(session->recorder) : NULL;
	struct cli_masking *masking = &session->settings.masking;
	struct broker *broker = NULL;
	if (cli_masking_before(masking, &sink) < 0)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	session->settings.broker.mask = masking->mask;
	int result = broker_open(&broker, &session->settings.broker, session->log, sink, fault);
	if (result < 0)
		return result;
	set_broker(session, broker);
	result = broker_run(broker);
	set_broker(session, NULL);
	broker_close(broker);
	cli_masking_report(masking, log_warning, session);
	return result < 0 ? wire_fault_set(fault, result, "%s", wire_error_text(result)) : 0;
}

static int open_log(struct session *session, struct wire_fault *fault)
{
	const struct broker_options *options = &session->settings.broker;
	session->log = broker_log_open(options->log_path, options->log_time, options->debug, options->trace);
	if (session->log)
		return 0;
	return wire_fault_set(fault, -errno, "cannot open the log file %s: %s",
			      options->log_path ? options->log_path : "(standard error)",
			      wire_error_text(-errno));
}

static int serve(struct session *session)
{
	struct broker_options *options = &session->settings.broker;
	struct wire_fault fault = {0};
	options->reload = reload_options;
	options->reload_context = session;
	pthread_mutex_init(&session->lock, NULL);
	int result = open_log(session, &fault);
	if (result == 0)
		result = start_recording(session, &fault);
	if (result == 0)
		result = run_broker(session, &fault);
	tap_recorder_close(session->recorder);
	tap_recording_close(session->recording);
	if (result < 0)
		cli_error(session->command, "%s", fault.text);
	pthread_mutex_destroy(&session->lock);
	broker_log_close(session->log);
	return result < 0 ? CLI_IO : CLI_DONE;
}

/* ---- the command ---- */

static int print_version(const struct cli_command *command)
{
	if (command->alone)
		printf("%s: v%s\n", command->name, BROKER_VERSION);
	else
		printf("tapedeck %s, serves as nats-server v%s\n", TAPEDECK_VERSION, BROKER_VERSION);
	return CLI_DONE;
}

/* -t: as nats-server prints it, on stderr. */
static int finish_test(const struct cli_command *command, const struct cli_broker_settings *settings)
{
	cli_error(command, "configuration file %s is valid", settings->config_path);
	return CLI_DONE;
}

static int read_and_serve(struct session *session)
{
	const struct cli_command *command = session->command;
	struct cli_broker_settings *settings = &session->settings;
	struct wire_fault fault = {0};
	int status = cli_broker_settings_flags(command, settings, session->argc, session->argv);
	if (status != CLI_GO_ON)
		return status;
	if (settings->show_version)
		return print_version(command);
	if (settings->signal)
		return cli_broker_signal(command, settings->signal);
	if (settings->test && !settings->config_path)
		return cli_usage_error(
		    command, "must specify [-c, --config] option to check configuration file syntax");
	status = cli_broker_settings_read(command, settings, session->argc, session->argv, true, &fault);
	if (status == CLI_FOUND)
		cli_error(command, "%s", fault.text);
	if (status != CLI_GO_ON)
		return status;
	return settings->test ? finish_test(command, settings) : serve(session);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct session session = {.command = command, .argc = argc, .argv = argv};
	cli_broker_settings_init(&session.settings);
	int status = read_and_serve(&session);
	cli_broker_settings_fini(&session.settings);
	return status;
}

const struct cli_command cli_broker = {
    .name = "broker",
    .summary = "serve NATS clients, and log every message with --record",
    .group = CLI_TASK_RECORD,
    .operands = "",
    .about = "Serves NATS core clients in place of nats-server, with its flags and its configuration file. "
	     "Clusters and JetStream are not served. With --record, every message and who received it is "
	     "logged; clients notice nothing. Flags may be written -port 4222, --port 4222 or --port=4222.\n"
	     "\n"
	     "Signals:\n"
	     "  INT, TERM  stop\n"
	     "  USR2       stop gradually (lame duck)\n"
	     "  HUP        read the configuration again\n"
	     "  USR1       open the server's log file again\n",
    .examples = "  tapedeck broker --record log -m 8222     monitoring pages on port 8222\n"
		"  tapedeck broker -c nats.conf --record log --record-retain-age 7d\n"
		"  tapedeck broker --record log --record-exclude 'telemetry.>'\n"
		"  tapedeck broker -c nats.conf -t          is the file valid?\n"
		"  tapedeck broker --signal reload",
    .options = cli_broker_groups,
    .go_flags = true,
    .also = &cli_nats_server,
    .run = run,
};

const struct cli_command cli_nats_server = {
    .name = "nats-server",
    .summary = "serve as nats-server, and log into $TAPEDECK_RECORD when it is set",
    .group = CLI_TASK_RECORD,
    .operands = "",
    .about =
	"This is tapedeck's broker under nats-server's name. It logs messages into the directory that the "
	"environment variable TAPEDECK_RECORD names, so that an existing test suite records itself. "
	"Clusters and JetStream are not served.",
    .examples = "  ln -s \"$(command -v tapedeck)\" bin/nats-server\n"
		"  PATH=$PWD/bin:$PATH TAPEDECK_RECORD=$PWD/log make test",
    .options = cli_broker_groups,
    .go_flags = true,
    .alone = true,
    .run = run,
};
