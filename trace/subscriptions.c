#include "trace/subscriptions.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { BYTES = sizeof(struct trace_subscription) + sizeof(uint32_t) };

void trace_subscriptions_init(struct trace_subscriptions *subscriptions, struct trace_memory *memory)
{
	*subscriptions = (struct trace_subscriptions){.memory = memory};
}

void trace_subscriptions_fini(struct trace_subscriptions *subscriptions)
{
	free(subscriptions->list);
	free(subscriptions->buckets);
	free(subscriptions->newest);
	*subscriptions = (struct trace_subscriptions){0};
}

static uint32_t *bucket_of(const struct trace_subscriptions *subscriptions, uint32_t client,
			   uint64_t sid_hash)
{
	uint64_t mixed = (sid_hash ^ client) * UINT64_C(0x9e3779b97f4a7c15);
	return &subscriptions->buckets[(mixed ^ mixed >> 32) & (subscriptions->cap - 1)];
}

static struct trace_subscription *find(const struct trace_subscriptions *subscriptions, uint32_t client,
				       uint64_t sid_hash)
{
	uint32_t next = subscriptions->cap ? *bucket_of(subscriptions, client, sid_hash) : 0;
	for (; next; next = subscriptions->list[next - 1].next) {
		struct trace_subscription *found = &subscriptions->list[next - 1];
		if (found->sid_hash == sid_hash && found->client == client)
			return found;
	}
	return NULL;
}

struct trace_subscription *trace_subscriptions_find(const struct trace_subscriptions *subscriptions,
						    uint32_t client, struct wire_slice sid)
{
	return find(subscriptions, client, XXH3_64bits(sid.data, sid.len));
}

struct trace_subscription *trace_subscriptions_newest(const struct trace_subscriptions *subscriptions,
						      uint32_t client)
{
	uint32_t number = client < subscriptions->newest_cap ? subscriptions->newest[client] : 0;
	return number ? &subscriptions->list[number - 1] : NULL;
}

/* ---- links ---- */

static void link_bucket(struct trace_subscriptions *subscriptions, uint32_t number)
{
	struct trace_subscription *added = &subscriptions->list[number - 1];
	uint32_t *bucket = bucket_of(subscriptions, added->client, added->sid_hash);
	added->next = *bucket;
	*bucket = number;
}

static void unlink_bucket(struct trace_subscriptions *subscriptions, uint32_t number)
{
	struct trace_subscription *gone = &subscriptions->list[number - 1];
	uint32_t *link = bucket_of(subscriptions, gone->client, gone->sid_hash);
	while (*link != number)
		link = &subscriptions->list[*link - 1].next;
	*link = gone->next;
}

static void link_client(struct trace_subscriptions *subscriptions, uint32_t number)
{
	struct trace_subscription *added = &subscriptions->list[number - 1];
	uint32_t *newest = &subscriptions->newest[added->client];
	added->newer = 0;
	added->older = *newest;
	if (*newest)
		subscriptions->list[*newest - 1].newer = number;
	*newest = number;
}

static void unlink_client(struct trace_subscriptions *subscriptions, const struct trace_subscription *gone)
{
	if (gone->newer)
		subscriptions->list[gone->newer - 1].older = gone->older;
	else
		subscriptions->newest[gone->client] = gone->older;
	if (gone->older)
		subscriptions->list[gone->older - 1].newer = gone->newer;
}

/* ---- room ---- */

static bool reserve_client(struct trace_subscriptions *subscriptions, uint32_t client)
{
	return trace_grow(&subscriptions->newest, &subscriptions->newest_cap, (uint64_t)client + 1,
			  sizeof *subscriptions->newest, subscriptions->memory);
}

/* Double the list and link its subscriptions again. Called when none is unused. */
static bool grow(struct trace_subscriptions *subscriptions)
{
	const uint64_t wanted = (uint64_t)subscriptions->len + 1;
	uint32_t cap = trace_grown(subscriptions->cap, wanted);
	if (!trace_memory_take(subscriptions->memory, (size_t)(cap - subscriptions->cap) * BYTES))
		return false;
	uint32_t *buckets = calloc(cap, sizeof *buckets);
	if (!buckets || !trace_grow(&subscriptions->list, &subscriptions->cap, wanted,
				    sizeof *subscriptions->list, NULL)) {
		free(buckets);
		return false;
	}
	free(subscriptions->buckets);
	subscriptions->buckets = buckets;
	for (uint32_t number = 1; number <= subscriptions->len; number++)
		link_bucket(subscriptions, number);
	return true;
}

/* The number of a free place, 0 when there is none. */
static uint32_t take_place(struct trace_subscriptions *subscriptions)
{
	uint32_t number = subscriptions->unused;
	if (number) {
		subscriptions->unused = subscriptions->list[number - 1].next;
		return number;
	}
	if (subscriptions->len == subscriptions->cap && !grow(subscriptions))
		return 0;
	return ++subscriptions->len;
}

struct trace_subscription *trace_subscriptions_add(struct trace_subscriptions *subscriptions, uint32_t client,
						   struct wire_slice sid)
{
	uint64_t sid_hash = XXH3_64bits(sid.data, sid.len);
	struct trace_subscription *earlier = find(subscriptions, client, sid_hash);
	if (earlier)
		trace_subscriptions_remove(subscriptions, earlier);
	if (!reserve_client(subscriptions, client))
		return NULL;
	uint32_t number = take_place(subscriptions);
	if (!number)
		return NULL;
	struct trace_subscription *added = &subscriptions->list[number - 1];
	*added = (struct trace_subscription){.sid_hash = sid_hash, .client = client};
	link_bucket(subscriptions, number);
	link_client(subscriptions, number);
	return added;
}

void trace_subscriptions_remove(struct trace_subscriptions *subscriptions,
				struct trace_subscription *subscription)
{
	uint32_t number = (uint32_t)(subscription - subscriptions->list) + 1;
	unlink_bucket(subscriptions, number);
	unlink_client(subscriptions, subscription);
	subscription->next = subscriptions->unused;
	subscriptions->unused = number;
}
