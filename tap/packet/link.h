/* link.h - link layers: Ethernet with VLAN tags and SNAP, Linux cooked, BSD loopback, HDLC. Internal to tap. */
#ifndef TAP_PACKET_LINK_H
#define TAP_PACKET_LINK_H

#include "tap/packet/layers.h"

/* Begin a frame: decode the header of its link type (DLT_… of libpcap), if that has one. */
enum tap__layer tap__decode_link(int link_type, struct tap__layers *layers);

/* Decode one header and return the layer that follows. */
enum tap__layer tap__decode_ethernet(struct tap__layers *layers);
enum tap__layer tap__decode_ethertype(struct tap__layers *layers);

/* Do the bytes begin with an Ethernet header whose type, and whose payload's first bytes, can be decoded? */
bool tap__looks_like_ethernet(const unsigned char *bytes, uint32_t len);

#endif
