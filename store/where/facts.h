/* facts.h - what is known of an event when it is judged, and the three answers. Internal to store. */
#ifndef STORE_WHERE_FACTS_H
#define STORE_WHERE_FACTS_H

#include "store/where/program.h"
#include "wire/event.h"

/* How the description of a connection is found. */
struct store_clients_lookup {
	/* NULL when nothing is known of it. Valid until the next call. */
	const struct wire_client *(*find)(void *context, uint64_t conn);
	void *context;
};

static inline const struct wire_client *store_clients_lookup_find(const struct store_clients_lookup *clients,
								  uint64_t conn)
{
	return clients && conn != 0 ? clients->find(clients->context, conn) : NULL;
}

/* An event of which only the members are filled in that `have` names. */
struct store__facts {
	const struct wire_event *event;
	const struct store_clients_lookup *clients; /* NULL: no connection is described */
	unsigned have;                              /* STORE__NEEDS_ bits */
};

/* The description of the event's connection; a connect event describes it itself. NULL when nothing is known of it. */
static inline const struct wire_client *store__facts_client(const struct store__facts *facts)
{
	const struct wire_event *event = facts->event;
	return event->client ? event->client : store_clients_lookup_find(facts->clients, event->conn);
}

/* Comparisons whose outcome is known already, a bit each. */
struct store__decided {
	uint64_t known, holds;
};

enum store__verdict { STORE__NO, STORE__MAYBE, STORE__YES };

static inline enum store__verdict store__verdict_of(bool holds)
{
	return holds ? STORE__YES : STORE__NO;
}

/* Both must hold. */
static inline enum store__verdict store__both(enum store__verdict a, enum store__verdict b)
{
	return a < b ? a : b;
}

static inline enum store__verdict store__opposite(enum store__verdict verdict)
{
	return (enum store__verdict)(STORE__YES - verdict);
}

#endif
