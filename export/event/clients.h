/* clients.h - how a printer looks up the client of a connection. */
#ifndef EXPORT_EVENT_CLIENTS_H
#define EXPORT_EVENT_CLIENTS_H

#include "wire/event.h"

struct export_clients {
	/* The client of a connection of the event being printed; NULL when nothing is known of it. */
	const struct wire_client *(*find)(const void *context, uint64_t conn);
	const void *context;
};

static inline const struct wire_client *export_clients_find(const struct export_clients *clients,
							    uint64_t conn)
{
	return conn != 0 && clients->find ? clients->find(clients->context, conn) : NULL;
}

/* The client of the event's connection. A connect event describes its client itself. */
static inline const struct wire_client *export_clients_of(const struct export_clients *clients,
							  const struct wire_event *event)
{
	return event->client ? event->client : export_clients_find(clients, event->conn);
}

#endif
