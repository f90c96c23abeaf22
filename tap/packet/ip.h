/* ip.h - the network and transport layers: IPv4, IPv6 with its extension headers, TCP. Internal to tap. */
#ifndef TAP_PACKET_IP_H
#define TAP_PACKET_IP_H

#include "tap/packet/layers.h"

/* Decode one header and return the layer that follows. */
enum tap__layer tap__decode_ip(struct tap__layers *layers);
enum tap__layer tap__decode_protocol(struct tap__layers *layers);
enum tap__layer tap__decode_tcp(struct tap__layers *layers);

#endif
