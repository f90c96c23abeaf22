#include "tap/proxy/link_end.h"

#include <stdlib.h>

#include "tap/proxy/pace.h"
#include "tap/proxy/relay.h"
#include "tap/proxy/report.h"

void tap__link_release(struct tap__link *link)
{
	if (--link->holds > 0)
		return;
	tap__relay_fini(link->proxy, &link->up);
	tap__relay_fini(link->proxy, &link->down);
	tap__info_filter_fini(&link->filter);
	tap__connect_filter_fini(&link->connect);
	tap__greeting_fini(&link->greeting);
	free(link->certificate);
	free(link);
}

static const char *const ends[TAP_ENDS] = {
    [TAP_END_BY_CLIENT] = "Client Closed",         [TAP_END_BY_SERVER] = "Server Closed",
    [TAP_END_RESET_BY_CLIENT] = "Reset by Client", [TAP_END_RESET_BY_SERVER] = "Reset by Server",
    [TAP_END_BY_PROXY] = "Closed by Proxy",
};

static void unlist(struct tap__link *link)
{
	struct tap_proxy *proxy = link->proxy;
	if (link->previous)
		link->previous->next = link->next;
	else
		proxy->links = link->next;
	if (link->next)
		link->next->previous = link->previous;
	proxy->connections--;
}

static void on_patience_closed(uv_handle_t *handle)
{
	tap__link_release(handle->data);
}

static void end_flow(struct tap__link *link, enum tap_end why)
{
	if (link->flow)
		tap__observer_flow_close(link->proxy->observer, link->flow, why);
	link->flow = NULL;
}

static void close_stream(struct net_stream *stream, bool is_abort)
{
	if (stream && is_abort)
		net_stream_abort(stream);
	else if (stream)
		net_stream_close(stream);
}

void tap__link_finish(struct tap__link *link, enum tap_end why, bool is_abort)
{
	if (link->life == TAP__LINK_GONE)
		return;
	if (link->life == TAP__LINK_OPEN)
		link->upstream->connections--;
	link->life = TAP__LINK_GONE;
	unlist(link);
	tap__pace_stop(link);
	tap__relay_stop(link->proxy, &link->up);
	tap__relay_stop(link->proxy, &link->down);
	close_stream(link->client, is_abort);
	close_stream(link->server, is_abort);
	end_flow(link, why);
	uv_close((uv_handle_t *)&link->patience, on_patience_closed);
	tap__report_link(link, TAP_PROXY_DEBUG, "Client connection closed: %s", ends[why]);
}

void tap__link_finish_if_done(struct tap__link *link)
{
	if (tap__relay_is_done(&link->up) && tap__relay_is_done(&link->down))
		tap__link_finish(link, link->is_ended_by_server ? TAP_END_BY_SERVER : TAP_END_BY_CLIENT,
				 false);
}

void tap__link_refuse(struct tap__link *link, const char *why)
{
	link->proxy->refused_connections++;
	tap__report_link(link, TAP_PROXY_ERROR, "Client refused: %s", why);
	tap__link_finish(link, TAP_END_BY_PROXY, true);
}

void tap__link_report_failure(const struct tap__link *link, const char *where, const char *why)
{
	tap__report_link(link, TAP_PROXY_ERROR, "TLS %s: %s", where, why);
}
