/* pair.h - pair the messages of two recordings: equal ones, changed ones, and those that are alone. Internal to replay/diff. */
#ifndef REPLAY_DIFF_PAIR_H
#define REPLAY_DIFF_PAIR_H

#include "replay/diff/state.h"

/* A message was read on a side; the entry borrows it. Pair it with its counterpart, or keep a copy that waits for it. 0 or
 * -ENOMEM. */
int replay__diff_match(struct replay_diff *diff, enum replay_diff_side side,
		       const struct replay__entry *entry);

/* Give up the oldest waiting message of a side: report it as changed, missing or extra, or count it as unverifiable. */
void replay__diff_give_up(struct replay_diff *diff, enum replay_diff_side side);

/* Likewise when memory is short. Does not pair it with a changed message: its true counterpart may not have been read
 * yet. */
void replay__diff_give_up_alone(struct replay_diff *diff, enum replay_diff_side side);

/* As replay__pair_moved; context is a struct replay_diff. Report a pair that is out of order. */
void replay__diff_report_moved(void *context, const struct replay__pair *pair);

#endif
