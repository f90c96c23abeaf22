#include "trace/conversation/mentions.h"

#include <stdlib.h>
#include <xxhash.h>

enum { CAP_MIN = 1024 };

void trace__mentions_fini(struct trace__mentions *mentions)
{
	free(mentions->buckets);
	*mentions = (struct trace__mentions){0};
}

uint64_t trace__mention_hash(enum trace__mention_kind kind, struct wire_slice bytes)
{
	return XXH3_64bits_withSeed(bytes.data, bytes.len, (uint64_t)kind);
}

uint64_t trace__mention_number(enum trace__mention_kind kind, uint64_t number)
{
	return XXH3_64bits_withSeed(&number, sizeof number, (uint64_t)kind);
}

/* ---- groups ---- */

static struct trace__mentions_group **bucket_of(const struct trace__mentions *mentions, uint64_t hash)
{
	return &mentions->buckets[hash & (mentions->cap - 1)];
}

static struct trace__mentions_group *find(const struct trace__mentions *mentions, uint64_t hash)
{
	if (mentions->cap == 0)
		return NULL;
	struct trace__mentions_group *group = *bucket_of(mentions, hash);
	while (group && group->hash != hash)
		group = group->next;
	return group;
}

static void link_group(struct trace__mentions *mentions, struct trace__mentions_group *group)
{
	struct trace__mentions_group **bucket = bucket_of(mentions, group->hash);
	group->next = *bucket;
	*bucket = group;
}

/* Twice as many buckets. False when out of memory. */
static bool grow(struct trace__mentions *mentions)
{
	struct trace__mentions old = *mentions;
	size_t cap = old.cap ? old.cap * 2 : CAP_MIN;
	struct trace__mentions_group **buckets = calloc(cap, sizeof *buckets);
	if (!buckets)
		return false;
	mentions->buckets = buckets;
	mentions->cap = cap;
	for (size_t i = 0; i < old.cap; i++)
		for (struct trace__mentions_group *group = old.buckets[i], *next; group; group = next) {
			next = group->next;
			link_group(mentions, group);
		}
	free(old.buckets);
	return true;
}

static struct trace__mentions_group *find_or_add(struct trace__mentions *mentions, uint64_t hash)
{
	struct trace__mentions_group *group = find(mentions, hash);
	if (group || (mentions->groups >= mentions->cap && !grow(mentions)))
		return group;
	group = malloc(sizeof *group);
	if (!group)
		return NULL;
	*group = (struct trace__mentions_group){.hash = hash};
	link_group(mentions, group);
	mentions->groups++;
	mentions->bytes += sizeof *group;
	return group;
}

static void remove_group(struct trace__mentions *mentions, struct trace__mentions_group *group)
{
	struct trace__mentions_group **link = bucket_of(mentions, group->hash);
	while (*link != group)
		link = &(*link)->next;
	*link = group->next;
	mentions->groups--;
	mentions->bytes -= sizeof *group;
	free(group);
}

/* ---- mentions ---- */

struct trace__mention *trace__mentions_add(struct trace__mentions *mentions, struct trace_node *node,
					   enum trace__mention_kind kind, uint64_t hash)
{
	struct trace__mention *mention = malloc(sizeof *mention);
	struct trace__mentions_group *group = mention ? find_or_add(mentions, hash) : NULL;
	if (!group) {
		free(mention);
		return NULL;
	}
	*mention = (struct trace__mention){.older = group->newest,
					   .next_of_node = node->mentions,
					   .group = group,
					   .node = node,
					   .kind = kind};
	if (group->newest)
		group->newest->newer = mention;
	else
		group->oldest = mention;
	group->newest = mention;
	node->mentions = mention;
	mentions->bytes += sizeof *mention;
	return mention;
}

struct trace__mention *trace__mentions_newest(const struct trace__mentions *mentions, uint64_t hash)
{
	const struct trace__mentions_group *group = find(mentions, hash);
	return group ? group->newest : NULL;
}

struct trace__mention *trace__mentions_oldest(const struct trace__mention *mention)
{
	return mention->group->oldest;
}

static void remove_one(struct trace__mentions *mentions, struct trace__mention *mention)
{
	if (mention->older)
		mention->older->newer = mention->newer;
	else
		mention->group->oldest = mention->newer;
	if (mention->newer)
		mention->newer->older = mention->older;
	else
		mention->group->newest = mention->older;
	if (!mention->group->newest)
		remove_group(mentions, mention->group);
	mentions->bytes -= sizeof *mention;
	free(mention);
}

void trace__mentions_remove(struct trace__mentions *mentions, struct trace_node *node)
{
	for (struct trace__mention *mention = node->mentions, *next; mention; mention = next) {
		next = mention->next_of_node;
		remove_one(mentions, mention);
	}
	node->mentions = NULL;
}
