#include "tap/session/interest.h"

#include <stdlib.h>
#include <xxhash.h>

#include "wire/subject.h"

enum {
	BUCKETS_LEAST = 64,
	SEARCH_MAX = 16384, /* subscriptions examined for one match */
};

/* Combined with the hash of a first token: the bucket of the patterns that begin with it. The empty token
 * stands for a wildcard. */
#define PATTERN UINT64_C(0x9e3779b97f4a7c15)

#define SPREAD UINT64_C(0xd6e8feb86659fd93)

/* The server is spread over the whole seed: with the small numbers themselves, "a.b" at one server and "a.c" at
 * the next have the same hash (XXH3 adds the seed to up to three bytes of text before it mixes them). */
uint64_t tap__subject_hash(uint32_t server, struct wire_slice subject)
{
	return XXH3_64bits_withSeed(subject.data, subject.len, server * SPREAD);
}

/* ---- buckets ---- */

static struct wire_slice first_token(struct wire_slice subject)
{
	struct wire_slice rest = subject, token = {0};
	if (!wire_subject_next_token(&rest, &token) || wire_slice_equal(token, WIRE_LITERAL("*")) ||
	    wire_slice_equal(token, WIRE_LITERAL(">")))
		return wire_slice("", 0);
	return token;
}

static uint64_t hash_of(const struct tap__sub *sub)
{
	if (!wire_subject_has_wildcard(sub->subject))
		return tap__subject_hash(sub->server, sub->subject);
	return tap__subject_hash(sub->server, first_token(sub->subject)) ^ PATTERN;
}

static struct tap__sub **bucket_at(const struct tap__interest *interest, uint64_t hash)
{
	return &interest->buckets[(hash ^ hash >> 32) & (interest->cap - 1)];
}

static bool grow(struct tap__interest *interest)
{
	struct tap__interest grown = *interest;
	grown.cap = interest->cap ? interest->cap * 2 : BUCKETS_LEAST;
	if (!tap_budget_take(interest->budget, grown.cap * sizeof(struct tap__sub *)))
		return false;
	grown.buckets = calloc(grown.cap, sizeof(struct tap__sub *));
	if (!grown.buckets) {
		tap_budget_give(interest->budget, grown.cap * sizeof(struct tap__sub *));
		return false;
	}
	for (size_t i = 0; i < interest->cap; i++) {
		for (struct tap__sub *sub = interest->buckets[i], *next; sub; sub = next) {
			struct tap__sub **bucket = bucket_at(&grown, sub->listed_hash);
			next = sub->next_listed;
			sub->next_listed = *bucket;
			*bucket = sub;
		}
	}
	tap_budget_give(interest->budget, interest->cap * sizeof(struct tap__sub *));
	free(interest->buckets);
	interest->buckets = grown.buckets;
	interest->cap = grown.cap;
	return true;
}

/* ---- lanes ---- */

static bool is_lane_of(const struct tap__lane *lane, const struct tap__sub *sub)
{
	return lane->server == sub->server && wire_slice_equal(lane->queue, sub->queue);
}

static struct tap__lane *make_lane(struct tap__lane **bucket, const struct tap__sub *sub)
{
	struct tap__lane *lane = malloc(sizeof *lane + sub->queue.len);
	if (!lane)
		return NULL;
	*lane = (struct tap__lane){.server = sub->server, .id = sub->own.id, .next = *bucket, .at = bucket};
	memcpy(lane + 1, sub->queue.data, sub->queue.len);
	lane->queue = wire_slice((const char *)(lane + 1), sub->queue.len);
	if (*bucket)
		(*bucket)->at = &lane->next;
	return *bucket = lane;
}

/* Find or make the lane of a queue group. NULL when out of memory. */
static struct tap__lane *find_lane(struct tap__interest *interest, const struct tap__sub *sub)
{
	uint64_t hash = tap__subject_hash(sub->server, sub->queue);
	struct tap__lane **bucket = &interest->lanes[hash & (TAP__LANES - 1)];
	for (struct tap__lane *lane = *bucket; lane; lane = lane->next)
		if (is_lane_of(lane, sub))
			return lane;
	return make_lane(bucket, sub);
}

static bool enter_lane(struct tap__interest *interest, struct tap__sub *sub)
{
	struct tap__lane *lane = sub->queue.len > 0 ? find_lane(interest, sub) : &sub->own;
	if (!lane)
		return false;
	lane->holds++;
	lane->joined_ns = sub->made_ns;
	sub->lane = lane;
	return true;
}

/* ---- adding and removing ---- */

bool tap__interest_add(struct tap__interest *interest, struct tap__sub *sub)
{
	if (interest->count >= interest->cap && !grow(interest))
		return false;
	sub->listed_hash = hash_of(sub);
	struct tap__sub **bucket = bucket_at(interest, sub->listed_hash);
	if (!enter_lane(interest, sub))
		return false;
	sub->is_listed = true;
	sub->next_listed = *bucket;
	*bucket = tap__sub_hold(sub);
	interest->count++;
	interest->generation++;
	return true;
}

void tap__interest_remove(struct tap__interest *interest, struct tap__sub *sub)
{
	if (!sub->is_listed)
		return;
	struct tap__sub **at = bucket_at(interest, sub->listed_hash);
	while (*at != sub)
		at = &(*at)->next_listed;
	*at = sub->next_listed;
	sub->is_listed = false;
	interest->count--;
	interest->generation++;
	tap__sub_release(sub);
}

/* ---- matches ---- */

void tap__match_free(struct tap__match *match)
{
	for (uint32_t i = 0; i < match->count; i++)
		tap__sub_release(match->subs[i]);
	tap_budget_give(match->budget, match->bytes);
	free(match);
}

struct found {
	struct tap__sub **list; /* owned */
	size_t count, cap;
	int steps;
	bool failed;
};

static void find_in(struct found *found, const struct tap__interest *interest, uint64_t hash, uint32_t server,
		    struct wire_slice subject)
{
	if (interest->cap == 0)
		return;
	for (struct tap__sub *sub = *bucket_at(interest, hash); sub && !found->failed;
	     sub = sub->next_listed) {
		if (--found->steps < 0) {
			found->failed = true;
			return;
		}
		if (sub->server != server || sub->listed_hash != hash ||
		    !wire_subject_matches(sub->subject, subject))
			continue;
		if (found->count == found->cap) {
			size_t cap = found->cap ? found->cap * 2 : 16;
			struct tap__sub **list = realloc(found->list, cap * sizeof *list);
			if (!list) {
				found->failed = true;
				return;
			}
			found->list = list;
			found->cap = cap;
		}
		found->list[found->count++] = sub;
	}
}

static int by_lane(const void *a, const void *b)
{
	uint64_t left = (*(struct tap__sub *const *)a)->lane->id,
		 right = (*(struct tap__sub *const *)b)->lane->id;
	return (left > right) - (left < right);
}

static struct tap__match *make_match(struct tap__interest *interest, const struct found *found,
				     uint32_t server, struct wire_slice subject)
{
	size_t bytes = sizeof(struct tap__match) + found->count * sizeof(struct tap__sub *) + subject.len;
	if (found->failed || !tap_budget_take(interest->budget, bytes))
		return NULL;
	struct tap__match *match = malloc(bytes);
	if (!match) {
		tap_budget_give(interest->budget, bytes);
		return NULL;
	}
	*match = (struct tap__match){.holds = 1,
				     .count = (uint32_t)found->count,
				     .server = server,
				     .generation = interest->generation,
				     .budget = interest->budget,
				     .bytes = bytes};
	char *text = (char *)&match->subs[found->count];
	memcpy(text, subject.data, subject.len);
	match->subject = wire_slice(text, subject.len);
	for (size_t i = 0; i < found->count; i++)
		match->subs[i] = tap__sub_hold(found->list[i]);
	if (found->count > 1)
		qsort(match->subs, found->count, sizeof *match->subs, by_lane);
	for (size_t i = 0; i < found->count; i++)
		match->lanes += i == 0 || match->subs[i]->lane != match->subs[i - 1]->lane;
	return match;
}

/* Search all subscriptions. NULL as for tap__interest_find. */
static struct tap__match *search(struct tap__interest *interest, uint32_t server, struct wire_slice subject,
				 uint64_t hash)
{
	struct found found = {.steps = SEARCH_MAX};
	struct wire_slice token = first_token(subject);
	find_in(&found, interest, hash, server, subject);
	find_in(&found, interest, tap__subject_hash(server, wire_slice("", 0)) ^ PATTERN, server, subject);
	if (token.len > 0)
		find_in(&found, interest, tap__subject_hash(server, token) ^ PATTERN, server, subject);
	struct tap__match *match = make_match(interest, &found, server, subject);
	free(found.list);
	return match;
}

struct tap__match *tap__interest_find(struct tap__interest *interest, uint32_t server,
				      struct wire_slice subject)
{
	uint64_t hash = tap__subject_hash(server, subject);
	struct tap__match **slot = &interest->matches[hash & (TAP__MATCHES - 1)];
	if (!tap__match_is_of(*slot, interest, server, subject)) {
		struct tap__match *match = search(interest, server, subject, hash);
		if (!match)
			return NULL;
		tap__match_release(*slot);
		*slot = match;
	}
	tap__match_release(interest->recent);
	interest->recent = *slot;
	interest->recent->holds++;
	return *slot;
}

void tap__interest_fini(struct tap__interest *interest)
{
	for (size_t i = 0; i < TAP__MATCHES; i++) {
		tap__match_release(interest->matches[i]);
		interest->matches[i] = NULL;
	}
	tap__match_release(interest->recent);
	interest->recent = NULL;
	tap_budget_give(interest->budget, interest->cap * sizeof(struct tap__sub *));
	free(interest->buckets);
	interest->buckets = NULL;
	interest->count = interest->cap = 0;
}
