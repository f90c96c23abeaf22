/* gaps.h - when events were missing, to know whether a reply may be among them. */
#ifndef TRACE_GAPS_H
#define TRACE_GAPS_H

#include "wire/event.h"

/* Zeroed = none. */
struct trace_gaps {
	uint64_t count;    /* of gap events */
	int64_t *from_ns;  /* owned; when each began, steady; of the first 65536 */
	uint32_t len, cap; /* of from_ns */
	int64_t until_ns;  /* when count > 0: the latest end of one, steady */
};

void trace_gaps_fini(struct trace_gaps *gaps);

/* Add a gap event. 0 or -ENOMEM. */
int trace_gaps_add(struct trace_gaps *gaps, const struct wire_event *gap);

/* One of the gaps that were added when there were `before` of them in the list, or later, began until until_ns. */
static inline bool trace_gaps_began(const struct trace_gaps *gaps, uint32_t before, int64_t until_ns)
{
	return before < gaps->len && gaps->from_ns[before] <= until_ns;
}

#endif
