/* layers.h - the headers of a frame, from the outside in. Internal to tap.
 *
 * A frame is a chain of headers, and an encapsulation starts another chain inside it. Each decoder removes one
 * header from the front, notes what it says of the next one, and returns the layer that follows. No decoder
 * calls another, so the loop in tap/packet/packet.c bounds the depth. Pure, like tap/packet/packet.h. */
#ifndef TAP_PACKET_LAYERS_H
#define TAP_PACKET_LAYERS_H

#include "tap/packet/packet.h"

enum tap__layer {
	TAP__LAYER_ETHERNET,
	TAP__LAYER_ETHERTYPE, /* the Ethernet type is in number */
	TAP__LAYER_IP,        /* IPv4 or IPv6, by its first four bits */
	TAP__LAYER_PROTOCOL,  /* the IP protocol is in number */
	TAP__LAYER_TCP,
	TAP__LAYER_UDP,
	TAP__LAYER_GRE,
	TAP__LAYER_ETHERIP,
	TAP__LAYER_MPLS,
	TAP__LAYER_PPPOE,
	TAP__LAYER_PPP,
	TAP__LAYER_END, /* kind and number say what the packet is */
};

enum tap__ethertype {
	TAP__ETHERTYPE_IPV4 = 0x0800,
	TAP__ETHERTYPE_ARP = 0x0806,
	TAP__ETHERTYPE_BRIDGED = 0x6558, /* transparent Ethernet bridging, in tunnels */
	TAP__ETHERTYPE_IPV6 = 0x86dd,
	TAP__ETHERTYPE_MPLS = 0x8847,
	TAP__ETHERTYPE_MPLS_UPSTREAM = 0x8848, /* formerly: multicast */
	TAP__ETHERTYPE_PPPOE = 0x8864,
};

enum tap__protocol {
	TAP__PROTOCOL_HOP_BY_HOP = 0,
	TAP__PROTOCOL_IPV4 = 4,
	TAP__PROTOCOL_TCP = 6,
	TAP__PROTOCOL_UDP = 17,
	TAP__PROTOCOL_IPV6 = 41,
	TAP__PROTOCOL_ROUTING = 43,
	TAP__PROTOCOL_FRAGMENT = 44,
	TAP__PROTOCOL_GRE = 47,
	TAP__PROTOCOL_AUTHENTICATION = 51,
	TAP__PROTOCOL_DESTINATION = 60,
	TAP__PROTOCOL_ETHERIP = 97,
	TAP__PROTOCOL_MOBILITY = 135,
	TAP__PROTOCOL_MPLS = 137,
};

enum { TAP__ETHERNET_BYTES = 14 };

/* The part of a packet that is not decoded yet. */
struct tap__layers {
	const unsigned char *at;
	uint32_t len;      /* bytes captured */
	uint32_t wire_len; /* bytes on the wire; >= len */
	uint32_t number;   /* depends on the layer, see enum tap__layer */
	enum tap_packet_kind kind;
	struct tap_packet *packet; /* the result */
};

static inline uint16_t tap__get_u16(const unsigned char *in)
{
	return (uint16_t)(in[0] << 8 | in[1]);
}

static inline uint32_t tap__get_u32(const unsigned char *in)
{
	return (uint32_t)tap__get_u16(in) << 16 | tap__get_u16(in + 2);
}

static inline void tap__layers_skip(struct tap__layers *layers, uint32_t bytes)
{
	layers->at += bytes;
	layers->len -= bytes;
	layers->wire_len -= bytes;
}

/* Apply a length from a header. It may exceed the frame: then bytes are missing. */
static inline void tap__layers_limit(struct tap__layers *layers, uint32_t bytes)
{
	layers->wire_len = bytes;
	if (layers->len > bytes)
		layers->len = bytes;
}

static inline enum tap__layer tap__layers_next(struct tap__layers *layers, enum tap__layer layer,
					       uint32_t number)
{
	layers->number = number;
	return layer;
}

static inline enum tap__layer tap__layers_end(struct tap__layers *layers, enum tap_packet_kind kind,
					      uint32_t number)
{
	layers->kind = kind;
	return tap__layers_next(layers, TAP__LAYER_END, number);
}

/* A header of this many bytes is incomplete: the capture cut it off, or the packet itself is too short (`bad`). */
static inline enum tap__layer tap__layers_short(struct tap__layers *layers, uint32_t bytes,
						enum tap_packet_kind bad)
{
	return tap__layers_end(layers, layers->wire_len >= bytes ? TAP_PACKET_CUT : bad, 0);
}

#endif
