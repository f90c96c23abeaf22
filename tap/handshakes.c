#include "tap/handshakes.h"

#include <errno.h>
#include <stdlib.h>

int tap__handshakes_init(struct tap__handshakes *handshakes, uint32_t max)
{
	*handshakes = (struct tap__handshakes){.max = max};
	if (tap__table_init(&handshakes->table, max))
		return -ENOMEM;
	handshakes->pool = calloc(max, sizeof *handshakes->pool);
	if (!handshakes->pool) {
		tap__table_fini(&handshakes->table);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < max; i++) {
		handshakes->pool[i].entry.chain = handshakes->unused;
		handshakes->unused = &handshakes->pool[i].entry;
	}
	return 0;
}

void tap__handshakes_fini(struct tap__handshakes *handshakes)
{
	tap__table_fini(&handshakes->table);
	free(handshakes->pool);
	*handshakes = (struct tap__handshakes){0};
}

uint64_t tap__handshakes_bytes(const struct tap__handshakes *handshakes)
{
	return tap__table_bytes(&handshakes->table) + handshakes->max * sizeof *handshakes->pool;
}

static void forget(struct tap__handshakes *handshakes, struct tap__entry *entry)
{
	tap__table_remove(&handshakes->table, entry);
	tap__order_remove(&handshakes->order, entry);
	entry->chain = handshakes->unused;
	handshakes->unused = entry;
}

static struct tap__handshake *add(struct tap__handshakes *handshakes, const struct tap__key *key,
				  uint64_t hash)
{
	if (!handshakes->unused) {
		forget(handshakes, handshakes->order.oldest);
		handshakes->evicted++;
	}
	struct tap__entry *entry = handshakes->unused;
	handshakes->unused = entry->chain;
	tap__table_add(&handshakes->table, entry, key, hash);
	tap__order_add(&handshakes->order, entry);
	return (struct tap__handshake *)entry;
}

static void set_first(struct tap__handshake *handshake, unsigned end, uint32_t first)
{
	handshake->first[end] = first;
	handshake->is_known[end] = true;
}

/* A SYN begins a connection anew unless it repeats the one that is known. */
static void take_syn(struct tap__handshake *handshake, unsigned from, uint32_t first)
{
	if (!handshake->is_known[from] || handshake->first[from] != first)
		handshake->is_known[!from] = false;
	set_first(handshake, from, first);
	handshake->originator = from;
}

/* The answer says where both sides begin, for it acknowledges the SYN, and data in it at most. */
static void take_syn_ack(struct tap__handshake *handshake, unsigned from, uint32_t first, uint32_t ack)
{
	set_first(handshake, from, first);
	if (!handshake->is_known[!from] || ack - handshake->first[!from] > UINT16_MAX)
		set_first(handshake, !from, ack);
	handshake->originator = !from;
}

void tap__handshakes_take(struct tap__handshakes *handshakes, const struct tap__key *key, unsigned from,
			  const struct tap_segment *segment)
{
	uint64_t hash = tap__table_hash(&handshakes->table, key);
	struct tap__handshake *handshake =
	    (struct tap__handshake *)tap__table_find(&handshakes->table, key, hash);
	if (!handshake) {
		handshake = add(handshakes, key, hash);
		handshake->is_known[0] = handshake->is_known[1] = false;
	}
	tap__order_touch(&handshakes->order, &handshake->entry);
	if (segment->flags & TAP_TCP_ACK)
		take_syn_ack(handshake, from, segment->seq + 1, segment->ack);
	else
		take_syn(handshake, from, segment->seq + 1);
}

bool tap__handshakes_remove(struct tap__handshakes *handshakes, const struct tap__key *key,
			    struct tap__handshake *found)
{
	uint64_t hash = tap__table_hash(&handshakes->table, key);
	struct tap__entry *entry = tap__table_find(&handshakes->table, key, hash);
	if (!entry)
		return false;
	*found = *(struct tap__handshake *)entry;
	forget(handshakes, entry);
	return true;
}
