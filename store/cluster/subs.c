#include "store/cluster/subs.h"

#include <xxhash.h>

static uint64_t hash_of(uint32_t input, uint64_t conn, struct wire_slice sid)
{
	return XXH3_64bits_withSeed(sid.data, sid.len, conn ^ (uint64_t)input << 48);
}

static void **next_of(void *entry)
{
	return (void **)&((struct store__entry *)entry)->next_same;
}

static uint64_t hash_entry(const void *entry)
{
	const struct store__entry *sub = entry;
	return hash_of(sub->input, sub->copy.event.conn, sub->copy.event.sid);
}

void store__subs_init(struct store__chains *subs)
{
	static const struct store__chained chained = {.next = next_of, .hash = hash_entry};
	*subs = (struct store__chains){.chained = &chained};
}

bool store__subs_is_one(const struct store__entry *entry)
{
	return entry->copy.event.kind == WIRE_EVENT_SUBSCRIBE || entry->copy.event.kind == WIRE_EVENT_CONNECT;
}

int store__subs_add(struct store__chains *subs, struct store__entry *entry)
{
	return store__chains_add(subs, entry);
}

/* A connect event has no sid. */
static const struct store__entry *find(const struct store__chains *subs, uint32_t input, uint64_t conn,
				       struct wire_slice sid)
{
	const struct store__entry *sub = store__chains_first(subs, hash_of(input, conn, sid));
	while (sub && (sub->input != input || sub->copy.event.conn != conn ||
		       !wire_slice_equal(sub->copy.event.sid, sid)))
		sub = sub->next_same;
	return sub;
}

int64_t store__subs_since(const struct store__chains *subs, const struct store__entry *delivery)
{
	const struct wire_event *event = &delivery->copy.event;
	const struct store__entry *since = find(subs, delivery->input, event->conn, event->sid);
	if (!since)
		since = find(subs, delivery->input, event->conn, (struct wire_slice){0});
	return since ? since->time_ns : INT64_MIN;
}
