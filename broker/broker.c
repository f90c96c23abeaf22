#include "broker/broker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "broker/address.h"
#include "broker/emit.h"
#include "broker/ports.h"
#include "broker/server.h"
#include "broker/turn.h"
#include "wire/mark.h"

/* How long clients have at shutdown to take what they are owed. */
enum { GOODBYE_MS = 300 };

/* ---- opening ---- */

/* Like nats-server's: N and 55 characters of base 32. */
static void name_server(struct broker *broker)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	unsigned char random[sizeof broker->server_id];
	if (getrandom(random, sizeof random, 0) != sizeof random)
		memset(random, (int)getpid(), sizeof random);
	if (getrandom(&broker->seed, sizeof broker->seed, 0) != sizeof broker->seed)
		broker->seed = (uint64_t)getpid() * 0x9e3779b97f4a7c15u;
	for (size_t i = 0; i + 1 < sizeof broker->server_id; i++)
		broker->server_id[i] = alphabet[random[i] % 32];
	broker->server_id[0] = 'N';
}

static void raise_fd_limit(struct broker *broker)
{
	struct rlimit limit;
	broker->fd_limit = 1024;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	getrlimit(RLIMIT_NOFILE, &limit);
	broker->fd_limit = limit.rlim_cur > INT32_MAX ? INT32_MAX : (int)limit.rlim_cur;
}

static void release_all(struct broker *broker)
{
	for (struct broker__loop *loop = broker->loops; loop < broker->loops + BROKER__LOOPS; loop++)
		broker__pressure_release(loop);
}

static void on_wake(uv_async_t *async)
{
	release_all(async->data);
}

static void on_stop(uv_async_t *async)
{
	broker__stop(async->data);
}

static int start_handles(struct broker *broker)
{
	uv_loop_t *loop = &broker->loops[0].uv;
	int status = uv_async_init(loop, &broker->stop, on_stop);
	if (status < 0)
		return status;
	broker->stop.data = broker;
	status = uv_async_init(loop, &broker->wake, on_wake);
	if (status < 0)
		return status;
	broker->wake.data = broker;
	uv_timer_init(loop, &broker->lame_timer);
	broker->lame_timer.data = broker;
	return broker__signals_start(broker);
}

static int open_monitor(struct broker *broker, struct wire_fault *fault)
{
	const struct broker_options *options = &broker->options;
	if (options->http_port == 0)
		return 0;
	const char *host = options->http_host ? options->http_host : broker->host;
	char address[BROKER__ADDRESS_TEXT];
	int error = broker_monitor_open(&broker->monitor, &broker->loops[0].uv, broker, host,
					options->http_port, fault);
	if (error == 0)
		broker_log(broker->log, BROKER_LOG_INFO, "Starting http monitor on %s",
			   broker__address_text(address, sizeof address, host,
						broker_monitor_port(broker->monitor)));
	return error;
}

static int write_files(struct broker *broker, struct wire_fault *fault)
{
	const struct broker_options *options = &broker->options;
	int error = options->pid_path ? broker_pid_write(options->pid_path, fault) : 0;
	return error ? error : broker__write_ports(broker, fault);
}

int broker__write_ports(struct broker *broker, struct wire_fault *fault)
{
	const struct broker_options *options = &broker->options;
	if (!options->ports_file_dir)
		return 0;
	return broker_ports_write(options->ports_file_dir, broker->host, broker->port,
				  options->http_host ? options->http_host : broker->host,
				  broker_http_port(broker), &broker->ports_path, fault);
}

static int open_log(struct broker *broker, struct wire_fault *fault)
{
	const struct broker_options *options = &broker->options;
	broker->log = broker_log_open(options->log_path, options->log_time, options->debug, options->trace);
	if (!broker->log)
		return wire_fault_set(fault, -errno, "cannot open the log file %s: %s",
				      options->log_path ? options->log_path : "(standard error)",
				      wire_error_text(-errno));
	broker->wants_trace = broker_log_wants(broker->log, BROKER_LOG_TRACE);
	return 0;
}

static int start(struct broker *broker, struct wire_fault *fault)
{
	int error = open_log(broker, fault);
	if (error)
		return error;
	error = broker__sublist_init(&broker->sublist, broker->seed);
	for (int i = 0; i < BROKER__LOOPS && !error; i++)
		error = broker__loop_init(&broker->loops[i], broker);
	if (!error)
		error = broker__closed_resize(&broker->closed, broker->options.max_closed_clients);
	if (!error)
		error = start_handles(broker);
	if (error)
		return wire_fault_set(fault, error, "cannot start the event loop: %s",
				      wire_error_text(error));
	broker->started_ns = broker->loops[0].now_ns;
	if (broker->sink)
		broker__emit_later(&broker->loops[0]); /* it may hold a mark of its own */
	broker_log(broker->log, BROKER_LOG_INFO, "Starting tapedeck broker, protocol of nats-server %s",
		   BROKER_VERSION);
	error = open_monitor(broker, fault);
	if (!error)
		error = broker__listen(broker, fault);
	return error ? error : write_files(broker, fault);
}

/* Whoever has the recording can tell which server it is of: a player must not play it into that one unasked. */
static void mark_server(struct broker *broker)
{
	char text[WIRE_MARK_TEXT];
	broker__loop_read_clock(&broker->loops[0]);
	broker__emit_mark(&broker->loops[0], wire_mark_server(text, broker->server_id));
}

int broker_open(struct broker **out, struct broker_options *options, struct wire_sink *sink,
		struct wire_fault *fault)
{
	char address[BROKER__ADDRESS_TEXT];
	struct broker *broker = calloc(1, sizeof *broker);
	if (!broker) {
		broker_options_fini(options);
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	}
	broker->options = *options;
	*options = (struct broker_options){0};
	broker->sink = sink;
	broker->turn_units = BROKER__TURN_UNITS;
	broker->next_cid = broker->options.first_client_id ? broker->options.first_client_id : 1;
	snprintf(broker->host, sizeof broker->host, "%s",
		 broker->options.host ? broker->options.host : "0.0.0.0");
	name_server(broker);
	raise_fd_limit(broker);
	int error = start(broker, fault);
	if (error) {
		broker_close(broker);
		return error;
	}
	broker_log(broker->log, BROKER_LOG_INFO, "Listening for client connections on %s",
		   broker__address_text(address, sizeof address, broker->host, broker->port));
	broker_log(broker->log, BROKER_LOG_INFO, "Server id is %s", broker->server_id);
	broker_log(broker->log, BROKER_LOG_INFO, "Server is ready");
	mark_server(broker);
	*out = broker;
	return 0;
}

/* ---- running ---- */

int broker_run(struct broker *broker)
{
	return uv_run(&broker->loops[0].uv, UV_RUN_DEFAULT) < 0 ? -EIO : 0;
}

static void on_goodbye_over(uv_timer_t *timer)
{
	struct broker *broker = timer->data;
	uv_stop(&broker->loops[0].uv);
}

static void close_all_clients(struct broker__loop *loop)
{
	broker__loop_read_clock(loop);
	for (struct broker_client *client = loop->all.first; client; client = client->all.next)
		broker__client_close(client, "Server Shutdown");
	broker__loop_settle(loop);
}

/* What keeps the loop running goes, so that broker_run returns when the last client has gone. */
void broker__stop(struct broker *broker)
{
	struct broker__loop *loop = &broker->loops[0];
	if (broker->is_stopping)
		return;
	broker->is_stopping = true;
	broker_log(broker->log, BROKER_LOG_INFO, "Initiating Shutdown...");
	broker__stop_listening(broker);
	close_all_clients(loop);
	if (broker->monitor)
		broker_monitor_close(broker->monitor);
	broker->monitor = NULL;
	broker__signals_stop(broker);
	uv_unref((uv_handle_t *)&broker->stop);
	uv_unref((uv_handle_t *)&broker->wake);
	uv_timer_start(&broker->lame_timer, on_goodbye_over, GOODBYE_MS, 0);
	uv_unref((uv_handle_t *)&broker->lame_timer);
	broker_log(broker->log, BROKER_LOG_INFO, "Server Exiting..");
}

void broker_stop(struct broker *broker)
{
	uv_async_send(&broker->stop);
}

void broker_wake(struct broker *broker)
{
	uv_async_send(&broker->wake);
}

/* ---- closing ---- */

static void close_handle(uv_handle_t *handle)
{
	if (handle->loop && !uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void close_loops(struct broker *broker)
{
	struct broker__loop *loop = &broker->loops[0];
	if (!loop->input)
		return;
	if (!broker->is_stopping)
		broker__stop(broker);
	close_handle((uv_handle_t *)&broker->stop);
	close_handle((uv_handle_t *)&broker->wake);
	close_handle((uv_handle_t *)&broker->lame_timer);
	for (int i = 0; i < BROKER__LOOPS; i++)
		broker__loop_fini(&broker->loops[i]);
}

void broker_close(struct broker *broker)
{
	if (!broker)
		return;
	close_loops(broker);
	if (broker->sublist.root)
		broker__sublist_fini(&broker->sublist);
	if (broker->ports_path)
		unlink(broker->ports_path);
	free(broker->ports_path);
	broker__closed_fini(&broker->closed);
	broker_log_close(broker->log);
	broker_options_fini(&broker->options);
	free(broker);
}

int broker_port(const struct broker *broker)
{
	return broker->is_listening ? broker->port : 0;
}

int broker_http_port(const struct broker *broker)
{
	return broker->monitor ? broker_monitor_port(broker->monitor) : 0;
}
