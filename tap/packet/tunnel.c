#include "tap/packet/tunnel.h"

#include "tap/packet/link.h"

/* ---- tunnels over UDP ---- */

enum {
	UDP_BYTES = 8,
	VXLAN_PORT = 4789,       /* RFC 7348 */
	VXLAN_PORT_LINUX = 8472, /* the default of Linux */
	VXLAN_GPE_PORT = 4790,   /* draft-ietf-nvo3-vxlan-gpe */
	VXLAN_BYTES = 8,
	VXLAN_HAS_VNI = 0x08,
	VXLAN_HAS_PROTOCOL = 0x04,
	GENEVE_PORT = 6081, /* RFC 8926 */
	GENEVE_BYTES = 8,
	MPLS_PORT = 6635, /* RFC 7510 */
};

static enum tap__layer end_as_udp(struct tap__layers *layers)
{
	return tap__layers_end(layers, TAP_PACKET_NOT_TCP, TAP__PROTOCOL_UDP);
}

/* Other protocols use these ports, too: the header must have VXLAN's flag, or Ethernet must clearly follow. */
static enum tap__layer decode_vxlan(struct tap__layers *layers)
{
	if (layers->len < VXLAN_BYTES)
		return layers->wire_len < VXLAN_BYTES ? end_as_udp(layers)
						      : tap__layers_end(layers, TAP_PACKET_CUT, 0);
	bool has_vni = layers->at[0] & VXLAN_HAS_VNI;
	tap__layers_skip(layers, VXLAN_BYTES);
	return has_vni || tap__looks_like_ethernet(layers->at, layers->len) ? TAP__LAYER_ETHERNET
									    : end_as_udp(layers);
}

static enum tap__layer decode_vxlan_gpe(struct tap__layers *layers)
{
	if (layers->len < VXLAN_BYTES || !(layers->at[0] & VXLAN_HAS_PROTOCOL))
		return decode_vxlan(layers);
	uint8_t protocol = layers->at[3];
	tap__layers_skip(layers, VXLAN_BYTES);
	switch (protocol) {
	case 1:
	case 2: return TAP__LAYER_IP;
	case 3: return TAP__LAYER_ETHERNET;
	case 5: return TAP__LAYER_MPLS;
	default: return end_as_udp(layers);
	}
}

static enum tap__layer decode_geneve(struct tap__layers *layers)
{
	if (layers->len < GENEVE_BYTES)
		return layers->wire_len < GENEVE_BYTES ? end_as_udp(layers)
						       : tap__layers_end(layers, TAP_PACKET_CUT, 0);
	uint32_t version = layers->at[0] >> 6, bytes = GENEVE_BYTES + (layers->at[0] & 0x3fu) * 4;
	uint16_t type = tap__get_u16(layers->at + 2);
	if (version != 0)
		return end_as_udp(layers);
	if (layers->len < bytes)
		return tap__layers_short(layers, bytes, TAP_PACKET_BAD_TUNNEL);
	tap__layers_skip(layers, bytes);
	return tap__layers_next(layers, TAP__LAYER_ETHERTYPE, type);
}

static bool is_port(const unsigned char *header, uint16_t port)
{
	return tap__get_u16(header + 2) == port || tap__get_u16(header) == port;
}

enum tap__layer tap__decode_udp(struct tap__layers *layers)
{
	const unsigned char *header = layers->at;
	if (layers->len < UDP_BYTES)
		return layers->wire_len < UDP_BYTES ? end_as_udp(layers)
						    : tap__layers_end(layers, TAP_PACKET_CUT, 0);
	uint32_t bytes = tap__get_u16(header + 4); /* 0: too long for the field, as in merged frames */
	if (bytes >= UDP_BYTES)
		tap__layers_limit(layers, bytes);
	else if (bytes > 0)
		return end_as_udp(layers);
	tap__layers_skip(layers, UDP_BYTES);
	if (is_port(header, VXLAN_PORT) || is_port(header, VXLAN_PORT_LINUX))
		return decode_vxlan(layers);
	if (is_port(header, GENEVE_PORT))
		return decode_geneve(layers);
	if (is_port(header, VXLAN_GPE_PORT))
		return decode_vxlan_gpe(layers);
	return is_port(header, MPLS_PORT) ? TAP__LAYER_MPLS : end_as_udp(layers);
}

/* ---- GRE ---- */

enum {
	GRE_BYTES = 4,
	GRE_HAS_CHECKSUM = 0x8000,
	GRE_HAS_ROUTING = 0x4000,
	GRE_HAS_KEY = 0x2000,
	GRE_HAS_SEQUENCE = 0x1000,
	GRE_HAS_ACKNOWLEDGEMENT = 0x0080, /* version 1 */
	GRE_VERSION = 0x0007,
	GRE_ERSPAN = 0x88be, /* type I without a sequence number, type II with one */
	GRE_ERSPAN_3 = 0x22eb,
	GRE_PPP = 0x880b, /* version 1: RFC 2637 */
	GRE_ROUTE_BYTES = 4,
	ERSPAN_BYTES = 8,
	ERSPAN_3_BYTES = 12,
	ERSPAN_3_MORE_BYTES = 8, /* the platform-specific subheader */
};

static uint32_t gre_bytes(uint16_t flags)
{
	bool has_acknowledgement = (flags & GRE_VERSION) == 1 && flags & GRE_HAS_ACKNOWLEDGEMENT;
	return GRE_BYTES + (flags & (GRE_HAS_CHECKSUM | GRE_HAS_ROUTING) ? 4u : 0) +
	       (flags & GRE_HAS_KEY ? 4u : 0) + (flags & GRE_HAS_SEQUENCE ? 4u : 0) +
	       (has_acknowledgement ? 4u : 0);
}

/* Skip source routes (RFC 1701): entries of an address family, an offset and a length, up to an empty one. */
static bool skip_routes(struct tap__layers *layers)
{
	while (layers->len >= GRE_ROUTE_BYTES) {
		uint32_t bytes = layers->at[3];
		bool is_last = tap__get_u16(layers->at) == 0 && bytes == 0;
		tap__layers_skip(layers, GRE_ROUTE_BYTES);
		if (is_last)
			return true;
		if (layers->len < bytes)
			return false;
		tap__layers_skip(layers, bytes);
	}
	return false;
}

/* draft-foschiano-erspan: types II and III have a header before the mirrored frame. */
static enum tap__layer decode_erspan(struct tap__layers *layers)
{
	if (layers->len < ERSPAN_BYTES)
		return tap__layers_short(layers, ERSPAN_BYTES, TAP_PACKET_BAD_TUNNEL);
	tap__layers_skip(layers, ERSPAN_BYTES);
	return TAP__LAYER_ETHERNET;
}

static enum tap__layer decode_erspan_3(struct tap__layers *layers)
{
	if (layers->len < ERSPAN_3_BYTES)
		return tap__layers_short(layers, ERSPAN_3_BYTES, TAP_PACKET_BAD_TUNNEL);
	uint32_t frame_type = layers->at[10] >> 2 & 0x1fu;
	uint32_t bytes = ERSPAN_3_BYTES + (layers->at[11] & 1 ? ERSPAN_3_MORE_BYTES : 0);
	if (layers->len < bytes)
		return tap__layers_short(layers, bytes, TAP_PACKET_BAD_TUNNEL);
	tap__layers_skip(layers, bytes);
	switch (frame_type) {
	case 0: return TAP__LAYER_ETHERNET;
	case 2: return TAP__LAYER_IP;
	default: return tap__layers_end(layers, TAP_PACKET_NOT_IP, GRE_ERSPAN_3);
	}
}

enum tap__layer tap__decode_gre(struct tap__layers *layers)
{
	if (layers->len < GRE_BYTES)
		return tap__layers_short(layers, GRE_BYTES, TAP_PACKET_BAD_TUNNEL);
	uint16_t flags = tap__get_u16(layers->at), type = tap__get_u16(layers->at + 2);
	if ((flags & GRE_VERSION) > 1)
		return tap__layers_end(layers, TAP_PACKET_NOT_TCP, TAP__PROTOCOL_GRE);
	uint32_t bytes = gre_bytes(flags);
	if (layers->len < bytes)
		return tap__layers_short(layers, bytes, TAP_PACKET_BAD_TUNNEL);
	tap__layers_skip(layers, bytes);
	if (flags & GRE_HAS_ROUTING && !skip_routes(layers))
		return tap__layers_end(layers, TAP_PACKET_BAD_TUNNEL, 0);
	switch (type) {
	case GRE_PPP: return TAP__LAYER_PPP;
	case GRE_ERSPAN: return flags & GRE_HAS_SEQUENCE ? decode_erspan(layers) : TAP__LAYER_ETHERNET;
	case GRE_ERSPAN_3: return decode_erspan_3(layers);
	default: return tap__layers_next(layers, TAP__LAYER_ETHERTYPE, type);
	}
}

/* ---- EtherIP ---- */

enum { ETHERIP_BYTES = 2, ETHERIP_VERSION = 3 }; /* RFC 3378 */

enum tap__layer tap__decode_etherip(struct tap__layers *layers)
{
	if (layers->len < ETHERIP_BYTES)
		return tap__layers_short(layers, ETHERIP_BYTES, TAP_PACKET_BAD_TUNNEL);
	if (layers->at[0] >> 4 != ETHERIP_VERSION)
		return tap__layers_end(layers, TAP_PACKET_BAD_TUNNEL, 0);
	tap__layers_skip(layers, ETHERIP_BYTES);
	return TAP__LAYER_ETHERNET;
}

/* ---- MPLS ---- */

enum {
	LABEL_BYTES = 4,
	LABEL_IS_LAST = 0x100,
	LABEL_IPV4 = 0, /* explicit null, RFC 3032 */
	LABEL_IPV6 = 2,
	CONTROL_WORD_BYTES = 4, /* RFC 4385 */
	PADDING_BYTES_MAX = 64,
};

/* Does a packet of this length fit? It may be followed by the padding of a short Ethernet frame. */
static bool fits_length(const struct tap__layers *layers, uint32_t bytes)
{
	return bytes <= layers->wire_len && layers->wire_len - bytes < PADDING_BYTES_MAX;
}

static bool looks_like_ip(const struct tap__layers *layers)
{
	const unsigned char *at = layers->at;
	if (layers->len >= 20 && at[0] >> 4 == 4)
		return (at[0] & 0x0f) >= 5 && fits_length(layers, tap__get_u16(at + 2));
	return layers->len >= 40 && at[0] >> 4 == 6 && fits_length(layers, tap__get_u16(at + 4) + 40u);
}

/* Is it an Ethernet frame with an IP packet whose length fits? That is no coincidence. */
static bool is_frame_with_ip(const struct tap__layers *layers)
{
	struct tap__layers inner = *layers;
	if (!tap__looks_like_ethernet(layers->at, layers->len))
		return false;
	uint32_t type = tap__get_u16(layers->at + 12);
	tap__layers_skip(&inner, TAP__ETHERNET_BYTES);
	return (type == TAP__ETHERTYPE_IPV4 || type == TAP__ETHERTYPE_IPV6) && looks_like_ip(&inner);
}

/* A label stack does not say what it carries (RFC 4928): IP, or the Ethernet frame of a pseudowire, with a
 * control word (whose first digit is 0) or without. When the destination of a frame begins with the digit 4 or
 * 6, lengths and type distinguish it from IP. */
static enum tap__layer guess_payload(struct tap__layers *layers)
{
	if (layers->len <= CONTROL_WORD_BYTES)
		return tap__layers_short(layers, CONTROL_WORD_BYTES + 1, TAP_PACKET_BAD_TUNNEL);
	const unsigned char *after_word = layers->at + CONTROL_WORD_BYTES;
	uint32_t digit = layers->at[0] >> 4, left = layers->len - CONTROL_WORD_BYTES;
	if (is_frame_with_ip(layers))
		return TAP__LAYER_ETHERNET;
	if (looks_like_ip(layers))
		return TAP__LAYER_IP;
	bool has_word = digit == 0 && tap__looks_like_ethernet(after_word, left);
	if (!has_word && tap__looks_like_ethernet(layers->at, layers->len))
		return TAP__LAYER_ETHERNET;
	if (digit == 4 || digit == 6)
		return TAP__LAYER_IP;
	if (digit != 0)
		return tap__layers_end(layers, TAP_PACKET_NOT_IP, TAP__ETHERTYPE_MPLS);
	tap__layers_skip(layers, CONTROL_WORD_BYTES);
	return TAP__LAYER_ETHERNET;
}

enum tap__layer tap__decode_mpls(struct tap__layers *layers)
{
	uint32_t label;
	do {
		if (layers->len < LABEL_BYTES)
			return tap__layers_short(layers, LABEL_BYTES, TAP_PACKET_BAD_TUNNEL);
		label = tap__get_u32(layers->at);
		tap__layers_skip(layers, LABEL_BYTES);
	} while (!(label & LABEL_IS_LAST));
	uint32_t value = label >> 12;
	return value == LABEL_IPV4 || value == LABEL_IPV6 ? TAP__LAYER_IP : guess_payload(layers);
}

/* ---- PPP ---- */

enum {
	PPPOE_BYTES = 6, /* RFC 2516 */
	PPPOE_VERSION_TYPE = 0x11,
	PPP_IPV4 = 0x0021,
	PPP_IPV6 = 0x0057,
	PPP_MPLS = 0x0281,
	PPP_MPLS_UPSTREAM = 0x0283,
};

enum tap__layer tap__decode_pppoe(struct tap__layers *layers)
{
	if (layers->len < PPPOE_BYTES)
		return tap__layers_short(layers, PPPOE_BYTES, TAP_PACKET_BAD_TUNNEL);
	const unsigned char *header = layers->at;
	uint32_t bytes = tap__get_u16(header + 4);
	if (header[0] != PPPOE_VERSION_TYPE || header[1] != 0)
		return tap__layers_end(layers, TAP_PACKET_BAD_TUNNEL, 0);
	tap__layers_skip(layers, PPPOE_BYTES);
	if (bytes > 0)
		tap__layers_limit(layers, bytes);
	return TAP__LAYER_PPP;
}

/* The protocol field has one byte if it was compressed: the last byte of a protocol is odd, the first one even
 * (RFC 1661). Address and control fields may precede it (RFC 1662). */
enum tap__layer tap__decode_ppp(struct tap__layers *layers)
{
	if (layers->len >= 2 && layers->at[0] == 0xff && layers->at[1] == 0x03)
		tap__layers_skip(layers, 2);
	if (layers->len < 1)
		return tap__layers_short(layers, 1, TAP_PACKET_BAD_TUNNEL);
	uint32_t bytes = layers->at[0] & 1 ? 1 : 2;
	if (layers->len < bytes)
		return tap__layers_short(layers, bytes, TAP_PACKET_BAD_TUNNEL);
	uint32_t protocol = bytes == 1 ? layers->at[0] : tap__get_u16(layers->at);
	tap__layers_skip(layers, bytes);
	switch (protocol) {
	case PPP_IPV4:
	case PPP_IPV6: return TAP__LAYER_IP;
	case PPP_MPLS:
	case PPP_MPLS_UPSTREAM: return TAP__LAYER_MPLS;
	default: return tap__layers_end(layers, TAP_PACKET_NOT_IP_PPP, protocol);
	}
}
