#include "tap/proxy/link.h"

#include <stdlib.h>

#include "tap/proxy/link_bytes.h"
#include "tap/proxy/link_end.h"
#include "tap/proxy/link_greeting.h"
#include "tap/proxy/link_server.h"
#include "tap/proxy/pace.h"
#include "tap/proxy/relay.h"
#include "tap/proxy/report.h"
#include "tap/proxy/security.h"

static struct tap__relay *relay_from(struct tap__link *link, const struct net_stream *stream)
{
	return stream == link->client ? &link->up : &link->down;
}

/* ---- beginnings ---- */

static void server_opened(struct tap__link *link)
{
	if (link->greeting.stage == TAP__SECURES_SERVER) {
		tap__link_send_info(link);
		return;
	}
	net_stream_read(link->server);
	if (link->greeting.stage == TAP__AWAITS_INFO)
		net_stream_read(link->client); /* its end is noticed */
	else
		tap__relay_read(&link->up);
}

/* The peer is known now: a header of the PROXY protocol may name another one than the connection. */
static void client_opened(struct tap__link *link)
{
	if (link->greeting.stage == TAP__SECURES_CLIENT) {
		tap__link_finish_greeting(link);
		return;
	}
	net_address_text(link->address, sizeof link->address, link->client->ip, link->client->port);
	tap__report_link(link, TAP_PROXY_DEBUG, "Client connection created");
	tap__link_try_next(link);
}

static void on_opened(struct net_stream *stream)
{
	struct tap__link *link = stream->owner;
	if (link->life == TAP__LINK_GONE)
		return;
	if (stream == link->server)
		server_opened(link);
	else if (stream == link->client)
		client_opened(link);
}

/* ---- bytes ---- */

static uv_buf_t on_room(struct net_stream *stream)
{
	struct tap__link *link = stream->owner;
	return tap__relay_room(link->proxy, relay_from(link, stream));
}

/* Hot: once for every read. Bytes are passed on before they are looked at. */
static void on_bytes(struct net_stream *stream, char *data, size_t len)
{
	struct tap__link *link = stream->owner;
	struct tap_proxy *proxy = link->proxy;
	bool is_client = stream == link->client;
	struct wire_slice bytes = wire_slice(data, len);
	if (link->life == TAP__LINK_GONE)
		return;
	if (proxy->turn_began_ns == 0)
		proxy->turn_began_ns = uv_hrtime();
	if (link->greeting.stage != TAP__GREETED) {
		if (is_client)
			tap__link_take_client_greeting(link, bytes);
		else
			tap__link_take_server_greeting(link, bytes);
		return;
	}
	if (link->life == TAP__LINK_CONNECTING)
		tap__link_commit(link);
	if (!is_client)
		tap__link_note_answer(link);
	relay_from(link, stream)->turn_bytes += len;
	link->upstream->bytes[is_client ? 0 : 1] += len;
	int64_t read_ns = tap__link_now(link);
	tap__link_pass(link, is_client, bytes);
	tap__link_observe(link, is_client, read_ns, bytes);
	if (is_client)
		tap__pace_client(link);
	tap__link_finish_if_done(link);
}

/* ---- ends ---- */

/* Before bytes pass. A client that only connects and closes is a check of the load balancer. Other failures before a server was
 * tried are those of the PROXY protocol's header. */
static void client_ended_early(struct tap__link *link, int status, const char *why)
{
	if (status == UV_EOF) {
		tap__link_finish(link, TAP_END_BY_CLIENT, false);
	} else if (status == NET_ETLS) {
		link->proxy->security.failures++;
		tap__link_report_failure(link, "handshake error", why);
		tap__link_finish(link, TAP_END_BY_PROXY, false);
	} else if (status == UV_ECONNRESET || link->upstream) {
		tap__link_finish(link, TAP_END_RESET_BY_CLIENT, true);
	} else {
		tap__link_refuse(link, status == UV_ETIMEDOUT ? "no header of the PROXY protocol within 5 s"
							      : wire_error_text(status));
	}
}

static void side_ended(struct tap__link *link, bool is_client)
{
	if (link->life == TAP__LINK_CONNECTING)
		tap__link_commit(link);
	if (!link->up.has_ended && !link->down.has_ended)
		link->is_ended_by_server = !is_client;
	tap__link_pass_end(link, is_client);
	tap__link_finish_if_done(link);
}

/* With TLS 1.3 a server refuses a client's certificate after the handshake. */
static void side_failed(struct tap__link *link, bool is_client, int status, const char *why)
{
	if (status == NET_ETLS)
		tap__link_report_failure(link, is_client ? "with the client" : "with the server", why);
	tap__link_finish(link, is_client ? TAP_END_RESET_BY_CLIENT : TAP_END_RESET_BY_SERVER,
			 status != NET_ETLS);
}

static void on_ended(struct net_stream *stream, int status)
{
	struct tap__link *link = stream->owner;
	bool is_client = stream == link->client;
	if (link->life == TAP__LINK_GONE)
		return;
	const char *why = net_stream_why(stream, status);
	if (!is_client && link->life == TAP__LINK_CONNECTING && tap__link_pass_refusal(link))
		return;
	if (!is_client && link->life == TAP__LINK_CONNECTING)
		tap__link_server_ended_early(link, status);
	else if (is_client && (link->greeting.stage != TAP__GREETED || !link->server))
		client_ended_early(link, status, why);
	else if (status == UV_EOF)
		side_ended(link, is_client);
	else
		side_failed(link, is_client, status, why);
}

/* ---- the rest ---- */

static void on_drained(struct net_stream *stream, int status)
{
	struct tap__link *link = stream->owner;
	if (link->life == TAP__LINK_GONE || (stream != link->client && stream != link->server))
		return;
	tap__relay_drained(link->proxy, stream == link->client ? &link->down : &link->up, status);
	if (link->greeting.stage == TAP__SENDS_INFO)
		tap__link_secure_client(link);
	tap__link_finish_if_done(link);
}

static void on_held(struct net_stream *stream, ptrdiff_t change)
{
	struct tap__link *link = stream->owner;
	link->proxy->held_bytes += (uint64_t)change;
}

static void on_closed(struct net_stream *stream)
{
	tap__link_release(stream->owner);
}

static const struct net_stream_events events = {.opened = on_opened,
						.room = on_room,
						.bytes = on_bytes,
						.ended = on_ended,
						.drained = on_drained,
						.held = on_held,
						.closed = on_closed};

/* ---- opening ---- */

static void list(struct tap__link *link)
{
	struct tap_proxy *proxy = link->proxy;
	link->next = proxy->links;
	if (link->next)
		link->next->previous = link;
	proxy->links = link;
	proxy->connections++;
	proxy->total_connections++;
}

void tap__link_open(struct tap_proxy *proxy, struct net_stream *client)
{
	struct tap__link *link = calloc(1, sizeof *link);
	if (tap__security_accept(&client, proxy) < 0) {
		free(link);
		return;
	}
	if (!link) {
		net_stream_abort(client);
		return;
	}
	*link = (struct tap__link){
	    .proxy = proxy, .client = client, .events = &events, .cid = proxy->next_cid++, .holds = 2};
	link->up.from = link->down.to = client;
	net_address_text(link->address, sizeof link->address, client->ip, client->port);
	uv_timer_init(&proxy->loop, &link->patience);
	link->patience.data = link;
	list(link);
	net_stream_start(client, &events, link);
}

void tap__link_cut(struct tap__link *link)
{
	tap__link_finish(link, TAP_END_BY_PROXY, false);
}
