#include "tests/unit/net/stream_fixture.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/tcp.h"

/* ---- events ---- */

static void on_opened(struct net_stream *stream)
{
	((struct stream_end *)stream->owner)->opened++;
}

static uv_buf_t on_room(struct net_stream *stream)
{
	struct stream_end *end = stream->owner;
	if (end->cap - end->len < STREAM_ROOM_BYTES) {
		end->cap = 2 * end->cap + STREAM_ROOM_BYTES;
		end->bytes = realloc(end->bytes, end->cap);
		assert_non_null(end->bytes);
	}
	return uv_buf_init(end->bytes + end->len, (unsigned)end->room);
}

static void on_bytes(struct net_stream *stream, char *data, size_t len)
{
	struct stream_end *end = stream->owner;
	assert_ptr_equal(data, end->bytes + end->len);
	assert_in_range(len, 1, end->room);
	end->len += len;
}

static void on_ended(struct net_stream *stream, int status)
{
	struct stream_end *end = stream->owner;
	assert_int_equal(end->ended_status, 0);
	end->ended_status = status;
}

static void on_drained(struct net_stream *stream, int status)
{
	struct stream_end *end = stream->owner;
	assert_int_equal(stream->begun_bytes, 0);
	end->drained++;
	end->drained_status = status;
}

static void on_held(struct net_stream *stream, ptrdiff_t change)
{
	struct stream_end *end = stream->owner;
	end->held += change;
	assert_true(end->held >= 0);
	if (end->held > end->most_held)
		end->most_held = end->held;
}

static void on_closed(struct net_stream *stream)
{
	struct stream_end *end = stream->owner;
	end->closed++;
	end->stream = NULL;
}

static const struct net_stream_events events = {.opened = on_opened,
						.room = on_room,
						.bytes = on_bytes,
						.ended = on_ended,
						.drained = on_drained,
						.held = on_held,
						.closed = on_closed};

/* ---- ends ---- */

void stream_end_start(struct stream_end *end, struct net_stream *stream)
{
	*end = (struct stream_end){.stream = stream, .room = STREAM_ROOM_BYTES};
	net_stream_start(stream, &events, end);
}

void stream_end_write(struct stream_fixture *fixture, struct stream_end *end, const char *bytes, size_t len)
{
	size_t at = 0;
	while (at < len) {
		uv_buf_t buf = uv_buf_init((char *)(uintptr_t)bytes + at, (unsigned)(len - at));
		ssize_t taken = net_stream_write(end->stream, &buf, 1);
		assert_true(taken >= 0);
		size_t begun = end->stream->begun_bytes;
		assert_true((size_t)taken + begun <= len - at);
		assert_true((size_t)taken == len - at || begun > 0);
		at += (size_t)taken + begun;
		STREAM_AWAIT(fixture, end->stream->begun_bytes == 0);
	}
}

/* ---- the connection ---- */

static void on_waiting(struct net_listener *listener, void *owner)
{
	struct stream_fixture *fixture = owner;
	struct net_stream *stream;
	assert_int_equal(net_listener_accept(listener, &stream), 0);
	stream_end_start(&fixture->accepted, stream);
}

void stream_fixture_open(struct stream_fixture *fixture, const struct net_layer *const *layers)
{
	const struct net_listener_address address = {.host = "127.0.0.1", .layers = layers};
	struct wire_fault fault;
	signal(SIGPIPE, SIG_IGN);
	*fixture = (struct stream_fixture){0};
	assert_int_equal(uv_loop_init(&fixture->loop), 0);
	if (net_listener_open(&fixture->listener, &fixture->loop, &address, 1, on_waiting, fixture, &fault) <
	    0)
		fail_msg("%s", fault.text);
	stream_fixture_connect(fixture);
}

void stream_fixture_connect(struct stream_fixture *fixture)
{
	struct sockaddr_storage peer;
	struct net_stream *stream;
	free(fixture->accepted.bytes);
	free(fixture->connected.bytes);
	fixture->accepted = fixture->connected = (struct stream_end){0};
	assert_int_equal(net_address_resolve(&peer, "127.0.0.1", net_listener_port(fixture->listener, 0)), 0);
	assert_int_equal(net_tcp_connect(&stream, &fixture->loop, &peer), 0);
	stream_end_start(&fixture->connected, stream);
	STREAM_AWAIT(fixture, fixture->accepted.opened == 1 && fixture->connected.opened == 1);
}

static void finish(struct stream_end *end)
{
	if (end->stream)
		net_stream_close(end->stream);
}

void stream_fixture_close(struct stream_fixture *fixture)
{
	finish(&fixture->accepted);
	finish(&fixture->connected);
	net_listener_close(fixture->listener);
	uv_run(&fixture->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&fixture->loop), 0);
	assert_int_equal(fixture->accepted.held, 0);
	free(fixture->accepted.bytes);
	free(fixture->connected.bytes);
}
