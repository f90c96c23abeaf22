#include "broker/match_cache.h"

#include <stdlib.h>

#include "broker/client.h"
#include "broker/match_builder.h"
#include "broker/server.h"

enum { SLOTS_MIN = 16 };

/* Bytes that all connections of a loop may keep, and that one match may have. */
static const size_t bytes_max = 32u << 20, one_bytes_max = 8u << 20;

/* ---- the cache ---- */

static uint32_t home_of(const struct broker__match_cache *cache, uint64_t hash)
{
	return (uint32_t)hash & (cache->slots_len - 1);
}

static uint32_t next_of(const struct broker__match_cache *cache, uint32_t slot)
{
	return (slot + 1) & (cache->slots_len - 1);
}

/* Where the match of this subject is, or would be. */
static uint32_t find_slot(const struct broker__match_cache *cache, struct wire_slice subject, uint64_t hash)
{
	uint32_t slot = home_of(cache, hash);
	for (; cache->slots[slot].match; slot = next_of(cache, slot)) {
		const struct broker__match *match = cache->slots[slot].match;
		if (cache->slots[slot].hash == hash && match->subject.len == subject.len &&
		    broker__is_same_subject(match->subject.data, subject.data, subject.len))
			break;
	}
	return slot;
}

/* Close the hole: move the next match that belongs before it into it, and repeat with the hole that leaves. */
static void close_hole(struct broker__match_cache *cache, uint32_t hole)
{
	uint32_t mask = cache->slots_len - 1;
	for (uint32_t slot = next_of(cache, hole); cache->slots[slot].match; slot = next_of(cache, slot)) {
		uint32_t home = home_of(cache, cache->slots[slot].hash);
		if (((slot - home) & mask) < ((slot - hole) & mask))
			continue;
		cache->slots[hole] = cache->slots[slot];
		hole = slot;
	}
	cache->slots[hole].match = NULL;
}

static struct broker__match *take_out(struct broker_client *client, uint32_t slot)
{
	struct broker__match *match = client->matches.slots[slot].match;
	if (client->matches.last == match)
		client->matches.last = NULL;
	client->matches.count--;
	client->matches.forgotten++;
	client->loop->counters.match_count--;
	client->loop->match_bytes -= match->bytes;
	close_hole(&client->matches, slot);
	return match;
}

static void forget(struct broker_client *client, uint32_t slot)
{
	free(take_out(client, slot));
}

static void free_slots(struct broker_client *client)
{
	client->loop->match_bytes -= client->matches.slots_len * sizeof(struct broker__match_slot);
	free(client->matches.slots);
}

void broker__match_cache_clear(struct broker_client *client)
{
	struct broker__match_cache *cache = &client->matches;
	for (uint32_t i = 0; i < cache->slots_len; i++)
		while (cache->slots[i].match)
			forget(client, i);
	free_slots(client);
	*cache = (struct broker__match_cache){.forgotten = cache->forgotten};
}

static void put(struct broker__match_cache *cache, struct broker__match *match)
{
	uint32_t slot = home_of(cache, match->hash);
	while (cache->slots[slot].match)
		slot = next_of(cache, slot);
	cache->slots[slot] = (struct broker__match_slot){.hash = match->hash, .match = match};
}

static bool resize(struct broker_client *client, uint32_t len)
{
	struct broker__match_cache *cache = &client->matches;
	struct broker__match_cache grown = *cache;
	grown.slots = calloc(len, sizeof *grown.slots);
	grown.slots_len = len;
	if (!grown.slots)
		return false;
	for (uint32_t i = 0; i < cache->slots_len; i++)
		if (cache->slots[i].match)
			put(&grown, cache->slots[i].match);
	free_slots(client);
	*cache = grown;
	client->loop->match_bytes += len * sizeof *grown.slots;
	return true;
}

/* Forget any one match of a client: slots are in the order of hashes, which is unrelated to use. */
static void forget_one(struct broker_client *client)
{
	struct broker__match_cache *cache = &client->matches;
	do
		cache->hand = next_of(cache, cache->hand);
	while (!cache->slots[cache->hand].match);
	forget(client, cache->hand);
}

/* Make room for one more match. When other clients keep too much, clear the caches of all. */
static bool make_room(struct broker_client *client)
{
	struct broker__match_cache *cache = &client->matches;
	struct broker__loop *loop = client->loop;
	while (cache->count > 0 && (cache->count >= BROKER__MATCHES_MAX || loop->match_bytes > bytes_max))
		forget_one(client);
	if (loop->match_bytes > bytes_max)
		for (struct broker_client *each = loop->all.first; each; each = each->all.next)
			broker__match_cache_clear(each);
	if (cache->count < cache->slots_len / 2)
		return true;
	return resize(client, cache->slots_len ? cache->slots_len * 2 : SLOTS_MIN);
}

/* Add a match to the cache; false when out of memory. */
static bool add(struct broker_client *client, struct broker__match *match)
{
	if (!make_room(client))
		return false;
	put(&client->matches, match);
	client->matches.count++;
	struct broker__counters *counters = &client->loop->counters;
	uint64_t fanout = (uint64_t)match->receivers_len + match->queue_groups_len;
	counters->max_fanout = fanout > counters->max_fanout ? fanout : counters->max_fanout;
	counters->match_count++;
	client->loop->match_bytes += match->bytes;
	return true;
}

/* Work out a match that is not in the cache, with up to the work of a turn. */
static enum broker__progress make(struct broker_client *publisher, struct wire_slice subject, uint64_t hash,
				  struct broker__match **out)
{
	struct broker__loop *loop = publisher->loop;
	int64_t work = loop->turn_units;
	*out = NULL;
	if (!loop->builder)
		loop->builder = broker__match_builder_open();
	if (!loop->builder)
		return BROKER__DONE;
	broker__match_builder_start(loop->builder, publisher, subject, hash);
	int made = broker__match_builder_continue(loop->builder, subject, &work, out);
	loop->work_left -= loop->turn_units - work;
	if (made == 0)
		return BROKER__AGAIN;
	if (*out && !add(publisher, *out)) {
		free(*out);
		*out = NULL;
	}
	return BROKER__DONE;
}

enum broker__progress broker__match_find(struct broker_client *publisher, struct wire_slice subject,
					 uint64_t hash, struct broker__match **out)
{
	struct broker__match_cache *cache = &publisher->matches;
	struct broker__loop *loop = publisher->loop;
	if (cache->slots_len > 0) {
		uint32_t slot = find_slot(cache, subject, hash);
		struct broker__match *match = cache->slots[slot].match;
		if (match && match->generation == broker__sublist_generation(&loop->broker->sublist, hash)) {
			loop->counters.match_hits++;
			*out = cache->last = match;
			return BROKER__DONE;
		}
		if (match)
			forget(publisher, slot);
	}
	loop->counters.match_misses++;
	enum broker__progress progress = make(publisher, subject, hash, out);
	cache->last = *out;
	return progress;
}

void broker__match_take(struct broker_client *client, struct broker__match *match)
{
	uint32_t slot = home_of(&client->matches, match->hash);
	while (client->matches.slots[slot].match != match)
		slot = next_of(&client->matches, slot);
	take_out(client, slot);
}

void broker__match_give(struct broker_client *client, struct broker__match *match)
{
	const struct broker__sublist *list = &client->loop->broker->sublist;
	bool is_worth_it = match->bytes <= one_bytes_max && broker__client_is_open(client) &&
			   match->generation == broker__sublist_generation(list, match->hash);
	if (!is_worth_it || !add(client, match))
		free(match);
}

void broker__match_fetch_slot(const struct broker__match_cache *cache, uint64_t hash)
{
	__builtin_prefetch(&cache->slots[home_of(cache, hash)]);
}

struct broker__match *broker__match_guess(const struct broker__match_cache *cache, uint64_t hash)
{
	enum { LINE = 64, LINES = 4 }; /* the lines that a delivery to one receiver touches */
	uint32_t slot = home_of(cache, hash);
	while (cache->slots[slot].match && cache->slots[slot].hash != hash)
		slot = next_of(cache, slot);
	struct broker__match *match = cache->slots[slot].match;
	for (size_t i = 0; match && i < LINES; i++)
		__builtin_prefetch((const char *)match + i * LINE);
	return match;
}

void broker__match_fetch_receiver(const struct broker__match *guess)
{
	if (guess && guess->receivers_len > 0)
		__builtin_prefetch(guess->receivers[0].sub, 1);
}
