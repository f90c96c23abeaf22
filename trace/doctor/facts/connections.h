/* connections.h - connections and services: what they published, when they came and left, what they subscribed to. */
#ifndef TRACE_DOCTOR_FACTS_CONNECTIONS_H
#define TRACE_DOCTOR_FACTS_CONNECTIONS_H

#include "trace/doctor/facts/state.h"

/* A connection that left within this time did not last. */
#define DOCTOR__SHORT_LIFE_NS INT64_C(60000000000)
/* A connection that comes within this time replaces one of its service that left. */
#define DOCTOR__REPLACED_NS INT64_C(10000000000)

/* Borrows the source. 0 or -ENOMEM; in either case call doctor__connections_fini. */
int doctor__connections_init(struct doctor__connections *connections, struct wire_source *source,
			     uint64_t max_bytes);
void doctor__connections_fini(struct doctor__connections *connections);

/* The connection of this client. NULL: TRACE_NO_CLIENT, or out of memory. Valid until the next call. Hot. */
struct doctor__connection *doctor__connection_at(struct doctor__connections *connections, uint32_t client);

/* The service of this client. NULL: as above. */
struct doctor__service *doctor__service_of(struct doctor__connections *connections, uint32_t client);

/* How many services there are. */
static inline uint32_t doctor__services_count(const struct doctor__connections *connections)
{
	return connections->clients.services.len;
}

/* The number of its service; TRACE_SERVICE_UNKNOWN for TRACE_NO_CLIENT. */
static inline uint32_t doctor__service_number(const struct doctor__connections *connections, uint32_t client)
{
	return client == TRACE_NO_CLIENT ? (uint32_t)TRACE_SERVICE_UNKNOWN
					 : trace_clients_at(&connections->clients, client)->service;
}

/* Learn from an event that is no message and no delivery. Subscriptions are kept of chosen events only: the filter passes their
 * subject and client. */
void doctor__connections_take(struct doctor__facts *facts, const struct wire_event *event, bool is_chosen);

/* The clients and services that a chosen event names are chosen. Call this only when there is a filter. */
void doctor__connections_choose(struct doctor__facts *facts, const struct wire_event *event);

/* A chosen event names the client, or there is no filter. */
static inline bool doctor__is_client_chosen(const struct doctor__facts *facts, uint32_t client)
{
	const struct doctor__connections *connections = &facts->connections;
	return !facts->is_filtered || (client < connections->len && connections->list[client].is_chosen);
}

/* A client of the service is chosen. */
static inline bool doctor__is_service_chosen(const struct doctor__facts *facts, uint32_t service)
{
	const struct doctor__connections *connections = &facts->connections;
	return !facts->is_filtered ||
	       (service < connections->services_len && connections->services[service].is_chosen);
}

/* A message reached the subscription of that sid. */
void doctor__connections_feed(struct doctor__connections *connections, uint32_t client,
			      struct wire_slice sid);

static inline struct wire_slice doctor__service_name(const struct doctor__connections *connections,
						     uint32_t service)
{
	return trace_clients_service_name(&connections->clients, service);
}

/* The name of the client's service. */
static inline struct wire_slice doctor__client_name(const struct doctor__connections *connections,
						    uint32_t client)
{
	return doctor__service_name(connections, doctor__service_number(connections, client));
}

/* Vote for one of many. */
static inline void doctor__majority_vote(struct doctor__majority *majority, uint32_t for_whom)
{
	if (majority->votes == 0)
		majority->candidate = for_whom;
	majority->votes += majority->candidate == for_whom ? 1 : UINT64_MAX;
}

#endif
