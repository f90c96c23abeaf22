#include "broker/broker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "broker/emit.h"
#include "broker/files.h"
#include "broker/listen.h"
#include "broker/log.h"
#include "broker/loop.h"
#include "broker/monitor/monitor.h"
#include "broker/pressure.h"
#include "broker/secure.h"
#include "broker/server.h"
#include "broker/shutdown.h"
#include "broker/signals.h"
#include "broker/turn.h"
#include "net/address.h"
#include "net/tls_files.h"
#include "wire/mark.h"
#include "wire/mask/masker.h"

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
	broker__shutdown(async->data);
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
	bool is_https = options->https_port != 0;
	if (options->http_port == 0 && !is_https)
		return 0;
	const char *host = options->http_host ? options->http_host : broker->host;
	char address[NET_ADDRESS_TEXT];
	int error = broker_monitor_open(&broker->monitor, &broker->loops[0].uv, broker, host,
					is_https ? options->https_port : options->http_port, fault);
	if (error)
		return error;
	broker->http_port = broker_monitor_port(broker->monitor);
	broker_log(broker->log, BROKER_LOG_INFO, "Starting http%s monitor on %s", is_https ? "s" : "",
		   net_address_text(address, sizeof address, host, broker->http_port));
	return 0;
}

static int start(struct broker *broker, struct wire_fault *fault)
{
	int error = broker__sublist_init(&broker->sublist, broker->seed);
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
		broker__schedule_tick(&broker->loops[0]); /* the sink may hold a mark of its own */
	broker_log(broker->log, BROKER_LOG_INFO, "Starting tapedeck broker, protocol of nats-server %s",
		   BROKER_VERSION);
	error = broker__secure_open(broker, &broker->options, &broker->tls, fault);
	if (!error)
		error = open_monitor(broker, fault);
	if (!error)
		error = broker__listen(broker, fault);
	return error ? error : broker__files_write(broker, fault);
}

/* Mark which server the recording comes from: a player must not play it back into the same server unasked. */
static void mark_server(struct broker *broker)
{
	char text[WIRE_MARK_TEXT];
	broker__read_clock(&broker->loops[0]);
	broker__emit_mark(&broker->loops[0], wire_mark_server(text, broker->server_id));
}

static int open_masker(struct broker *broker, struct wire_fault *fault)
{
	if (!broker->options.mask)
		return 0;
	broker->masker = wire_masker_open(broker->options.mask, false);
	return broker->masker ? 0 : wire_fault_set(fault, -ENOMEM, "out of memory");
}

int broker_open(struct broker **out, struct broker_options *options, struct broker_log *log,
		struct wire_sink *sink, struct wire_fault *fault)
{
	char address[NET_ADDRESS_TEXT];
	struct broker *broker = calloc(1, sizeof *broker);
	if (!broker) {
		broker_options_fini(options);
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	}
	broker->options = *options;
	*options = (struct broker_options){0};
	broker->sink = sink;
	broker->log = log;
	broker->wants_trace = broker_log_wants(log, BROKER_LOG_TRACE);
	broker->turn_units = BROKER__TURN_UNITS;
	broker->next_cid = broker->options.first_client_id ? broker->options.first_client_id : 1;
	snprintf(broker->host, sizeof broker->host, "%s",
		 broker->options.host ? broker->options.host : "0.0.0.0");
	name_server(broker);
	raise_fd_limit(broker);
	int error = open_masker(broker, fault);
	if (!error)
		error = start(broker, fault);
	if (error) {
		broker_close(broker);
		return error;
	}
	broker_log(broker->log, BROKER_LOG_INFO, "Listening for client connections on %s",
		   net_address_text(address, sizeof address, broker->host, broker->port));
	if (broker->tls)
		broker_log(broker->log, BROKER_LOG_INFO, "TLS required for client connections");
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
		broker__shutdown(broker);
	net_tls_files_close(broker->tls);
	broker->tls = NULL;
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
	broker_options_fini(&broker->options);
	wire_masker_close(broker->masker);
	free(broker);
}

int broker_port(const struct broker *broker)
{
	return broker->listener ? broker->port : 0;
}

int broker_http_port(const struct broker *broker)
{
	return broker->http_port;
}
