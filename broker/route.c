#include "broker/route.h"

#include <stdlib.h>

#include "broker/client.h"
#include "broker/permissions.h"
#include "broker/server.h"

enum { SLOTS_MIN = 16 };

/* What the connections of a loop may keep together. */
static const size_t bytes_max = 32u << 20;

/* ---- collecting what matches ---- */

struct collected {
	struct broker_client *publisher;
	struct broker__sub **plain;
	size_t plain_len, plain_cap;
	struct broker__group **groups;
	size_t groups_len, groups_cap;
	size_t members_len, head_bytes;
	size_t subject_len;
	bool failed;
};

/* Make room for one more element; false when out of memory. */
static bool grow(void **array, size_t len, size_t *cap, size_t element)
{
	if (len < *cap)
		return true;
	size_t wanted = *cap ? *cap * 2 : 16;
	void *grown = realloc(*array, wanted * element);
	if (!grown)
		return false;
	*array = grown;
	*cap = wanted;
	return true;
}

/* A publisher that wants no echo is no receiver of its own. */
static bool is_wanted(const struct collected *collected, const struct broker__sub *sub)
{
	return !sub->is_closed && (sub->client != collected->publisher || sub->client->echo);
}

static size_t head_len(const struct collected *collected, const struct broker__sub *sub)
{
	return sizeof "HMSG  " - 1 + collected->subject_len + sub->sid.len + 1;
}

static void collect(void *context, struct broker__node *node)
{
	struct collected *collected = context;
	for (struct broker__sub *sub = node->plain; sub; sub = sub->next) {
		if (!is_wanted(collected, sub))
			continue;
		if (!grow((void **)&collected->plain, collected->plain_len, &collected->plain_cap,
			  sizeof *collected->plain)) {
			collected->failed = true;
			return;
		}
		collected->plain[collected->plain_len++] = sub;
		collected->head_bytes += head_len(collected, sub);
	}
	for (struct broker__group *group = node->groups; group; group = group->next) {
		if (!grow((void **)&collected->groups, collected->groups_len, &collected->groups_cap,
			  sizeof *collected->groups)) {
			collected->failed = true;
			return;
		}
		collected->groups[collected->groups_len++] = group;
		collected->members_len += group->members_len;
		for (struct broker__sub *sub = group->members; sub; sub = sub->next)
			collected->head_bytes += head_len(collected, sub);
	}
}

static int by_name(const void *left, const void *right)
{
	const struct broker__group *a = *(struct broker__group *const *)left;
	const struct broker__group *b = *(struct broker__group *const *)right;
	if (a->name_len != b->name_len)
		return a->name_len < b->name_len ? -1 : 1;
	return memcmp(a->name, b->name, a->name_len);
}

/* ---- laying it out ---- */

/* Memory handed out front to back from the route's one allocation. */
struct arena {
	char *at;
};

static void *take(struct arena *arena, size_t len)
{
	void *taken = arena->at;
	arena->at += len;
	return taken;
}

static void fill_receiver(struct broker__receiver *receiver, struct wire_receiver *described,
			  struct broker__sub *sub, struct wire_slice subject, struct arena *heads)
{
	char *head = heads->at, *at = head;
	memcpy(at, "HMSG ", 5);
	memcpy(at + 5, subject.data, subject.len);
	at += 5 + subject.len;
	*at++ = ' ';
	memcpy(at, sub->sid.data, sub->sid.len);
	at += sub->sid.len;
	*at++ = ' ';
	heads->at = at;
	*receiver = (struct broker__receiver){
	    .sub = sub,
	    .client = sub->client,
	    .head = head,
	    .head_len = (uint32_t)(at - head) & INT32_MAX,
	    .is_denied = !broker__may_receive(sub->client->permissions, subject),
	};
	*described = (struct wire_receiver){.conn = sub->client->cid, .sid = sub->sid, .queue = sub->queue};
}

static void fill_plain(struct broker__route *route, const struct collected *collected, struct arena *heads)
{
	uint64_t mark = ++collected->publisher->loop->routes_made;
	for (size_t i = 0; i < collected->plain_len; i++) {
		struct broker_client *client = collected->plain[i]->client;
		fill_receiver(&route->receivers[i], &route->described[i], collected->plain[i], route->subject,
			      heads);
		if (route->receivers[i].is_denied || client->route_mark == mark)
			route->is_plain = false;
		client->route_mark = mark;
	}
}

/* Groups of one name follow one another. */
static void fill_picks(struct broker__route *route, const struct collected *collected, struct arena *arena,
		       struct arena *heads)
{
	struct broker__receiver *member = take(arena, collected->members_len * sizeof *member);
	struct wire_receiver *described = take(arena, collected->members_len * sizeof *described);
	struct wire_memo *memos = take(arena, collected->members_len * sizeof *memos);
	struct broker__pick *pick = NULL;
	memset(memos, 0, collected->members_len * sizeof *memos);
	for (size_t i = 0; i < collected->groups_len; i++) {
		if (i == 0 || by_name(&collected->groups[i - 1], &collected->groups[i]) != 0) {
			pick = &route->picks[route->picks_len++];
			*pick =
			    (struct broker__pick){.members = member, .described = described, .memos = memos};
		}
		for (struct broker__sub *sub = collected->groups[i]->members; sub; sub = sub->next) {
			if (!is_wanted(collected, sub))
				continue;
			fill_receiver(member++, described++, sub, route->subject, heads);
			memos++;
			pick->members_len++;
		}
	}
}

static struct broker__route *lay_out(struct collected *collected, struct wire_slice subject)
{
	size_t receivers = collected->plain_len, members = collected->members_len,
	       picks = collected->groups_len;
	size_t text_bytes = (subject.len + collected->head_bytes + 7) / 8 * 8;
	size_t bytes = sizeof(struct broker__route) + sizeof(struct broker__route_memos) +
		       picks * sizeof(struct broker__pick) +
		       (receivers + members) * sizeof(struct broker__receiver) +
		       (receivers + picks + members) * sizeof(struct wire_receiver) +
		       members * sizeof(struct wire_memo) + text_bytes + BROKER__SLACK;
	struct broker__route *route = bytes <= UINT32_MAX ? malloc(bytes) : NULL;
	if (!route)
		return NULL;
	struct arena arena = {.at = (char *)(route + 1)};
	*route = (struct broker__route){.bytes = (uint32_t)bytes, .is_plain = picks == 0};
	route->receivers_len = (uint32_t)receivers;
	route->receivers = take(&arena, receivers * sizeof *route->receivers);
	struct arena text = {.at = take(&arena, text_bytes)};
	route->memos = take(&arena, sizeof *route->memos);
	*route->memos = (struct broker__route_memos){0};
	route->described = take(&arena, (receivers + picks) * sizeof *route->described);
	route->picks = take(&arena, picks * sizeof *route->picks);
	route->subject = wire_slice(memcpy(take(&text, subject.len), subject.data, subject.len), subject.len);
	fill_plain(route, collected, &text);
	fill_picks(route, collected, &arena, &text);
	return route;
}

static struct broker__route *make(struct broker_client *publisher, struct wire_slice subject)
{
	struct broker__sublist *list = &publisher->loop->broker->sublist;
	struct collected collected = {.publisher = publisher, .subject_len = subject.len};
	struct broker__route *route = NULL;
	broker__sublist_match(list, subject, collect, &collected);
	if (collected.groups_len > 1)
		qsort(collected.groups, collected.groups_len, sizeof(struct broker__group *), by_name);
	if (!collected.failed)
		route = lay_out(&collected, subject);
	free(collected.plain);
	free(collected.groups);
	if (route) {
		route->may_publish = broker__may_publish(publisher->permissions, subject);
		route->is_reserved = subject.len > 5 && memcmp(subject.data, "_GR_.", 5) == 0;
	}
	return route;
}

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

static void forget(struct broker_client *client, uint32_t slot)
{
	struct broker__route *route = client->routes.slots[slot].route;
	if (client->routes.last == route)
		client->routes.last = NULL;
	client->routes.count--;
	client->routes.forgotten++;
	client->loop->counters.route_count--;
	client->loop->route_bytes -= route->bytes;
	free(route);
	close_hole(&client->routes, slot);
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

static struct broker__route *add(struct broker_client *client, struct wire_slice subject, uint64_t hash)
{
	if (!make_room(client))
		return NULL;
	struct broker__route *route = make(client, subject);
	if (!route)
		return NULL;
	route->hash = hash;
	route->generation = broker__sublist_generation(&client->loop->broker->sublist, hash);
	put(&client->routes, route);
	client->routes.count++;
	struct broker__counters *counters = &client->loop->counters;
	uint64_t fanout = (uint64_t)route->receivers_len + route->picks_len;
	counters->max_fanout = fanout > counters->max_fanout ? fanout : counters->max_fanout;
	counters->route_count++;
	client->loop->route_bytes += route->bytes;
	return route;
}

struct broker__route *broker__route_find(struct broker_client *publisher, struct wire_slice subject,
					 uint64_t hash)
{
	struct broker__routes *routes = &publisher->routes;
	struct broker__loop *loop = publisher->loop;
	if (routes->slots_len > 0) {
		uint32_t slot = find_slot(routes, subject, hash);
		struct broker__route *route = routes->slots[slot].route;
		if (route && route->generation == broker__sublist_generation(&loop->broker->sublist, hash)) {
			loop->counters.route_hits++;
			return routes->last = route;
		}
		if (route)
			forget(publisher, slot);
	}
	loop->counters.route_misses++;
	return routes->last = add(publisher, subject, hash);
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
