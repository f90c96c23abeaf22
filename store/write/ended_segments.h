/* ended_segments.h - the segments that this writer ended: when, by the monotonic clock, and what is in them. Internal to
 * store. */
#ifndef STORE_WRITE_ENDED_SEGMENTS_H
#define STORE_WRITE_ENDED_SEGMENTS_H

#include <stddef.h>

#include "store/write/loss_counter.h"

struct store__ended_segment {
	uint64_t first_seq;
	int64_t ended_ms;                  /* monotonic */
	struct store_loss_counter content; /* what would be lost with it */
};

/* By rising first_seq. Zeroed = empty. */
struct store__ended_segments {
	struct store__ended_segment *list; /* owned */
	size_t count, cap;
};

void store__ended_segments_fini(struct store__ended_segments *ended);

/* Without memory the segment is left out: retention then judges it like a segment of an earlier writer. */
void store__ended_segments_add(struct store__ended_segments *ended,
			       const struct store__ended_segment *segment);

/* NULL when this writer did not end that segment. */
const struct store__ended_segment *store__ended_segments_find(const struct store__ended_segments *ended,
							      uint64_t first_seq);

/* Forget the segments numbered below first_seq. */
void store__ended_segments_forget(struct store__ended_segments *ended, uint64_t first_seq);

/* Add the content of segments that are no longer in dir to *loss, and forget them. */
void store__ended_segments_lose(struct store__ended_segments *ended, const char *dir,
				struct store_loss_counter *loss);

#endif
