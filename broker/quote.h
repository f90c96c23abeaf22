/* quote.h - text from peers in error messages, inside this folder. */
#ifndef BROKER_QUOTE_H
#define BROKER_QUOTE_H

#include "wire/slice.h"

/* The text in double quotes with ", \ and what cannot be printed escaped, as in nats-server's messages: clients look
 * for subjects between the quotes. Owned and NUL-terminated; NULL when out of memory. */
char *broker__quote(struct wire_slice text);

#endif
