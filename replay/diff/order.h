/* order.h - find pairs that are out of order. Internal to replay/diff.
 *
 * Pairs come in the order in which they are found. They are held until there are enough of them, and sorted into the
 * order of A. In each group the pairs outside a longest increasing run of positions in B are the ones that moved. Then
 * the earlier half is released and the later half stays: a pair that moved across the boundary would otherwise make all
 * others look as if they had moved. */
#ifndef REPLAY_DIFF_ORDER_H
#define REPLAY_DIFF_ORDER_H

#include "replay/diff/subjects.h"

struct replay__pair {
	uint64_t group; /* of pairs that must be in order: a hash, not 0 */
	uint64_t index[REPLAY_SIDES], seq[REPLAY_SIDES], conn[REPLAY_SIDES];
	int64_t time_ns[REPLAY_SIDES];
	struct replay__subject *subject;
};

typedef void replay__pair_moved(void *context, const struct replay__pair *pair);

struct replay__order;

/* window: how many pairs are judged together. Calls moved for each pair that is out of order. NULL when out of memory. */
struct replay__order *replay__order_open(uint64_t window, replay__pair_moved *moved, void *context);
void replay__order_close(struct replay__order *order);

void replay__order_add(struct replay__order *order, const struct replay__pair *pair);

/* Judge all pairs that are left. */
void replay__order_end(struct replay__order *order);

#endif
