/* Frames in, bytes out: packets, fragments and reassembly together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tap/stream/decoder.h"
#include "tests/unit/tap/reassembly_fixture.h"

static struct reassembly_fixture fixture;
static struct support_connection connection;
static struct tap_decoder *decoder;

static void take_cut(const struct support_packet *packet, size_t captured)
{
	struct support_bytes bytes = {0};
	support_packet_put(&bytes, packet);
	const struct tap_frame frame = {.time_ns = fixture.time_ns++,
					.bytes = bytes.data,
					.captured_bytes =
					    (uint32_t)(captured < bytes.len ? captured : bytes.len),
					.wire_bytes = (uint32_t)bytes.len,
					.link_type = support_link_type(packet->link)};
	tap_decoder_take(decoder, &frame);
	support_bytes_fini(&bytes);
}

static void take(struct support_packet packet)
{
	take_cut(&packet, SIZE_MAX);
}

static struct support_packet prepare(unsigned who, unsigned flags, const char *text)
{
	return support_connection_send(&connection, (enum support_who)who, flags, wire_slice_str(text));
}

static void shake_hands(void)
{
	take(prepare(SUPPORT_CLIENT, SUPPORT_SYN, ""));
	take(prepare(SUPPORT_SERVER, SUPPORT_SYN, ""));
}

static struct tap_decoder_stats stats(void)
{
	struct tap_decoder_stats now;
	tap_decoder_stats(decoder, &now);
	return now;
}

static void check_client(const char *text)
{
	assert_int_equal(fixture.flows_len, 1);
	assert_string_equal(emitted_text(&fixture.flows[0]->streams[TAP_ORIGINATOR]), text);
}

static int open_decoder(void **state)
{
	(void)state;
	reassembly_fixture_init(&fixture);
	support_connection_init(&connection, 50000, 4222);
	const struct tap_decoder_options options = {.reassembly = fixture.options};
	decoder = tap_decoder_open(&fixture.handler, &options, &fixture.budget);
	assert_non_null(decoder);
	return 0;
}

static int close_decoder(void **state)
{
	(void)state;
	tap_decoder_close(decoder);
	reassembly_fixture_fini(&fixture);
	return 0;
}

static void frames_become_bytes(void **state)
{
	(void)state;
	shake_hands();
	take(prepare(SUPPORT_CLIENT, 0, "PUB a 2\r\n"));
	take(prepare(SUPPORT_CLIENT, 0, "hi\r\n"));
	check_client("PUB a 2\r\nhi\r\n");
	assert_false(fixture.flows[0]->is_closed);
	tap_decoder_finish(decoder);
	assert_true(fixture.flows[0]->is_closed);
	assert_int_equal(stats().frames, 4);
	assert_int_equal(stats().kinds[TAP_PACKET_SEGMENT], 4);
	assert_int_equal(stats().reassembly->data_bytes, 13);
}

/* IPv4 and IPv6, last fragment first. */
static void a_segment_in_fragments_is_a_segment(void **state)
{
	(void)state;
	for (int is_v6 = 0; is_v6 < 2; is_v6++) {
		close_decoder(NULL);
		open_decoder(NULL);
		connection.like.is_v6 = is_v6;
		shake_hands();
		struct support_packet packet =
		    prepare(SUPPORT_CLIENT, 0, "a payload that is longer than one fragment");
		packet.fragment_id = 9;
		packet.fragment_offset = 40;
		packet.fragment_len = (uint16_t)(support_packet_datagram_len(&packet) - 40);
		take(packet);
		packet.fragment_offset = 0;
		packet.fragment_len = 40;
		take(packet);
		check_client("a payload that is longer than one fragment");
		assert_int_equal(stats().kinds[TAP_PACKET_FRAGMENT], 2);
		assert_int_equal(stats().fragments->datagrams, 1);
	}
}

static void bytes_missing_from_a_frame_are_a_hole(void **state)
{
	(void)state;
	shake_hands();
	struct support_packet packet = prepare(SUPPORT_CLIENT, 0, "0123456789");
	take_cut(&packet, 14 + 20 + 20 + 4);
	take(prepare(SUPPORT_CLIENT, 0, "abc"));
	check_client("0123<6 cut>abc");
}

static void padding_is_not_emitted(void **state)
{
	(void)state;
	connection.like.padding = 6;
	shake_hands();
	take(prepare(SUPPORT_CLIENT, 0, "short"));
	take(prepare(SUPPORT_CLIENT, 0, ""));
	take(prepare(SUPPORT_CLIENT, 0, "er"));
	check_client("shorter");
}

static void frames_of_all_kinds_are_counted(void **state)
{
	(void)state;
	struct support_packet udp = prepare(SUPPORT_CLIENT, 0, "12345678");
	udp.protocol = 17;
	take(udp);
	take_cut(&udp, 20);
	assert_int_equal(stats().kinds[TAP_PACKET_NOT_TCP], 1);
	assert_int_equal(stats().kinds[TAP_PACKET_CUT], 1);
	assert_int_equal(stats().frames, 2);
}

/* Packets that are captured because of an encapsulation may have any port. */
static void only_the_ports_asked_for_become_bytes(void **state)
{
	(void)state;
	static const uint16_t ports[] = {4222, 4333};
	const struct tap_decoder_options options = {
	    .reassembly = fixture.options, .ports = ports, .ports_count = 2};
	struct support_connection other;
	tap_decoder_close(decoder);
	decoder = tap_decoder_open(&fixture.handler, &options, &fixture.budget);
	support_connection_init(&other, 50001, 80);
	take(support_connection_send(&other, SUPPORT_CLIENT, 0, wire_slice_str("GET / HTTP/1.1\r\n")));
	shake_hands();
	take(prepare(SUPPORT_CLIENT, 0, "PING\r\n"));
	check_client("PING\r\n");
	assert_int_equal(stats().other_ports, 1);
}

/* Take a packet that contains the given one, whole or in two fragments. */
static void take_around(const struct support_packet *inner, uint32_t id)
{
	struct support_packet bare = *inner;
	struct support_bytes bytes = {0};
	bare.link = SUPPORT_RAW;
	support_packet_put(&bytes, &bare);
	struct support_packet outer = {.from = {101, 0},
				       .to = {102, 0},
				       .protocol = 4,
				       .payload = wire_slice((const char *)bytes.data, bytes.len),
				       .fragment_id = id,
				       .fragment_len = 24};
	take(outer);
	outer.fragment_offset = 24;
	outer.fragment_len = (uint16_t)(bytes.len - 24);
	take(outer);
	support_bytes_fini(&bytes);
}

static void a_packet_inside_fragments_is_found(void **state)
{
	(void)state;
	shake_hands();
	struct support_packet packet = prepare(SUPPORT_CLIENT, 0, "a payload in an outer packet");
	take_around(&packet, 1);
	check_client("a payload in an outer packet");
	assert_int_equal(stats().fragments->used, 2);
}

static void fragments_of_a_packet_inside_fragments_are_put_together(void **state)
{
	(void)state;
	shake_hands();
	struct support_packet packet =
	    prepare(SUPPORT_CLIENT, 0, "a payload that is longer than one fragment");
	packet.fragment_id = 9;
	packet.fragment_len = 40;
	take_around(&packet, 1);
	packet.fragment_offset = 40;
	packet.fragment_len = (uint16_t)(support_packet_datagram_len(&packet) - 40);
	take_around(&packet, 2);
	check_client("a payload that is longer than one fragment");
	assert_int_equal(stats().fragments->datagrams, 3);
	tap_decoder_finish(decoder);
	assert_int_equal(stats().undecoded->frames, 0);
}

static void check_undecoded(const char *list)
{
	char text[400];
	tap_undecoded_frames_list(stats().undecoded, text, sizeof text);
	assert_string_equal(text, list);
}

static void undecoded_frames_are_listed_most_frequent_kind_first(void **state)
{
	(void)state;
	check_undecoded("");
	struct support_packet packet = prepare(SUPPORT_CLIENT, 0, "12345678");
	packet.protocol = 50;
	take(packet);
	packet.protocol = 17;
	take(packet);
	take(packet);
	check_undecoded("2 frames of UDP, 1 of ESP (encrypted)");
	packet.fragment_id = 4;
	packet.fragment_len = 8;
	packet.payload = wire_slice_str("1234567890");
	take(packet);
	tap_decoder_finish(decoder);
	check_undecoded("2 frames of UDP, 1 of IP datagrams that are not whole, 1 of ESP (encrypted)");
}

static void kinds_beyond_the_table_share_a_count(void **state)
{
	(void)state;
	struct support_packet packet = prepare(SUPPORT_CLIENT, 0, "12345678");
	for (unsigned protocol = 140; protocol < 240; protocol++) {
		packet.protocol = (uint8_t)protocol;
		take(packet);
	}
	assert_int_equal(stats().undecoded->len, TAP_UNDECODED_FRAMES_MAX);
	assert_int_equal(stats().undecoded->others, 100 - TAP_UNDECODED_FRAMES_MAX);
	assert_int_equal(stats().undecoded->frames, 100);
}

static void time_alone_gives_up_holes(void **state)
{
	(void)state;
	shake_hands();
	prepare(SUPPORT_CLIENT, 0, "lost");
	take(prepare(SUPPORT_CLIENT, 0, "seen"));
	tap_decoder_expire(decoder, fixture.time_ns + fixture.options.patience_ns);
	check_client("<4>seen");
}

#define DECODER_TEST(name) cmocka_unit_test_setup_teardown(name, open_decoder, close_decoder)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    DECODER_TEST(frames_become_bytes),
	    DECODER_TEST(a_segment_in_fragments_is_a_segment),
	    DECODER_TEST(bytes_missing_from_a_frame_are_a_hole),
	    DECODER_TEST(padding_is_not_emitted),
	    DECODER_TEST(frames_of_all_kinds_are_counted),
	    DECODER_TEST(only_the_ports_asked_for_become_bytes),
	    DECODER_TEST(a_packet_inside_fragments_is_found),
	    DECODER_TEST(fragments_of_a_packet_inside_fragments_are_put_together),
	    DECODER_TEST(undecoded_frames_are_listed_most_frequent_kind_first),
	    DECODER_TEST(kinds_beyond_the_table_share_a_count),
	    DECODER_TEST(time_alone_gives_up_holes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
