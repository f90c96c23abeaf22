/* Packet decoding: every link layer, both IP versions, false lengths and cut frames. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/packets.h"
#include "tap/packet/packet.h"
#include "tests/support/guard_page.h"

static const uint8_t all_extensions[] = {0, 60, 43, 51, 60};
static struct guard_page page;

static struct support_packet plain(void)
{
	return (struct support_packet){.from = {1, 40000},
				       .to = {2, 4222},
				       .seq = 0xfffffff0,
				       .ack = 77,
				       .flags = SUPPORT_ACK | SUPPORT_PSH,
				       .payload = WIRE_LITERAL("PUB a 2\r\nhi\r\n")};
}

/* Decode the first `captured` bytes of a frame that ends at an unmapped page. */
static enum tap_packet_kind decode_cut(const struct support_packet *packet, const struct support_bytes *frame,
				       size_t captured, size_t wire_bytes, struct tap_packet *decoded)
{
	struct tap_frame cut = {
	    .bytes = (const unsigned char *)guard_page_copy(&page, (const char *)frame->data, captured),
	    .captured_bytes = (uint32_t)captured,
	    .wire_bytes = (uint32_t)wire_bytes,
	    .link_type = support_link_type(packet->link)};
	return tap_packet_decode(&cut, decoded);
}

static enum tap_packet_kind decode(const struct support_packet *packet, struct tap_packet *decoded)
{
	struct support_bytes frame = {0};
	support_packet_put(&frame, packet);
	enum tap_packet_kind kind = decode_cut(packet, &frame, frame.len, frame.len, decoded);
	support_bytes_fini(&frame);
	return kind;
}

static void check_end(const struct tap_endpoint *endpoint, struct support_end end, bool is_v6)
{
	assert_int_equal(endpoint->is_v6, is_v6);
	assert_int_equal(endpoint->port, end.port);
	assert_int_equal(endpoint->address[is_v6 ? 15 : 3], end.host);
	assert_int_equal(endpoint->address[0], is_v6 ? 0xfd : 10);
}

static void check_segment(const struct support_packet *packet)
{
	struct tap_packet decoded;
	assert_int_equal(decode(packet, &decoded), TAP_PACKET_SEGMENT);
	check_end(&decoded.segment.from, packet->from, packet->is_v6);
	check_end(&decoded.segment.to, packet->to, packet->is_v6);
	assert_int_equal(decoded.segment.seq, packet->seq);
	assert_int_equal(decoded.segment.ack, packet->ack);
	assert_int_equal(decoded.segment.flags, packet->flags);
	assert_int_equal(decoded.segment.missing_bytes, 0);
	assert_int_equal(decoded.segment.payload.len, packet->payload.len);
	assert_memory_equal(decoded.segment.payload.data, packet->payload.data, packet->payload.len);
}

/* Call check with every form of a packet. */
static void with_every_form(void (*check)(const struct support_packet *packet))
{
	for (unsigned i = 0; i < SUPPORT_LINKS * 2 * 2 * 3; i++) {
		struct support_packet packet = plain();
		packet.link = (enum support_link)(i % SUPPORT_LINKS);
		packet.is_v6 = i / SUPPORT_LINKS % 2;
		packet.tcp_option_bytes = i / SUPPORT_LINKS / 2 % 2 ? 12 : 0;
		packet.vlan_tags = packet.link <= SUPPORT_COOKED2 ? i / SUPPORT_LINKS / 4 : 0;
		check(&packet);
		packet.ip_option_bytes = 40;
		packet.extensions = all_extensions;
		packet.extensions_len = sizeof all_extensions;
		check(&packet);
	}
}

static void every_link_layer_and_both_ips_give_the_segment(void **state)
{
	(void)state;
	with_every_form(check_segment);
}

static void check_padding(const struct support_packet *packet)
{
	struct support_packet padded = *packet;
	padded.padding = 18;
	check_segment(&padded);
	padded.payload = wire_slice("", 0);
	check_segment(&padded);
}

static void padding_is_no_payload(void **state)
{
	(void)state;
	with_every_form(check_padding);
}

/* A frame cut by the snapshot length: captured bytes are payload, others are missing, and no header is
 * invented. */
static void check_cuts(const struct support_packet *packet)
{
	struct support_bytes frame = {0};
	struct tap_packet decoded;
	support_packet_put(&frame, packet);
	size_t headers = frame.len - packet->payload.len, options = packet->tcp_option_bytes;
	for (size_t captured = 0; captured < frame.len; captured++) {
		enum tap_packet_kind kind = decode_cut(packet, &frame, captured, frame.len, &decoded);
		assert_int_equal(kind, captured < headers - options ? TAP_PACKET_CUT : TAP_PACKET_SEGMENT);
		if (kind == TAP_PACKET_CUT)
			continue;
		size_t there = captured < headers ? 0 : captured - headers;
		assert_int_equal(decoded.segment.payload.len, there);
		assert_int_equal(decoded.segment.missing_bytes, packet->payload.len - there);
		assert_memory_equal(decoded.segment.payload.data, packet->payload.data, there);
	}
	support_bytes_fini(&frame);
}

static void bytes_cut_by_the_snapshot_length_are_missing(void **state)
{
	(void)state;
	with_every_form(check_cuts);
}

/* A frame that is short on the wire, too: IP's length still says how much is missing. Without that it is
 * malformed. */
static void check_short(const struct support_packet *packet)
{
	struct support_bytes frame = {0};
	struct tap_packet decoded;
	support_packet_put(&frame, packet);
	for (size_t captured = 0; captured < frame.len; captured++) {
		enum tap_packet_kind kind = decode_cut(packet, &frame, captured, captured, &decoded);
		if (kind == TAP_PACKET_SEGMENT)
			assert_int_equal(decoded.segment.payload.len + decoded.segment.missing_bytes,
					 packet->payload.len);
		else
			assert_true(kind == TAP_PACKET_CUT || kind == TAP_PACKET_BAD_LINK ||
				    kind == TAP_PACKET_BAD_IP);
	}
	support_bytes_fini(&frame);
}

static void a_frame_that_is_short_on_the_wire_is_no_cut_frame(void **state)
{
	(void)state;
	with_every_form(check_short);
}

/* Kernel offloads build frames longer than the length field of IPv4 holds; it is 0 then, and so is that of
 * IPv6. */
static void a_frame_without_an_ip_length_goes_to_its_end(void **state)
{
	(void)state;
	char *payload = calloc(1, 200000);
	for (int is_v6 = 0; is_v6 < 2; is_v6++) {
		struct support_packet packet = plain();
		packet.is_v6 = is_v6;
		packet.has_no_length = true;
		packet.payload = wire_slice(payload, 200000);
		check_segment(&packet);
	}
	free(payload);
}

static void a_jumbo_payload_option_gives_the_length(void **state)
{
	(void)state;
	struct support_packet packet = plain();
	struct support_bytes frame = {0};
	struct tap_packet decoded;
	packet.is_v6 = true;
	packet.extensions = all_extensions;
	packet.extensions_len = 1;
	packet.has_no_length = true;
	packet.padding = 9;
	support_packet_put(&frame, &packet);
	size_t length = 8 + support_packet_datagram_len(&packet);
	memcpy(frame.data + 14 + 40 + 2, "\xc2\x04\0\0\0", 5);
	frame.data[14 + 40 + 7] = (unsigned char)length;
	assert_int_equal(decode_cut(&packet, &frame, frame.len, frame.len, &decoded), TAP_PACKET_SEGMENT);
	assert_int_equal(decoded.segment.payload.len, packet.payload.len);
	support_bytes_fini(&frame);
}

static void a_segment_longer_than_any_kernel_builds_is_refused(void **state)
{
	(void)state;
	struct support_packet packet = plain();
	struct support_bytes frame = {0};
	struct tap_packet decoded;
	packet.has_no_length = true;
	support_packet_put(&frame, &packet);
	size_t headers = frame.len - support_packet_datagram_len(&packet);
	assert_int_equal(decode_cut(&packet, &frame, frame.len, headers + TAP_SEGMENT_BYTES_MAX, &decoded),
			 TAP_PACKET_SEGMENT);
	assert_int_equal(
	    decode_cut(&packet, &frame, frame.len, headers + TAP_SEGMENT_BYTES_MAX + 1, &decoded),
	    TAP_PACKET_BAD_TCP);
	support_bytes_fini(&frame);
}

/* ---- malformed ---- */

struct patch {
	unsigned offset; /* after the Ethernet header */
	unsigned char value;
	enum tap_packet_kind kind;
};

static void check_patch(const struct patch *patch, bool is_v6)
{
	struct support_packet packet = plain();
	struct support_bytes frame = {0};
	struct tap_packet decoded;
	packet.is_v6 = is_v6;
	support_packet_put(&frame, &packet);
	frame.data[14 + patch->offset] = patch->value;
	assert_int_equal(decode_cut(&packet, &frame, frame.len, frame.len, &decoded), patch->kind);
	support_bytes_fini(&frame);
}

static void malformed_headers_are_reported_by_kind(void **state)
{
	(void)state;
	static const struct patch ipv4[] = {
	    {0, 0x55, TAP_PACKET_BAD_IP},        /* version */
	    {0, 0x44, TAP_PACKET_BAD_IP},        /* header of 16 bytes */
	    {0, 0x4f, TAP_PACKET_BAD_IP},        /* header longer than the packet */
	    {3, 19, TAP_PACKET_BAD_IP},          /* total length less than the header */
	    {3, 39, TAP_PACKET_BAD_TCP},         /* … than TCP's */
	    {9, 17, TAP_PACKET_NOT_TCP},         /* UDP */
	    {10, 0xff, TAP_PACKET_SEGMENT},      /* checksum */
	    {20 + 12, 0x40, TAP_PACKET_BAD_TCP}, /* header of 16 bytes */
	    {20 + 12, 0xf0, TAP_PACKET_BAD_TCP}, /* header longer than the packet */
	    {20 + 16, 0xff, TAP_PACKET_SEGMENT}, /* checksum */
	};
	static const struct patch ipv6[] = {
	    {0, 0x50, TAP_PACKET_BAD_IP}, {5, 19, TAP_PACKET_BAD_TCP},
	    {6, 17, TAP_PACKET_NOT_TCP},  {6, 50, TAP_PACKET_NOT_TCP}, /* ESP */
	    {6, 59, TAP_PACKET_NOT_TCP},                               /* no next header */
	};
	for (size_t i = 0; i < sizeof ipv4 / sizeof *ipv4; i++)
		check_patch(&ipv4[i], false);
	for (size_t i = 0; i < sizeof ipv6 / sizeof *ipv6; i++)
		check_patch(&ipv6[i], true);
}

static void frames_that_are_not_ip_are_named(void **state)
{
	(void)state;
	struct tap_packet decoded;
	unsigned char arp[60] = {[12] = 0x08, [13] = 0x06};
	struct tap_frame frame = {.bytes = arp,
				  .captured_bytes = sizeof arp,
				  .wire_bytes = sizeof arp,
				  .link_type = support_link_type(SUPPORT_ETHERNET)};
	assert_int_equal(tap_packet_decode(&frame, &decoded), TAP_PACKET_NOT_IP);
	assert_int_equal(decoded.number, 0x0806);
	frame.link_type = support_link_type(SUPPORT_NULL);
	assert_int_equal(tap_packet_decode(&frame, &decoded), TAP_PACKET_NOT_IP_FAMILY);
	frame.link_type = 147;
	assert_int_equal(tap_packet_decode(&frame, &decoded), TAP_PACKET_LINK_TYPE);
	assert_int_equal(decoded.number, 147);
	assert_false(tap_packet_knows(147));
	for (int link = 0; link < SUPPORT_LINKS; link++)
		assert_true(tap_packet_knows(support_link_type((enum support_link)link)));
}

/* ---- fragments ---- */

static void check_fragment(const struct support_packet *packet, bool is_last)
{
	struct tap_packet decoded;
	assert_int_equal(decode(packet, &decoded), TAP_PACKET_FRAGMENT);
	const struct tap_fragment *fragment = &decoded.fragment;
	check_end(&fragment->from, (struct support_end){packet->from.host, 0}, packet->is_v6);
	check_end(&fragment->to, (struct support_end){packet->to.host, 0}, packet->is_v6);
	assert_int_equal(fragment->id, packet->fragment_id);
	assert_int_equal(fragment->offset_bytes, packet->fragment_offset);
	assert_int_equal(fragment->payload.len, packet->fragment_len);
	assert_int_equal(fragment->protocol, 6);
	assert_int_equal(fragment->is_last, is_last);
}

static void fragments_have_their_id_and_offset(void **state)
{
	(void)state;
	for (int is_v6 = 0; is_v6 < 2; is_v6++) {
		struct support_packet packet = plain();
		packet.is_v6 = is_v6;
		packet.fragment_id = 4711;
		packet.fragment_len = 24;
		check_fragment(&packet, false);
		packet.fragment_offset = 24;
		packet.fragment_len = (uint16_t)(support_packet_datagram_len(&packet) - 24);
		packet.padding = 5;
		check_fragment(&packet, true);
	}
}

/* RFC 6946: a fragment that covers the whole datagram needs no reassembly. */
static void an_atomic_fragment_is_a_segment(void **state)
{
	(void)state;
	struct support_packet packet = plain();
	packet.is_v6 = true;
	packet.fragment_id = 4711;
	packet.fragment_len = (uint16_t)support_packet_datagram_len(&packet);
	check_segment(&packet);
}

static int open_page(void **state)
{
	(void)state;
	guard_page_init(&page, 200000 + 200);
	return 0;
}

static int close_page(void **state)
{
	(void)state;
	guard_page_fini(&page);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_link_layer_and_both_ips_give_the_segment),
	    cmocka_unit_test(padding_is_no_payload),
	    cmocka_unit_test(bytes_cut_by_the_snapshot_length_are_missing),
	    cmocka_unit_test(a_frame_that_is_short_on_the_wire_is_no_cut_frame),
	    cmocka_unit_test(a_frame_without_an_ip_length_goes_to_its_end),
	    cmocka_unit_test(a_jumbo_payload_option_gives_the_length),
	    cmocka_unit_test(a_segment_longer_than_any_kernel_builds_is_refused),
	    cmocka_unit_test(malformed_headers_are_reported_by_kind),
	    cmocka_unit_test(frames_that_are_not_ip_are_named),
	    cmocka_unit_test(fragments_have_their_id_and_offset),
	    cmocka_unit_test(an_atomic_fragment_is_a_segment),
	};
	return cmocka_run_group_tests(tests, open_page, close_page);
}
