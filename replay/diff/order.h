/* order.h - which pairs are out of order. Internal to replay.
 *
 * Pairs come in the order in which they are found. They are held until there are enough, and put into the order of A;
 * of each group those that do not lie on a longest rising run of B are the ones that moved. The earlier half is judged then,
 * the later half stays, for what is moved across a boundary must not look as if all others were. */
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

/* window: pairs that are judged together. NULL when out of memory. */
struct replay__order *replay__order_open(uint64_t window, replay__pair_moved *moved, void *context);
void replay__order_close(struct replay__order *order);

void replay__order_add(struct replay__order *order, const struct replay__pair *pair);

/* Judge all that is left. */
void replay__order_end(struct replay__order *order);

#endif
