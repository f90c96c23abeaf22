/* address.h - an address and a port as text, inside this folder. */
#ifndef BROKER_ADDRESS_H
#define BROKER_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

enum {
	BROKER__ADDRESS_TEXT = 300, /* room for a long host name */
	BROKER__HOST_TEXT = 256,
};

/* "10.0.0.7:4222" or "[::1]:4222" into text, cut when size is too small; returns text. */
const char *broker__address_text(char *text, size_t size, const char *host, int port);

/* Split `host`, `host:port`, `[v6]` or `[v6]:port` into host[BROKER__HOST_TEXT], without brackets, and the port:
 * missing_port when there is none or it is not positive. False when the text is none of these. */
bool broker__address_split(const char *text, int missing_port, char *host, int *port);

#endif
