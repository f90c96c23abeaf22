#include "tap/packet.h"

#include <pcap/dlt.h>
#include <string.h>

enum ethertype {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_QINQ = 0x88a8,
	ETHERTYPE_QINQ_OLD = 0x9100,
	ETHERTYPE_QINQ_OLDER = 0x9200,
};

enum protocol {
	PROTOCOL_HOP_BY_HOP = 0,
	PROTOCOL_TCP = 6,
	PROTOCOL_ROUTING = 43,
	PROTOCOL_FRAGMENT = 44,
	PROTOCOL_AUTHENTICATION = 51,
	PROTOCOL_DESTINATION = 60,
	PROTOCOL_MOBILITY = 135,
};

enum {
	ETHERNET_BYTES = 14,
	VLAN_BYTES = 4,
	COOKED_BYTES = 16,
	COOKED2_BYTES = 20,
	LOOPBACK_BYTES = 4,
	IPV4_BYTES_MIN = 20,
	IPV6_BYTES = 40,
	EXTENSION_BYTES = 8,
	EXTENSIONS_MAX = 32, /* headers in a row; honest packets have three at most */
	TCP_BYTES_MIN = 20,
	TCP_OPTION_END = 0,
	TCP_OPTION_NOP = 1,
	TCP_OPTION_WINDOW_SCALE = 3,
	TCP_OPTION_TIMESTAMPS = 8,
	OPTION_PAD1 = 0,
	OPTION_JUMBO = 0xc2, /* RFC 2675 */
};

/* What is left of a packet: the bytes at hand, and how many there were on the wire. */
struct rest {
	const unsigned char *at;
	uint32_t len;
	uint32_t wire_len; /* >= len */
};

static uint16_t get_u16(const unsigned char *in)
{
	return (uint16_t)(in[0] << 8 | in[1]);
}

static uint32_t get_u32(const unsigned char *in)
{
	return (uint32_t)get_u16(in) << 16 | get_u16(in + 2);
}

/* A header of so many bytes is there; if not, was it cut off, or is the packet itself too short? */
static bool has(const struct rest *rest, uint32_t bytes)
{
	return rest->len >= bytes;
}

static enum tap_packet_kind why_short(const struct rest *rest, uint32_t bytes, enum tap_packet_kind bad)
{
	return rest->wire_len >= bytes ? TAP_PACKET_CUT : bad;
}

static void skip(struct rest *rest, uint32_t bytes)
{
	rest->at += bytes;
	rest->len -= bytes;
	rest->wire_len -= bytes;
}

/* The length that a header tells, where it tells one. It may exceed the frame's: then bytes are missing. */
static void limit(struct rest *rest, uint32_t bytes)
{
	rest->wire_len = bytes;
	if (rest->len > bytes)
		rest->len = bytes;
}

static struct wire_slice slice_of(const struct rest *rest)
{
	return wire_slice((const char *)rest->at, rest->len);
}

/* ---- TCP ---- */

/* Nearly all segments of a Linux host have this option alone: two no-operations, timestamps. */
#define TIMESTAMPS_ALONE UINT32_C(0x0101080a)

static void set_timestamp(struct tap_segment *segment, const unsigned char *value)
{
	segment->has_timestamp = true;
	segment->timestamp = get_u32(value);
}

/* One option of `bytes` bytes, kind and length included. */
static void decode_tcp_option(const unsigned char *option, uint32_t bytes, struct tap_segment *segment)
{
	if (option[0] == TCP_OPTION_TIMESTAMPS && bytes == 10)
		set_timestamp(segment, option + 2);
	else if (option[0] == TCP_OPTION_WINDOW_SCALE && bytes == 3)
		segment->window_shift =
		    option[2] < TAP_WINDOW_SHIFT_MAX ? option[2] : (uint8_t)TAP_WINDOW_SHIFT_MAX;
}

/* The options of a TCP header as far as they were captured. Options that make no sense end the list. */
static void decode_tcp_options(const unsigned char *options, uint32_t len, struct tap_segment *segment)
{
	if (len >= 12 && get_u32(options) == TIMESTAMPS_ALONE) {
		set_timestamp(segment, options + 4);
		return;
	}
	for (uint32_t at = 0; at < len && options[at] != TCP_OPTION_END;) {
		uint32_t bytes = options[at] == TCP_OPTION_NOP ? 1 : at + 1 < len ? options[at + 1] : 0;
		if (bytes == 0 || bytes > len - at || (bytes == 1 && options[at] != TCP_OPTION_NOP))
			return;
		decode_tcp_option(options + at, bytes, segment);
		at += bytes;
	}
}

static enum tap_packet_kind decode_tcp(struct rest rest, struct tap_segment *segment)
{
	if (!has(&rest, TCP_BYTES_MIN))
		return why_short(&rest, TCP_BYTES_MIN, TAP_PACKET_BAD_TCP);
	const unsigned char *header = rest.at;
	uint32_t header_bytes = (uint32_t)(header[12] >> 4) * 4;
	if (header_bytes < TCP_BYTES_MIN || header_bytes > rest.wire_len ||
	    rest.wire_len > TAP_SEGMENT_BYTES_MAX)
		return TAP_PACKET_BAD_TCP;
	segment->header = header;
	segment->from.port = get_u16(header);
	segment->to.port = get_u16(header + 2);
	segment->seq = get_u32(header + 4);
	segment->ack = get_u32(header + 8);
	segment->flags = header[13];
	segment->window = get_u16(header + 14);
	segment->window_shift = TAP_NO_WINDOW_SHIFT;
	segment->has_timestamp = false;
	if (header_bytes > TCP_BYTES_MIN)
		decode_tcp_options(header + TCP_BYTES_MIN,
				   (rest.len < header_bytes ? rest.len : header_bytes) - TCP_BYTES_MIN,
				   segment);
	uint32_t payload_bytes = rest.wire_len - header_bytes;
	skip(&rest,
	     rest.len < header_bytes ? rest.len : header_bytes); /* cut inside the options: no payload */
	segment->payload = slice_of(&rest);
	segment->missing_bytes = payload_bytes - rest.len;
	return TAP_PACKET_SEGMENT;
}

/* ---- extension headers ---- */

/* Read the fragment header. True when the packet is a part of a datagram; false when it is all of it. */
static bool is_fragment(const unsigned char *header, struct tap_fragment *fragment)
{
	uint16_t offset_flags = get_u16(header + 2);
	fragment->protocol = header[0];
	fragment->offset_bytes = offset_flags & 0xfff8u;
	fragment->is_last = (offset_flags & 1) == 0;
	fragment->id = get_u32(header + 4);
	return fragment->offset_bytes > 0 || !fragment->is_last;
}

static bool is_extension(uint8_t protocol)
{
	return protocol == PROTOCOL_HOP_BY_HOP || protocol == PROTOCOL_ROUTING ||
	       protocol == PROTOCOL_FRAGMENT || protocol == PROTOCOL_AUTHENTICATION ||
	       protocol == PROTOCOL_DESTINATION || protocol == PROTOCOL_MOBILITY;
}

static uint32_t extension_bytes(uint8_t protocol, const unsigned char *header)
{
	if (protocol == PROTOCOL_FRAGMENT)
		return EXTENSION_BYTES;
	if (protocol == PROTOCOL_AUTHENTICATION)
		return (header[1] + 2u) * 4; /* RFC 4302: counted in words of four bytes */
	return (header[1] + 1u) * 8;
}

/* What follows the network header. from and to are filled in, in both halves of *packet. */
static enum tap_packet_kind decode_payload(uint8_t protocol, struct rest rest, struct tap_packet *packet)
{
	for (int i = 0; i < EXTENSIONS_MAX && is_extension(protocol); i++) {
		if (!has(&rest, EXTENSION_BYTES))
			return why_short(&rest, EXTENSION_BYTES, TAP_PACKET_BAD_IP);
		uint32_t bytes = extension_bytes(protocol, rest.at);
		bool is_part = protocol == PROTOCOL_FRAGMENT && is_fragment(rest.at, &packet->fragment);
		if (!has(&rest, bytes))
			return why_short(&rest, bytes, TAP_PACKET_BAD_IP);
		protocol = rest.at[0];
		skip(&rest, bytes);
		if (!is_part)
			continue;
		packet->fragment.payload = slice_of(&rest);
		packet->fragment.missing_bytes = rest.wire_len - rest.len;
		return TAP_PACKET_FRAGMENT;
	}
	if (protocol == PROTOCOL_TCP)
		return decode_tcp(rest, &packet->segment);
	return is_extension(protocol) ? TAP_PACKET_BAD_IP : TAP_PACKET_NOT_TCP;
}

/* ---- IPv4 ---- */

static void set_endpoint(struct tap_endpoint *endpoint, const unsigned char *address, bool is_v6)
{
	*endpoint = (struct tap_endpoint){.is_v6 = is_v6};
	memcpy(endpoint->address, address, is_v6 ? 16 : 4);
}

static enum tap_packet_kind decode_ipv4_fragment(const unsigned char *header, const struct rest *rest,
						 struct tap_packet *packet)
{
	struct tap_fragment *fragment = &packet->fragment;
	uint16_t offset_flags = get_u16(header + 6);
	fragment->from = packet->segment.from;
	fragment->to = packet->segment.to;
	fragment->id = get_u16(header + 4);
	fragment->protocol = header[9];
	fragment->offset_bytes = (offset_flags & 0x1fffu) * 8;
	fragment->is_last = (offset_flags & 0x2000) == 0;
	fragment->payload = slice_of(rest);
	fragment->missing_bytes = rest->wire_len - rest->len;
	return is_extension(fragment->protocol) || fragment->protocol == PROTOCOL_TCP ? TAP_PACKET_FRAGMENT
										      : TAP_PACKET_NOT_TCP;
}

static enum tap_packet_kind decode_ipv4(struct rest rest, struct tap_packet *packet)
{
	if (!has(&rest, IPV4_BYTES_MIN))
		return why_short(&rest, IPV4_BYTES_MIN, TAP_PACKET_BAD_IP);
	const unsigned char *header = rest.at;
	uint32_t header_bytes = (header[0] & 0x0fu) * 4, total_bytes = get_u16(header + 2);
	if (header_bytes < IPV4_BYTES_MIN || (total_bytes > 0 && total_bytes < header_bytes))
		return TAP_PACKET_BAD_IP;
	if (total_bytes > 0)
		limit(&rest, total_bytes);
	if (!has(&rest, header_bytes))
		return why_short(&rest, header_bytes, TAP_PACKET_BAD_IP);
	skip(&rest, header_bytes);
	set_endpoint(&packet->segment.from, header + 12, false);
	set_endpoint(&packet->segment.to, header + 16, false);
	if (get_u16(header + 6) & 0x3fff)
		return decode_ipv4_fragment(header, &rest, packet);
	if (header[9] == PROTOCOL_TCP) /* hot: nearly all packets */
		return decode_tcp(rest, &packet->segment);
	return header[9] == PROTOCOL_AUTHENTICATION ? decode_payload(header[9], rest, packet)
						    : TAP_PACKET_NOT_TCP;
}

/* ---- IPv6 ---- */

/* The length in a hop-by-hop header's jumbo option; 0 when there is none. */
static uint32_t jumbo_bytes(const struct rest *rest)
{
	if (!has(rest, EXTENSION_BYTES) || !has(rest, extension_bytes(PROTOCOL_HOP_BY_HOP, rest->at)))
		return 0;
	uint32_t end = extension_bytes(PROTOCOL_HOP_BY_HOP, rest->at);
	for (uint32_t at = 2; at + 1 < end;) {
		if (rest->at[at] == OPTION_PAD1) {
			at++;
			continue;
		}
		if (rest->at[at] == OPTION_JUMBO && rest->at[at + 1] == 4 && at + 6 <= end)
			return get_u32(rest->at + at + 2);
		at += 2u + rest->at[at + 1];
	}
	return 0;
}

static enum tap_packet_kind decode_ipv6(struct rest rest, struct tap_packet *packet)
{
	if (!has(&rest, IPV6_BYTES))
		return why_short(&rest, IPV6_BYTES, TAP_PACKET_BAD_IP);
	const unsigned char *header = rest.at;
	uint32_t payload_bytes = get_u16(header + 4);
	uint8_t protocol = header[6];
	skip(&rest, IPV6_BYTES);
	if (payload_bytes == 0 && protocol == PROTOCOL_HOP_BY_HOP)
		payload_bytes = jumbo_bytes(&rest);
	if (payload_bytes > 0)
		limit(&rest, payload_bytes);
	set_endpoint(&packet->segment.from, header + 8, true);
	set_endpoint(&packet->segment.to, header + 24, true);
	packet->fragment.from = packet->segment.from;
	packet->fragment.to = packet->segment.to;
	return decode_payload(protocol, rest, packet);
}

/* ---- link layers ---- */

static enum tap_packet_kind decode_ip(const struct rest *rest, struct tap_packet *packet)
{
	if (!has(rest, 1))
		return why_short(rest, 1, TAP_PACKET_BAD_IP);
	switch (rest->at[0] >> 4) {
	case 4: return decode_ipv4(*rest, packet);
	case 6: return decode_ipv6(*rest, packet);
	default: return TAP_PACKET_BAD_IP;
	}
}

static bool is_vlan(uint16_t type)
{
	return type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ || type == ETHERTYPE_QINQ_OLD ||
	       type == ETHERTYPE_QINQ_OLDER;
}

static enum tap_packet_kind decode_ethertype(uint16_t type, struct rest rest, struct tap_packet *packet)
{
	for (; is_vlan(type); skip(&rest, VLAN_BYTES)) {
		if (!has(&rest, VLAN_BYTES))
			return why_short(&rest, VLAN_BYTES, TAP_PACKET_BAD_LINK);
		type = get_u16(rest.at + 2);
	}
	return type == ETHERTYPE_IPV4 || type == ETHERTYPE_IPV6 ? decode_ip(&rest, packet)
								: TAP_PACKET_NOT_IP;
}

/* A link header of a fixed length with an Ethernet type at an offset in it. */
static enum tap_packet_kind decode_typed(struct rest rest, uint32_t bytes, uint32_t type_at,
					 struct tap_packet *packet)
{
	if (!has(&rest, bytes))
		return why_short(&rest, bytes, TAP_PACKET_BAD_LINK);
	uint16_t type = get_u16(rest.at + type_at);
	skip(&rest, bytes);
	return decode_ethertype(type, rest, packet);
}

/* BSD loopback: an address family, in whichever byte order, whose number for IPv6 is the system's own. IP itself says
 * which it is; the families we know only keep out what is not IP. */
static enum tap_packet_kind decode_loopback(struct rest rest, struct tap_packet *packet)
{
	if (!has(&rest, LOOPBACK_BYTES))
		return why_short(&rest, LOOPBACK_BYTES, TAP_PACKET_BAD_LINK);
	uint32_t family = get_u32(rest.at);
	if (family > 0xffff)
		family = (uint32_t)rest.at[1] << 8 | rest.at[0];
	skip(&rest, LOOPBACK_BYTES);
	switch (family) {
	case 2:  /* AF_INET, everywhere */
	case 10: /* AF_INET6: Linux */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* macOS */ return decode_ip(&rest, packet);
	default: return TAP_PACKET_NOT_IP;
	}
}

enum tap_packet_kind tap_packet_decode(int link_type, const struct tap_frame *frame,
				       struct tap_packet *packet)
{
	struct rest rest = {frame->bytes, frame->captured_bytes, frame->wire_bytes};
	if (rest.wire_len < rest.len)
		rest.wire_len = rest.len;
	switch (link_type) {
	case DLT_EN10MB: return decode_typed(rest, ETHERNET_BYTES, 12, packet);
	case DLT_LINUX_SLL: return decode_typed(rest, COOKED_BYTES, 14, packet);
	case DLT_LINUX_SLL2: return decode_typed(rest, COOKED2_BYTES, 0, packet);
	case DLT_NULL:
	case DLT_LOOP: return decode_loopback(rest, packet);
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6: return decode_ip(&rest, packet);
	default: return TAP_PACKET_LINK_TYPE;
	}
}

bool tap_packet_knows(int link_type)
{
	const struct tap_frame nothing = {.bytes = (const unsigned char *)""};
	struct tap_packet packet;
	return tap_packet_decode(link_type, &nothing, &packet) != TAP_PACKET_LINK_TYPE;
}

enum tap_packet_kind tap_packet_decode_datagram(const struct tap_fragment *datagram,
						struct tap_packet *packet)
{
	struct rest rest = {(const unsigned char *)datagram->payload.data, (uint32_t)datagram->payload.len,
			    (uint32_t)datagram->payload.len + datagram->missing_bytes};
	uint8_t protocol = datagram->protocol;
	packet->segment.from = datagram->from;
	packet->segment.to = datagram->to;
	enum tap_packet_kind kind = decode_payload(protocol, rest, packet);
	return kind == TAP_PACKET_FRAGMENT ? TAP_PACKET_BAD_IP : kind; /* a fragment of fragments */
}

const char *tap_packet_kind_name(enum tap_packet_kind kind)
{
	static const char *const names[] = {[TAP_PACKET_SEGMENT] = "TCP segment",
					    [TAP_PACKET_FRAGMENT] = "IP fragment",
					    [TAP_PACKET_NOT_IP] = "not IP",
					    [TAP_PACKET_NOT_TCP] = "not TCP",
					    [TAP_PACKET_CUT] = "headers cut off",
					    [TAP_PACKET_BAD_LINK] = "malformed link header",
					    [TAP_PACKET_BAD_IP] = "malformed IP header",
					    [TAP_PACKET_BAD_TCP] = "malformed TCP header",
					    [TAP_PACKET_LINK_TYPE] = "unknown link type"};
	_Static_assert(sizeof names / sizeof *names == TAP_PACKET_KINDS, "a name for each kind");
	return names[kind];
}
