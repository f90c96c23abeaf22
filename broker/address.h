/* address.h - an address and a port as text, inside this folder. */
#ifndef BROKER_ADDRESS_H
#define BROKER_ADDRESS_H

#include <stddef.h>

enum { BROKER__ADDRESS_TEXT = 300 }; /* of a host's name, too */

/* "10.0.0.7:4222" or "[::1]:4222" into text, cut when size is too small; returns text. */
const char *broker__address_text(char *text, size_t size, const char *host, int port);

#endif
