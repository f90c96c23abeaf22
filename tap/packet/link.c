#include "tap/packet/link.h"

#include <pcap/dlt.h>
#include <string.h>

enum {
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_QINQ = 0x88a8,
	ETHERTYPE_QINQ_OLD = 0x9100,
	ETHERTYPE_QINQ_OLDER = 0x9200,
	ETHERTYPE_MIN = 0x0600, /* smaller values are the length of a frame with an LLC header (IEEE 802.2) */
	VLAN_BYTES = 4,
	SNAP_BYTES = 8,
	COOKED_BYTES = 16,
	COOKED2_BYTES = 20,
	HDLC_BYTES = 4,
	LOOPBACK_BYTES = 4,
};

static bool is_vlan(uint32_t type)
{
	return type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ || type == ETHERTYPE_QINQ_OLD ||
	       type == ETHERTYPE_QINQ_OLDER;
}

/* SNAP (RFC 1042) is the only kind of LLC frame with an Ethernet type: in its last two bytes. */
static bool is_snap(const unsigned char *bytes, uint32_t len)
{
	static const unsigned char start[] = {0xaa, 0xaa, 0x03, 0, 0, 0};
	return len >= SNAP_BYTES && memcmp(bytes, start, sizeof start) == 0;
}

static enum tap__layer decode_llc(struct tap__layers *layers)
{
	if (!is_snap(layers->at, layers->len))
		return tap__layers_end(layers, TAP_PACKET_NOT_IP_LLC, 0);
	uint16_t type = tap__get_u16(layers->at + SNAP_BYTES - 2);
	tap__layers_skip(layers, SNAP_BYTES);
	return type < ETHERTYPE_MIN ? tap__layers_end(layers, TAP_PACKET_NOT_IP_LLC, 0)
				    : tap__layers_next(layers, TAP__LAYER_ETHERTYPE, type);
}

enum tap__layer tap__decode_ethertype(struct tap__layers *layers)
{
	if (is_vlan(layers->number)) {
		if (layers->len < VLAN_BYTES)
			return tap__layers_short(layers, VLAN_BYTES, TAP_PACKET_BAD_LINK);
		uint16_t type = tap__get_u16(layers->at + 2);
		tap__layers_skip(layers, VLAN_BYTES);
		return tap__layers_next(layers, TAP__LAYER_ETHERTYPE, type);
	}
	switch (layers->number) {
	case TAP__ETHERTYPE_IPV4:
	case TAP__ETHERTYPE_IPV6: return TAP__LAYER_IP;
	case TAP__ETHERTYPE_MPLS:
	case TAP__ETHERTYPE_MPLS_UPSTREAM: return TAP__LAYER_MPLS;
	case TAP__ETHERTYPE_PPPOE: return TAP__LAYER_PPPOE;
	case TAP__ETHERTYPE_BRIDGED: return TAP__LAYER_ETHERNET;
	default:
		return layers->number < ETHERTYPE_MIN
			   ? decode_llc(layers)
			   : tap__layers_end(layers, TAP_PACKET_NOT_IP, layers->number);
	}
}

/* Decode a link header of fixed length with an Ethernet type at an offset. */
static enum tap__layer decode_typed(struct tap__layers *layers, uint32_t bytes, uint32_t type_at)
{
	if (layers->len < bytes)
		return tap__layers_short(layers, bytes, TAP_PACKET_BAD_LINK);
	uint16_t type = tap__get_u16(layers->at + type_at);
	tap__layers_skip(layers, bytes);
	return tap__layers_next(layers, TAP__LAYER_ETHERTYPE, type);
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

/* BSD loopback: an address family in either byte order, whose value for IPv6 depends on the system. IP has its
 * own version field, so the family only excludes what is not IP. */
static enum tap__layer decode_loopback(struct tap__layers *layers)
{
	if (layers->len < LOOPBACK_BYTES)
		return tap__layers_short(layers, LOOPBACK_BYTES, TAP_PACKET_BAD_LINK);
	uint32_t family = tap__get_u32(layers->at);
	if (family > 0xffff)
		family = (uint32_t)layers->at[1] << 8 | layers->at[0];
	tap__layers_skip(layers, LOOPBACK_BYTES);
	switch (family) {
	case 2:  /* AF_INET, everywhere */
	case 10: /* AF_INET6: Linux */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* macOS */ return TAP__LAYER_IP;
	default: return tap__layers_end(layers, TAP_PACKET_NOT_IP_FAMILY, family);
	}
}

enum tap__layer tap__decode_link(int link_type, struct tap__layers *layers)
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
	default: return tap__layers_end(layers, TAP_PACKET_LINK_TYPE, (uint32_t)link_type);
	}
}
