/* port_filter.h - the filter for ports, as text in libpcap's language. */
#ifndef TAP_CAPTURE_PORT_FILTER_H
#define TAP_CAPTURE_PORT_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The filter for ports in libpcap's language, with or without the user's; no ports = all of TCP. It takes frames with
 * up to two VLAN tags (where the link layer has them), and where libpcap does not see the ports more passes than is
 * meant, for the decoder to sort out: IP fragments after the first, IPv6 extension headers, and the encapsulations of
 * tap/packet/packet.h. The user's filter comes first and counts as it would alone: it sees the outermost headers. Returns
 * owned; NULL when out of memory. */
char *tap_port_filter(const char *filter, const uint16_t *ports, size_t ports_count, bool has_vlan);

#endif
