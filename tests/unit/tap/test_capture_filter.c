/* Which packets pass the filters: for ports, and the user's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/tap/capture_fixture.h"

static unsigned frames_that_pass(const struct capture_fixture *fixture, const struct support_packet *packet,
				 const char *filter, uint16_t port)
{
	struct support_capture capture = {.link = packet->link};
	struct taken taken;
	support_capture_begin(&capture);
	support_capture_put_packet(&capture, CAPTURE_TIME_NS, packet);
	support_write_file(fixture->path, capture.bytes.data, capture.bytes.len);
	support_capture_fini(&capture);
	capture_read_file(
	    &(struct tap_capture_options){
		.file = fixture->path, .filter = filter, .ports = &port, .ports_count = port ? 1 : 0},
	    &taken);
	support_bytes_fini(&taken.bytes);
	return taken.frames;
}

static void a_port_is_found_after_tags_and_headers(void **state)
{
	static const uint8_t extensions[] = {0, 60};
	for (int form = 0; form < SUPPORT_LINKS * 2 * 3 * 2; form++) {
		struct support_packet packet = capture_packet(5);
		packet.link = (enum support_link)(form % SUPPORT_LINKS);
		packet.is_v6 = form / SUPPORT_LINKS % 2;
		packet.vlan_tags =
		    packet.link == SUPPORT_ETHERNET ? (unsigned)(form / SUPPORT_LINKS / 2 % 3) : 0;
		packet.extensions = extensions;
		packet.extensions_len = form / SUPPORT_LINKS / 6 ? 2 : 0;
		assert_int_equal(frames_that_pass(*state, &packet, NULL, 4223), 1);
		assert_int_equal(frames_that_pass(*state, &packet, NULL, 50000), 1);
		if (!packet.extensions_len)
			assert_int_equal(frames_that_pass(*state, &packet, NULL, 80), 0);
	}
}

static void fragments_without_ports_pass(void **state)
{
	for (int form = 0; form < 6; form++) {
		struct support_packet packet = capture_packet(35);
		packet.is_v6 = form % 2;
		packet.vlan_tags = (unsigned)form / 2;
		packet.fragment_id = 1;
		packet.fragment_offset = 40;
		packet.fragment_len = 15;
		assert_int_equal(frames_that_pass(*state, &packet, NULL, 4222), 1);
	}
}

/* Only the decoder knows the ports inside an encapsulation, so it must get the packets. */
static void encapsulations_pass_whatever_the_port(void **state)
{
	static const struct {
		uint8_t protocol;
		const char *start;
	} forms[] = {{4, ""},
		     {41, ""},
		     {47, ""},
		     {97, ""},
		     {137, ""},
		     {17, "\xc3\x50\x12\xb5\0\x40"},  /* VXLAN */
		     {17, "\xc3\x50\x21\x18\0\x40"},  /* VXLAN on the default port of Linux */
		     {17, "\xc3\x50\x17\xc1\0\x40"}}; /* GENEVE */
	for (unsigned i = 0; i < 6 * sizeof forms / sizeof forms[0]; i++) {
		char payload[64] = "";
		struct support_packet packet = capture_packet(5);
		packet.is_v6 = i % 2;
		packet.vlan_tags = i / 2 % 3;
		packet.protocol = forms[i / 6].protocol;
		memcpy(payload, forms[i / 6].start, i / 6 < 5 ? 0 : 6);
		packet.payload = wire_slice(payload, sizeof payload);
		assert_int_equal(frames_that_pass(*state, &packet, NULL, 4222), 1);
		packet.protocol = 17;
		packet.payload = wire_slice("\0\x35\0\x35\0\x08\0\0", 8); /* DNS */
		assert_int_equal(frames_that_pass(*state, &packet, NULL, 4222), 0);
	}
}

static void ethertypes_with_packets_inside_pass(void **state)
{
	static const unsigned char types[][2] = {{0x88, 0x47}, {0x88, 0x48}, {0x88, 0x64}, {0x88, 0xcc}};
	struct capture_fixture *fixture = *state;
	const uint16_t port = 4222;
	for (int i = 0; i < 4 * 3; i++) {
		struct support_capture capture = {0};
		struct taken taken;
		unsigned char frame[60] = {0};
		int tags = i % 3;
		for (int tag = 0; tag < tags; tag++)
			memcpy(frame + 12 + tag * 4, "\x81\0\0\x64", 4);
		memcpy(frame + 12 + tags * 4, types[i / 3], 2);
		support_capture_begin(&capture);
		support_capture_put(&capture, CAPTURE_TIME_NS, frame, sizeof frame);
		support_write_file(fixture->path, capture.bytes.data, capture.bytes.len);
		support_capture_fini(&capture);
		capture_read_file(
		    &(struct tap_capture_options){.file = fixture->path, .ports = &port, .ports_count = 1},
		    &taken);
		assert_int_equal(taken.frames, i / 3 < 3 ? 1 : 0);
		support_bytes_fini(&taken.bytes);
	}
}

static void the_users_filter_counts_as_well(void **state)
{
	struct support_packet packet = capture_packet(5);
	assert_int_equal(frames_that_pass(*state, &packet, "host 10.0.0.1", 0), 1);
	assert_int_equal(frames_that_pass(*state, &packet, "host 10.0.0.9", 0), 0);
	assert_int_equal(frames_that_pass(*state, &packet, "host 10.0.0.1", 4223), 1);
	assert_int_equal(frames_that_pass(*state, &packet, "host 10.0.0.9", 4223), 0);
	assert_int_equal(frames_that_pass(*state, &packet, "host 10.0.0.1", 80), 0);
	assert_int_equal(frames_that_pass(*state, &packet, "host 10.0.0.1 or host 10.0.0.9", 80), 0);
	packet.vlan_tags = 1;
	assert_int_equal(frames_that_pass(*state, &packet, "vlan and host 10.0.0.1", 4223), 1);
}

static void an_invalid_filter_is_reported_in_libpcaps_words(void **state)
{
	struct capture_fixture *fixture = *state;
	struct support_capture capture = {0};
	struct support_bytes frames = {0};
	capture_write(fixture, &capture, &frames);
	support_bytes_fini(&frames);
	struct tap_capture_options options = {.file = fixture->path, .filter = "tcp port 4222 and ((ip"};
	assert_int_equal(capture_open_error(&options, "syntax error"), TAP_EBPF);
	assert_int_equal(capture_open_error(&options, "as far as \"tcp port 4222\""), TAP_EBPF);
	options.filter = "ip) or (ip6";
	assert_int_equal(capture_open_error(&options, "syntax error"), TAP_EBPF);
	options.filter = "port 70000";
	assert_int_equal(capture_open_error(&options, "70000"), TAP_EBPF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_port_is_found_after_tags_and_headers),
	    cmocka_unit_test(fragments_without_ports_pass),
	    cmocka_unit_test(encapsulations_pass_whatever_the_port),
	    cmocka_unit_test(ethertypes_with_packets_inside_pass),
	    cmocka_unit_test(the_users_filter_counts_as_well),
	    cmocka_unit_test(an_invalid_filter_is_reported_in_libpcaps_words),
	};
	return cmocka_run_group_tests(tests, capture_fixture_setup, capture_fixture_teardown);
}
