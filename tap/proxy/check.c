#include "tap/proxy/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tap/proxy/report.h"
#include "tap/proxy/security.h"

enum { FIRST_MS = 2000, ANSWER_MS = 2000 };

static void begin(uv_timer_t *timer);

static void close_stream(struct tap__check *check)
{
	if (check->stream)
		net_stream_close(check->stream);
	check->stream = NULL;
}

/* why: NULL when the upstream has answered. */
static void conclude(struct tap__check *check, const char *why)
{
	struct tap__upstream *upstream = check->upstream;
	bool is_listed = upstream->is_listed;
	bool is_change =
	    is_listed && (why ? tap__upstream_failed(upstream) : tap__upstream_answered(upstream));
	if (is_change)
		tap__report_upstream(check->proxy, upstream, why);
	close_stream(check);
	tap__greeting_fini(&check->greeting);
	if (is_listed)
		uv_timer_start(&check->timer, begin, tap__upstream_check_ms(upstream), 0);
}

/* ---- events of the stream ---- */

static const struct net_stream_events events;

static void on_opened(struct net_stream *stream)
{
	struct tap__check *check = stream->owner;
	if (stream != check->stream)
		return;
	if (check->greeting.stage == TAP__SECURES_SERVER)
		conclude(check, NULL);
	else
		net_stream_read(stream);
}

static uv_buf_t on_room(struct net_stream *stream)
{
	struct tap__check *check = stream->owner;
	return uv_buf_init(check->input, sizeof check->input);
}

/* The certificate is checked too. */
static void secure(struct tap__check *check)
{
	struct net_stream *stream = check->stream;
	check->greeting.stage = TAP__SECURES_SERVER;
	if (tap__security_upgrade_server(&stream, check->proxy, check->upstream,
					 tap__greeting_rest(&check->greeting)) < 0) {
		conclude(check, "out of memory");
		return;
	}
	check->stream = stream;
	net_stream_start(stream, &events, check);
}

static void on_bytes(struct net_stream *stream, char *data, size_t len)
{
	struct tap__check *check = stream->owner;
	const char *why = NULL;
	if (stream != check->stream)
		return;
	if (!tap__greeting_add_server(&check->greeting, wire_slice(data, len))) {
		conclude(check, "it sends no INFO");
		return;
	}
	struct wire_slice info = tap__greeting_info(&check->greeting);
	if (info.len == 0)
		return;
	if (check->upstream->url.is_tls &&
	    tap__security_wants_server(check->proxy, check->upstream, info, &why))
		secure(check);
	else
		conclude(check, why);
}

static void on_ended(struct net_stream *stream, int status)
{
	struct tap__check *check = stream->owner;
	if (stream == check->stream)
		conclude(check, status == UV_EOF ? "closed without an INFO" : net_stream_why(stream, status));
}

static void on_drained(struct net_stream *stream, int status)
{
	(void)stream;
	(void)status;
}

static void on_held(struct net_stream *stream, ptrdiff_t change)
{
	(void)stream;
	(void)change;
}

static void on_closed(struct net_stream *stream)
{
	(void)stream;
}

static const struct net_stream_events events = {.opened = on_opened,
						.room = on_room,
						.bytes = on_bytes,
						.ended = on_ended,
						.drained = on_drained,
						.held = on_held,
						.closed = on_closed};

/* ---- a check ---- */

static void on_silent(uv_timer_t *timer)
{
	conclude(timer->data, "no answer");
}

static void connect_upstream(struct tap__check *check)
{
	uv_timer_start(&check->timer, on_silent, ANSWER_MS, 0);
	tap__greeting_begin(&check->greeting);
	if (tap__security_connect(&check->stream, check->proxy, check->upstream, NULL) < 0) {
		check->stream = NULL;
		return;
	}
	net_stream_start(check->stream, &events, check);
}

static void on_looked_up(uv_getaddrinfo_t *lookup, int status, struct addrinfo *found)
{
	struct tap__check *check = lookup->data;
	struct tap__upstream *upstream = check->upstream;
	check->is_looking_up = false;
	if (status == 0)
		tap__upstream_set_addresses(upstream, found);
	uv_freeaddrinfo(found);
	if (check->proxy->is_stopping)
		return;
	if (status == 0)
		connect_upstream(check);
	else
		conclude(check, uv_strerror(status));
}

/* Has the upstream answered clients since the last check? Then it needs none: a check takes a connection, of which the server may
 * allow only so many. */
static bool has_answered_clients(struct tap__check *check)
{
	bool has_answered = check->upstream->is_up && check->answers_seen != check->upstream->answers;
	check->answers_seen = check->upstream->answers;
	return has_answered;
}

static void begin(uv_timer_t *timer)
{
	struct tap__check *check = timer->data;
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	char service[16];
	const struct tap__url *url = &check->upstream->url;
	if (!check->upstream->is_listed)
		return;
	if (has_answered_clients(check)) {
		uv_timer_start(timer, begin, tap__upstream_check_ms(check->upstream), 0);
		return;
	}
	if (!tap__upstream_has_name(check->upstream)) {
		connect_upstream(check);
		return;
	}
	snprintf(service, sizeof service, "%d", url->port);
	check->lookup.data = check;
	int status =
	    uv_getaddrinfo(&check->proxy->loop, &check->lookup, on_looked_up, url->host, service, &hints);
	check->is_looking_up = status == 0;
	if (status < 0)
		conclude(check, uv_strerror(status));
}

/* ---- all of them ---- */

int tap__checks_open(struct tap_proxy *proxy)
{
	for (size_t i = 0; i < proxy->upstreams.count; i++) {
		struct tap__upstream *upstream = proxy->upstreams.list[i];
		if (upstream->check)
			continue;
		struct tap__check *check = calloc(1, sizeof *check);
		if (!check)
			return -ENOMEM;
		*check = (struct tap__check){.proxy = proxy, .upstream = upstream};
		upstream->check = check;
		uv_timer_init(&proxy->loop, &check->timer);
		check->timer.data = check;
		uv_timer_start(&check->timer, begin, FIRST_MS, 0);
	}
	return 0;
}

static bool is_under_way(const struct tap__check *check)
{
	return check->stream || check->is_looking_up;
}

void tap__check_soon(const struct tap__upstream *upstream)
{
	struct tap__check *check = upstream->check;
	if (check && upstream->is_listed && !is_under_way(check))
		uv_timer_start(&check->timer, begin, tap__upstream_check_ms(upstream), 0);
}

void tap__checks_hurry(struct tap_proxy *proxy)
{
	for (size_t i = 0; i < proxy->upstreams.count; i++) {
		struct tap__check *check = proxy->upstreams.list[i]->check;
		if (!check)
			continue;
		check->answers_seen = check->upstream->answers;
		if (!is_under_way(check))
			uv_timer_start(&check->timer, begin, 0, 0);
	}
}

void tap__checks_close(struct tap_proxy *proxy)
{
	for (size_t i = 0; i < proxy->upstreams.known_count; i++) {
		struct tap__check *check = proxy->upstreams.known[i]->check;
		if (!check)
			continue;
		close_stream(check);
		tap__greeting_fini(&check->greeting);
		uv_close((uv_handle_t *)&check->timer, NULL);
		if (check->is_looking_up)
			uv_cancel((uv_req_t *)&check->lookup);
	}
}

void tap__checks_free(struct tap_proxy *proxy)
{
	for (size_t i = 0; i < proxy->upstreams.known_count; i++)
		free(proxy->upstreams.known[i]->check);
}
