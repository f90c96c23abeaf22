#include "tap/proxy/proxy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "tap/proxy/monitor.h"
#include "tap/proxy/report.h"
#include "tap/proxy/rules.h"
#include "tap/proxy/security.h"
#include "tap/proxy/serve.h"
#include "tap/proxy/signals.h"

void tap_proxy_options_init(struct tap_proxy_options *options)
{
	*options = (struct tap_proxy_options){.listen = "0.0.0.0:4222",
					      .tls = {.timeout_ms = 2000},
					      .upstream_tls = {.verify = true, .timeout_ms = 2000},
					      .drain_timeout_ms = 120000,
					      .http_host = "0.0.0.0",
					      .memory_bytes = 32 << 20,
					      .first_conn = 1};
}

/* ---- settings ---- */

/* ":4222" and "HOST:0" are allowed, which net_address_split does not know. */
static int read_listen(struct tap_proxy *proxy, const char *text, struct wire_fault *fault)
{
	struct tap__url *listen = &proxy->listen;
	const char *colon = strrchr(text, ':');
	if (text[0] == ':')
		strcpy(listen->host, "0.0.0.0");
	else if (!net_address_split(text, 0, listen->host, &listen->port))
		return wire_fault_set(fault, -EINVAL, "--listen %.300s: not of the form HOST:PORT", text);
	if (!colon || strchr(colon, ']'))
		listen->port = 4222;
	else
		listen->port = atoi(colon + 1);
	if (listen->port < 0 || listen->port > 65535)
		return wire_fault_set(fault, -EINVAL, "--listen %.300s: not of the form HOST:PORT", text);
	return 0;
}

static int read_options(struct tap_proxy *proxy, struct wire_fault *fault)
{
	const struct tap_proxy_options *options = &proxy->options;
	int error = read_listen(proxy, options->listen, fault);
	if (error == 0)
		error = tap__upstreams_init(&proxy->upstreams, options->upstreams, options->is_random, fault);
	if (error == 0)
		error = tap__rules_init(&proxy->rules, options->advertise, options->url_maps, fault);
	for (size_t i = 0; error == 0 && i < proxy->upstreams.count; i++)
		proxy->ports[i] = (uint16_t)proxy->upstreams.list[i].url.port;
	return error;
}

static void raise_fd_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* ---- opening and closing ---- */

static void report_step(void *context, int64_t step_ns)
{
	tap__report(context, TAP_PROXY_WARN, "the system clock was set by %+.3f s", (double)step_ns / 1e9);
}

static int open_observer(struct tap_proxy *proxy, struct wire_fault *fault)
{
	const struct tap__observer_options options = {.loop = &proxy->loop,
						      .sink = proxy->options.sink,
						      .ports = proxy->ports,
						      .ports_count = proxy->upstreams.count,
						      .memory_bytes = proxy->options.memory_bytes,
						      .clock_was_set = report_step,
						      .context = proxy};
	if (!options.sink)
		return 0;
	proxy->observer = tap__observer_open(&options);
	return proxy->observer ? 0 : wire_fault_set(fault, -ENOMEM, "out of memory");
}

static int start(struct tap_proxy *proxy, struct wire_fault *fault)
{
	int status = tap__serve_start(proxy, fault);
	if (status == 0)
		status = tap__security_open(proxy, fault);
	if (status == 0 && (status = tap__signals_start(proxy)) < 0)
		wire_fault_set(fault, status, "cannot take signals: %s", wire_error_text(status));
	if (status == 0)
		status = open_observer(proxy, fault);
	if (status == 0)
		status = tap__monitor_open(proxy, fault);
	if (status == 0)
		return 0;
	tap__serve_stop(proxy);
	uv_run(&proxy->loop, UV_RUN_DEFAULT);
	return status;
}

static void free_proxy(struct tap_proxy *proxy)
{
	uv_loop_close(&proxy->loop);
	tap__upstreams_fini(&proxy->upstreams);
	tap__rules_fini(&proxy->rules);
	free(proxy->checks);
	free(proxy->read_buffer);
	free(proxy);
}

static int64_t realtime_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int tap_proxy_open(struct tap_proxy **proxy, const struct tap_proxy_options *options,
		   struct wire_fault *fault)
{
	struct tap_proxy *opened = calloc(1, sizeof *opened);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	int status = uv_loop_init(&opened->loop);
	if (status < 0) {
		free(opened);
		return wire_fault_set(fault, status, "%s", uv_strerror(status));
	}
	opened->options = *options;
	opened->next_cid = options->first_conn;
	opened->started_ns = realtime_ns();
	raise_fd_limit();
	status = read_options(opened, fault);
	if (status == 0)
		status = start(opened, fault);
	if (status < 0) {
		free_proxy(opened);
		return status;
	}
	opened->rules.host = opened->listen.host;
	opened->rules.port = opened->port;
	tap__security_set_rules(opened);
	*proxy = opened;
	return 0;
}

const char *tap_proxy_host(const struct tap_proxy *proxy)
{
	return proxy->listen.host;
}

int tap_proxy_port(const struct tap_proxy *proxy)
{
	return proxy->port;
}

int tap_proxy_http_port(const struct tap_proxy *proxy)
{
	return proxy->monitor ? net_http_server_port(proxy->monitor) : 0;
}

int tap_proxy_run(struct tap_proxy *proxy)
{
	int status = uv_run(&proxy->loop, UV_RUN_DEFAULT);
	return status < 0 ? status : 0;
}

void tap_proxy_wake(struct tap_proxy *proxy)
{
	uv_async_send(&proxy->wake);
}

void tap_proxy_close(struct tap_proxy *proxy)
{
	if (!proxy)
		return;
	tap__serve_stop(proxy);
	uv_run(&proxy->loop, UV_RUN_DEFAULT);
	free_proxy(proxy);
}
