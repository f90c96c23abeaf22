#include "tap/stream/flow_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define XXH_INLINE_ALL /* hot: a key of constant length is hashed for each segment */
#include <xxhash.h>

/* Keys are hashed and compared as bytes, so there must be no padding. */
struct packed_end {
	unsigned char address[16];
	uint16_t port;
	uint16_t is_v6;
};

static uint64_t random_seed(void)
{
	uint64_t seed = 0;
	if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed)
		seed = (uintptr_t)&seed; /* early in a boot: the address of the stack must do */
	return seed;
}

int tap__flow_table_init(struct tap__flow_table *table, uint32_t max)
{
	uint64_t buckets = 16;
	while (buckets < max)
		buckets *= 2;
	*table = (struct tap__flow_table){.buckets = calloc(buckets, sizeof(struct tap__flow_entry *)),
					  .mask = buckets - 1,
					  .seed = random_seed()};
	return table->buckets ? 0 : -ENOMEM;
}

void tap__flow_table_fini(struct tap__flow_table *table)
{
	free(table->buckets);
	*table = (struct tap__flow_table){0};
}

uint64_t tap__flow_table_bytes(const struct tap__flow_table *table)
{
	return (table->mask + 1) * sizeof(struct tap__flow_entry *);
}

static uint64_t get_word(const unsigned char *in)
{
	uint64_t word;
	memcpy(&word, in, sizeof word);
	return word;
}

/* Any order that is the same for both directions. Hot. */
static int compare_ends(const struct tap_endpoint *a, const struct tap_endpoint *b)
{
	for (unsigned i = 0; i < sizeof a->address; i += sizeof(uint64_t)) {
		uint64_t left = get_word(a->address + i), right = get_word(b->address + i);
		if (left != right)
			return left < right ? -1 : 1;
	}
	return (int)a->port - (int)b->port;
}

unsigned tap__flow_key_of(struct tap__flow_key *key, const struct tap_segment *segment)
{
	unsigned from = compare_ends(&segment->from, &segment->to) > 0;
	key->ends[from] = segment->from;
	key->ends[!from] = segment->to;
	return from;
}

uint64_t tap__flow_table_hash(const struct tap__flow_table *table, const struct tap__flow_key *key)
{
	struct packed_end ends[2];
	_Static_assert(sizeof ends == 40, "no padding");
	for (unsigned i = 0; i < 2; i++) {
		memcpy(ends[i].address, key->ends[i].address, sizeof ends[i].address);
		ends[i].port = key->ends[i].port;
		ends[i].is_v6 = key->ends[i].is_v6;
	}
	return XXH3_64bits_withSeed(ends, sizeof ends, table->seed);
}

static bool is_equal(const struct tap__flow_key *a, const struct tap__flow_key *b)
{
	return a->ends[0].is_v6 == b->ends[0].is_v6 && compare_ends(&a->ends[0], &b->ends[0]) == 0 &&
	       compare_ends(&a->ends[1], &b->ends[1]) == 0;
}

struct tap__flow_entry *tap__flow_table_find(const struct tap__flow_table *table,
					     const struct tap__flow_key *key, uint64_t hash)
{
	struct tap__flow_entry *entry = table->buckets[hash & table->mask];
	while (entry && !(entry->hash == hash && is_equal(&entry->key, key)))
		entry = entry->chain;
	return entry;
}

void tap__flow_table_add(struct tap__flow_table *table, struct tap__flow_entry *entry,
			 const struct tap__flow_key *key, uint64_t hash)
{
	struct tap__flow_entry **bucket = &table->buckets[hash & table->mask];
	entry->key = *key;
	entry->hash = hash;
	entry->chain = *bucket;
	*bucket = entry;
	table->count++;
}

void tap__flow_table_remove(struct tap__flow_table *table, struct tap__flow_entry *entry)
{
	struct tap__flow_entry **link = &table->buckets[entry->hash & table->mask];
	while (*link != entry)
		link = &(*link)->chain;
	*link = entry->chain;
	table->count--;
}

void tap__lru_add(struct tap__lru *order, struct tap__flow_entry *entry)
{
	entry->newer = NULL;
	entry->older = order->newest;
	if (order->newest)
		order->newest->newer = entry;
	else
		order->oldest = entry;
	order->newest = entry;
}

void tap__lru_remove(struct tap__lru *order, struct tap__flow_entry *entry)
{
	if (entry->newer)
		entry->newer->older = entry->older;
	else
		order->newest = entry->older;
	if (entry->older)
		entry->older->newer = entry->newer;
	else
		order->oldest = entry->newer;
}
