/* drops.h - messages that libnats dropped because they were not taken in time: gap events. Internal to tap. */
#ifndef TAP_SUBSCRIBER_DROPS_H
#define TAP_SUBSCRIBER_DROPS_H

#include "tap/subscriber/notices.h"

struct tap__drops {
	uint64_t reported; /* by gap events so far */
	int64_t seen_ns;   /* when the count was last seen not to rise; monotonic */
};

/* The count is `dropped` now. Add a gap event when it has risen. */
void tap__drops_check(struct tap__drops *drops, uint64_t dropped, int64_t now_ns,
		      struct tap__notices *notices);

#endif
