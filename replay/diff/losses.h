/* losses.h - what one recording says that it lost. Internal to replay. */
#ifndef REPLAY_DIFF_LOSSES_H
#define REPLAY_DIFF_LOSSES_H

#include "wire/event.h"

/* Latest gaps that are known one by one; earlier ones are taken for one long gap. */
enum { REPLAY__LOSSES_MAX = 1024 };

struct replay__loss {
	int64_t from_ns, to_ns; /* steady, both inclusive */
	uint64_t messages;      /* that it may still have swallowed; UINT64_MAX: unknown how many */
};

/* Zeroed = none. */
struct replay__losses {
	struct replay__loss list[REPLAY__LOSSES_MAX];
	unsigned count;
	uint64_t gaps, messages; /* in all */
};

void replay__losses_add(struct replay__losses *losses, const struct wire_event *gap);

/* A message that should be between two times (both inclusive) is not there: can a gap have swallowed it? Then it is
 * taken off what that gap can still have swallowed. */
bool replay__losses_explain(struct replay__losses *losses, int64_t after_ns, int64_t before_ns);

#endif
