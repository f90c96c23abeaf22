#include "tap/proxy/serve.h"

#include "tap/proxy/check.h"
#include "tap/proxy/link.h"
#include "tap/proxy/pace.h"
#include "tap/proxy/relay.h"
#include "tap/proxy/report.h"
#include "tap/proxy/security.h"

enum {
	NEWCOMERS_AT_ONCE = 16, /* accepted in one turn of the loop */
	/* How long connections that were begun may still come after a shared port was yielded: more than a round trip, and less than
	 * the second after which a client repeats an attempt that got no answer. */
	YIELD_MS = 500,
};

/* ---- new clients ---- */

static void on_waiting(struct net_listener *listener, void *owner)
{
	struct tap_proxy *proxy = owner;
	for (int i = 0; i < NEWCOMERS_AT_ONCE; i++) {
		struct net_stream *client;
		int status = net_listener_accept(listener, &client);
		if (status == UV_EAGAIN)
			return;
		if (status == 0)
			tap__link_open(proxy, client);
		else
			tap__report(proxy, TAP_PROXY_ERROR, "Client Accept Error: %s", uv_strerror(status));
	}
}

static int listen_for_clients(struct tap_proxy *proxy, struct wire_fault *fault)
{
	const struct net_listener_address address = {.host = proxy->listen.host,
						     .port = proxy->listen.port,
						     .shares_port = proxy->options.shares_port,
						     .layers = proxy->layers};
	if (proxy->options.accepts_proxy)
		proxy->layers[0] = &proxy->header_layer.layer;
	int status = net_listener_open(&proxy->listener, &proxy->loop, &address, 1, on_waiting, proxy, fault);
	if (status == 0)
		proxy->port = net_listener_port(proxy->listener, 0);
	return status;
}

static void stop_listening(struct tap_proxy *proxy)
{
	net_listener_close(proxy->listener);
	proxy->listener = NULL;
}

/* ---- turns ---- */

static void on_resume(uv_idle_t *resume)
{
	struct tap_proxy *proxy = resume->data;
	uv_idle_stop(resume);
	tap__relays_resume(proxy);
}

/* The next reads begin a new turn. A drain may be over. */
static void on_before_poll(uv_prepare_t *before_poll)
{
	struct tap_proxy *proxy = before_poll->data;
	proxy->turn++;
	proxy->turn_began_ns = 0;
	if (proxy->waiting && tap__relays_may_resume(proxy))
		uv_idle_start(&proxy->resume, on_resume);
	if (proxy->is_draining && !proxy->listener && proxy->connections == 0)
		tap__serve_stop(proxy);
}

static void on_wake(uv_async_t *wake)
{
	tap__relays_resume(wake->data);
}

/* ---- the end ---- */

static void on_drain_timeout(uv_timer_t *timer)
{
	struct tap_proxy *proxy = timer->data;
	tap__report(proxy, TAP_PROXY_WARN, "The time to drain is over: %llu connections are closed",
		    (unsigned long long)proxy->connections);
	tap__serve_stop(proxy);
}

static void await_last_client(struct tap_proxy *proxy)
{
	int64_t timeout_ms = proxy->options.drain_timeout_ms;
	stop_listening(proxy);
	if (timeout_ms > 0)
		uv_timer_start(&proxy->drain, on_drain_timeout, (uint64_t)timeout_ms, 0);
}

static void on_yielded(uv_timer_t *timer)
{
	await_last_client(timer->data);
}

static void close_monitor(struct tap_proxy *proxy)
{
	if (proxy->monitor)
		net_http_server_close(proxy->monitor);
	proxy->monitor = NULL;
}

void tap__serve_drain(struct tap_proxy *proxy)
{
	if (proxy->is_draining || proxy->is_stopping)
		return;
	proxy->is_draining = true;
	tap__report(proxy, TAP_PROXY_INFO, "Draining: no new connections; %llu are open",
		    (unsigned long long)proxy->connections);
	if (!proxy->options.shares_port || net_listener_yield(proxy->listener) < 0) {
		await_last_client(proxy);
		return;
	}
	close_monitor(proxy); /* the successor answers */
	uv_timer_start(&proxy->drain, on_yielded, YIELD_MS, 0);
}

static void close_handle(void *handle)
{
	uv_close(handle, NULL);
}

void tap__serve_stop(struct tap_proxy *proxy)
{
	if (proxy->is_stopping)
		return;
	proxy->is_stopping = true;
	stop_listening(proxy);
	while (proxy->links)
		tap__link_cut(proxy->links);
	close_monitor(proxy);
	tap__checks_close(proxy);
	tap__security_close(proxy);
	tap__observer_close(proxy->observer);
	proxy->observer = NULL;
	for (size_t i = 0; i < TAP__PROXY_SIGNALS; i++)
		close_handle(&proxy->signals[i]);
	close_handle(&proxy->before_poll);
	close_handle(&proxy->resume);
	close_handle(&proxy->drain);
	tap__pace_close(proxy);
	close_handle(&proxy->wake);
}

static void start_handles(struct tap_proxy *proxy)
{
	uv_async_init(&proxy->loop, &proxy->wake, on_wake);
	uv_idle_init(&proxy->loop, &proxy->resume);
	uv_timer_init(&proxy->loop, &proxy->drain);
	tap__pace_open(proxy);
	for (size_t i = 0; i < TAP__PROXY_SIGNALS; i++)
		uv_signal_init(&proxy->loop, &proxy->signals[i]);
	uv_prepare_init(&proxy->loop, &proxy->before_poll);
	uv_prepare_start(&proxy->before_poll, on_before_poll);
	proxy->wake.data = proxy->resume.data = proxy->drain.data = proxy->before_poll.data = proxy;
}

int tap__serve_start(struct tap_proxy *proxy, struct wire_fault *fault)
{
	start_handles(proxy);
	int status = tap__checks_open(proxy);
	if (status < 0)
		return wire_fault_set(fault, status, "%s", wire_error_text(status));
	return listen_for_clients(proxy, fault);
}
