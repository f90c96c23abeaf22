/* flow_table.h - a hash table of connections by addresses and ports, and lists of its entries in order of use.
 * Internal to tap.
 *
 *	buckets ─▶ entry ─▶ entry          chains by hash
 *	oldest ⇄ entry ⇄ entry ⇄ newest    an LRU list; the caller may have several
 *
 * An entry is the first member of the caller's struct. The table owns no entry. The hash has a secret seed, so that
 * no one who sends packets can choose their chain. */
#ifndef TAP_STREAM_FLOW_TABLE_H
#define TAP_STREAM_FLOW_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "tap/packet/packet.h"

/* The two ends in an order that does not depend on who sends. */
struct tap__flow_key {
	struct tap_endpoint ends[2];
};

struct tap__flow_entry {
	struct tap__flow_key key;
	uint64_t hash;
	struct tap__flow_entry *chain;
	struct tap__flow_entry *older, *newer; /* in a list by use */
};

struct tap__lru {
	struct tap__flow_entry *oldest, *newest;
};

struct tap__flow_table {
	struct tap__flow_entry **buckets;
	uint64_t mask; /* buckets - 1 */
	uint64_t seed;
	uint32_t count;
};

/* For up to `max` entries. 0 or -ENOMEM. */
int tap__flow_table_init(struct tap__flow_table *table, uint32_t max);
void tap__flow_table_fini(struct tap__flow_table *table);
uint64_t tap__flow_table_bytes(const struct tap__flow_table *table);

/* Set the key of a segment's connection. Returns which of its ends sent the segment. */
unsigned tap__flow_key_of(struct tap__flow_key *key, const struct tap_segment *segment);
uint64_t tap__flow_table_hash(const struct tap__flow_table *table, const struct tap__flow_key *key);

/* NULL when there is none. */
struct tap__flow_entry *tap__flow_table_find(const struct tap__flow_table *table,
					     const struct tap__flow_key *key, uint64_t hash);

/* The key must not be in the table. */
void tap__flow_table_add(struct tap__flow_table *table, struct tap__flow_entry *entry,
			 const struct tap__flow_key *key, uint64_t hash);
void tap__flow_table_remove(struct tap__flow_table *table, struct tap__flow_entry *entry);

void tap__lru_add(struct tap__lru *order, struct tap__flow_entry *entry); /* as the newest */
void tap__lru_remove(struct tap__lru *order, struct tap__flow_entry *entry);

static inline void tap__lru_touch(struct tap__lru *order, struct tap__flow_entry *entry)
{
	if (order->newest == entry)
		return;
	tap__lru_remove(order, entry);
	tap__lru_add(order, entry);
}

#endif
