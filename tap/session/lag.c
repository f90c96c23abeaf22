#include "tap/session/lag.h"

#include <stddef.h>

/* A client that has waited this long waits for something else. */
#define PATIENCE_NS INT64_C(2000000000)

static void take_out(struct tap__lag *lag, struct tap__client *client)
{
	struct tap__waiters *waiters = &lag->servers[client->server];
	if (client->longer)
		client->longer->shorter = client->shorter;
	else
		waiters->longest = client->shorter;
	if (client->shorter)
		client->shorter->longer = client->longer;
	else
		waiters->shortest = client->longer;
	client->longer = client->shorter = NULL;
	client->server = 0;
}

static void insert(struct tap__lag *lag, struct tap__client *client, uint32_t server, int64_t since_ns)
{
	struct tap__waiters *waiters = &lag->servers[server];
	struct tap__client *longer = waiters->shortest;
	while (longer && longer->waits_since_ns > since_ns)
		longer = longer->longer;
	client->server = server;
	client->waits_since_ns = since_ns;
	client->longer = longer;
	client->shorter = longer ? longer->shorter : waiters->longest;
	if (client->shorter)
		client->shorter->longer = client;
	else
		waiters->shortest = client;
	if (longer)
		longer->shorter = client;
	else
		waiters->longest = client;
}

static bool is_late(const struct tap__client *client, int64_t now_ns, int64_t most_ns)
{
	int64_t wait_ns = now_ns - client->waits_since_ns;
	return wait_ns > most_ns && wait_ns <= PATIENCE_NS;
}

void tap__lag_set(struct tap__lag *lag, struct tap__client *client, uint32_t server, int64_t since_ns,
		  int64_t now_ns, int64_t most_ns)
{
	if (client->server != 0) {
		if (is_late(client, now_ns, most_ns))
			lag->servers[client->server].slow_until_ns = now_ns;
		take_out(lag, client);
	}
	if (since_ns != INT64_MAX && server != 0)
		insert(lag, client, server, since_ns);
}

bool tap__lag_affects(const struct tap__lag *lag, uint32_t server, int64_t seen_ns, int64_t now_ns,
		      int64_t most_ns)
{
	const struct tap__waiters *waiters = &lag->servers[server];
	const struct tap__client *client = waiters->longest;
	while (client && now_ns - client->waits_since_ns > PATIENCE_NS)
		client = client->shorter;
	return seen_ns <= waiters->slow_until_ns || (client && is_late(client, now_ns, most_ns));
}
