/* Streams, with TCP as the only layer: both sides of a connection on one loop. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/tcp.h"
#include "tests/unit/net/stream_fixture.h"

enum { MUCH_BYTES = 32 << 20 /* more than the kernel takes */ };

static struct stream_fixture fixture;
static struct stream_end *const accepted = &fixture.accepted, *const connected = &fixture.connected;
static char *much;

static int open_fixture(void **state)
{
	(void)state;
	stream_fixture_open(&fixture, NULL);
	return 0;
}

static int close_fixture(void **state)
{
	(void)state;
	stream_fixture_close(&fixture);
	return 0;
}

static ssize_t write_text(struct stream_end *end, const char *text)
{
	uv_buf_t buf = uv_buf_init((char *)(uintptr_t)text, (unsigned)strlen(text));
	return net_stream_write(end->stream, &buf, 1);
}

/* Write more than the kernel takes. Returns how much was taken. */
static size_t write_much(struct stream_end *end)
{
	uv_buf_t bufs[2] = {uv_buf_init(much, MUCH_BYTES / 2),
			    uv_buf_init(much + MUCH_BYTES / 2, MUCH_BYTES / 2)};
	ssize_t taken = net_stream_write(end->stream, bufs, 2);
	assert_in_range(taken, 1, MUCH_BYTES - 1);
	assert_true(end->stream->begun_bytes > 0);
	return (size_t)taken;
}

/* ---- claims ---- */

static void accepted_and_connected_streams_open_and_know_their_peers(void **state)
{
	(void)state;
	assert_string_equal(accepted->stream->ip, "127.0.0.1");
	assert_string_equal(connected->stream->ip, "127.0.0.1");
	assert_int_equal(connected->stream->port, net_listener_port(fixture.listener, 0));
	struct sockaddr_in own;
	socklen_t len = sizeof own;
	assert_int_equal(getsockname(connected->stream->fd, (struct sockaddr *)&own, &len), 0);
	assert_int_equal(accepted->stream->port, ntohs(own.sin_port));
}

static void bytes_arrive_in_order_in_both_directions(void **state)
{
	(void)state;
	net_stream_read(accepted->stream);
	net_stream_read(connected->stream);
	assert_int_equal(write_text(connected, "one "), 4);
	assert_int_equal(write_text(connected, "two"), 3);
	assert_int_equal(write_text(accepted, "three"), 5);
	STREAM_AWAIT(&fixture, accepted->len == 7 && connected->len == 5);
	assert_memory_equal(accepted->bytes, "one two", 7);
	assert_memory_equal(connected->bytes, "three", 5);
}

/* Run the loop until a byte has gone to the accepted end's peer and back. */
static void go_round(void)
{
	size_t before = connected->len;
	assert_int_equal(write_text(accepted, "x"), 1);
	net_stream_read(connected->stream);
	STREAM_AWAIT(&fixture, connected->len > before);
	uv_run(&fixture.loop, UV_RUN_NOWAIT);
}

static void nothing_is_read_before_the_first_read_and_while_paused(void **state)
{
	(void)state;
	write_text(connected, "early");
	go_round();
	assert_int_equal(accepted->len, 0);
	net_stream_read(accepted->stream);
	STREAM_AWAIT(&fixture, accepted->len == 5);
	net_stream_pause(accepted->stream);
	write_text(connected, "late");
	go_round();
	assert_int_equal(accepted->len, 5);
	net_stream_read(accepted->stream);
	STREAM_AWAIT(&fixture, accepted->len == 9);
}

static void reading_pauses_when_there_is_no_room(void **state)
{
	(void)state;
	accepted->room = 3;
	net_stream_read(accepted->stream);
	write_text(connected, "abcdef");
	STREAM_AWAIT(&fixture, accepted->len >= 3);
	accepted->room = 0;
	write_text(connected, "ghi");
	go_round();
	size_t len = accepted->len;
	accepted->room = 100;
	go_round();
	assert_int_equal(accepted->len, len);
	net_stream_read(accepted->stream);
	STREAM_AWAIT(&fixture, accepted->len == 9);
	assert_memory_equal(accepted->bytes, "abcdefghi", 9);
	assert_int_equal(accepted->ended_status, 0);
}

static void bytes_that_the_kernel_does_not_take_are_begun_and_drain(void **state)
{
	(void)state;
	size_t taken = write_much(connected), begun = connected->stream->begun_bytes;
	assert_in_range(net_stream_unwritten(connected->stream), 1, begun);
	go_round();
	assert_int_equal(connected->drained, 0);
	net_stream_read(accepted->stream);
	STREAM_AWAIT(&fixture, connected->drained == 1);
	assert_int_equal(connected->drained_status, 0);
	assert_int_equal(net_stream_unwritten(connected->stream), 0);
	STREAM_AWAIT(&fixture, accepted->len >= taken + begun);
	assert_int_equal(accepted->len, taken + begun);
	assert_memory_equal(accepted->bytes, much, accepted->len);
}

static void everything_arrives_through_a_slow_reader(void **state)
{
	(void)state;
	accepted->room = 10000;
	net_stream_read(accepted->stream);
	stream_end_write(&fixture, connected, much, MUCH_BYTES / 4);
	STREAM_AWAIT(&fixture, accepted->len == MUCH_BYTES / 4);
	assert_memory_equal(accepted->bytes, much, MUCH_BYTES / 4);
}

static void after_one_side_ends_the_other_goes_on(void **state)
{
	(void)state;
	net_stream_read(accepted->stream);
	net_stream_read(connected->stream);
	write_text(connected, "last");
	net_stream_end(connected->stream);
	assert_int_equal(write_text(connected, "more"), UV_EPIPE);
	STREAM_AWAIT(&fixture, accepted->ended_status != 0);
	assert_int_equal(accepted->ended_status, UV_EOF);
	assert_memory_equal(accepted->bytes, "last", 4);
	assert_int_equal(write_text(accepted, "answer"), 6);
	STREAM_AWAIT(&fixture, connected->len == 6);
	assert_int_equal(connected->ended_status, 0);
	net_stream_end(accepted->stream);
	STREAM_AWAIT(&fixture, connected->ended_status == UV_EOF);
}

static void the_end_comes_after_bytes_that_were_begun(void **state)
{
	(void)state;
	size_t all = write_much(connected) + connected->stream->begun_bytes;
	net_stream_end(connected->stream);
	net_stream_read(accepted->stream);
	STREAM_AWAIT(&fixture, accepted->ended_status != 0);
	assert_int_equal(accepted->ended_status, UV_EOF);
	assert_int_equal(accepted->len, all);
}

static void closing_sends_what_was_taken_and_ends_both_sides(void **state)
{
	(void)state;
	write_text(connected, "bye");
	net_stream_close(connected->stream);
	net_stream_close(connected->stream);
	assert_int_equal(write_text(connected, "more"), UV_EPIPE);
	STREAM_AWAIT(&fixture, connected->closed > 0);
	net_stream_read(accepted->stream);
	STREAM_AWAIT(&fixture, accepted->ended_status == UV_EOF);
	assert_int_equal(accepted->len, 3);
	assert_int_equal(connected->closed, 1);
	assert_int_equal(connected->ended_status, 0);
}

static void closing_cancels_what_was_only_begun(void **state)
{
	(void)state;
	write_much(connected);
	net_stream_close(connected->stream);
	STREAM_AWAIT(&fixture, connected->closed == 1);
	assert_int_equal(connected->drained, 1);
	assert_int_equal(connected->drained_status, UV_ECANCELED);
}

static void aborting_resets_the_connection(void **state)
{
	(void)state;
	net_stream_read(accepted->stream);
	net_stream_abort(connected->stream);
	net_stream_abort(connected->stream);
	STREAM_AWAIT(&fixture, connected->closed == 1 && accepted->ended_status != 0);
	assert_int_equal(accepted->ended_status, UV_ECONNRESET);
}

/* The peer resets while bytes are begun: they cannot be taken any more. */
static void a_reset_fails_what_was_begun(void **state)
{
	(void)state;
	write_much(connected);
	net_stream_abort(accepted->stream);
	STREAM_AWAIT(&fixture, connected->drained == 1);
	assert_true(connected->drained_status < 0);
}

static void a_stream_may_be_closed_before_it_is_started(void **state)
{
	struct sockaddr_storage peer;
	struct net_stream *stream;
	(void)state;
	net_address_resolve(&peer, "127.0.0.1", net_listener_port(fixture.listener, 0));
	assert_int_equal(net_tcp_connect(&stream, &fixture.loop, &peer), 0);
	net_stream_close(stream);
}

static void connecting_is_cancelled_by_closing(void **state)
{
	struct sockaddr_storage peer;
	struct net_stream *stream;
	struct stream_end end;
	(void)state;
	net_address_resolve(&peer, "127.0.0.1", net_listener_port(fixture.listener, 0));
	assert_int_equal(net_tcp_connect(&stream, &fixture.loop, &peer), 0);
	net_listener_close(fixture.listener);
	fixture.listener = NULL;
	stream_end_start(&end, stream);
	assert_int_equal(write_text(&end, "too early"), UV_ENOTCONN);
	net_stream_close(stream);
	STREAM_AWAIT(&fixture, end.closed == 1);
	assert_int_equal(end.opened, 0);
	assert_int_equal(end.ended_status, 0);
}

static void a_refused_connection_ends_without_opening(void **state)
{
	struct sockaddr_storage peer;
	struct net_stream *stream;
	struct stream_end end;
	int port = net_listener_port(fixture.listener, 0);
	(void)state;
	net_listener_close(fixture.listener);
	fixture.listener = NULL;
	net_address_resolve(&peer, "127.0.0.1", port);
	assert_int_equal(net_tcp_connect(&stream, &fixture.loop, &peer), 0);
	stream_end_start(&end, stream);
	STREAM_AWAIT(&fixture, end.ended_status != 0);
	assert_int_equal(end.ended_status, UV_ECONNREFUSED);
	assert_int_equal(end.opened, 0);
	net_stream_close(stream);
	STREAM_AWAIT(&fixture, end.closed == 1);
}

static int make_much(void **state)
{
	(void)state;
	much = malloc(MUCH_BYTES);
	for (size_t i = 0; much && i < MUCH_BYTES; i++)
		much[i] = (char)(i * 31 + i / 4096);
	return much ? 0 : -1;
}

static int free_much(void **state)
{
	(void)state;
	free(much);
	return 0;
}

#define CLAIM(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CLAIM(accepted_and_connected_streams_open_and_know_their_peers),
	    CLAIM(bytes_arrive_in_order_in_both_directions),
	    CLAIM(nothing_is_read_before_the_first_read_and_while_paused),
	    CLAIM(reading_pauses_when_there_is_no_room),
	    CLAIM(bytes_that_the_kernel_does_not_take_are_begun_and_drain),
	    CLAIM(everything_arrives_through_a_slow_reader),
	    CLAIM(after_one_side_ends_the_other_goes_on),
	    CLAIM(the_end_comes_after_bytes_that_were_begun),
	    CLAIM(closing_sends_what_was_taken_and_ends_both_sides),
	    CLAIM(closing_cancels_what_was_only_begun),
	    CLAIM(aborting_resets_the_connection),
	    CLAIM(a_reset_fails_what_was_begun),
	    CLAIM(a_stream_may_be_closed_before_it_is_started),
	    CLAIM(connecting_is_cancelled_by_closing),
	    CLAIM(a_refused_connection_ends_without_opening),
	};
	return cmocka_run_group_tests(tests, make_much, free_much);
}
