#include "export/pcapng/connections.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

enum { SERVERS = 250, MADE_UP_HOSTS = 131000, MADE_UP_PORT = 32768, FIRST_CAP = 64 };

int export__connections_init(struct export__connections *connections)
{
	*connections = (struct export__connections){0};
	if (store_table_init(&connections->by_conn) != 0 || store_table_init(&connections->by_address) != 0)
		return -ENOMEM;
	return 0;
}

void export__connections_fini(struct export__connections *connections)
{
	free(connections->list);
	store_table_fini(&connections->by_conn);
	store_table_fini(&connections->by_address);
	*connections = (struct export__connections){0};
}

/* ---- by when they were used ---- */

static void unlink_used(struct export__connections *connections, uint32_t index)
{
	struct export__connection *list = connections->list;
	const uint32_t older = list[index].older, newer = list[index].newer;

	*(newer ? &list[newer - 1].older : &connections->newest) = older;
	*(older ? &list[older - 1].newer : &connections->oldest) = newer;
}

static void link_newest(struct export__connections *connections, uint32_t index)
{
	struct export__connection *list = connections->list;

	list[index].newer = 0;
	list[index].older = connections->newest;
	*(connections->newest ? &list[connections->newest - 1].newer : &connections->oldest) = index + 1;
	connections->newest = index + 1;
}

/* ---- addresses ---- */

/* "10.0.0.7:53122" or "[::1]:53122", with or without a zone. */
static bool read_address(struct export__address *address, struct wire_slice text)
{
	char host[64], *end;
	const char *colon =
	    text.len > 0 && text.len < sizeof(host) ? memrchr(text.data, ':', text.len) : NULL;

	if (!colon)
		return false;
	memcpy(host, text.data, text.len);
	host[text.len] = '\0';
	host[colon - text.data] = '\0';
	const unsigned long port = strtoul(host + (colon - text.data) + 1, &end, 10);
	if (*end || port == 0 || port > UINT16_MAX)
		return false;
	*address = (struct export__address){.port = (uint16_t)port, .is_v6 = host[0] == '['};
	if (!address->is_v6)
		return inet_pton(AF_INET, host, address->bytes) == 1;
	host[strcspn(host, "]%")] = '\0';
	return inet_pton(AF_INET6, host + 1, address->bytes) == 1;
}

/* The next address of the network for benchmarks: another host for each connection, as long as there are any. */
static struct export__address make_up(struct export__connections *connections)
{
	const uint64_t number = connections->made_up++;
	const uint32_t host = (uint32_t)(number % MADE_UP_HOSTS) + 1;
	const uint64_t port = MADE_UP_PORT + number / MADE_UP_HOSTS % (UINT16_MAX - MADE_UP_PORT);

	return (struct export__address){
	    .bytes = {198, (uint8_t)(18 + (host >> 16)), (uint8_t)(host >> 8), (uint8_t)host},
	    .port = (uint16_t)port};
}

static struct export__address server_address(uint32_t input, bool is_v6)
{
	const uint8_t number = (uint8_t)(1 + input % SERVERS);
	struct export__address address = {.port = EXPORT__SERVER_PORT, .is_v6 = is_v6};

	if (is_v6) {
		memcpy(address.bytes, "\x20\x01\x0d\xb8", 4);
		address.bytes[15] = number;
	} else {
		memcpy(address.bytes, "\xc0\0\x02", 3);
		address.bytes[3] = number;
	}
	return address;
}

struct export__address export__connection_address(const struct export__connection *connection,
						  enum export__side side)
{
	return side == EXPORT__CLIENT ? connection->client
				      : server_address(connection->input, connection->client.is_v6);
}

const char *export__address_host(char text[EXPORT__ADDRESS_TEXT], const struct export__address *address)
{
	text[0] = '\0';
	inet_ntop(address->is_v6 ? AF_INET6 : AF_INET, address->bytes, text, EXPORT__ADDRESS_TEXT);
	return text;
}

static bool are_equal(const struct export__address *a, const struct export__address *b)
{
	return a->port == b->port && a->is_v6 == b->is_v6 &&
	       memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/* ---- finding ---- */

static uint64_t conn_hash(uint64_t conn)
{
	return XXH3_64bits(&conn, sizeof(conn));
}

static uint64_t address_hash(const struct export__address *address)
{
	return XXH3_64bits_withSeed(address->bytes, sizeof(address->bytes), address->port);
}

struct export__connection *export__connections_find(struct export__connections *connections, uint64_t conn)
{
	const uint64_t hash = conn_hash(conn);
	uint32_t probe = 0, index;

	while (store_table_next(&connections->by_conn, hash, &probe, &index)) {
		if (connections->list[index].conn != conn)
			continue;
		if (connections->newest != index + 1) {
			unlink_used(connections, index);
			link_newest(connections, index);
		}
		return &connections->list[index];
	}
	return NULL;
}

/* Another open connection of the server has the address, or it is that of a server: readers would take the client for one. */
static bool is_taken(const struct export__connections *connections, const struct export__address *address,
		     uint32_t input)
{
	const uint64_t hash = address_hash(address);
	struct export__address server = server_address(0, address->is_v6);
	uint32_t probe = 0, index;

	while (store_table_next(&connections->by_address, hash, &probe, &index))
		if (connections->list[index].input % SERVERS == input % SERVERS &&
		    are_equal(&connections->list[index].client, address))
			return true;
	server.bytes[address->is_v6 ? 15 : 3] = address->bytes[address->is_v6 ? 15 : 3];
	return are_equal(&server, address);
}

/* ---- adding and removing ---- */

/* The index of a place that is free, or EXPORT__CONNECTIONS_MAX: out of memory. */
static uint32_t take_place(struct export__connections *connections)
{
	if (connections->unused) {
		const uint32_t index = connections->unused - 1;
		connections->unused = connections->list[index].older;
		return index;
	}
	if (connections->len == connections->cap) {
		const uint32_t cap = connections->cap ? 2 * connections->cap : FIRST_CAP;
		struct export__connection *list = realloc(connections->list, cap * sizeof(*list));
		if (!list)
			return EXPORT__CONNECTIONS_MAX;
		connections->list = list;
		connections->cap = cap;
	}
	return connections->len++;
}

struct export__connection *export__connections_add(struct export__connections *connections, uint64_t conn,
						   uint32_t input, struct wire_slice address)
{
	struct export__address client;

	if (store_table_reserve(&connections->by_conn, 1) != 0 ||
	    store_table_reserve(&connections->by_address, 1) != 0)
		return NULL;
	const uint32_t index = take_place(connections);
	if (index == EXPORT__CONNECTIONS_MAX)
		return NULL;
	bool is_made_up = !read_address(&client, address) || is_taken(connections, &client, input);
	while (is_made_up && (client = make_up(connections), is_taken(connections, &client, input)))
		;
	/* Far from the numbers of an earlier connection between the same ports. */
	const uint32_t start = (uint32_t)++connections->opened * 0x9e3779b1u;
	connections->list[index] = (struct export__connection){.conn = conn,
							       .next = {start, ~start},
							       .acked = {start, ~start},
							       .client = client,
							       .input = input,
							       .is_made_up = is_made_up};
	store_table_add(&connections->by_conn, conn_hash(conn), index);
	store_table_add(&connections->by_address, address_hash(&client), index);
	link_newest(connections, index);
	connections->count++;
	return &connections->list[index];
}

void export__connections_remove(struct export__connections *connections,
				struct export__connection *connection)
{
	const uint32_t index = (uint32_t)(connection - connections->list);

	store_table_remove(&connections->by_conn, conn_hash(connection->conn), index);
	store_table_remove(&connections->by_address, address_hash(&connection->client), index);
	unlink_used(connections, index);
	connection->older = connections->unused;
	connections->unused = index + 1;
	connections->count--;
}

struct export__connection *export__connections_oldest(struct export__connections *connections)
{
	return connections->oldest ? &connections->list[connections->oldest - 1] : NULL;
}

struct export__connection *export__connections_newer(struct export__connections *connections,
						     const struct export__connection *connection)
{
	return connection->newer ? &connections->list[connection->newer - 1] : NULL;
}
