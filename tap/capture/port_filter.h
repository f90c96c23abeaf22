/* port_filter.h - the filter for ports, as text in libpcap's language. */
#ifndef TAP_CAPTURE_PORT_FILTER_H
#define TAP_CAPTURE_PORT_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The text of a filter for ports (none: all of TCP), combined with the user's filter if there is one. It passes
 * frames with up to two VLAN tags (has_vlan: the link layer has tags). Where libpcap does not see the ports it
 * passes more, which the decoder sorts out: IP fragments after the first, IPv6 extension headers, and the
 * encapsulations of tap/packet/packet.h. The user's filter comes first and sees the outermost headers, as it
 * would alone. Returns owned; NULL when out of memory. */
char *tap_port_filter(const char *filter, const uint16_t *ports, size_t ports_count, bool has_vlan);

#endif
