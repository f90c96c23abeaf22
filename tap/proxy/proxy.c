#include "tap/proxy/proxy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "tap/proxy/check.h"
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

static void list_ports(struct tap_proxy *proxy)
{
	for (size_t i = 0; i < TAP__UPSTREAMS_MAX; i++)
		proxy->ports[i] =
		    i < proxy->upstreams.count ? (uint16_t)proxy->upstreams.list[i]->url.port : 0;
}

static int read_header_layer(struct tap_proxy *proxy, struct wire_fault *fault)
{
	const char *const *networks = proxy->options.proxy_networks;
	int error = 0;
	proxy->header_layer = (struct net_proxy_layer){.layer = {net_proxy_layer_open}, .loop = &proxy->loop};
	for (; networks && *networks && error == 0; networks++)
		error = net_networks_add(&proxy->header_layer.from, *networks, fault);
	return error;
}

static int read_options(struct tap_proxy *proxy, struct wire_fault *fault)
{
	const struct tap_proxy_options *options = &proxy->options;
	int error = read_listen(proxy, options->listen, fault);
	if (error == 0)
		error = tap__upstreams_init(&proxy->upstreams, options->upstreams, options->is_random, fault);
	if (error == 0)
		error = tap__rules_init(&proxy->rules, options->advertise, options->url_maps, fault);
	if (error == 0)
		error = read_header_layer(proxy, fault);
	if (error == 0 && options->key_path)
		error = net_signing_key_open(&proxy->key, options->key_path, fault);
	proxy->rules.wants_nonce = proxy->key != NULL;
	list_ports(proxy);
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
						      .ports_count = TAP__UPSTREAMS_MAX,
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
	tap__checks_free(proxy);
	tap__upstreams_fini(&proxy->upstreams);
	tap__rules_fini(&proxy->rules);
	net_networks_fini(&proxy->header_layer.from);
	net_signing_key_close(proxy->key);
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
	tap__security_follow(opened, fault);
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

/* The place of an upstream in the list means another one now: clients that are being connected may try all again. */
static void forget_tried(struct tap_proxy *proxy)
{
	for (struct tap__link *link = proxy->links; link; link = link->next)
		link->tried = 0;
}

int tap_proxy_reload(struct tap_proxy *proxy, const struct tap_proxy_options *options,
		     struct wire_fault *fault)
{
	struct tap__info_rules rules;
	int error = tap__rules_init(&rules, options->advertise, options->url_maps, fault);
	if (error == 0)
		error =
		    tap__upstreams_replace(&proxy->upstreams, options->upstreams, options->is_random, fault);
	if (error) {
		tap__rules_fini(&rules);
		return error;
	}
	rules.host = proxy->rules.host;
	rules.port = proxy->rules.port;
	rules.wants_nonce = proxy->rules.wants_nonce;
	tap__rules_fini(&proxy->rules);
	proxy->rules = rules;
	proxy->options.drain_timeout_ms = options->drain_timeout_ms;
	list_ports(proxy);
	forget_tried(proxy);
	if (tap__checks_open(proxy) < 0)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	return tap__security_follow(proxy, fault);
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
