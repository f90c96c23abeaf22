/* endpoint.h - an address and a port: one end of a TCP connection. */
#ifndef TAP_ENDPOINT_H
#define TAP_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

struct tap_endpoint {
	unsigned char address[16]; /* network byte order; IPv4 in the first four bytes */
	bool is_v6;
	uint16_t port; /* host byte order */
};

#endif
