/* clients.h - the connections of clients: opened when they are first seen, closed when they disconnect. Internal to
 * export/pcapng. */
#ifndef EXPORT_PCAPNG_CLIENTS_H
#define EXPORT_PCAPNG_CLIENTS_H

#include "export/pcapng/state.h"

/* The connection of a client of the event, conn as the event names it, 0: a made-up one for what publishers send that are not
 * known. A new one begins with its handshake, INFO and CONNECT. NULL when out of memory. Valid until the next call. */
struct export__connection *export__clients_get(const struct export__context *context, uint64_t conn);

/* The made-up connection of the receiver `number` of a message of whose receivers only the number is known, from 0. As above. */
struct export__connection *export__clients_get_unnamed(const struct export__context *context,
						       uint32_t number);

/* A connect event: opens the connection, or says what is new of an open one. 0 or -ENOMEM. */
int export__clients_connect(const struct export__context *context);

/* A disconnect event. */
void export__clients_disconnect(const struct export__context *context);

/* A new recording begins in the input of the event: none of the connections before is open any more. */
void export__clients_restart(const struct export__context *context);

#endif
