#include "store/read/clients.h"

#include <errno.h>
#include <stdlib.h>

void store_clients_fini(struct store_clients *clients)
{
	for (size_t i = 0; i < clients->count; i++)
		free(clients->list[i]);
	free(clients->list);
	*clients = (struct store_clients){0};
}

/* The index of the first entry whose conn is not smaller. Connections mostly come by rising number, so the end is tried first. */
static size_t position(const struct store_clients *clients, uint64_t conn)
{
	size_t low = 0, high = clients->count;
	if (high > 0 && clients->list[high - 1]->conn < conn)
		return high;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (clients->list[middle]->conn < conn)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(const struct store_clients *clients, size_t at, uint64_t conn)
{
	return at < clients->count && clients->list[at]->conn == conn;
}

static struct wire_slice keep(char **to, struct wire_slice text)
{
	char *start = *to;
	if (text.len > 0)
		memcpy(start, text.data, text.len);
	*to += text.len;
	return wire_slice(start, text.len);
}

static size_t size_of(const struct wire_client *client)
{
	return sizeof(struct store_client) + client->address.len + client->name.len + client->lang.len +
	       client->version.len + client->user.len + client->account.len + client->certificate.len;
}

struct store_client *store_client_copy(uint64_t conn, const struct wire_client *client)
{
	struct store_client *made = malloc(size_of(client));
	if (!made)
		return NULL;
	char *to = (char *)(made + 1);
	made->conn = conn;
	made->client.address = keep(&to, client->address);
	made->client.name = keep(&to, client->name);
	made->client.lang = keep(&to, client->lang);
	made->client.version = keep(&to, client->version);
	made->client.user = keep(&to, client->user);
	made->client.account = keep(&to, client->account);
	made->client.certificate = keep(&to, client->certificate);
	return made;
}

static int make_room(struct store_clients *clients)
{
	if (clients->count < clients->cap)
		return 0;
	size_t cap = clients->cap ? clients->cap * 2 : 64;
	struct store_client **list = realloc(clients->list, cap * sizeof(*list));
	if (!list)
		return -ENOMEM;
	clients->list = list;
	clients->cap = cap;
	return 0;
}

static void forget(struct store_clients *clients, size_t at)
{
	clients->bytes -= size_of(&clients->list[at]->client);
	free(clients->list[at]);
}

/* Is there room for it, counting that it replaces an earlier entry of the connection? */
static bool fits(const struct store_clients *clients, size_t at, uint64_t conn,
		 const struct wire_client *client)
{
	size_t bytes = clients->bytes + size_of(client);
	if (is_at(clients, at, conn))
		return bytes - size_of(&clients->list[at]->client) <= STORE_CLIENTS_BYTES_MAX;
	return bytes <= STORE_CLIENTS_BYTES_MAX && clients->count - at <= STORE_CLIENTS_DISORDER_MAX;
}

int store_clients_put(struct store_clients *clients, uint64_t conn, const struct wire_client *client)
{
	size_t at = position(clients, conn);
	if (!fits(clients, at, conn, client))
		return -E2BIG;
	struct store_client *made = make_room(clients) == 0 ? store_client_copy(conn, client) : NULL;
	if (!made)
		return -ENOMEM;
	if (is_at(clients, at, conn)) {
		forget(clients, at);
	} else {
		memmove(&clients->list[at + 1], &clients->list[at], (clients->count - at) * sizeof made);
		clients->count++;
	}
	clients->list[at] = made;
	clients->bytes += size_of(client);
	return 0;
}

void store_clients_remove(struct store_clients *clients, uint64_t conn)
{
	size_t at = position(clients, conn);
	if (!is_at(clients, at, conn))
		return;
	forget(clients, at);
	clients->count--;
	memmove(&clients->list[at], &clients->list[at + 1], (clients->count - at) * sizeof *clients->list);
}

/* Hot: called for the publisher and each receiver of a message that is printed. Numbers are mostly without holes, so that the place
 * follows from the first one. */
const struct wire_client *store_clients_find(const struct store_clients *clients, uint64_t conn)
{
	size_t at = clients->count > 0 ? (size_t)(conn - clients->list[0]->conn) : 0;
	if (!is_at(clients, at, conn))
		at = position(clients, conn);
	return is_at(clients, at, conn) ? &clients->list[at]->client : NULL;
}
