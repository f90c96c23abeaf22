#include "tap/proxy/link.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "net/tls_peer.h"
#include "tap/proxy/check.h"
#include "tap/proxy/pace.h"
#include "tap/proxy/relay.h"
#include "tap/proxy/report.h"
#include "tap/proxy/security.h"

enum {
	PATIENCE_MS =
	    2000 /* for an upstream to be connected and to send its first byte, while there are others */
};

static void try_next(struct tap__link *link);

static const struct net_stream_events events;

static void release(struct tap__link *link)
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

static struct tap__relay *relay_from(struct tap__link *link, const struct net_stream *stream)
{
	return stream == link->client ? &link->up : &link->down;
}

/* ---- the end ---- */

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
	release(handle->data);
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

static void finish(struct tap__link *link, enum tap_end why, bool is_abort)
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

void tap__link_cut(struct tap__link *link)
{
	finish(link, TAP_END_BY_PROXY, false);
}

static void finish_if_done(struct tap__link *link)
{
	if (tap__relay_is_done(&link->up) && tap__relay_is_done(&link->down))
		finish(link, link->is_ended_by_server ? TAP_END_BY_SERVER : TAP_END_BY_CLIENT, false);
}

/* ---- an upstream ---- */

/* To the client this looks like a server that was stopped. */
static void refuse(struct tap__link *link, const char *why)
{
	link->proxy->refused_connections++;
	tap__report_link(link, TAP_PROXY_ERROR, "Client refused: %s", why);
	finish(link, TAP_END_BY_PROXY, true);
}

static bool parse_end(struct tap_endpoint *end, const char *ip, int port)
{
	end->port = (uint16_t)port;
	end->is_v6 = strchr(ip, ':') != NULL;
	return inet_pton(end->is_v6 ? AF_INET6 : AF_INET, ip, end->address) == 1;
}

static void open_flow(struct tap__link *link)
{
	struct tap_flow_info info = {.conn = link->cid, .certificate = link->certificate};
	parse_end(&info.ends[TAP_ORIGINATOR], link->client->ip, link->client->port);
	parse_end(&info.ends[TAP_RESPONDER], link->server->ip, link->server->port);
	if (link->proxy->observer)
		link->flow = tap__observer_flow_open(link->proxy->observer, &info);
}

/* The first byte has passed: the link stays with this server. */
static void commit(struct tap__link *link)
{
	uv_timer_stop(&link->patience);
	link->life = TAP__LINK_OPEN;
	link->upstream->connections++;
	link->upstream->total_connections++;
	if (link->greeting.stage == TAP__GREETED)
		open_flow(link);
}

static void blame(struct tap__link *link, const char *why)
{
	if (!tap__upstream_failed(link->upstream))
		return;
	tap__report_upstream(link->proxy, link->upstream, why);
	tap__check_soon(link->upstream);
}

static void give_up_server(struct tap__link *link, const char *why)
{
	blame(link, why);
	close_stream(link->server, true);
	link->server = link->up.to = link->down.from = NULL;
	try_next(link);
}

static void on_impatient(uv_timer_t *patience)
{
	struct tap__link *link = patience->data;
	if (tap__upstreams_are_left(&link->proxy->upstreams, link->tried))
		give_up_server(link, "no answer");
	else
		blame(link, "no answer");
}

/* ---- bytes ---- */

static void observe(struct tap__link *link, bool is_client, struct wire_slice bytes)
{
	struct tap__observer *observer = link->proxy->observer;
	if (!link->flow)
		return;
	const struct tap_join_stats *join = tap__observer_join(observer);
	uint64_t messages = join->messages, deliveries = join->deliveries;
	link->flow =
	    tap__observer_bytes(observer, link->flow, is_client ? TAP_ORIGINATOR : TAP_RESPONDER, bytes);
	link->upstream->messages[0] += join->messages - messages;
	link->upstream->messages[1] += join->deliveries - deliveries;
}

/* The bytes of a server pass through the filter of INFO, those of a client through that of CONNECT when it is to be signed. */
static int filter(struct tap__link *link, bool is_client, struct wire_slice bytes, struct tap__passed *passed)
{
	struct tap_proxy *proxy = link->proxy;
	if (!is_client)
		return tap__info_filter_take(&link->filter, tap__security_rules(proxy, link->upstream), bytes,
					     passed);
	if (proxy->key)
		return tap__connect_filter_take(&link->connect, proxy->key, link->filter.nonce, bytes,
						passed);
	return 0;
}

static void pass(struct tap__link *link, bool is_client, struct wire_slice bytes)
{
	struct tap_proxy *proxy = link->proxy;
	struct tap__passed passed = {.bytes = bytes};
	if (filter(link, is_client, bytes, &passed) < 0)
		finish(link, TAP_END_BY_PROXY, true);
	else if (passed.bytes.len > 0)
		tap__relay_pass(proxy, is_client ? &link->up : &link->down, &passed);
	else
		free(passed.memory);
	if (!is_client && link->down.memory && link->flow)
		tap__observer_note_held(proxy->observer, link->flow);
}

static void note_answer(struct tap__link *link)
{
	if (link->has_answered)
		return;
	link->has_answered = true;
	link->upstream->answers++;
	if (tap__upstream_answered(link->upstream))
		tap__report_upstream(link->proxy, link->upstream, NULL);
}

/* ---- the greeting, where the proxy itself speaks TLS ---- */

static void set_client(struct tap__link *link, struct net_stream *client)
{
	link->client = link->up.from = link->down.to = client;
	net_stream_start(client, &events, link);
}

static void set_server(struct tap__link *link, struct net_stream *server)
{
	link->server = link->down.from = server;
	net_stream_start(server, &events, link);
}

static void note_certificate(struct tap__link *link)
{
	char subject[NET_TLS_SUBJECT_TEXT];
	if (link->proxy->security.clients && net_tls_subject(link->client, subject))
		link->certificate = strdup(subject);
}

/* Pass on bytes of the greeting: as a copy, since they do not lie in the read buffer. */
static void pass_kept(struct tap__link *link, bool is_client, struct wire_slice bytes)
{
	if (bytes.len == 0 || link->life == TAP__LINK_GONE)
		return;
	struct tap__relay *relay = is_client ? &link->up : &link->down;
	struct tap__passed passed = {.bytes = bytes};
	if (filter(link, is_client, bytes, &passed) < 0) {
		finish(link, TAP_END_BY_PROXY, true);
		return;
	}
	if (!passed.memory && passed.bytes.len > 0) {
		passed.memory = malloc(passed.bytes.len);
		if (!passed.memory) {
			finish(link, TAP_END_BY_PROXY, true);
			return;
		}
		memcpy(passed.memory, passed.bytes.data, passed.bytes.len);
		passed.bytes.data = passed.memory;
	}
	if (passed.bytes.len > 0)
		tap__relay_pass(link->proxy, relay, &passed);
	else
		free(passed.memory);
}

/* Both sides are as they are to be: from now on bytes pass. */
static void finish_greeting(struct tap__link *link)
{
	struct tap__greeting greeting = link->greeting;
	link->greeting = (struct tap__greeting){0};
	link->up.to = link->server;
	note_certificate(link);
	open_flow(link);
	observe(link, false, tap__greeting_info(&greeting));
	pass_kept(link, false, tap__greeting_rest(&greeting));
	observe(link, false, tap__greeting_rest(&greeting));
	pass_kept(link, true, tap__greeting_client(&greeting));
	observe(link, true, tap__greeting_client(&greeting));
	tap__greeting_fini(&greeting);
	if (link->life == TAP__LINK_GONE)
		return;
	tap__relay_read(&link->up);
	tap__relay_read(&link->down);
}

/* Once the client has all of INFO, TLS begins. */
static void secure_client(struct tap__link *link)
{
	struct tap_proxy *proxy = link->proxy;
	struct net_stream *client = link->client;
	if (link->down.memory || link->life == TAP__LINK_GONE)
		return;
	if (!proxy->security.clients || tap__security_is_client_first(proxy)) {
		finish_greeting(link);
		return;
	}
	link->greeting.stage = TAP__SECURES_CLIENT;
	if (tap__security_upgrade_client(&client, proxy, tap__greeting_client(&link->greeting)) < 0) {
		finish(link, TAP_END_BY_PROXY, true);
		return;
	}
	free(link->greeting.client_bytes);
	link->greeting.client_bytes = NULL;
	link->greeting.client_len = 0;
	set_client(link, client);
}

static void send_info(struct tap__link *link)
{
	link->greeting.stage = TAP__SENDS_INFO;
	commit(link);
	note_answer(link);
	net_stream_pause(link->server);
	pass_kept(link, false, tap__greeting_info(&link->greeting));
	secure_client(link);
}

static void secure_server(struct tap__link *link)
{
	struct net_stream *server = link->server;
	link->greeting.stage = TAP__SECURES_SERVER;
	if (tap__security_upgrade_server(&server, link->proxy, link->upstream) < 0)
		give_up_server(link, "out of memory");
	else
		set_server(link, server);
}

static void take_server_greeting(struct tap__link *link, struct wire_slice bytes)
{
	const char *why;
	if (!tap__greeting_add_server(&link->greeting, bytes)) {
		if (link->life == TAP__LINK_CONNECTING)
			give_up_server(link, "it sends no INFO");
		else
			finish(link, TAP_END_BY_PROXY, true);
		return;
	}
	struct wire_slice info = tap__greeting_info(&link->greeting);
	if (link->greeting.stage != TAP__AWAITS_INFO || info.len == 0)
		return;
	if (tap__security_wants_server(link->proxy, link->upstream, info, &why))
		secure_server(link);
	else if (why)
		give_up_server(link, why);
	else
		send_info(link);
}

static void take_client_greeting(struct tap__link *link, struct wire_slice bytes)
{
	if (!tap__greeting_add_client(&link->greeting, bytes))
		finish(link, TAP_END_BY_PROXY, true);
}

static void report_failure(struct tap__link *link, const char *where, const char *why)
{
	tap__report_link(link, TAP_PROXY_ERROR, "TLS %s: %s", where, why);
}

/* ---- events of the streams ---- */

static void server_opened(struct tap__link *link)
{
	if (link->greeting.stage == TAP__SECURES_SERVER) {
		send_info(link);
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
		finish_greeting(link);
		return;
	}
	net_address_text(link->address, sizeof link->address, link->client->ip, link->client->port);
	tap__report_link(link, TAP_PROXY_DEBUG, "Client connection created");
	try_next(link);
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
			take_client_greeting(link, bytes);
		else
			take_server_greeting(link, bytes);
		return;
	}
	if (link->life == TAP__LINK_CONNECTING)
		commit(link);
	if (!is_client)
		note_answer(link);
	relay_from(link, stream)->turn_bytes += len;
	link->upstream->bytes[is_client ? 0 : 1] += len;
	pass(link, is_client, bytes);
	observe(link, is_client, bytes);
	if (is_client)
		tap__pace_client(link);
	finish_if_done(link);
}

/* The failure is ours: too many open files, ports or bytes. No server is to blame. */
static bool is_shortage(int status)
{
	return status == UV_EMFILE || status == UV_ENFILE || status == UV_ENOBUFS || status == UV_ENOMEM ||
	       status == UV_EADDRNOTAVAIL;
}

static void server_ended_early(struct tap__link *link, int status)
{
	if (is_shortage(status))
		refuse(link, uv_strerror(status));
	else
		give_up_server(link, status == UV_EOF ? "closed without an INFO"
						      : net_stream_why(link->server, status));
}

/* Before bytes pass. A client that only connects and closes is a check of the load balancer. Other failures before a server was
 * tried are those of the PROXY protocol's header. */
static void client_ended_early(struct tap__link *link, int status, const char *why)
{
	if (status == UV_EOF) {
		finish(link, TAP_END_BY_CLIENT, false);
	} else if (status == NET_ETLS) {
		link->proxy->security.failures++;
		report_failure(link, "handshake error", why);
		finish(link, TAP_END_BY_PROXY, false);
	} else if (status == UV_ECONNRESET || link->upstream) {
		finish(link, TAP_END_RESET_BY_CLIENT, true);
	} else {
		refuse(link, status == UV_ETIMEDOUT ? "no header of the PROXY protocol within 5 s"
						    : wire_error_text(status));
	}
}

static void side_ended(struct tap__link *link, bool is_client)
{
	struct tap__passed passed = {0};
	if (link->life == TAP__LINK_CONNECTING)
		commit(link);
	if (!link->up.has_ended && !link->down.has_ended)
		link->is_ended_by_server = !is_client;
	if (is_client)
		tap__connect_filter_end(&link->connect, &passed);
	else
		tap__info_filter_end(&link->filter, &passed);
	if (passed.memory)
		tap__relay_pass(link->proxy, is_client ? &link->up : &link->down, &passed);
	tap__relay_end(is_client ? &link->up : &link->down);
	finish_if_done(link);
}

/* With TLS 1.3 a server refuses a client's certificate after the handshake. */
static void side_failed(struct tap__link *link, bool is_client, int status, const char *why)
{
	if (status == NET_ETLS)
		report_failure(link, is_client ? "with the client" : "with the server", why);
	finish(link, is_client ? TAP_END_RESET_BY_CLIENT : TAP_END_RESET_BY_SERVER, status != NET_ETLS);
}

static void on_ended(struct net_stream *stream, int status)
{
	struct tap__link *link = stream->owner;
	bool is_client = stream == link->client;
	if (link->life == TAP__LINK_GONE)
		return;
	const char *why = net_stream_why(stream, status);
	if (!is_client && link->life == TAP__LINK_CONNECTING)
		server_ended_early(link, status);
	else if (is_client && (link->greeting.stage != TAP__GREETED || !link->server))
		client_ended_early(link, status, why);
	else if (status == UV_EOF)
		side_ended(link, is_client);
	else
		side_failed(link, is_client, status, why);
}

static void on_drained(struct net_stream *stream, int status)
{
	struct tap__link *link = stream->owner;
	if (link->life == TAP__LINK_GONE || (stream != link->client && stream != link->server))
		return;
	tap__relay_drained(link->proxy, stream == link->client ? &link->down : &link->up, status);
	if (link->greeting.stage == TAP__SENDS_INFO)
		secure_client(link);
	finish_if_done(link);
}

static void on_held(struct net_stream *stream, ptrdiff_t change)
{
	struct tap__link *link = stream->owner;
	link->proxy->held_bytes += (uint64_t)change;
}

static void on_closed(struct net_stream *stream)
{
	release(stream->owner);
}

static const struct net_stream_events events = {.opened = on_opened,
						.room = on_room,
						.bytes = on_bytes,
						.ended = on_ended,
						.drained = on_drained,
						.held = on_held,
						.closed = on_closed};

/* ---- opening ---- */

static void try_next(struct tap__link *link)
{
	struct tap_proxy *proxy = link->proxy;
	struct tap__upstream *upstream = tap__upstreams_next(&proxy->upstreams, &link->tried);
	while (upstream && upstream->address_count == 0)
		upstream = tap__upstreams_next(&proxy->upstreams, &link->tried);
	link->upstream = upstream;
	if (!upstream || tap__security_connect(&link->server, proxy, upstream, link->client) < 0) {
		refuse(link, "no server answers");
		return;
	}
	link->holds++;
	link->up.to = link->down.from = link->server;
	if (tap__security_is_own(proxy, upstream)) {
		tap__greeting_begin(&link->greeting);
		link->up.to = NULL; /* until it may be written to */
	}
	uv_timer_start(&link->patience, on_impatient, PATIENCE_MS, 0);
	net_stream_start(link->server, &events, link);
}

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

static void discard(struct net_stream *stream)
{
	net_stream_abort(stream);
}

void tap__link_open(struct tap_proxy *proxy, struct net_stream *client)
{
	struct tap__link *link = calloc(1, sizeof *link);
	if (tap__security_accept(&client, proxy) < 0) {
		free(link);
		return;
	}
	if (!link) {
		discard(client);
		return;
	}
	*link = (struct tap__link){.proxy = proxy, .client = client, .cid = proxy->next_cid++, .holds = 2};
	link->up.from = link->down.to = client;
	net_address_text(link->address, sizeof link->address, client->ip, client->port);
	uv_timer_init(&proxy->loop, &link->patience);
	link->patience.data = link;
	list(link);
	net_stream_start(client, &events, link);
}
