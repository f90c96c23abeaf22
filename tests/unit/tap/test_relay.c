/* One direction of a connection through the proxy, between two streams whose behaviour the tests choose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tap/proxy/relay.h"

enum { MEBIBYTE = 1 << 20 };

/* A stream that takes as many bytes as it may, and begins to write all others. */
struct fake {
	struct net_stream stream; /* first */
	size_t room;              /* bytes that it takes at once */
	int failure;              /* of the next write; 0: none */
	bool is_reading, is_ended;
	char taken[4 * TAP__READ_BYTES];
	size_t taken_len;
	uv_buf_t begun;
};

static struct fake *of(struct net_stream *stream)
{
	return (struct fake *)stream;
}

static void read_fake(struct net_stream *stream)
{
	of(stream)->is_reading = true;
}

static void pause_fake(struct net_stream *stream)
{
	of(stream)->is_reading = false;
}

static void end_fake(struct net_stream *stream)
{
	of(stream)->is_ended = true;
}

static void take(struct fake *fake, const char *bytes, size_t len)
{
	assert_true(fake->taken_len + len <= sizeof fake->taken);
	memcpy(fake->taken + fake->taken_len, bytes, len);
	fake->taken_len += len;
}

static ssize_t write_fake(struct net_stream *stream, const uv_buf_t *bufs, unsigned count)
{
	struct fake *fake = of(stream);
	assert_int_equal(count, 1);
	assert_int_equal(stream->begun_bytes, 0);
	assert_false(fake->is_ended);
	if (fake->failure)
		return fake->failure;
	size_t len = bufs->len < fake->room ? bufs->len : fake->room;
	take(fake, bufs->base, len);
	fake->begun = uv_buf_init(bufs->base + len, (unsigned)(bufs->len - len));
	stream->begun_bytes = bufs->len - len;
	return (ssize_t)len;
}

static const struct net_stream_calls calls = {
    .read = read_fake, .pause = pause_fake, .write = write_fake, .end = end_fake};

struct fixture {
	struct tap_proxy proxy;
	struct fake from, to;
	struct tap__relay relay;
};

static int open_fixture(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	assert_non_null(fixture);
	fixture->proxy.turn = 1;
	fixture->from.stream.calls = fixture->to.stream.calls = &calls;
	fixture->to.room = SIZE_MAX;
	fixture->relay = (struct tap__relay){.from = &fixture->from.stream, .to = &fixture->to.stream};
	tap__relay_read(&fixture->relay);
	*state = fixture;
	return 0;
}

static int close_fixture(void **state)
{
	struct fixture *fixture = *state;
	tap__relay_stop(&fixture->proxy, &fixture->relay);
	tap__relay_fini(&fixture->proxy, &fixture->relay);
	assert_int_equal(fixture->proxy.held_bytes, 0);
	free(fixture->proxy.read_buffer);
	free(fixture);
	return 0;
}

/* Read len bytes of this value. False when there is no room. */
static bool read_bytes(struct fixture *fixture, char value, size_t len)
{
	uv_buf_t room = tap__relay_room(&fixture->proxy, &fixture->relay);
	if (room.len == 0) {
		fixture->from.is_reading = false; /* as a stream without room does */
		return false;
	}
	assert_true(len <= room.len);
	memset(room.base, value, len);
	fixture->relay.turn_bytes += len;
	const struct tap__passed passed = {.bytes = {room.base, len}};
	tap__relay_pass(&fixture->proxy, &fixture->relay, &passed);
	return true;
}

/* The bytes that the stream has begun are taken. */
static void drain(struct fixture *fixture)
{
	struct fake *to = &fixture->to;
	take(to, to->begun.base, to->begun.len);
	to->stream.begun_bytes = 0;
	tap__relay_drained(&fixture->proxy, &fixture->relay, 0);
}

static void bytes_that_are_taken_at_once_are_not_held(void **state)
{
	struct fixture *fixture = *state;
	assert_true(read_bytes(fixture, 'a', 100));
	assert_true(read_bytes(fixture, 'b', 100));
	assert_int_equal(fixture->proxy.held_bytes, 0);
	assert_int_equal(fixture->to.taken_len, 200);
	assert_true(fixture->from.is_reading);
}

static void a_stream_is_not_read_while_the_other_does_not_take_its_bytes(void **state)
{
	struct fixture *fixture = *state;
	fixture->to.room = 10;
	assert_true(read_bytes(fixture, 'a', 100));
	assert_false(fixture->from.is_reading);
	assert_false(read_bytes(fixture, 'b', 1));
	assert_in_range(fixture->proxy.held_bytes, 90, MEBIBYTE);
	drain(fixture);
	assert_true(fixture->from.is_reading);
	assert_int_equal(fixture->proxy.held_bytes, 0);
	assert_true(read_bytes(fixture, 'b', 5));
	assert_int_equal(fixture->to.taken_len, 105);
	assert_int_equal(fixture->to.taken[99], 'a');
	assert_int_equal(fixture->to.taken[100], 'b');
}

/* The read buffer serves all connections: the bytes that are held must not be overwritten. */
static void bytes_that_are_held_are_not_overwritten_by_other_reads(void **state)
{
	struct fixture *fixture = *state;
	struct tap__relay other = {.from = &fixture->from.stream, .to = &fixture->to.stream};
	fixture->to.room = 0;
	assert_true(read_bytes(fixture, 'a', TAP__READ_BYTES));
	uv_buf_t room = tap__relay_room(&fixture->proxy, &other);
	memset(room.base, 'x', room.len);
	drain(fixture);
	assert_int_equal(fixture->to.taken_len, TAP__READ_BYTES);
	assert_null(memchr(fixture->to.taken, 'x', fixture->to.taken_len));
}

static void the_end_is_passed_on_after_the_last_byte(void **state)
{
	struct fixture *fixture = *state;
	fixture->to.room = 10;
	assert_true(read_bytes(fixture, 'a', 100));
	tap__relay_end(&fixture->relay);
	assert_false(fixture->to.is_ended);
	assert_false(tap__relay_is_done(&fixture->relay));
	drain(fixture);
	assert_true(fixture->to.is_ended);
	assert_true(tap__relay_is_done(&fixture->relay));
	assert_false(fixture->from.is_reading);
}

static void a_stream_that_fails_gets_no_more_bytes(void **state)
{
	struct fixture *fixture = *state;
	fixture->to.failure = UV_EPIPE;
	assert_true(read_bytes(fixture, 'a', 100));
	assert_false(fixture->from.is_reading);
	assert_true(tap__relay_is_done(&fixture->relay));
	assert_false(read_bytes(fixture, 'b', 1));
	assert_int_equal(fixture->to.taken_len, 0);
}

static void much_is_read_in_several_turns(void **state)
{
	struct fixture *fixture = *state;
	size_t total = 0;
	while (read_bytes(fixture, 'a', TAP__READ_BYTES)) {
		fixture->to.taken_len = 0;
		total += TAP__READ_BYTES;
		assert_true(total <= TAP__TURN_BYTES);
	}
	assert_int_equal(total, TAP__TURN_BYTES);
	assert_true(fixture->relay.is_waiting);
	fixture->proxy.turn++;
	tap__relays_resume(&fixture->proxy);
	assert_true(fixture->from.is_reading);
	assert_true(read_bytes(fixture, 'a', 1));
}

static bool has_room;

static bool is_ready(struct wire_sink *sink)
{
	(void)sink;
	return has_room;
}

static void nothing_is_read_while_a_sink_that_waits_is_full(void **state)
{
	struct fixture *fixture = *state;
	struct wire_sink sink = {.ready = is_ready};
	fixture->proxy.options.sink = &sink;
	has_room = false;
	assert_false(read_bytes(fixture, 'a', 1));
	tap__relays_resume(&fixture->proxy);
	assert_false(fixture->from.is_reading);
	has_room = true;
	tap__relays_resume(&fixture->proxy);
	assert_true(fixture->from.is_reading);
	assert_true(read_bytes(fixture, 'a', 1));
	fixture->proxy.options.sink = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(bytes_that_are_taken_at_once_are_not_held, open_fixture,
					    close_fixture),
	    cmocka_unit_test_setup_teardown(a_stream_is_not_read_while_the_other_does_not_take_its_bytes,
					    open_fixture, close_fixture),
	    cmocka_unit_test_setup_teardown(bytes_that_are_held_are_not_overwritten_by_other_reads,
					    open_fixture, close_fixture),
	    cmocka_unit_test_setup_teardown(the_end_is_passed_on_after_the_last_byte, open_fixture,
					    close_fixture),
	    cmocka_unit_test_setup_teardown(a_stream_that_fails_gets_no_more_bytes, open_fixture,
					    close_fixture),
	    cmocka_unit_test_setup_teardown(much_is_read_in_several_turns, open_fixture, close_fixture),
	    cmocka_unit_test_setup_teardown(nothing_is_read_while_a_sink_that_waits_is_full, open_fixture,
					    close_fixture),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
