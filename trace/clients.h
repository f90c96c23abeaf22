/* clients.h - who is behind a connection number, and which connections are one service.
 *
 * A table fed with the events of a source. It describes a connection by its connect event, or else by what the source
 * knows of it: a filter may have left that event out, and a capture may begin after it. Connection numbers are unique
 * within one input, so that a connection is found by the input of the event just read and its number.
 *
 * Connections of the same name are one service, or those of the same user, of the same address without port, or each
 * by itself. A connection without a name goes by its address: "(no name) 10.0.0.7".
 *
 * The memory is bounded. Connections beyond the bound are asked for at the source each time, which is slower, and services
 * beyond it are all TRACE_SERVICE_OTHERS. */
#ifndef TRACE_CLIENTS_H
#define TRACE_CLIENTS_H

#include "store/read/clients.h"
#include "trace/names.h"
#include "wire/source.h"

/* Connections that have this in common are one service. In the order of the words of --by. */
enum trace_service_key { TRACE_BY_NAME, TRACE_BY_USER, TRACE_BY_IP, TRACE_BY_CONN };

/* Numbers of services that are none. */
enum {
	TRACE_SERVICE_UNKNOWN = 0, /* of connection 0: it is not known who it was */
	TRACE_SERVICE_OTHERS = 1,  /* services that found no room */
	TRACE_SERVICES_RESERVED
};

#define TRACE_NO_CLIENT UINT32_MAX

struct trace_client {
	uint64_t conn;
	uint32_t origin; /* the input, as wire_source_origin */
	uint32_t service;
	struct store_client *described; /* owned; NULL = nothing is known of it */
};

struct trace_clients {
	enum trace_service_key key;
	struct trace_client *list; /* owned; a client's number is its index */
	uint32_t len, cap;
	struct store_table by_conn;
	struct trace_names services; /* a service's number is that of its name */
	uint32_t *connections;       /* owned; of each service */
	uint32_t connections_cap;
	size_t bytes, max_bytes; /* without and with what `services` takes */
	uint64_t
	    left_out; /* connect events of connections that found no room for them or their description */
	struct wire_source *source; /* of the events; borrowed */
};

/* Borrows the source. 0 or -ENOMEM; in either case call trace_clients_fini. */
int trace_clients_init(struct trace_clients *clients, struct wire_source *source, enum trace_service_key key,
		       size_t max_bytes);
void trace_clients_fini(struct trace_clients *clients);

/* Learn from a connect event that the source has just given; others are ignored. */
void trace_clients_add(struct trace_clients *clients, const struct wire_event *event);

/* The number of a connection of the event just given by the source. TRACE_NO_CLIENT for 0 and for those that found no
 * room. Hot: once for every message and each of its receivers. */
uint32_t trace_clients_number(struct trace_clients *clients, uint64_t conn);

/* The service of a connection of the event just given by the source. */
uint32_t trace_clients_service(struct trace_clients *clients, uint64_t conn);

/* An address without its port. */
struct wire_slice trace_address_host(struct wire_slice address);

/* A client by its number. Valid until the next call of trace_clients_number, _service or _add. */
static inline const struct trace_client *trace_clients_at(const struct trace_clients *clients,
							  uint32_t number)
{
	return &clients->list[number];
}

/* The description of a client, NULL when nothing is known of it. */
static inline const struct wire_client *trace_client_described(const struct trace_client *client)
{
	return client->described ? &client->described->client : NULL;
}

/* "billing", "(no name) 10.0.0.7", "(others)", and "(unknown)" for TRACE_SERVICE_UNKNOWN. Valid until fini. */
struct wire_slice trace_clients_service_name(const struct trace_clients *clients, uint32_t service);

#endif
