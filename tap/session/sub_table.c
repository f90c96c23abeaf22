#include "tap/session/sub_table.h"

#include <stdlib.h>
#include <xxhash.h>

static uint64_t cost(const struct tap__sub *sub)
{
	return sizeof *sub + sub->sid.len + sub->subject.len + sub->queue.len;
}

static void release_lane(struct tap__sub *sub)
{
	struct tap__lane *lane = sub->lane;
	if (lane == &sub->own || --lane->holds > 0)
		return;
	*lane->at = lane->next;
	if (lane->next)
		lane->next->at = lane->at;
	free(lane);
}

void tap__sub_release(struct tap__sub *sub)
{
	if (--sub->holds > 0)
		return;
	tap__client_release(sub->client);
	release_lane(sub);
	free(sub);
}

static struct wire_slice copy(char **to, struct wire_slice text)
{
	char *start = *to;
	if (text.len > 0)
		memcpy(start, text.data, text.len);
	*to += text.len;
	return wire_slice(start, text.len);
}

static struct tap__sub *make(const struct tap__sub *like)
{
	struct tap__sub *sub = malloc(cost(like));
	if (!sub)
		return NULL;
	char *to = (char *)(sub + 1);
	*sub = *like;
	sub->holds = 1;
	sub->sid = copy(&to, like->sid);
	sub->subject = copy(&to, like->subject);
	sub->queue = copy(&to, like->queue);
	sub->lane = &sub->own;
	if (sub->client)
		tap__client_hold(sub->client);
	return sub;
}

/* ---- the table ---- */

static size_t home(const struct tap__sub_table *subs, struct wire_slice sid)
{
	return (size_t)XXH3_64bits(sid.data, sid.len) & (subs->cap - 1);
}

/* The slot of the sid, or the free slot where it would go. */
static size_t find_slot(const struct tap__sub_table *subs, struct wire_slice sid)
{
	size_t slot = home(subs, sid);
	while (subs->slots[slot] && !wire_slice_equal(subs->slots[slot]->sid, sid))
		slot = (slot + 1) & (subs->cap - 1);
	return slot;
}

struct tap__sub *tap__sub_table_find(struct tap__sub_table *subs, struct wire_slice sid)
{
	if (subs->recent && wire_slice_equal(subs->recent->sid, sid))
		return subs->recent;
	if (subs->count == 0)
		return NULL;
	struct tap__sub *found = subs->slots[find_slot(subs, sid)];
	if (found)
		subs->recent = found;
	return found;
}

/* Keep the table at most half full. */
static bool make_room(struct tap__sub_table *subs)
{
	if (subs->count * 2 < subs->cap)
		return true;
	struct tap__sub_table grown = *subs;
	grown.cap = subs->cap ? subs->cap * 2 : 8;
	if (!tap_budget_take(subs->budget, grown.cap * sizeof *grown.slots))
		return false;
	grown.slots = calloc(grown.cap, sizeof(*grown.slots));
	if (!grown.slots) {
		tap_budget_give(subs->budget, grown.cap * sizeof *grown.slots);
		return false;
	}
	for (size_t i = 0; i < subs->cap; i++)
		if (subs->slots[i])
			grown.slots[find_slot(&grown, subs->slots[i]->sid)] = subs->slots[i];
	free(subs->slots);
	tap_budget_give(subs->budget, subs->cap * sizeof *subs->slots);
	*subs = grown;
	return true;
}

struct tap__sub *tap__sub_table_add(struct tap__sub_table *subs, const struct tap__sub *like)
{
	struct tap__sub *sub = make(like);
	if (!sub || subs->count >= TAP__SUB_TABLE_MAX || tap__sub_table_find(subs, like->sid) ||
	    !make_room(subs) || !tap_budget_take(subs->budget, cost(sub)))
		return sub;
	subs->slots[find_slot(subs, sub->sid)] = tap__sub_hold(sub);
	subs->count++;
	return sub;
}

/* Free a slot. Move up subscriptions after it that could be nearer to their home, so that a free slot ends
 * every search. */
static void free_slot(struct tap__sub_table *subs, size_t hole)
{
	size_t mask = subs->cap - 1;
	for (size_t slot = (hole + 1) & mask; subs->slots[slot]; slot = (slot + 1) & mask) {
		size_t distance = (slot - home(subs, subs->slots[slot]->sid)) & mask;
		if (distance < ((slot - hole) & mask))
			continue;
		subs->slots[hole] = subs->slots[slot];
		hole = slot;
	}
	subs->slots[hole] = NULL;
}

void tap__sub_table_remove(struct tap__sub_table *subs, struct tap__sub *sub)
{
	size_t slot = subs->count > 0 ? find_slot(subs, sub->sid) : 0;
	if (subs->count == 0 || subs->slots[slot] != sub)
		return;
	free_slot(subs, slot);
	subs->count--;
	if (subs->recent == sub)
		subs->recent = NULL;
	tap_budget_give(subs->budget, cost(sub));
	tap__sub_release(sub);
}

void tap__sub_table_each(const struct tap__sub_table *subs,
			 void (*visit)(void *context, struct tap__sub *sub), void *context)
{
	for (size_t i = 0; i < subs->cap; i++)
		if (subs->slots[i])
			visit(context, subs->slots[i]);
}

void tap__sub_table_fini(struct tap__sub_table *subs)
{
	for (size_t i = 0; i < subs->cap; i++) {
		if (!subs->slots[i])
			continue;
		tap_budget_give(subs->budget, cost(subs->slots[i]));
		tap__sub_release(subs->slots[i]);
	}
	tap_budget_give(subs->budget, subs->cap * sizeof *subs->slots);
	free(subs->slots);
	*subs = (struct tap__sub_table){.budget = subs->budget};
}
