#include "tap/proxy/link_server.h"

#include "tap/proxy/check.h"
#include "tap/proxy/link_bytes.h"
#include "tap/proxy/link_end.h"
#include "tap/proxy/report.h"
#include "tap/proxy/security.h"

enum {
	PATIENCE_MS =
	    2000 /* for an upstream to be connected and to send its first byte, while there are others */
};

/* ---- staying ---- */

void tap__link_commit(struct tap__link *link)
{
	uv_timer_stop(&link->patience);
	link->life = TAP__LINK_OPEN;
	link->upstream->connections++;
	link->upstream->total_connections++;
	if (link->greeting.stage == TAP__GREETED)
		tap__link_open_flow(link);
}

void tap__link_note_answer(struct tap__link *link)
{
	if (link->has_answered)
		return;
	link->has_answered = true;
	link->upstream->answers++;
	if (tap__upstream_answered(link->upstream))
		tap__report_upstream(link->proxy, link->upstream, NULL);
}

/* ---- going on to another one ---- */

static void blame(struct tap__link *link, const char *why)
{
	if (!tap__upstream_failed(link->upstream))
		return;
	tap__report_upstream(link->proxy, link->upstream, why);
	tap__check_soon(link->upstream);
}

void tap__link_give_up_server(struct tap__link *link, const char *why)
{
	blame(link, why);
	if (link->server)
		net_stream_abort(link->server);
	link->server = link->up.to = link->down.from = NULL;
	tap__link_try_next(link);
}

static void on_impatient(uv_timer_t *patience)
{
	struct tap__link *link = patience->data;
	if (tap__upstreams_are_left(&link->proxy->upstreams, link->tried))
		tap__link_give_up_server(link, "no answer");
	else
		blame(link, "no answer");
}

/* The failure is ours: too many open files, ports or bytes. No server is to blame. */
static bool is_shortage(int status)
{
	return status == UV_EMFILE || status == UV_ENFILE || status == UV_ENOBUFS || status == UV_ENOMEM ||
	       status == UV_EADDRNOTAVAIL;
}

void tap__link_server_ended_early(struct tap__link *link, int status)
{
	if (is_shortage(status))
		tap__link_refuse(link, uv_strerror(status));
	else
		tap__link_give_up_server(link, status == UV_EOF ? "closed without an INFO"
								: net_stream_why(link->server, status));
}

void tap__link_try_next(struct tap__link *link)
{
	struct tap_proxy *proxy = link->proxy;
	struct tap__upstream *upstream = tap__upstreams_next(&proxy->upstreams, &link->tried);
	while (upstream && upstream->address_count == 0)
		upstream = tap__upstreams_next(&proxy->upstreams, &link->tried);
	link->upstream = upstream;
	if (!upstream || tap__security_connect(&link->server, proxy, upstream, link->client) < 0) {
		tap__link_refuse(link, "no server answers");
		return;
	}
	link->holds++;
	link->up.to = link->down.from = link->server;
	if (tap__security_is_own(proxy, upstream)) {
		tap__greeting_begin(&link->greeting);
		link->up.to = NULL; /* until it may be written to */
	}
	uv_timer_start(&link->patience, on_impatient, PATIENCE_MS, 0);
	net_stream_start(link->server, link->events, link);
}
