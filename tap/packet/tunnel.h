/* tunnel.h - headers that carry packets inside packets: UDP tunnels (VXLAN, GENEVE), GRE and ERSPAN, EtherIP, MPLS,
 * PPPoE and PPP. Internal to tap. */
#ifndef TAP_PACKET_TUNNEL_H
#define TAP_PACKET_TUNNEL_H

#include "tap/packet/layers.h"

/* Decode one header and return the layer that follows. */
enum tap__layer tap__decode_udp(struct tap__layers *layers);
enum tap__layer tap__decode_gre(struct tap__layers *layers);
enum tap__layer tap__decode_etherip(struct tap__layers *layers);
enum tap__layer tap__decode_mpls(struct tap__layers *layers);
enum tap__layer tap__decode_pppoe(struct tap__layers *layers);
enum tap__layer tap__decode_ppp(struct tap__layers *layers);

#endif
