#include "broker/route.h"

#include <stdlib.h>

#include "broker/large.h"
#include "broker/server.h"

enum { SLOTS_MIN = 16 };

/* What the connections of a loop may keep together, and how much of it one route may be. */
static const size_t bytes_max = 32u << 20, one_bytes_max = 8u << 20;

/* ---- the cache ---- */

static uint32_t home_of(const struct broker__routes *routes, uint64_t hash)
{
	return (uint32_t)hash & (routes->slots_len - 1);
}

static uint32_t next_of(const struct broker__routes *routes, uint32_t slot)
{
	return (slot + 1) & (routes->slots_len - 1);
}

/* Where the route of this subject is, or would be. */
static uint32_t find_slot(const struct broker__routes *routes, struct wire_slice subject, uint64_t hash)
{
	uint32_t slot = home_of(routes, hash);
	for (; routes->slots[slot].route; slot = next_of(routes, slot)) {
		const struct broker__route *route = routes->slots[slot].route;
		if (routes->slots[slot].hash == hash && route->subject.len == subject.len &&
		    broker__is_same_subject(route->subject.data, subject.data, subject.len))
			break;
	}
	return slot;
}

/* Fill the hole with what could not be put there when it was taken, and so on with the hole that leaves. */
static void close_hole(struct broker__routes *routes, uint32_t hole)
{
	uint32_t mask = routes->slots_len - 1;
	for (uint32_t slot = next_of(routes, hole); routes->slots[slot].route; slot = next_of(routes, slot)) {
		uint32_t home = home_of(routes, routes->slots[slot].hash);
		if (((slot - home) & mask) < ((slot - hole) & mask))
			continue;
		routes->slots[hole] = routes->slots[slot];
		hole = slot;
	}
	routes->slots[hole].route = NULL;
}

static struct broker__route *take_out(struct broker_client *client, uint32_t slot)
{
	struct broker__route *route = client->routes.slots[slot].route;
	if (client->routes.last == route)
		client->routes.last = NULL;
	client->routes.count--;
	client->routes.forgotten++;
	client->loop->counters.route_count--;
	client->loop->route_bytes -= route->bytes;
	close_hole(&client->routes, slot);
	return route;
}

static void forget(struct broker_client *client, uint32_t slot)
{
	free(take_out(client, slot));
}

static void free_slots(struct broker_client *client)
{
	client->loop->route_bytes -= client->routes.slots_len * sizeof(struct broker__route_slot);
	free(client->routes.slots);
}

void broker__routes_clear(struct broker_client *client)
{
	struct broker__routes *routes = &client->routes;
	for (uint32_t i = 0; i < routes->slots_len; i++)
		while (routes->slots[i].route)
			forget(client, i);
	free_slots(client);
	*routes = (struct broker__routes){.forgotten = routes->forgotten};
}

static void put(struct broker__routes *routes, struct broker__route *route)
{
	uint32_t slot = home_of(routes, route->hash);
	while (routes->slots[slot].route)
		slot = next_of(routes, slot);
	routes->slots[slot] = (struct broker__route_slot){.hash = route->hash, .route = route};
}

static bool resize(struct broker_client *client, uint32_t len)
{
	struct broker__routes *routes = &client->routes;
	struct broker__routes grown = *routes;
	grown.slots = calloc(len, sizeof *grown.slots);
	grown.slots_len = len;
	if (!grown.slots)
		return false;
	for (uint32_t i = 0; i < routes->slots_len; i++)
		if (routes->slots[i].route)
			put(&grown, routes->slots[i].route);
	free_slots(client);
	*routes = grown;
	client->loop->route_bytes += len * sizeof *grown.slots;
	return true;
}

/* Give up one of a client's routes, any one: slots are in the order of hashes, which has nothing to do with use. */
static void forget_one(struct broker_client *client)
{
	struct broker__routes *routes = &client->routes;
	do
		routes->hand = next_of(routes, routes->hand);
	while (!routes->slots[routes->hand].route);
	forget(client, routes->hand);
}

/* Room for one route more. When it is others who keep too much, all start anew. */
static bool make_room(struct broker_client *client)
{
	struct broker__routes *routes = &client->routes;
	struct broker__loop *loop = client->loop;
	while (routes->count > 0 && (routes->count >= BROKER__ROUTES_MAX || loop->route_bytes > bytes_max))
		forget_one(client);
	if (loop->route_bytes > bytes_max)
		for (struct broker_client *each = loop->all.first; each; each = each->all.next)
			broker__routes_clear(each);
	if (routes->count < routes->slots_len / 2)
		return true;
	return resize(client, routes->slots_len ? routes->slots_len * 2 : SLOTS_MIN);
}

/* Keep a route; false when there is no memory. */
static bool add(struct broker_client *client, struct broker__route *route)
{
	if (!make_room(client))
		return false;
	put(&client->routes, route);
	client->routes.count++;
	struct broker__counters *counters = &client->loop->counters;
	uint64_t fanout = (uint64_t)route->receivers_len + route->picks_len;
	counters->max_fanout = fanout > counters->max_fanout ? fanout : counters->max_fanout;
	counters->route_count++;
	client->loop->route_bytes += route->bytes;
	return true;
}

/* Work out a route that is not there, with all the work of a turn. */
static enum broker__progress make(struct broker_client *publisher, struct wire_slice subject, uint64_t hash,
				  struct broker__route **out)
{
	struct broker__loop *loop = publisher->loop;
	int64_t work = loop->turn_units;
	*out = NULL;
	if (!loop->making)
		loop->making = broker__making_open();
	if (!loop->making)
		return BROKER__DONE;
	broker__making_start(loop->making, publisher, subject, hash);
	int made = broker__making_go_on(loop->making, subject, &work, out);
	loop->work_left -= loop->turn_units - work;
	if (made == 0)
		return broker__large_match(publisher);
	if (*out && !add(publisher, *out)) {
		free(*out);
		*out = NULL;
	}
	return BROKER__DONE;
}

enum broker__progress broker__route_find(struct broker_client *publisher, struct wire_slice subject,
					 uint64_t hash, struct broker__route **out)
{
	struct broker__routes *routes = &publisher->routes;
	struct broker__loop *loop = publisher->loop;
	if (routes->slots_len > 0) {
		uint32_t slot = find_slot(routes, subject, hash);
		struct broker__route *route = routes->slots[slot].route;
		if (route && route->generation == broker__sublist_generation(&loop->broker->sublist, hash)) {
			loop->counters.route_hits++;
			*out = routes->last = route;
			return BROKER__DONE;
		}
		if (route)
			forget(publisher, slot);
	}
	loop->counters.route_misses++;
	enum broker__progress progress = make(publisher, subject, hash, out);
	routes->last = *out;
	return progress;
}

void broker__route_take(struct broker_client *client, struct broker__route *route)
{
	uint32_t slot = home_of(&client->routes, route->hash);
	while (client->routes.slots[slot].route != route)
		slot = next_of(&client->routes, slot);
	take_out(client, slot);
}

void broker__route_give(struct broker_client *client, struct broker__route *route)
{
	const struct broker__sublist *list = &client->loop->broker->sublist;
	bool is_worth_it = route->bytes <= one_bytes_max && broker__client_is_open(client) &&
			   route->generation == broker__sublist_generation(list, route->hash);
	if (!is_worth_it || !add(client, route))
		free(route);
}

void broker__route_fetch_slot(const struct broker__routes *routes, uint64_t hash)
{
	__builtin_prefetch(&routes->slots[home_of(routes, hash)]);
}

struct broker__route *broker__route_guess(const struct broker__routes *routes, uint64_t hash)
{
	enum { LINE = 64, LINES = 4 }; /* as far as a delivery to one receiver goes */
	uint32_t slot = home_of(routes, hash);
	while (routes->slots[slot].route && routes->slots[slot].hash != hash)
		slot = next_of(routes, slot);
	struct broker__route *route = routes->slots[slot].route;
	for (size_t i = 0; route && i < LINES; i++)
		__builtin_prefetch((const char *)route + i * LINE);
	return route;
}

void broker__route_fetch_receiver(const struct broker__route *guess)
{
	if (guess && guess->receivers_len > 0)
		__builtin_prefetch(guess->receivers[0].sub, 1);
}
