#include "broker/route.h"

#include <stdlib.h>

#include "broker/client.h"
#include "broker/permissions.h"
#include "broker/server.h"

enum { SLOTS_MIN = 16 };

/* What the connections of a loop may keep together; above it all of them start anew. */
static const size_t bytes_max = 64u << 20;

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
	    .head_len = (uint32_t)(at - head),
	    .is_denied = !broker__may_receive(sub->client->permissions, subject),
	};
	*described = (struct wire_receiver){.conn = sub->client->cid, .sid = sub->sid, .queue = sub->queue};
}

static void fill_plain(struct broker__route *route, const struct collected *collected, struct arena *heads)
{
	for (size_t i = 0; i < collected->plain_len; i++) {
		fill_receiver(&route->receivers[i], &route->described[i], collected->plain[i], route->subject,
			      heads);
		if (route->receivers[i].is_denied)
			route->is_plain = false;
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
	size_t bytes = sizeof(struct broker__route) + picks * sizeof(struct broker__pick) +
		       (receivers + members) * sizeof(struct broker__receiver) +
		       (receivers + picks + members) * sizeof(struct wire_receiver) +
		       members * sizeof(struct wire_memo) + subject.len + collected->head_bytes +
		       BROKER__SLACK;
	struct broker__route *route = malloc(bytes);
	if (!route)
		return NULL;
	struct arena arena = {.at = (char *)(route + 1)};
	*route = (struct broker__route){.bytes = bytes, .is_plain = picks == 0};
	route->receivers_len = (uint32_t)receivers;
	route->receivers = take(&arena, receivers * sizeof *route->receivers);
	route->picks = take(&arena, picks * sizeof *route->picks);
	route->described = take(&arena, (receivers + picks) * sizeof *route->described);
	struct arena heads = {.at = (char *)route + bytes - BROKER__SLACK - collected->head_bytes};
	route->subject = wire_slice(memcpy(heads.at - subject.len, subject.data, subject.len), subject.len);
	fill_plain(route, collected, &heads);
	fill_picks(route, collected, &arena, &heads);
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

static struct broker__route **find_slot(const struct broker__routes *routes, struct wire_slice subject,
					uint64_t hash)
{
	struct broker__route **slot = &routes->slots[hash & (routes->slots_len - 1)];
	while (*slot && !((*slot)->hash == hash && wire_slice_equal((*slot)->subject, subject)))
		slot = &(*slot)->slot_next;
	return slot;
}

static void forget(struct broker_client *client, struct broker__route **slot)
{
	struct broker__route *route = *slot;
	*slot = route->slot_next;
	if (client->routes.last == route)
		client->routes.last = NULL;
	client->routes.count--;
	client->loop->counters.route_count--;
	client->loop->route_bytes -= route->bytes;
	free(route);
}

void broker__routes_clear(struct broker_client *client)
{
	struct broker__routes *routes = &client->routes;
	for (uint32_t i = 0; i < routes->slots_len; i++)
		while (routes->slots[i])
			forget(client, &routes->slots[i]);
	free(routes->slots);
	*routes = (struct broker__routes){0};
}

static int resize(struct broker__routes *routes, uint32_t len)
{
	struct broker__route **slots = calloc(len, sizeof(struct broker__route *));
	if (!slots)
		return -1;
	for (uint32_t i = 0; i < routes->slots_len; i++) {
		for (struct broker__route *route = routes->slots[i], *next; route; route = next) {
			next = route->slot_next;
			route->slot_next = slots[route->hash & (len - 1)];
			slots[route->hash & (len - 1)] = route;
		}
	}
	free(routes->slots);
	routes->slots = slots;
	routes->slots_len = len;
	return 0;
}

/* Room for one route more. */
static bool make_room(struct broker_client *client)
{
	struct broker__routes *routes = &client->routes;
	struct broker__loop *loop = client->loop;
	if (routes->count >= BROKER__ROUTES_MAX)
		broker__routes_clear(client);
	if (loop->route_bytes > bytes_max)
		for (struct broker_client *each = loop->all.first; each; each = each->all.next)
			broker__routes_clear(each);
	if (routes->count < routes->slots_len)
		return true;
	return resize(routes, routes->slots_len ? routes->slots_len * 2 : SLOTS_MIN) == 0;
}

static struct broker__route *add(struct broker_client *client, struct wire_slice subject, uint64_t hash)
{
	if (!make_room(client))
		return NULL;
	struct broker__route *route = make(client, subject);
	if (!route)
		return NULL;
	struct broker__route **slot = &client->routes.slots[hash & (client->routes.slots_len - 1)];
	route->hash = hash;
	route->generation = broker__sublist_generation(&client->loop->broker->sublist, hash);
	route->slot_next = *slot;
	*slot = route;
	client->routes.count++;
	client->loop->counters.route_count++;
	client->loop->route_bytes += route->bytes;
	return route;
}

struct broker__route *broker__route_find(struct broker_client *publisher, struct wire_slice subject)
{
	struct broker__routes *routes = &publisher->routes;
	struct broker__loop *loop = publisher->loop;
	const struct broker__sublist *list = &loop->broker->sublist;
	uint64_t hash = broker__sublist_hash(list, subject);
	if (routes->slots_len > 0) {
		struct broker__route **slot = find_slot(routes, subject, hash);
		if (*slot && (*slot)->generation == broker__sublist_generation(list, hash)) {
			loop->counters.route_hits++;
			return routes->last = *slot;
		}
		if (*slot)
			forget(publisher, slot);
	}
	loop->counters.route_misses++;
	return routes->last = add(publisher, subject, hash);
}
