/* The layer that reads a header of the PROXY protocol: the stream opens once the header is there, with the peer that it names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/proxy_layer.h"
#include "net/tcp.h"
#include "tests/unit/net/stream_fixture.h"
#include "wire/error.h"

#define BYTES(literal) literal, sizeof(literal) - 1
#define V2_HEAD        "\r\n\r\n\0\r\nQUIT\n\x21\x11"
#define V2_ENDS        "\x0a\x00\x00\x07\x0a\x00\x00\x08\x00\x09\x00\x0a" /* 10.0.0.7:9, 10.0.0.8:10 */

static struct stream_fixture fixture;
static struct net_proxy_layer layer;
static const struct net_layer *const layers[] = {&layer.layer, NULL};
static struct stream_end *const accepted = &fixture.accepted, *const connected = &fixture.connected;

static void on_waiting(struct net_listener *listener, void *owner)
{
	struct net_stream *stream;
	(void)owner;
	assert_int_equal(net_listener_accept(listener, &stream), 0);
	stream_end_start(accepted, stream);
}

/* Connect. Only peers in this network, or all (NULL), send a header. */
static void open_connection(const char *network)
{
	const struct net_listener_address address = {.host = "127.0.0.1", .layers = layers};
	struct sockaddr_storage peer;
	struct net_stream *stream;
	fixture = (struct stream_fixture){0};
	layer = (struct net_proxy_layer){.layer = {net_proxy_layer_open}, .loop = &fixture.loop};
	assert_int_equal(uv_loop_init(&fixture.loop), 0);
	if (network)
		assert_int_equal(net_networks_add(&layer.from, network, NULL), 0);
	assert_int_equal(
	    net_listener_open(&fixture.listener, &fixture.loop, &address, 1, on_waiting, NULL, NULL), 0);
	assert_int_equal(net_address_resolve(&peer, "127.0.0.1", net_listener_port(fixture.listener, 0)), 0);
	assert_int_equal(net_tcp_connect(&stream, &fixture.loop, &peer), 0);
	stream_end_start(connected, stream);
	STREAM_AWAIT(&fixture, accepted->stream && connected->opened == 1);
}

static void close_connection(void)
{
	stream_fixture_close(&fixture);
	net_networks_fini(&layer.from);
}

static void the_peer_is_the_one_that_the_header_names(void **state)
{
	(void)state;
	open_connection(NULL);
	assert_int_equal(accepted->opened, 0);
	stream_end_write(&fixture, connected, BYTES("PROXY TCP4 10.0.0.7 10.0.0.8 9 10\r\n"));
	STREAM_AWAIT(&fixture, accepted->opened == 1);
	assert_string_equal(accepted->stream->ip, "10.0.0.7");
	assert_int_equal(accepted->stream->port, 9);
	close_connection();
}

static void bytes_after_the_header_reach_the_owner_in_both_directions(void **state)
{
	(void)state;
	open_connection(NULL);
	stream_end_write(&fixture, connected, BYTES(V2_HEAD "\0\x0c" V2_ENDS "hello"));
	STREAM_AWAIT(&fixture, accepted->opened == 1);
	assert_int_equal(accepted->len, 0);
	net_stream_read(accepted->stream);
	net_stream_read(connected->stream);
	stream_end_write(&fixture, accepted, "world", 5);
	STREAM_AWAIT(&fixture, accepted->len == 5 && connected->len == 5);
	assert_memory_equal(accepted->bytes, "hello", 5);
	assert_memory_equal(connected->bytes, "world", 5);
	net_stream_end(connected->stream);
	STREAM_AWAIT(&fixture, accepted->ended_status == UV_EOF);
	close_connection();
}

static void a_header_may_come_byte_by_byte(void **state)
{
	static const char bytes[] = V2_HEAD "\0\x0c" V2_ENDS;
	(void)state;
	open_connection(NULL);
	for (size_t i = 0; i < sizeof bytes - 1; i++) {
		assert_int_equal(accepted->opened, 0);
		stream_end_write(&fixture, connected, &bytes[i], 1);
		uv_run(&fixture.loop, UV_RUN_ONCE);
	}
	STREAM_AWAIT(&fixture, accepted->opened == 1);
	assert_int_equal(accepted->stream->port, 9);
	close_connection();
}

static void further_fields_are_skipped_up_to_the_longest_header(void **state)
{
	enum { FIELDS = 65535 - 12 };
	char *fields = calloc(1, FIELDS);
	(void)state;
	assert_non_null(fields);
	open_connection(NULL);
	stream_end_write(&fixture, connected, BYTES(V2_HEAD "\xff\xff" V2_ENDS));
	stream_end_write(&fixture, connected, fields, FIELDS - 1);
	assert_int_equal(accepted->opened, 0);
	stream_end_write(&fixture, connected, "\0x", 2);
	STREAM_AWAIT(&fixture, accepted->opened == 1);
	net_stream_read(accepted->stream);
	STREAM_AWAIT(&fixture, accepted->len == 1);
	assert_int_equal(accepted->bytes[0], 'x');
	close_connection();
	free(fields);
}

static void a_local_connection_keeps_its_peer(void **state)
{
	(void)state;
	open_connection(NULL);
	stream_end_write(&fixture, connected, BYTES("PROXY UNKNOWN\r\n"));
	STREAM_AWAIT(&fixture, accepted->opened == 1);
	assert_string_equal(accepted->stream->ip, "127.0.0.1");
	close_connection();
}

static void a_malformed_header_ends_the_stream(void **state)
{
	(void)state;
	open_connection(NULL);
	stream_end_write(&fixture, connected, BYTES("CONNECT {}\r\nPING\r\n"));
	STREAM_AWAIT(&fixture, accepted->ended_status == NET_EPROXYHEADER);
	assert_int_equal(accepted->opened, 0);
	assert_int_equal(net_stream_write(accepted->stream, NULL, 0), UV_EPIPE);
	close_connection();
}

static void an_end_within_the_header_is_malformed_and_one_before_it_is_not(void **state)
{
	(void)state;
	open_connection(NULL);
	stream_end_write(&fixture, connected, BYTES("PROXY T"));
	net_stream_end(connected->stream);
	STREAM_AWAIT(&fixture, accepted->ended_status == NET_EPROXYHEADER);
	close_connection();
	open_connection(NULL);
	net_stream_end(connected->stream);
	STREAM_AWAIT(&fixture, accepted->ended_status == UV_EOF);
	close_connection();
}

static void a_header_that_does_not_come_ends_the_stream(void **state)
{
	(void)state;
	open_connection(NULL);
	uint64_t begun_ns = uv_hrtime();
	STREAM_AWAIT(&fixture, accepted->ended_status == UV_ETIMEDOUT);
	assert_true(uv_hrtime() - begun_ns > (uint64_t)(NET_PROXY_LAYER_MS - 1000) * 1000000);
	close_connection();
}

static void peers_outside_the_networks_send_no_header(void **state)
{
	(void)state;
	open_connection("10.0.0.0/8");
	STREAM_AWAIT(&fixture, accepted->opened == 1);
	assert_string_equal(accepted->stream->ip, "127.0.0.1");
	close_connection();
	open_connection("127.0.0.0/8");
	stream_end_write(&fixture, connected, BYTES("PROXY TCP4 10.0.0.7 10.0.0.8 9 10\r\n"));
	STREAM_AWAIT(&fixture, accepted->opened == 1);
	assert_string_equal(accepted->stream->ip, "10.0.0.7");
	close_connection();
}

static void a_stream_may_be_closed_while_its_header_is_awaited(void **state)
{
	(void)state;
	open_connection(NULL);
	net_stream_abort(accepted->stream);
	STREAM_AWAIT(&fixture, accepted->closed == 1);
	close_connection();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_peer_is_the_one_that_the_header_names),
	    cmocka_unit_test(bytes_after_the_header_reach_the_owner_in_both_directions),
	    cmocka_unit_test(a_header_may_come_byte_by_byte),
	    cmocka_unit_test(further_fields_are_skipped_up_to_the_longest_header),
	    cmocka_unit_test(a_local_connection_keeps_its_peer),
	    cmocka_unit_test(a_malformed_header_ends_the_stream),
	    cmocka_unit_test(an_end_within_the_header_is_malformed_and_one_before_it_is_not),
	    cmocka_unit_test(a_header_that_does_not_come_ends_the_stream),
	    cmocka_unit_test(peers_outside_the_networks_send_no_header),
	    cmocka_unit_test(a_stream_may_be_closed_while_its_header_is_awaited),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
