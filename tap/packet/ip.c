#include "tap/packet/ip.h"

#include <string.h>

enum {
	IPV4_BYTES_MIN = 20,
	IPV6_BYTES = 40,
	EXTENSION_BYTES = 8,
	EXTENSIONS_MAX = 32, /* headers in a row; real packets have three at most */
	TCP_BYTES_MIN = 20,
	TCP_OPTION_END = 0,
	TCP_OPTION_NOP = 1,
	TCP_OPTION_WINDOW_SCALE = 3,
	TCP_OPTION_TIMESTAMPS = 8,
	OPTION_PAD1 = 0,
	OPTION_JUMBO = 0xc2, /* RFC 2675 */
};

static struct wire_slice slice_of(const struct tap__layers *layers)
{
	return wire_slice((const char *)layers->at, layers->len);
}

/* ---- TCP ---- */

/* Nearly all segments of a Linux host have just these options: two no-operations, timestamps. */
#define TIMESTAMPS_ALONE UINT32_C(0x0101080a)

static void set_timestamp(struct tap_segment *segment, const unsigned char *value)
{
	segment->has_timestamp = true;
	segment->timestamp = tap__get_u32(value);
}

/* Decode an option of `bytes` bytes, kind and length included. */
static void decode_tcp_option(const unsigned char *option, uint32_t bytes, struct tap_segment *segment)
{
	if (option[0] == TCP_OPTION_TIMESTAMPS && bytes == 10)
		set_timestamp(segment, option + 2);
	else if (option[0] == TCP_OPTION_WINDOW_SCALE && bytes == 3)
		segment->window_shift =
		    option[2] < TAP_WINDOW_SHIFT_MAX ? option[2] : (uint8_t)TAP_WINDOW_SHIFT_MAX;
}

/* Decode the options that were captured. An invalid option ends the list. */
static void decode_tcp_options(const unsigned char *options, uint32_t len, struct tap_segment *segment)
{
	if (len >= 12 && tap__get_u32(options) == TIMESTAMPS_ALONE) {
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

enum tap__layer tap__decode_tcp(struct tap__layers *layers)
{
	struct tap_segment *segment = &layers->packet->segment;
	const unsigned char *header = layers->at;
	if (layers->len < TCP_BYTES_MIN)
		return tap__layers_short(layers, TCP_BYTES_MIN, TAP_PACKET_BAD_TCP);
	uint32_t header_bytes = (uint32_t)(header[12] >> 4) * 4;
	if (header_bytes < TCP_BYTES_MIN || header_bytes > layers->wire_len ||
	    layers->wire_len > TAP_SEGMENT_BYTES_MAX)
		return tap__layers_end(layers, TAP_PACKET_BAD_TCP, 0);
	segment->from.port = tap__get_u16(header);
	segment->to.port = tap__get_u16(header + 2);
	segment->seq = tap__get_u32(header + 4);
	segment->ack = tap__get_u32(header + 8);
	segment->header = header;
	segment->flags = header[13];
	segment->window = tap__get_u16(header + 14);
	segment->window_shift = TAP_NO_WINDOW_SHIFT;
	segment->has_timestamp = false;
	if (header_bytes > TCP_BYTES_MIN)
		decode_tcp_options(header + TCP_BYTES_MIN,
				   (layers->len < header_bytes ? layers->len : header_bytes) - TCP_BYTES_MIN,
				   segment);
	uint32_t payload_bytes = layers->wire_len - header_bytes;
	bool is_cut = layers->len < header_bytes; /* inside the options: no payload */
	tap__layers_skip(layers, is_cut ? layers->len : header_bytes);
	segment->payload = slice_of(layers);
	segment->missing_bytes = payload_bytes - layers->len;
	return tap__layers_end(layers, TAP_PACKET_SEGMENT, 0);
}

/* ---- extension headers ---- */

static enum tap__layer end_as_fragment(struct tap__layers *layers)
{
	struct tap_fragment *fragment = &layers->packet->fragment;
	fragment->from = layers->packet->segment.from;
	fragment->to = layers->packet->segment.to;
	fragment->payload = slice_of(layers);
	fragment->missing_bytes = layers->wire_len - layers->len;
	return tap__layers_end(layers, TAP_PACKET_FRAGMENT, 0);
}

/* Decode the fragment header. True when the packet is part of a datagram, false when it is all of it. */
static bool is_fragment(const unsigned char *header, struct tap_fragment *fragment)
{
	uint16_t offset_flags = tap__get_u16(header + 2);
	fragment->protocol = header[0];
	fragment->offset_bytes = offset_flags & 0xfff8u;
	fragment->is_last = (offset_flags & 1) == 0;
	fragment->id = tap__get_u32(header + 4);
	return fragment->offset_bytes > 0 || !fragment->is_last;
}

static bool is_extension(uint32_t protocol)
{
	return protocol == TAP__PROTOCOL_HOP_BY_HOP || protocol == TAP__PROTOCOL_ROUTING ||
	       protocol == TAP__PROTOCOL_FRAGMENT || protocol == TAP__PROTOCOL_AUTHENTICATION ||
	       protocol == TAP__PROTOCOL_DESTINATION || protocol == TAP__PROTOCOL_MOBILITY;
}

static uint32_t extension_bytes(uint32_t protocol, const unsigned char *header)
{
	if (protocol == TAP__PROTOCOL_FRAGMENT)
		return EXTENSION_BYTES;
	if (protocol == TAP__PROTOCOL_AUTHENTICATION)
		return (header[1] + 2u) * 4; /* RFC 4302: counted in words of four bytes */
	return (header[1] + 1u) * 8;
}

/* Decode one extension header. Returns TAP__LAYER_PROTOCOL when another header follows. */
static enum tap__layer decode_extension(struct tap__layers *layers)
{
	if (layers->len < EXTENSION_BYTES)
		return tap__layers_short(layers, EXTENSION_BYTES, TAP_PACKET_BAD_IP);
	uint32_t protocol = layers->number, bytes = extension_bytes(protocol, layers->at);
	bool is_part =
	    protocol == TAP__PROTOCOL_FRAGMENT && is_fragment(layers->at, &layers->packet->fragment);
	if (layers->len < bytes)
		return tap__layers_short(layers, bytes, TAP_PACKET_BAD_IP);
	uint8_t following = layers->at[0];
	tap__layers_skip(layers, bytes);
	return is_part ? end_as_fragment(layers) : tap__layers_next(layers, TAP__LAYER_PROTOCOL, following);
}

enum tap__layer tap__decode_protocol(struct tap__layers *layers)
{
	for (int i = 0; is_extension(layers->number); i++) {
		enum tap__layer layer = i < EXTENSIONS_MAX ? decode_extension(layers)
							   : tap__layers_end(layers, TAP_PACKET_BAD_IP, 0);
		if (layer != TAP__LAYER_PROTOCOL)
			return layer;
	}
	switch (layers->number) {
	case TAP__PROTOCOL_TCP: return TAP__LAYER_TCP;
	case TAP__PROTOCOL_UDP: return TAP__LAYER_UDP;
	case TAP__PROTOCOL_IPV4:
	case TAP__PROTOCOL_IPV6: return TAP__LAYER_IP;
	case TAP__PROTOCOL_GRE: return TAP__LAYER_GRE;
	case TAP__PROTOCOL_ETHERIP: return TAP__LAYER_ETHERIP;
	case TAP__PROTOCOL_MPLS: return TAP__LAYER_MPLS;
	default: return tap__layers_end(layers, TAP_PACKET_NOT_TCP, layers->number);
	}
}

/* ---- IPv4 ---- */

static void set_endpoint(struct tap_endpoint *endpoint, const unsigned char *address, bool is_v6)
{
	*endpoint = (struct tap_endpoint){.is_v6 = is_v6};
	memcpy(endpoint->address, address, is_v6 ? 16 : 4);
}

/* Fragments are reassembled only if they may contain something that can be decoded. */
static bool may_hold_tcp(uint8_t protocol)
{
	return is_extension(protocol) || protocol == TAP__PROTOCOL_TCP || protocol == TAP__PROTOCOL_UDP ||
	       protocol == TAP__PROTOCOL_IPV4 || protocol == TAP__PROTOCOL_IPV6 ||
	       protocol == TAP__PROTOCOL_GRE || protocol == TAP__PROTOCOL_ETHERIP ||
	       protocol == TAP__PROTOCOL_MPLS;
}

static enum tap__layer decode_ipv4_fragment(struct tap__layers *layers, const unsigned char *header)
{
	struct tap_fragment *fragment = &layers->packet->fragment;
	uint16_t offset_flags = tap__get_u16(header + 6);
	fragment->id = tap__get_u16(header + 4);
	fragment->protocol = header[9];
	fragment->offset_bytes = (offset_flags & 0x1fffu) * 8;
	fragment->is_last = (offset_flags & 0x2000) == 0;
	return may_hold_tcp(fragment->protocol)
		   ? end_as_fragment(layers)
		   : tap__layers_end(layers, TAP_PACKET_NOT_TCP, fragment->protocol);
}

static enum tap__layer decode_ipv4(struct tap__layers *layers)
{
	const unsigned char *header = layers->at;
	if (layers->len < IPV4_BYTES_MIN)
		return tap__layers_short(layers, IPV4_BYTES_MIN, TAP_PACKET_BAD_IP);
	uint32_t header_bytes = (header[0] & 0x0fu) * 4, total_bytes = tap__get_u16(header + 2);
	if (header_bytes < IPV4_BYTES_MIN || (total_bytes > 0 && total_bytes < header_bytes))
		return tap__layers_end(layers, TAP_PACKET_BAD_IP, 0);
	if (total_bytes > 0)
		tap__layers_limit(layers, total_bytes);
	if (layers->len < header_bytes)
		return tap__layers_short(layers, header_bytes, TAP_PACKET_BAD_IP);
	tap__layers_skip(layers, header_bytes);
	set_endpoint(&layers->packet->segment.from, header + 12, false);
	set_endpoint(&layers->packet->segment.to, header + 16, false);
	if (tap__get_u16(header + 6) & 0x3fff)
		return decode_ipv4_fragment(layers, header);
	if (header[9] == TAP__PROTOCOL_TCP) /* hot: nearly all packets */
		return TAP__LAYER_TCP;
	if (is_extension(header[9]) && header[9] != TAP__PROTOCOL_AUTHENTICATION)
		return tap__layers_end(layers, TAP_PACKET_NOT_TCP, header[9]); /* for IPv6 only */
	return tap__layers_next(layers, TAP__LAYER_PROTOCOL, header[9]);
}

/* ---- IPv6 ---- */

/* The length in a hop-by-hop header's jumbo option; 0 when there is none. */
static uint32_t jumbo_bytes(const struct tap__layers *layers)
{
	if (layers->len < EXTENSION_BYTES ||
	    layers->len < extension_bytes(TAP__PROTOCOL_HOP_BY_HOP, layers->at))
		return 0;
	uint32_t end = extension_bytes(TAP__PROTOCOL_HOP_BY_HOP, layers->at);
	for (uint32_t at = 2; at + 1 < end;) {
		if (layers->at[at] == OPTION_PAD1) {
			at++;
			continue;
		}
		if (layers->at[at] == OPTION_JUMBO && layers->at[at + 1] == 4 && at + 6 <= end)
			return tap__get_u32(layers->at + at + 2);
		at += 2u + layers->at[at + 1];
	}
	return 0;
}

static enum tap__layer decode_ipv6(struct tap__layers *layers)
{
	const unsigned char *header = layers->at;
	if (layers->len < IPV6_BYTES)
		return tap__layers_short(layers, IPV6_BYTES, TAP_PACKET_BAD_IP);
	uint32_t payload_bytes = tap__get_u16(header + 4);
	tap__layers_skip(layers, IPV6_BYTES);
	if (payload_bytes == 0 && header[6] == TAP__PROTOCOL_HOP_BY_HOP)
		payload_bytes = jumbo_bytes(layers);
	if (payload_bytes > 0)
		tap__layers_limit(layers, payload_bytes);
	set_endpoint(&layers->packet->segment.from, header + 8, true);
	set_endpoint(&layers->packet->segment.to, header + 24, true);
	return tap__layers_next(layers, TAP__LAYER_PROTOCOL, header[6]);
}

enum tap__layer tap__decode_ip(struct tap__layers *layers)
{
	if (layers->len < 1)
		return tap__layers_short(layers, 1, TAP_PACKET_BAD_IP);
	switch (layers->at[0] >> 4) {
	case 4: return decode_ipv4(layers);
	case 6: return decode_ipv6(layers);
	default: return tap__layers_end(layers, TAP_PACKET_BAD_IP, 0);
	}
}
