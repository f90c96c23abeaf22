/* Layers over TCP: put on by the listener, invisible to the owner, and their memory is reported. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/tcp.h"
#include "tests/unit/net/holding_layer.h"
#include "tests/unit/net/stream_fixture.h"

enum { MUCH_BYTES = 8 << 20 };

static const struct holding_layer flip = {{holding_layer_open}, 0x5a}, mark = {{holding_layer_open}, 0x21};
static const struct net_layer *const one[] = {&flip.layer, NULL};
static const struct net_layer *const two[] = {&flip.layer, &mark.layer, NULL};

static struct stream_fixture fixture;
static struct stream_end *const accepted = &fixture.accepted, *const connected = &fixture.connected;

static char *make_much(void)
{
	char *much = malloc(MUCH_BYTES);
	assert_non_null(much);
	for (size_t i = 0; i < MUCH_BYTES; i++)
		much[i] = (char)(i * 7 + i / 1000);
	return much;
}

static void assert_masked(const char *actual, const char *expected, size_t len, char mask)
{
	for (size_t i = 0; i < len; i++)
		if (actual[i] != (char)(expected[i] ^ mask))
			fail_msg("byte %zu is %d, not %d", i, actual[i], expected[i] ^ mask);
}

static void a_layer_changes_what_the_owner_writes_and_reads(void **state)
{
	(void)state;
	stream_fixture_open(&fixture, one);
	assert_string_equal(accepted->stream->ip, "127.0.0.1");
	net_stream_read(accepted->stream);
	net_stream_read(connected->stream);
	stream_end_write(&fixture, accepted, "hello", 5);
	stream_end_write(&fixture, connected, "world", 5);
	STREAM_AWAIT(&fixture, accepted->len == 5 && connected->len == 5);
	assert_masked(connected->bytes, "hello", 5, 0x5a);
	assert_masked(accepted->bytes, "world", 5, 0x5a);
	stream_fixture_close(&fixture);
}

static void layers_stand_on_each_other(void **state)
{
	char *much = make_much();
	(void)state;
	stream_fixture_open(&fixture, two);
	net_stream_read(connected->stream);
	stream_end_write(&fixture, accepted, much, MUCH_BYTES);
	net_stream_end(accepted->stream);
	STREAM_AWAIT(&fixture, connected->ended_status == UV_EOF);
	assert_int_equal(connected->len, MUCH_BYTES);
	assert_masked(connected->bytes, much, MUCH_BYTES, 0x5a ^ 0x21);
	stream_fixture_close(&fixture);
	free(much);
}

static void what_layers_hold_is_reported_until_it_is_taken(void **state)
{
	char *much = make_much();
	uv_buf_t buf = uv_buf_init(much, MUCH_BYTES);
	(void)state;
	stream_fixture_open(&fixture, one);
	ssize_t taken = net_stream_write(accepted->stream, &buf, 1);
	assert_in_range(taken, 1, MUCH_BYTES - 1);
	assert_true(accepted->stream->begun_bytes > 0);
	assert_true(accepted->held >= (ptrdiff_t)accepted->stream->begun_bytes);
	net_stream_read(connected->stream);
	STREAM_AWAIT(&fixture, accepted->drained == 1);
	assert_int_equal(accepted->held, 0);
	assert_true(net_stream_write(accepted->stream, &buf, 1) > 0);
	stream_fixture_close(&fixture); /* with bytes that were begun, after which nothing is held */
	free(much);
}

/* ---- opening fails ---- */

static unsigned failures;

static int fail_to_open(const struct net_layer *layer, struct net_stream *below, struct net_stream **stream)
{
	(void)layer;
	(void)stream;
	failures++;
	net_stream_close(below);
	return UV_ENOMEM;
}

static void expect_failure(struct net_listener *listener, void *owner)
{
	struct net_stream *stream;
	(void)owner;
	assert_int_equal(net_listener_accept(listener, &stream), UV_ENOMEM);
}

static void a_connection_whose_layer_fails_is_closed(void **state)
{
	static const struct net_layer broken = {fail_to_open};
	static const struct net_layer *const layers[] = {&flip.layer, &broken, NULL};
	const struct net_listener_address address = {.host = "127.0.0.1", .layers = layers};
	struct net_listener *listener;
	struct wire_fault fault;
	(void)state;
	stream_fixture_open(&fixture, NULL);
	assert_int_equal(
	    net_listener_open(&listener, &fixture.loop, &address, 1, expect_failure, NULL, &fault), 0);
	struct sockaddr_storage peer;
	struct net_stream *stream;
	struct stream_end end;
	net_address_resolve(&peer, "127.0.0.1", net_listener_port(listener, 0));
	assert_int_equal(net_tcp_connect(&stream, &fixture.loop, &peer), 0);
	stream_end_start(&end, stream);
	STREAM_AWAIT(&fixture, end.opened == 1);
	net_stream_read(stream);
	STREAM_AWAIT(&fixture, end.ended_status == UV_EOF);
	assert_int_equal(failures, 1);
	net_stream_close(stream);
	net_listener_close(listener);
	STREAM_AWAIT(&fixture, end.closed == 1);
	free(end.bytes);
	stream_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_layer_changes_what_the_owner_writes_and_reads),
	    cmocka_unit_test(layers_stand_on_each_other),
	    cmocka_unit_test(what_layers_hold_is_reported_until_it_is_taken),
	    cmocka_unit_test(a_connection_whose_layer_fails_is_closed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
