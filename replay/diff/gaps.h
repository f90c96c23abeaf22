/* gaps.h - the gaps of one recording, and which missing messages they explain. Internal to replay/diff. */
#ifndef REPLAY_DIFF_GAPS_H
#define REPLAY_DIFF_GAPS_H

#include "wire/event.h"

/* The newest gaps are kept one by one; the older ones are merged into one long gap. */
enum { REPLAY__GAPS_MAX = 1024 };

struct replay__gap {
	int64_t from_ns, to_ns; /* steady, both inclusive */
	uint64_t messages;      /* lost and not explained yet; UINT64_MAX: unknown how many */
};

/* Zeroed = none. */
struct replay__gaps {
	struct replay__gap list[REPLAY__GAPS_MAX];
	unsigned count;
	uint64_t total, total_messages; /* all that were added */
};

void replay__gaps_add(struct replay__gaps *gaps, const struct wire_event *gap);

/* A message is missing that should be between two steady times (both inclusive): true when a gap may have lost it. The
 * gap then explains one message less. */
bool replay__gaps_explain(struct replay__gaps *gaps, int64_t after_ns, int64_t before_ns);

#endif
