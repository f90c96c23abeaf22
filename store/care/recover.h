/* recover.h - make a segment that a crash left open, or that cannot be read, part of a whole log again. Needs the log's
 * lock. */
#ifndef STORE_CARE_RECOVER_H
#define STORE_CARE_RECOVER_H

#include "store/format/format.h"

/* What the segments before and after tell of one. */
struct store_surroundings {
	uint8_t log_id[16];
	uint64_t first_seq; /* the first number that its events can have */
	uint64_t end_seq;   /* the first number of the segment after it; 0 = there is none */
	uint64_t next_conn; /* the first connection number that was not used before it */
	int64_t before_ns;  /* the last event before it; 0 = there is none */
	int64_t after_ns;   /* not later than this */
};

/* What was done to a segment. */
struct store_recovery {
	char *aside; /* the file that keeps what was cut off or replaced, owned by the caller; or NULL */
	uint64_t from_seq; /* of events that were or may have been lost; 0 = none were */
	uint64_t to_seq;
};

/* Make the segment at path whole: keep its blocks, put its unfinished or damaged tail aside as `<path>.torn`, add a footer.
 * A gap event stands for what a damaged tail may have held. A segment without any whole block is removed when its tail
 * is unfinished; when it is damaged, or nothing in the file can be read, the whole file is put aside and a segment of one
 * gap event takes its place. A closed segment is left alone, however damaged.
 *
 * Returns 1 when something was done, 0 when there was nothing to do, or a negative code with *fault (may be NULL). In any
 * case *recovery is filled in, and its `aside` to be freed. */
int store_recover_segment(const char *path, const struct store_surroundings *surroundings,
			  struct store_recovery *recovery, struct wire_fault *fault);

#endif
