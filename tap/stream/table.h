/* table.h - connections by their addresses and ports, the least recently used known. Internal to tap.
 *
 *	buckets ─▶ entry ─▶ entry          chains by hash
 *	oldest ⇄ entry ⇄ entry ⇄ newest    one order of use, or several, of the caller's making
 *
 * Entries are the first member of the caller's own struct; the table owns none. The hash has a secret seed, so that
 * nobody who sends packets can choose their chain. */
#ifndef TAP_STREAM_TABLE_H
#define TAP_STREAM_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "tap/capture/packet.h"

/* The two ends in an order that does not depend on who sends. */
struct tap__key {
	struct tap_endpoint ends[2];
};

struct tap__entry {
	struct tap__key key;
	uint64_t hash;
	struct tap__entry *chain;
	struct tap__entry *older, *newer; /* in its order of use */
};

struct tap__order {
	struct tap__entry *oldest, *newest;
};

struct tap__table {
	struct tap__entry **buckets;
	uint64_t mask; /* buckets - 1 */
	uint64_t seed;
	uint32_t count;
};

/* For up to `max` entries. 0 or -ENOMEM. */
int tap__table_init(struct tap__table *table, uint32_t max);
void tap__table_fini(struct tap__table *table);
uint64_t tap__table_bytes(const struct tap__table *table);

/* The key of a segment's connection; returns which of its ends sent the segment. */
unsigned tap__key_of(struct tap__key *key, const struct tap_segment *segment);
uint64_t tap__table_hash(const struct tap__table *table, const struct tap__key *key);

/* NULL when there is none. */
struct tap__entry *tap__table_find(const struct tap__table *table, const struct tap__key *key, uint64_t hash);

/* Add an entry that is not there. */
void tap__table_add(struct tap__table *table, struct tap__entry *entry, const struct tap__key *key,
		    uint64_t hash);
void tap__table_remove(struct tap__table *table, struct tap__entry *entry);

void tap__order_add(struct tap__order *order, struct tap__entry *entry); /* as the newest */
void tap__order_remove(struct tap__order *order, struct tap__entry *entry);

static inline void tap__order_touch(struct tap__order *order, struct tap__entry *entry)
{
	if (order->newest == entry)
		return;
	tap__order_remove(order, entry);
	tap__order_add(order, entry);
}

#endif
