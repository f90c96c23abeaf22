/* state.h - a comparison under way: shared by diff.c, which reads, diff_pair.c, which finds out what belongs to what,
 * and diff_sum.c. Internal to replay. */
#ifndef REPLAY_DIFF_STATE_H
#define REPLAY_DIFF_STATE_H

#include "replay/diff/identity.h"
#include "replay/diff/losses.h"
#include "replay/diff/order.h"
#include "replay/diff/subjects.h"
#include "replay/requests.h"

/* One recording. */
struct replay__side {
	struct wire_source *source; /* borrowed */
	bool ended;
	uint64_t messages;                   /* read: the index of the next one */
	uint64_t paired, given_up;           /* of them */
	int64_t first_time_ns, last_time_ns; /* of the first message and of the last, time of day */
	int64_t steady_ns;                   /* of the last message */
	int64_t like_ns; /* steady: when the other side has the like of the latest that found one */
	struct replay__window window;
	struct replay__requests requests;
	struct replay__losses losses;
};

struct replay_diff {
	struct replay_diff_options options;
	struct replay__side sides[REPLAY_SIDES];
	struct replay__subjects subjects;
	struct replay__order *order;
	int64_t lead; /* messages that A has been read further than B, as the last pair tells */
	uint64_t short_of_memory;
	bool stopped;
	struct replay_diff_subject *list; /* owned: the summary's */
	replay_difference_found *found;
	void *context;
};

static inline enum replay_diff_side replay__other(enum replay_diff_side side)
{
	return side == REPLAY_A ? REPLAY_B : REPLAY_A;
}

/* A message was read on a side; the entry borrows it. Pair it, or let it wait. 0 or -ENOMEM. */
int replay__diff_take(struct replay_diff *diff, enum replay_diff_side side,
		      const struct replay__entry *entry);

/* Give up the oldest that waits on a side: tell what became of it. */
void replay__diff_give_up(struct replay_diff *diff, enum replay_diff_side side);

/* Likewise for want of memory: what is at its place on the other side may be anything, and is left alone. */
void replay__diff_give_up_unread(struct replay_diff *diff, enum replay_diff_side side);

/* Told by the order: a pair is not where it should be. */
void replay__diff_moved(void *context, const struct replay__pair *pair);

#endif
