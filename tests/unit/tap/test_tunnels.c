/* Packets inside packets: every encapsulation, combinations, cut headers, and the kinds that are not decoded. */
#include <pcap/dlt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/packets.h"
#include "tap/packet/packet.h"
#include "tests/support/guard_page.h"

static struct guard_page page;

/* ---- building ---- */

/* The inner packet: host 1 port 40000 to host 2 port 4222, over IPv4 or IPv6, on Ethernet or bare. */
static void put_inner(struct support_bytes *out, bool is_v6, enum support_link link)
{
	const struct support_packet packet = {.link = link,
					      .is_v6 = is_v6,
					      .from = {1, 40000},
					      .to = {2, 4222},
					      .seq = 77,
					      .flags = SUPPORT_ACK,
					      .payload = WIRE_LITERAL("PUB a 2\r\nhi\r\n")};
	support_packet_put(out, &packet);
}

/* Put an outer packet of an IP protocol around the bytes. */
static void wrap_ip(struct support_bytes *bytes, bool is_v6, uint8_t protocol, enum support_link link)
{
	struct support_bytes whole = {0};
	const struct support_packet packet = {.link = link,
					      .is_v6 = is_v6,
					      .from = {101, 0},
					      .to = {102, 0},
					      .protocol = protocol,
					      .payload = wire_slice((const char *)bytes->data, bytes->len)};
	support_packet_put(&whole, &packet);
	support_bytes_fini(bytes);
	*bytes = whole;
}

/* Put a header, in hexadecimal digits and blanks, before the bytes. */
static void wrap(struct support_bytes *bytes, const char *digits)
{
	struct support_bytes whole = {0};
	for (const char *at = digits; *at; at += *at == ' ' ? 1 : 2) {
		unsigned value = 0;
		if (*at != ' ' && sscanf(at, "%2x", &value) == 1)
			support_bytes_put_be(&whole, value, 1);
	}
	support_bytes_put(&whole, bytes->data, bytes->len);
	support_bytes_fini(bytes);
	*bytes = whole;
}

static void wrap_udp(struct support_bytes *bytes, uint16_t port)
{
	struct support_bytes whole = {0};
	support_bytes_put_be(&whole, 50505, 2);
	support_bytes_put_be(&whole, port, 2);
	support_bytes_put_be(&whole, 8 + bytes->len, 2);
	support_bytes_put_be(&whole, 0, 2);
	support_bytes_put(&whole, bytes->data, bytes->len);
	support_bytes_fini(bytes);
	*bytes = whole;
}

#define MACS "020000000002 020000000001 "

/* An encapsulation: its innermost packet, headers from the inside out, and the IP protocol around them (0:
 * none). */
struct form {
	const char *name;
	enum support_link inner;
	const char *header;
	uint16_t udp_port;
	uint8_t protocol;
};

static const struct form forms[] = {
    {"VXLAN", SUPPORT_ETHERNET, "08000000 00007b00", 4789, 17},
    {"VXLAN on Linux's port", SUPPORT_ETHERNET, "08000000 00007b00", 8472, 17},
    {"VXLAN with a group policy", SUPPORT_ETHERNET, "88400007 00007b00", 4789, 17},
    {"VXLAN-GPE with Ethernet", SUPPORT_ETHERNET, "0c000003 00007b00", 4790, 17},
    {"GENEVE", SUPPORT_ETHERNET, "00006558 00007b00", 6081, 17},
    {"GENEVE with options", SUPPORT_ETHERNET, "03006558 00007b00 01028001 00000000 01020000", 6081, 17},
    {"GRE", SUPPORT_ETHERNET, "00006558", 0, 47},
    {"GRE with a checksum", SUPPORT_ETHERNET, "80006558 00000000", 0, 47},
    {"GRE with a key: NVGRE", SUPPORT_ETHERNET, "20006558 00007b01", 0, 47},
    {"GRE with a sequence number", SUPPORT_ETHERNET, "10006558 00000001", 0, 47},
    {"GRE with everything", SUPPORT_ETHERNET, "b0006558 00000000 00007b01 00000001", 0, 47},
    {"GRE with source routes", SUPPORT_ETHERNET, "40006558 00000000 08000004 0a000001 00000000", 0, 47},
    {"ERSPAN I", SUPPORT_ETHERNET, "000088be", 0, 47},
    {"ERSPAN II", SUPPORT_ETHERNET, "100088be 00000001 10010001 00000000", 0, 47},
    {"ERSPAN III", SUPPORT_ETHERNET, "100022eb 00000001 20010001 00000000 00000000", 0, 47},
    {"ERSPAN III with a subheader", SUPPORT_ETHERNET,
     "100022eb 00000001 20010001 00000000 00000001 0000000000000000", 0, 47},
    {"EtherIP", SUPPORT_ETHERNET, "3000", 0, 97},
    {"MPLS over UDP", SUPPORT_RAW, "00010140", 6635, 17},
    {"MPLS in IP", SUPPORT_RAW, "00010140", 0, 137},
    {"PPTP", SUPPORT_RAW, "3081880b 00100001 00000001 00000001 ff030021", 0, 47},
    {"PPP in GRE, compressed", SUPPORT_RAW, "3001880b 00100001 00000001 21", 0, 47},
    {"MPLS", SUPPORT_RAW, MACS "8847 00010140", 0, 0},
    {"MPLS, upstream", SUPPORT_RAW, MACS "8848 00010040 00011040 00012140", 0, 0},
    {"MPLS pseudowire", SUPPORT_ETHERNET, MACS "8847 00010140", 0, 0},
    {"MPLS pseudowire with a control word", SUPPORT_ETHERNET, MACS "8847 00010140 00000001", 0, 0},
    {"MPLS in VLAN", SUPPORT_RAW, MACS "8100 0064 8847 00010140", 0, 0},
    {"PPPoE", SUPPORT_RAW, MACS "8864 11000001 0043 0021", 0, 0},
    {"PPPoE, compressed", SUPPORT_RAW, MACS "8864 11000001 0042 21", 0, 0},
    {"SNAP", SUPPORT_RAW, MACS "0050 aaaa03 000000 0800", 0, 0},
};

enum { FORMS = sizeof forms / sizeof forms[0] };

/* Put the headers of the form around the bytes, which become an Ethernet frame or a bare packet. */
static void put_form(struct support_bytes *bytes, const struct form *form, bool is_v6, enum support_link link)
{
	wrap(bytes, form->header);
	if (form->udp_port)
		wrap_udp(bytes, form->udp_port);
	if (form->protocol)
		wrap_ip(bytes, is_v6, form->protocol, link);
}

/* ---- decoding ---- */

static enum tap_packet_kind decode(const struct support_bytes *bytes, size_t captured, int link_type,
				   struct tap_packet *packet)
{
	const struct tap_frame frame = {
	    .bytes = (const unsigned char *)guard_page_copy(&page, (const char *)bytes->data, captured),
	    .captured_bytes = (uint32_t)captured,
	    .wire_bytes = (uint32_t)bytes->len,
	    .link_type = link_type};
	return tap_packet_decode(&frame, packet);
}

static void check_segment(const struct support_bytes *bytes, int link_type, bool is_v6, const char *what)
{
	struct tap_packet packet;
	enum tap_packet_kind kind = decode(bytes, bytes->len, link_type, &packet);
	if (kind != TAP_PACKET_SEGMENT)
		fail_msg("%s: %s (number 0x%x)", what, tap_packet_kind_name(kind), packet.number);
	assert_int_equal(packet.segment.from.port, 40000);
	assert_int_equal(packet.segment.to.port, 4222);
	assert_int_equal(packet.segment.from.is_v6, is_v6);
	assert_int_equal(packet.segment.from.address[is_v6 ? 15 : 3], 1);
	assert_int_equal(packet.segment.to.address[is_v6 ? 15 : 3], 2);
	assert_int_equal(packet.segment.seq, 77);
	assert_int_equal(packet.segment.payload.len, 13);
	assert_memory_equal(packet.segment.payload.data, "PUB a 2\r\nhi\r\n", 13);
}

/* PPPoE and SNAP state the length and type of IPv4. */
static bool is_v4_only(const struct form *form)
{
	return strstr(form->name, "PPP") || strstr(form->name, "PPTP") || strcmp(form->name, "SNAP") == 0;
}

static void every_encapsulation_gives_the_innermost_segment(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FORMS * 4; i++) {
		const struct form *form = &forms[i / 4];
		struct support_bytes bytes = {0};
		bool is_v6 = i % 2 && !is_v4_only(form);
		put_inner(&bytes, is_v6, form->inner);
		put_form(&bytes, form, i / 2 % 2, SUPPORT_ETHERNET);
		check_segment(&bytes, DLT_EN10MB, is_v6, form->name);
		support_bytes_fini(&bytes);
	}
}

static void ip_in_ip_gives_the_innermost_segment(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct support_bytes bytes = {0};
		put_inner(&bytes, i & 1, SUPPORT_RAW);
		wrap_ip(&bytes, i & 2, i & 1 ? 41 : 4, SUPPORT_COOKED);
		check_segment(&bytes, DLT_LINUX_SLL, i & 1, "IP in IP");
		support_bytes_fini(&bytes);
	}
}

static void every_encapsulation_may_be_inside_every_other(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FORMS * FORMS; i++) {
		const struct form *inner = &forms[i / FORMS], *outer = &forms[i % FORMS];
		struct support_bytes bytes = {0};
		if (is_v4_only(outer) || (outer->inner == SUPPORT_RAW && !inner->protocol))
			continue;
		put_inner(&bytes, false, inner->inner);
		put_form(&bytes, inner, false, outer->inner);
		put_form(&bytes, outer, true, SUPPORT_ETHERNET);
		check_segment(&bytes, DLT_EN10MB, false, outer->name);
		support_bytes_fini(&bytes);
	}
}

static void links_of_ppp_and_hdlc_are_decoded(void **state)
{
	(void)state;
	static const struct {
		int link_type;
		const char *header;
	} links[] = {{DLT_PPP, "ff030021"},
		     {DLT_PPP, "21"},
		     {DLT_PPP_SERIAL, "ff030021"},
		     {DLT_C_HDLC, "0f000800"},
		     {DLT_PPP_ETHER, "11000001 0043 0021"}};
	for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
		struct support_bytes bytes = {0};
		put_inner(&bytes, false, SUPPORT_RAW);
		wrap(&bytes, links[i].header);
		check_segment(&bytes, links[i].link_type, false, links[i].header);
		support_bytes_fini(&bytes);
	}
}

/* The first digit of a pseudowire's frame may equal an IP version. */
static void a_pseudowires_address_is_not_taken_for_ip(void **state)
{
	(void)state;
	for (unsigned digit = 0; digit < 16; digit++) {
		struct support_bytes bytes = {0};
		put_inner(&bytes, false, SUPPORT_ETHERNET);
		bytes.data[0] = (unsigned char)(digit << 4);
		wrap(&bytes, MACS "8847 00010140");
		check_segment(&bytes, DLT_EN10MB, false, "pseudowire");
		support_bytes_fini(&bytes);
	}
}

/* ---- cut and malformed ---- */

/* Every prefix ends at an unmapped page. No header is invented. */
static void headers_that_are_cut_give_nothing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FORMS; i++) {
		struct support_bytes bytes = {0};
		struct tap_packet packet;
		put_inner(&bytes, false, forms[i].inner);
		put_form(&bytes, &forms[i], false, SUPPORT_ETHERNET);
		for (size_t len = 0; len < bytes.len; len++) {
			enum tap_packet_kind kind = decode(&bytes, len, DLT_EN10MB, &packet);
			if (len >= bytes.len - 13)
				assert_int_equal(kind, TAP_PACKET_SEGMENT);
			else
				assert_int_not_equal(kind, TAP_PACKET_SEGMENT);
			if (kind == TAP_PACKET_SEGMENT)
				assert_int_equal(packet.segment.missing_bytes, bytes.len - len);
		}
		support_bytes_fini(&bytes);
	}
}

static void check_kind(const struct support_bytes *bytes, enum tap_packet_kind kind, uint32_t number)
{
	struct tap_packet packet;
	assert_int_equal(decode(bytes, bytes->len, DLT_EN10MB, &packet), kind);
	assert_int_equal(packet.number, number);
}

static void undecoded_packets_have_their_kind_and_number(void **state)
{
	(void)state;
	static const struct {
		struct form form;
		enum tap_packet_kind kind;
		uint32_t number;
	} cases[] = {
	    {{"LLDP", SUPPORT_RAW, MACS "88cc", 0, 0}, TAP_PACKET_NOT_IP, 0x88cc},
	    {{"PPPoE discovery", SUPPORT_RAW, MACS "8863", 0, 0}, TAP_PACKET_NOT_IP, 0x8863},
	    {{"spanning tree", SUPPORT_RAW, MACS "0026 424203", 0, 0}, TAP_PACKET_NOT_IP_LLC, 0},
	    {{"LCP", SUPPORT_RAW, MACS "8864 11000001 0010 c021", 0, 0}, TAP_PACKET_NOT_IP_PPP, 0xc021},
	    {{"PPPoE, no session", SUPPORT_RAW, MACS "8864 11a70001 0010 0021", 0, 0},
	     TAP_PACKET_BAD_TUNNEL,
	     0},
	    {{"UDP", SUPPORT_RAW, "", 53, 17}, TAP_PACKET_NOT_TCP, 17},
	    {{"not VXLAN", SUPPORT_RAW, "00000000 00000000", 4789, 17}, TAP_PACKET_NOT_TCP, 17},
	    {{"GENEVE 1", SUPPORT_ETHERNET, "40006558 00000000", 6081, 17}, TAP_PACKET_NOT_TCP, 17},
	    {{"ESP", SUPPORT_RAW, "00000001 00000001", 0, 50}, TAP_PACKET_NOT_TCP, 50},
	    {{"GRE 2", SUPPORT_RAW, "00020800", 0, 47}, TAP_PACKET_NOT_TCP, 47},
	    {{"NHRP", SUPPORT_RAW, "00002001", 0, 47}, TAP_PACKET_NOT_IP, 0x2001},
	    {{"EtherIP 2", SUPPORT_ETHERNET, "2000", 0, 97}, TAP_PACKET_BAD_TUNNEL, 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct support_bytes bytes = {0};
		put_inner(&bytes, false, cases[i].form.inner);
		put_form(&bytes, &cases[i].form, false, SUPPORT_ETHERNET);
		check_kind(&bytes, cases[i].kind, cases[i].number);
		support_bytes_fini(&bytes);
	}
}

static void depth_is_bounded(void **state)
{
	(void)state;
	struct support_bytes bytes = {0};
	put_inner(&bytes, false, SUPPORT_RAW);
	for (int i = 0; i < 25; i++)
		wrap_ip(&bytes, false, 4, i < 24 ? SUPPORT_RAW : SUPPORT_ETHERNET);
	check_segment(&bytes, DLT_EN10MB, false, "25 times");
	support_bytes_fini(&bytes);
	put_inner(&bytes, false, SUPPORT_RAW);
	for (int i = 0; i < 60; i++)
		wrap_ip(&bytes, false, 4, i < 59 ? SUPPORT_RAW : SUPPORT_ETHERNET);
	check_kind(&bytes, TAP_PACKET_TOO_DEEP, 0);
	support_bytes_fini(&bytes);
}

/* The inner length counts: bytes after the inner packet are no payload, bytes it lacks are missing. */
static void lengths_are_those_of_the_inner_packet(void **state)
{
	(void)state;
	struct support_bytes bytes = {0};
	struct tap_packet packet;
	put_inner(&bytes, false, SUPPORT_ETHERNET);
	support_bytes_put_zeros(&bytes, 9);
	put_form(&bytes, &forms[0], false, SUPPORT_ETHERNET);
	check_segment(&bytes, DLT_EN10MB, false, "padding inside");
	support_bytes_fini(&bytes);
	put_inner(&bytes, false, SUPPORT_ETHERNET);
	bytes.len -= 3;
	put_form(&bytes, &forms[0], false, SUPPORT_ETHERNET);
	assert_int_equal(decode(&bytes, bytes.len, DLT_EN10MB, &packet), TAP_PACKET_SEGMENT);
	assert_int_equal(packet.segment.payload.len, 10);
	assert_int_equal(packet.segment.missing_bytes, 3);
	support_bytes_fini(&bytes);
}

static int open_page(void **state)
{
	(void)state;
	guard_page_init(&page, 10000);
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
	    cmocka_unit_test(every_encapsulation_gives_the_innermost_segment),
	    cmocka_unit_test(ip_in_ip_gives_the_innermost_segment),
	    cmocka_unit_test(every_encapsulation_may_be_inside_every_other),
	    cmocka_unit_test(links_of_ppp_and_hdlc_are_decoded),
	    cmocka_unit_test(a_pseudowires_address_is_not_taken_for_ip),
	    cmocka_unit_test(headers_that_are_cut_give_nothing),
	    cmocka_unit_test(undecoded_packets_have_their_kind_and_number),
	    cmocka_unit_test(depth_is_bounded),
	    cmocka_unit_test(lengths_are_those_of_the_inner_packet),
	};
	return cmocka_run_group_tests(tests, open_page, close_page);
}
