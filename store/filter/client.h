/* client.h - is a client the one that --client or --receiver names? Internal to store. */
#ifndef STORE_FILTER_CLIENT_H
#define STORE_FILTER_CLIENT_H

#include "wire/event.h"

/* `wanted` is the client's name, its connection number, or its address with or without the port. client may be NULL:
 * unknown. */
bool store__filter_is_client(const char *wanted, uint64_t conn, const struct wire_client *client);

#endif
