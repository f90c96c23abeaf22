#include "replay/diff/order.h"

#include <errno.h>
#include <stdlib.h>

/* The last pair of a group that was released. */
struct bound {
	uint64_t group; /* 0 = empty */
	uint64_t index[REPLAY_SIDES];
};

struct held {
	struct replay__pair pair;
	bool is_moved, is_late; /* late: belongs among the released pairs, in order as far as is known */
};

/* Open addressing, at most half full. */
struct bounds {
	struct bound *slots;
	size_t mask, count;
};

struct replay__order {
	struct held *held;
	size_t count, cap;
	size_t *tails, *before; /* for the search for the longest run; `cap` of each */
	/* When `bounds` is half full it replaces `older`, which is emptied. Each has room for the groups of a whole
	 * window, so that a group is forgotten only after a window without a pair of it. */
	struct bounds bounds, older;
	replay__pair_moved *moved;
	void *context;
};

static bool open_bounds(struct bounds *bounds, size_t groups)
{
	size_t slots = 256;
	while (slots < 2 * groups)
		slots *= 2;
	*bounds = (struct bounds){.slots = calloc(slots, sizeof *bounds->slots), .mask = slots - 1};
	return bounds->slots != NULL;
}

struct replay__order *replay__order_open(uint64_t window, replay__pair_moved *moved, void *context)
{
	struct replay__order *order = calloc(1, sizeof *order);
	if (!order)
		return NULL;
	order->cap = (size_t)window * 2;
	order->held = malloc(order->cap * sizeof *order->held);
	order->tails = malloc(order->cap * sizeof *order->tails);
	order->before = malloc(order->cap * sizeof *order->before);
	order->moved = moved;
	order->context = context;
	if (open_bounds(&order->bounds, order->cap) && open_bounds(&order->older, order->cap) &&
	    order->held && order->tails && order->before)
		return order;
	replay__order_close(order);
	return NULL;
}

void replay__order_close(struct replay__order *order)
{
	if (!order)
		return;
	free(order->held);
	free(order->tails);
	free(order->before);
	free(order->bounds.slots);
	free(order->older.slots);
	free(order);
}

static int compare(uint64_t x, uint64_t y)
{
	return x < y ? -1 : x > y;
}

static int by_group(const void *x, const void *y)
{
	const struct replay__pair *a = &((const struct held *)x)->pair, *b = &((const struct held *)y)->pair;
	int groups = compare(a->group, b->group);
	return groups ? groups : compare(a->index[REPLAY_A], b->index[REPLAY_A]);
}

static int by_index(const void *x, const void *y)
{
	const struct replay__pair *a = &((const struct held *)x)->pair, *b = &((const struct held *)y)->pair;
	return compare(a->index[REPLAY_A], b->index[REPLAY_A]);
}

/* The slot of a group; an empty one when it has none. */
static struct bound *slot_of(const struct bounds *bounds, uint64_t group)
{
	size_t at = group & bounds->mask;
	while (bounds->slots[at].group != 0 && bounds->slots[at].group != group)
		at = (at + 1) & bounds->mask;
	return &bounds->slots[at];
}

static const struct bound *find_bound(const struct replay__order *order, uint64_t group)
{
	const struct bound *bound = slot_of(&order->bounds, group);
	return bound->group ? bound : slot_of(&order->older, group);
}

static void age_bounds(struct replay__order *order)
{
	struct bounds emptied = order->older;
	memset(emptied.slots, 0, (emptied.mask + 1) * sizeof *emptied.slots);
	emptied.count = 0;
	order->older = order->bounds;
	order->bounds = emptied;
}

static void raise_bound(struct replay__order *order, const struct replay__pair *pair)
{
	if (order->bounds.count > order->bounds.mask / 2)
		age_bounds(order);
	struct bound *bound = slot_of(&order->bounds, pair->group);
	order->bounds.count += bound->group == 0;
	bound->group = pair->group;
	for (int side = 0; side < REPLAY_SIDES; side++)
		bound->index[side] = pair->index[side];
}

/* Compare a pair with the last released one of its group. */
static void check_bound(const struct replay__order *order, struct held *held)
{
	const struct bound *bound = find_bound(order, held->pair.group);
	if (bound->group == 0)
		return;
	bool is_after_a = held->pair.index[REPLAY_A] > bound->index[REPLAY_A];
	bool is_after_b = held->pair.index[REPLAY_B] > bound->index[REPLAY_B];
	held->is_moved = is_after_a != is_after_b;
	held->is_late = !is_after_a && !is_after_b;
}

/* The first of the tails whose index in B is not below this one. */
static size_t position(const struct replay__order *order, size_t len, uint64_t index)
{
	size_t low = 0, high = len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (order->held[order->tails[middle]].pair.index[REPLAY_B] < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Find the longest increasing run by patience sorting: tails[n] is the end of the best run of n + 1 pairs, before[i] the
 * predecessor of i in the best run that ends with i. The pairs outside the run moved. */
static void judge_group(struct replay__order *order, size_t start, size_t end)
{
	size_t len = 0;
	for (size_t i = start; i < end; i++) {
		struct held *held = &order->held[i];
		check_bound(order, held);
		if (held->is_moved || held->is_late)
			continue;
		size_t at = position(order, len, held->pair.index[REPLAY_B]);
		order->before[i] = at > 0 ? order->tails[at - 1] : i;
		order->tails[at] = i;
		len += at == len;
		held->is_moved = true;
	}
	for (size_t i = len > 0 ? order->tails[len - 1] : 0; len > 0; len--, i = order->before[i])
		order->held[i].is_moved = false;
}

static void judge_groups(struct replay__order *order)
{
	qsort(order->held, order->count, sizeof *order->held, by_group);
	for (size_t start = 0, end; start < order->count; start = end) {
		for (end = start + 1; end < order->count; end++)
			if (order->held[end].pair.group != order->held[start].pair.group)
				break;
		judge_group(order, start, end);
	}
	qsort(order->held, order->count, sizeof *order->held, by_index);
}

/* All pairs are in order on both sides, so that none moved, whatever the groups. The usual case: saves sorting. */
static bool is_rising(const struct replay__order *order)
{
	for (size_t i = 1; i < order->count; i++) {
		const struct replay__pair *last = &order->held[i - 1].pair, *pair = &order->held[i].pair;
		if (pair->index[REPLAY_A] < last->index[REPLAY_A] ||
		    pair->index[REPLAY_B] < last->index[REPLAY_B])
			return false;
	}
	return true;
}

/* Release the first `count` pairs, and report those that moved. */
static void release(struct replay__order *order, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct held *held = &order->held[i];
		if (held->is_moved)
			order->moved(order->context, &held->pair);
		else if (!held->is_late)
			raise_bound(order, &held->pair);
	}
	order->count -= count;
	memmove(order->held, order->held + count, order->count * sizeof *order->held);
	for (size_t i = 0; i < order->count; i++)
		order->held[i].is_moved = order->held[i].is_late = false;
}

static void judge(struct replay__order *order, size_t count)
{
	if (is_rising(order))
		for (size_t i = 0; i < order->count; i++)
			check_bound(order, &order->held[i]);
	else
		judge_groups(order);
	release(order, count);
}

void replay__order_add(struct replay__order *order, const struct replay__pair *pair)
{
	if (order->count == order->cap)
		judge(order, order->cap / 2);
	order->held[order->count++] = (struct held){.pair = *pair};
}

void replay__order_end(struct replay__order *order)
{
	judge(order, order->count);
}
