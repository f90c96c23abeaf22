#include "broker/replies.h"

#include <stdlib.h>

#include "broker/hash.h"

enum { SLOTS = 1024, GRANTS_MAX = 16384 };

struct grant {
	struct grant *slot_next;
	struct grant *older, *newer;
	uint64_t hash;
	int64_t since_ns;
	int64_t used;
	size_t len;
	char subject[];
};

struct broker__replies {
	struct grant *slots[SLOTS];
	struct grant *oldest, *newest;
	size_t count;
	uint64_t seed;
};

struct broker__replies *broker__replies_open(uint64_t seed)
{
	struct broker__replies *replies = calloc(1, sizeof *replies);
	if (replies)
		replies->seed = seed;
	return replies;
}

static void drop(struct broker__replies *replies, struct grant *grant)
{
	struct grant **link = &replies->slots[grant->hash % SLOTS];
	while (*link != grant)
		link = &(*link)->slot_next;
	*link = grant->slot_next;
	*(grant->older ? &grant->older->newer : &replies->oldest) = grant->newer;
	*(grant->newer ? &grant->newer->older : &replies->newest) = grant->older;
	replies->count--;
	free(grant);
}

void broker__replies_close(struct broker__replies *replies)
{
	if (!replies)
		return;
	while (replies->oldest)
		drop(replies, replies->oldest);
	free(replies);
}

static struct grant *find(const struct broker__replies *replies, struct wire_slice subject, uint64_t hash)
{
	struct grant *grant = replies->slots[hash % SLOTS];
	while (grant &&
	       !(grant->hash == hash && wire_slice_equal(wire_slice(grant->subject, grant->len), subject)))
		grant = grant->slot_next;
	return grant;
}

void broker__replies_grant(struct broker__replies *replies, struct wire_slice reply, int64_t now_ns)
{
	uint64_t hash = broker__hash(reply, replies->seed);
	struct grant *grant = find(replies, reply, hash);
	if (grant)
		drop(replies, grant);
	else if (replies->count == GRANTS_MAX)
		drop(replies, replies->oldest);
	grant = malloc(sizeof *grant + reply.len);
	if (!grant)
		return;
	*grant = (struct grant){.hash = hash,
				.since_ns = now_ns,
				.len = reply.len,
				.slot_next = replies->slots[hash % SLOTS],
				.older = replies->newest};
	memcpy(grant->subject, reply.data, reply.len);
	replies->slots[hash % SLOTS] = grant;
	*(replies->newest ? &replies->newest->newer : &replies->oldest) = grant;
	replies->newest = grant;
	replies->count++;
}

bool broker__replies_use(struct broker__replies *replies, struct wire_slice subject,
			 const struct broker_permissions *permissions, int64_t now_ns)
{
	struct grant *grant = find(replies, subject, broker__hash(subject, replies->seed));
	if (!grant)
		return false;
	bool is_spent = permissions->response_max > 0 && grant->used >= permissions->response_max;
	bool is_expired = permissions->response_expire_ms > 0 &&
			  now_ns - grant->since_ns > permissions->response_expire_ms * 1000000;
	if (is_spent || is_expired) {
		drop(replies, grant);
		return false;
	}
	grant->used++;
	return true;
}
