#include "tap/packet/packet.h"

#include "tap/packet/ip.h"
#include "tap/packet/link.h"
#include "tap/packet/tunnel.h"

enum { LAYERS_MAX = 64 }; /* headers decoded of one frame: about twelve nested tunnels */

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
		layer = i < LAYERS_MAX ? decode_layer(layer, layers)
				       : tap__layers_end(layers, TAP_PACKET_TOO_DEEP, 0);
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
	return decode_layers(tap__decode_link(frame->link_type, &layers), &layers);
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
	return decode_layers(tap__layers_next(&layers, TAP__LAYER_PROTOCOL, datagram->protocol), &layers);
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
						"too many headers (nested encapsulations)",
					    [TAP_PACKET_CUT] = "headers cut off by the snapshot length",
					    [TAP_PACKET_BAD_LINK] = "a malformed link header",
					    [TAP_PACKET_BAD_IP] = "a malformed IP header",
					    [TAP_PACKET_BAD_TCP] = "a malformed TCP header",
					    [TAP_PACKET_BAD_TUNNEL] = "a malformed encapsulation",
					    [TAP_PACKET_LINK_TYPE] = "unknown link type"};
	_Static_assert(sizeof names / sizeof *names == TAP_PACKET_KINDS, "a name for each kind");
	return names[kind];
}
