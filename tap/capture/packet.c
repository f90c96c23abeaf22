#include "tap/capture/packet.h"

#include <pcap/dlt.h>
#include <string.h>

#include "tap/capture/packet_layers.h"

enum {
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_QINQ = 0x88a8,
	ETHERTYPE_QINQ_OLD = 0x9100,
	ETHERTYPE_QINQ_OLDER = 0x9200,
	ETHERTYPE_MIN = 0x0600, /* less is a length, of what has an LLC header (IEEE 802.2) */
	VLAN_BYTES = 4,
	SNAP_BYTES = 8,
	COOKED_BYTES = 16,
	COOKED2_BYTES = 20,
	HDLC_BYTES = 4,
	LOOPBACK_BYTES = 4,
	LAYERS_MAX = 64, /* decoded of one frame: some twelve tunnels, one inside the other */
};

/* ---- link layers ---- */

static bool is_vlan(uint32_t type)
{
	return type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ || type == ETHERTYPE_QINQ_OLD ||
	       type == ETHERTYPE_QINQ_OLDER;
}

/* SNAP (RFC 1042) is the one kind of LLC frame that has an Ethernet type after all: in its last two bytes. */
static bool is_snap(const unsigned char *bytes, uint32_t len)
{
	static const unsigned char start[] = {0xaa, 0xaa, 0x03, 0, 0, 0};
	return len >= SNAP_BYTES && memcmp(bytes, start, sizeof start) == 0;
}

static enum tap__layer decode_llc(struct tap__layers *layers)
{
	if (!is_snap(layers->at, layers->len))
		return tap__end(layers, TAP_PACKET_NOT_IP_LLC, 0);
	uint16_t type = tap__get_u16(layers->at + SNAP_BYTES - 2);
	tap__skip(layers, SNAP_BYTES);
	return type < ETHERTYPE_MIN ? tap__end(layers, TAP_PACKET_NOT_IP_LLC, 0)
				    : tap__next(layers, TAP__LAYER_ETHERTYPE, type);
}

enum tap__layer tap__decode_ethertype(struct tap__layers *layers)
{
	if (is_vlan(layers->number)) {
		if (layers->len < VLAN_BYTES)
			return tap__short(layers, VLAN_BYTES, TAP_PACKET_BAD_LINK);
		uint16_t type = tap__get_u16(layers->at + 2);
		tap__skip(layers, VLAN_BYTES);
		return tap__next(layers, TAP__LAYER_ETHERTYPE, type);
	}
	switch (layers->number) {
	case TAP__ETHERTYPE_IPV4:
	case TAP__ETHERTYPE_IPV6: return TAP__LAYER_IP;
	case TAP__ETHERTYPE_MPLS:
	case TAP__ETHERTYPE_MPLS_UPSTREAM: return TAP__LAYER_MPLS;
	case TAP__ETHERTYPE_PPPOE: return TAP__LAYER_PPPOE;
	case TAP__ETHERTYPE_BRIDGED: return TAP__LAYER_ETHERNET;
	default:
		return layers->number < ETHERTYPE_MIN ? decode_llc(layers)
						      : tap__end(layers, TAP_PACKET_NOT_IP, layers->number);
	}
}

/* A link header of a fixed length with an Ethernet type at an offset in it. */
static enum tap__layer decode_typed(struct tap__layers *layers, uint32_t bytes, uint32_t type_at)
{
	if (layers->len < bytes)
		return tap__short(layers, bytes, TAP_PACKET_BAD_LINK);
	uint16_t type = tap__get_u16(layers->at + type_at);
	tap__skip(layers, bytes);
	return tap__next(layers, TAP__LAYER_ETHERTYPE, type);
}

enum tap__layer tap__decode_ethernet(struct tap__layers *layers)
{
	return decode_typed(layers, TAP__ETHERNET_BYTES, 12);
}

bool tap__looks_like_ethernet(const unsigned char *bytes, uint32_t len)
{
	if (len <= TAP__ETHERNET_BYTES)
		return false;
	uint32_t type = tap__get_u16(bytes + 12);
	const unsigned char *payload = bytes + TAP__ETHERNET_BYTES;
	if (type < ETHERTYPE_MIN)
		return is_snap(payload, len - TAP__ETHERNET_BYTES);
	if (type == TAP__ETHERTYPE_IPV4 || type == TAP__ETHERTYPE_IPV6)
		return payload[0] >> 4 == (type == TAP__ETHERTYPE_IPV4 ? 4 : 6);
	return is_vlan(type) || type == TAP__ETHERTYPE_ARP || type == TAP__ETHERTYPE_MPLS ||
	       type == TAP__ETHERTYPE_MPLS_UPSTREAM || type == TAP__ETHERTYPE_PPPOE;
}

/* BSD loopback: an address family, in whichever byte order, whose number for IPv6 is the system's own. IP itself says
 * which it is; the families we know only keep out what is not IP. */
static enum tap__layer decode_loopback(struct tap__layers *layers)
{
	if (layers->len < LOOPBACK_BYTES)
		return tap__short(layers, LOOPBACK_BYTES, TAP_PACKET_BAD_LINK);
	uint32_t family = tap__get_u32(layers->at);
	if (family > 0xffff)
		family = (uint32_t)layers->at[1] << 8 | layers->at[0];
	tap__skip(layers, LOOPBACK_BYTES);
	switch (family) {
	case 2:  /* AF_INET, everywhere */
	case 10: /* AF_INET6: Linux */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* macOS */ return TAP__LAYER_IP;
	default: return tap__end(layers, TAP_PACKET_NOT_IP_FAMILY, family);
	}
}

static enum tap__layer decode_link(int link_type, struct tap__layers *layers)
{
	switch (link_type) {
	case DLT_EN10MB: return tap__decode_ethernet(layers);
	case DLT_LINUX_SLL: return decode_typed(layers, COOKED_BYTES, 14);
	case DLT_LINUX_SLL2: return decode_typed(layers, COOKED2_BYTES, 0);
	case DLT_NULL:
	case DLT_LOOP: return decode_loopback(layers);
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6: return TAP__LAYER_IP;
	case DLT_PPP:
	case DLT_PPP_SERIAL: return TAP__LAYER_PPP;
	case DLT_PPP_ETHER: return TAP__LAYER_PPPOE;
	case DLT_C_HDLC: return decode_typed(layers, HDLC_BYTES, 2);
	default: return tap__end(layers, TAP_PACKET_LINK_TYPE, (uint32_t)link_type);
	}
}

/* ---- one layer after the other ---- */

static enum tap__layer decode_layer(enum tap__layer layer, struct tap__layers *layers)
{
	switch (layer) {
	case TAP__LAYER_ETHERNET: return tap__decode_ethernet(layers);
	case TAP__LAYER_ETHERTYPE: return tap__decode_ethertype(layers);
	case TAP__LAYER_IP: return tap__decode_ip(layers);
	case TAP__LAYER_PROTOCOL: return tap__decode_protocol(layers);
	case TAP__LAYER_TCP: return tap__decode_tcp(layers);
	case TAP__LAYER_UDP: return tap__decode_udp(layers);
	case TAP__LAYER_GRE: return tap__decode_gre(layers);
	case TAP__LAYER_ETHERIP: return tap__decode_etherip(layers);
	case TAP__LAYER_MPLS: return tap__decode_mpls(layers);
	case TAP__LAYER_PPPOE: return tap__decode_pppoe(layers);
	case TAP__LAYER_PPP: return tap__decode_ppp(layers);
	default: return TAP__LAYER_END;
	}
}

static enum tap_packet_kind decode_layers(enum tap__layer layer, struct tap__layers *layers)
{
	for (int i = 0; layer != TAP__LAYER_END; i++)
		layer =
		    i < LAYERS_MAX ? decode_layer(layer, layers) : tap__end(layers, TAP_PACKET_TOO_DEEP, 0);
	layers->packet->number = layers->number;
	return layers->kind;
}

enum tap_packet_kind tap_packet_decode(const struct tap_frame *frame, struct tap_packet *packet)
{
	struct tap__layers layers = {.at = frame->bytes,
				     .len = frame->captured_bytes,
				     .wire_len = frame->wire_bytes,
				     .packet = packet};
	if (layers.wire_len < layers.len)
		layers.wire_len = layers.len;
	return decode_layers(decode_link(frame->link_type, &layers), &layers);
}

enum tap_packet_kind tap_packet_decode_datagram(const struct tap_fragment *datagram,
						struct tap_packet *packet)
{
	uint32_t len = (uint32_t)datagram->payload.len;
	struct tap__layers layers = {.at = (const unsigned char *)datagram->payload.data,
				     .len = len,
				     .wire_len = len + datagram->missing_bytes,
				     .packet = packet};
	packet->segment.from = datagram->from;
	packet->segment.to = datagram->to;
	return decode_layers(tap__next(&layers, TAP__LAYER_PROTOCOL, datagram->protocol), &layers);
}

bool tap_packet_knows(int link_type)
{
	const struct tap_frame nothing = {.bytes = (const unsigned char *)"", .link_type = link_type};
	struct tap_packet packet;
	return tap_packet_decode(&nothing, &packet) != TAP_PACKET_LINK_TYPE;
}

const char *tap_packet_kind_name(enum tap_packet_kind kind)
{
	static const char *const names[] = {[TAP_PACKET_SEGMENT] = "TCP segment",
					    [TAP_PACKET_FRAGMENT] = "IP fragment",
					    [TAP_PACKET_NOT_IP] = "not IP",
					    [TAP_PACKET_NOT_IP_LLC] = "not IP (LLC)",
					    [TAP_PACKET_NOT_IP_PPP] = "not IP (PPP)",
					    [TAP_PACKET_NOT_IP_FAMILY] = "not IP (loopback)",
					    [TAP_PACKET_NOT_TCP] = "not TCP",
					    [TAP_PACKET_TOO_DEEP] =
						"more headers than are decoded (encapsulated too deep)",
					    [TAP_PACKET_CUT] = "headers cut off by the snapshot length",
					    [TAP_PACKET_BAD_LINK] = "a malformed link header",
					    [TAP_PACKET_BAD_IP] = "a malformed IP header",
					    [TAP_PACKET_BAD_TCP] = "a malformed TCP header",
					    [TAP_PACKET_BAD_TUNNEL] = "a malformed encapsulation",
					    [TAP_PACKET_LINK_TYPE] = "unknown link type"};
	_Static_assert(sizeof names / sizeof *names == TAP_PACKET_KINDS, "a name for each kind");
	return names[kind];
}
