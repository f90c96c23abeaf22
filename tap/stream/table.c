#include "tap/stream/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define XXH_INLINE_ALL /* hot: a key is hashed for each segment, and its length is known here */
#include <xxhash.h>

/* Keys are hashed and compared as bytes: there must be none between the members. */
struct packed_end {
	unsigned char address[16];
	uint16_t port;
	uint16_t is_v6;
};

static uint64_t random_seed(void)
{
	uint64_t seed = 0;
	if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed)
		seed = (uintptr_t)&seed; /* early in a boot: where the stack is must do */
	return seed;
}

int tap__table_init(struct tap__table *table, uint32_t max)
{
	uint64_t buckets = 16;
	while (buckets < max)
		buckets *= 2;
	*table = (struct tap__table){.buckets = calloc(buckets, sizeof(struct tap__entry *)),
				     .mask = buckets - 1,
				     .seed = random_seed()};
	return table->buckets ? 0 : -ENOMEM;
}

void tap__table_fini(struct tap__table *table)
{
	free(table->buckets);
	*table = (struct tap__table){0};
}

uint64_t tap__table_bytes(const struct tap__table *table)
{
	return (table->mask + 1) * sizeof(struct tap__entry *);
}

static uint64_t get_word(const unsigned char *in)
{
	uint64_t word;
	memcpy(&word, in, sizeof word);
	return word;
}

/* Any order will do that is the same for both directions. Hot. */
static int compare_ends(const struct tap_endpoint *a, const struct tap_endpoint *b)
{
	for (unsigned i = 0; i < sizeof a->address; i += sizeof(uint64_t)) {
		uint64_t left = get_word(a->address + i), right = get_word(b->address + i);
		if (left != right)
			return left < right ? -1 : 1;
	}
	return (int)a->port - (int)b->port;
}

unsigned tap__key_of(struct tap__key *key, const struct tap_segment *segment)
{
	unsigned from = compare_ends(&segment->from, &segment->to) > 0;
	key->ends[from] = segment->from;
	key->ends[!from] = segment->to;
	return from;
}

uint64_t tap__table_hash(const struct tap__table *table, const struct tap__key *key)
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

static bool is_equal(const struct tap__key *a, const struct tap__key *b)
{
	return a->ends[0].is_v6 == b->ends[0].is_v6 && compare_ends(&a->ends[0], &b->ends[0]) == 0 &&
	       compare_ends(&a->ends[1], &b->ends[1]) == 0;
}

struct tap__entry *tap__table_find(const struct tap__table *table, const struct tap__key *key, uint64_t hash)
{
	struct tap__entry *entry = table->buckets[hash & table->mask];
	while (entry && !(entry->hash == hash && is_equal(&entry->key, key)))
		entry = entry->chain;
	return entry;
}

void tap__table_add(struct tap__table *table, struct tap__entry *entry, const struct tap__key *key,
		    uint64_t hash)
{
	struct tap__entry **bucket = &table->buckets[hash & table->mask];
	entry->key = *key;
	entry->hash = hash;
	entry->chain = *bucket;
	*bucket = entry;
	table->count++;
}

void tap__table_remove(struct tap__table *table, struct tap__entry *entry)
{
	struct tap__entry **link = &table->buckets[entry->hash & table->mask];
	while (*link != entry)
		link = &(*link)->chain;
	*link = entry->chain;
	table->count--;
}

void tap__order_add(struct tap__order *order, struct tap__entry *entry)
{
	entry->newer = NULL;
	entry->older = order->newest;
	if (order->newest)
		order->newest->newer = entry;
	else
		order->oldest = entry;
	order->newest = entry;
}

void tap__order_remove(struct tap__order *order, struct tap__entry *entry)
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
