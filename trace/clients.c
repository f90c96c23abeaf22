#include "trace/clients.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "wire/conn.h"

enum { NAME_BYTES = 512, SLOT_BYTES = 4 * sizeof(struct store_table_slot) };

/* ---- names of services ---- */

struct wire_slice trace_address_host(struct wire_slice address)
{
	size_t len = address.len;
	while (len > 0 && address.data[len - 1] != ':')
		len--;
	return len > 0 ? wire_slice(address.data, len - 1) : address;
}

static struct wire_slice write_conn(char *to, const struct trace_client *client, const char *before)
{
	int len = client->origin == 0 ? snprintf(to, NAME_BYTES, "%s#%" PRIu64, before, client->conn)
				      : snprintf(to, NAME_BYTES, "%s#%" PRIu64 "@%" PRIu32, before,
						 client->conn, client->origin + 1);
	return wire_slice(to, (size_t)len);
}

/* Two texts, one after the other, cut to NAME_BYTES. */
static struct wire_slice join(char *to, const char *first, struct wire_slice second)
{
	size_t len = strlen(first), more = second.len < NAME_BYTES - len ? second.len : NAME_BYTES - len;
	memcpy(to, first, len);
	if (more > 0)
		memcpy(to + len, second.data, more);
	return wire_slice(to, len + more);
}

/* to: NAME_BYTES. */
static struct wire_slice write_name(enum trace_service_key key, const struct trace_client *client, char *to)
{
	static const struct wire_client nothing;
	const struct wire_client *known = client->described ? &client->described->client : &nothing;
	struct wire_slice ip = trace_address_host(known->address);
	if (key == TRACE_BY_USER)
		return known->user.len > 0 ? join(to, "", known->user) : WIRE_LITERAL("(no user)");
	if (key == TRACE_BY_IP)
		return ip.len > 0 ? join(to, "", ip) : write_conn(to, client, "(no address) ");
	if (key == TRACE_BY_NAME) {
		if (known->name.len > 0)
			return join(to, "", known->name);
		return ip.len > 0 ? join(to, "(no name) ", ip) : write_conn(to, client, "(no name) ");
	}
	char name[NAME_BYTES / 2];
	snprintf(name, sizeof name, "%.*s", (int)known->name.len, known->name.len ? known->name.data : "");
	return write_conn(to, client, name);
}

/* ---- room ---- */

static bool has_room(const struct trace_clients *clients, size_t bytes)
{
	size_t taken = clients->bytes + clients->services.bytes;
	return taken <= clients->max_bytes && bytes <= clients->max_bytes - taken;
}

static bool take_bytes(struct trace_clients *clients, size_t bytes)
{
	if (!has_room(clients, bytes))
		return false;
	clients->bytes += bytes;
	return true;
}

/* Make room for one more after the len that there are. Returns the list, which may have moved, or NULL. */
static void *make_room(void *list, uint32_t len, uint32_t *cap, size_t size)
{
	if (len < *cap)
		return list;
	uint32_t wanted = *cap ? *cap * 2 : 64;
	void *moved = realloc(list, wanted * size);
	if (moved)
		*cap = wanted;
	return moved;
}

/* ---- services ---- */

/* The number of the service of that name, TRACE_SERVICE_OTHERS when there is no room for it, or -ENOMEM. */
static int64_t find_service(struct trace_clients *clients, struct wire_slice name)
{
	uint32_t len = clients->services.len;
	uint32_t *connections =
	    make_room(clients->connections, len, &clients->connections_cap, sizeof *clients->connections);
	if (!connections)
		return -ENOMEM;
	clients->connections = connections;
	bool is_full = !has_room(clients, name.len + NAME_BYTES);
	uint32_t service = trace_names_number(&clients->services, name, is_full ? len : UINT32_MAX - 1);
	if (service == TRACE_NO_NAME)
		return is_full ? TRACE_SERVICE_OTHERS : -ENOMEM;
	if (service == len)
		connections[service] = 0;
	return service;
}

/* Find out which service a client belongs to. 0 or -ENOMEM. */
static int join_service(struct trace_clients *clients, struct trace_client *client)
{
	char name[NAME_BYTES];
	int64_t service = find_service(clients, write_name(clients->key, client, name));
	if (service < 0)
		return (int)service;
	client->service = (uint32_t)service;
	return 0;
}

/* ---- connections ---- */

static uint64_t hash_conn(uint32_t origin, uint64_t conn)
{
	uint64_t mixed = (conn + ((uint64_t)origin << 48)) * UINT64_C(0x9e3779b97f4a7c15);
	return mixed ^ mixed >> 32;
}

static uint32_t find(const struct trace_clients *clients, uint32_t origin, uint64_t conn)
{
	uint32_t probe = 0, number;
	while (store_table_next(&clients->by_conn, hash_conn(origin, conn), &probe, &number))
		if (clients->list[number].conn == conn && clients->list[number].origin == origin)
			return number;
	return TRACE_NO_CLIENT;
}

static size_t bytes_of(const struct wire_client *client)
{
	return sizeof(struct store_client) + client->address.len + client->name.len + client->lang.len +
	       client->version.len + client->user.len + client->account.len;
}

/* Describe a client. 0, which includes that nothing is known of it, or -ENOMEM when there is no room. */
static int describe(struct trace_clients *clients, struct trace_client *client,
		    const struct wire_client *description)
{
	if (!description)
		return 0;
	if (!take_bytes(clients, bytes_of(description)))
		return -ENOMEM;
	client->described = store_client_copy(client->conn, description);
	return client->described ? 0 : -ENOMEM;
}

static void drop_last(struct trace_clients *clients)
{
	free(clients->list[--clients->len].described);
}

/* Add a connection. Its number, or TRACE_NO_CLIENT when there is no room. */
static uint32_t add(struct trace_clients *clients, uint32_t origin, uint64_t conn,
		    const struct wire_client *description)
{
	if (!take_bytes(clients, sizeof *clients->list + SLOT_BYTES))
		return TRACE_NO_CLIENT;
	struct trace_client *list =
	    make_room(clients->list, clients->len, &clients->cap, sizeof *clients->list);
	if (!list)
		return TRACE_NO_CLIENT;
	clients->list = list;
	struct trace_client *client = &list[clients->len++];
	*client = (struct trace_client){.conn = conn, .origin = origin};
	if (describe(clients, client, description) != 0 || join_service(clients, client) != 0 ||
	    store_table_insert(&clients->by_conn, hash_conn(origin, conn), clients->len - 1) != 0) {
		drop_last(clients);
		return TRACE_NO_CLIENT;
	}
	clients->connections[client->service]++;
	return clients->len - 1;
}

uint32_t trace_clients_number(struct trace_clients *clients, uint64_t conn)
{
	if (conn == 0)
		return TRACE_NO_CLIENT;
	const uint32_t origin = wire_conn_input(conn, wire_source_origin(clients->source));
	uint32_t number = find(clients, origin, wire_conn_number(conn));
	if (number == TRACE_NO_CLIENT)
		number = add(clients, origin, wire_conn_number(conn),
			     clients->source->client(clients->source, conn));
	return number;
}

/* The service of a connection that found no room. */
static uint32_t service_of_unlisted(struct trace_clients *clients, uint64_t conn)
{
	const struct wire_client *description = clients->source->client(clients->source, conn);
	struct store_client *copy = description ? store_client_copy(conn, description) : NULL;
	struct trace_client client = {.conn = wire_conn_number(conn),
				      .origin = wire_conn_input(conn, wire_source_origin(clients->source)),
				      .described = copy};
	int error = copy ? join_service(clients, &client) : -ENOMEM;
	free(copy);
	return error ? TRACE_SERVICE_OTHERS : client.service;
}

uint32_t trace_clients_service(struct trace_clients *clients, uint64_t conn)
{
	if (conn == 0)
		return TRACE_SERVICE_UNKNOWN;
	uint32_t number = trace_clients_number(clients, conn);
	return number != TRACE_NO_CLIENT ? clients->list[number].service : service_of_unlisted(clients, conn);
}

/* ---- events ---- */

/* Describe a client that was seen before its connect event. 0, or -ENOMEM with its service unchanged. */
static int describe_later(struct trace_clients *clients, struct trace_client *client,
			  const struct wire_client *description)
{
	uint32_t before = client->service;
	int error = describe(clients, client, description);
	if (!error)
		error = join_service(clients, client);
	clients->connections[before]--;
	clients->connections[client->service]++;
	return error;
}

void trace_clients_add(struct trace_clients *clients, const struct wire_event *event)
{
	if (event->kind != WIRE_EVENT_CONNECT || event->conn == 0)
		return;
	uint32_t origin = wire_source_origin(clients->source);
	uint32_t number = find(clients, origin, event->conn);
	int error = 0;
	if (number == TRACE_NO_CLIENT)
		number = add(clients, origin, event->conn, event->client);
	else if (!clients->list[number].described)
		error = describe_later(clients, &clients->list[number], event->client);
	clients->left_out += error || number == TRACE_NO_CLIENT;
}

struct wire_slice trace_clients_service_name(const struct trace_clients *clients, uint32_t service)
{
	return trace_names_text(&clients->services, service);
}

/* ---- life ---- */

int trace_clients_init(struct trace_clients *clients, struct wire_source *source, enum trace_service_key key,
		       size_t max_bytes)
{
	*clients = (struct trace_clients){.key = key, .max_bytes = SIZE_MAX, .source = source};
	bool is_done = store_table_init(&clients->by_conn) == 0 &&
		       find_service(clients, WIRE_LITERAL("(unknown)")) == TRACE_SERVICE_UNKNOWN &&
		       find_service(clients, WIRE_LITERAL("(others)")) == TRACE_SERVICE_OTHERS;
	clients->max_bytes = max_bytes;
	return is_done ? 0 : -ENOMEM;
}

void trace_clients_fini(struct trace_clients *clients)
{
	for (uint32_t i = 0; i < clients->len; i++)
		free(clients->list[i].described);
	free(clients->list);
	free(clients->connections);
	trace_names_fini(&clients->services);
	store_table_fini(&clients->by_conn);
	*clients = (struct trace_clients){0};
}
