#include "broker/sids.h"

#include <errno.h>
#include <stdlib.h>

#include "broker/hash.h"

enum { SLOTS_MIN = 8 };

static struct broker__sub **find_slot(const struct broker__sids *sids, struct wire_slice sid, uint64_t seed)
{
	struct broker__sub **slot = &sids->slots[broker__hash(sid, seed) & (sids->slots_len - 1)];
	while (*slot && !wire_slice_equal((*slot)->sid, sid))
		slot = &(*slot)->sid_next;
	return slot;
}

struct broker__sub *broker__sids_find(const struct broker__sids *sids, struct wire_slice sid, uint64_t seed)
{
	return sids->slots_len > 0 ? *find_slot(sids, sid, seed) : NULL;
}

static int resize(struct broker__sids *sids, uint32_t len, uint64_t seed)
{
	struct broker__sub **slots = calloc(len, sizeof(struct broker__sub *));
	if (!slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < sids->slots_len; i++) {
		for (struct broker__sub *sub = sids->slots[i], *next; sub; sub = next) {
			struct broker__sub **slot = &slots[broker__hash(sub->sid, seed) & (len - 1)];
			next = sub->sid_next;
			sub->sid_next = *slot;
			*slot = sub;
		}
	}
	free(sids->slots);
	sids->slots = slots;
	sids->slots_len = len;
	return 0;
}

int broker__sids_add(struct broker__sids *sids, struct broker__sub *sub, uint64_t seed)
{
	if (sids->count >= sids->slots_len) {
		int error = resize(sids, sids->slots_len ? sids->slots_len * 2 : SLOTS_MIN, seed);
		if (error)
			return error;
	}
	struct broker__sub **slot = &sids->slots[broker__hash(sub->sid, seed) & (sids->slots_len - 1)];
	sub->sid_next = *slot;
	*slot = sub;
	sids->count++;
	return 0;
}

void broker__sids_remove(struct broker__sids *sids, struct broker__sub *sub, uint64_t seed)
{
	struct broker__sub **slot = find_slot(sids, sub->sid, seed);
	*slot = sub->sid_next;
	sids->count--;
	if (sids->slots_len > SLOTS_MIN && sids->count < sids->slots_len / 8)
		resize(sids, sids->slots_len / 2, seed);
}

void broker__sids_each(const struct broker__sids *sids, bool (*each)(void *context, struct broker__sub *sub),
		       void *context)
{
	for (uint32_t i = 0; i < sids->slots_len; i++)
		for (struct broker__sub *sub = sids->slots[i]; sub; sub = sub->sid_next)
			if (!each(context, sub))
				return;
}

struct broker__sub *broker__sids_pop(struct broker__sids *sids)
{
	while (sids->popped < sids->slots_len && !sids->slots[sids->popped])
		sids->popped++;
	if (sids->popped == sids->slots_len)
		return NULL;
	struct broker__sub *sub = sids->slots[sids->popped];
	sids->slots[sids->popped] = sub->sid_next;
	sids->count--;
	return sub;
}

void broker__sids_fini(struct broker__sids *sids)
{
	free(sids->slots);
	*sids = (struct broker__sids){0};
}
