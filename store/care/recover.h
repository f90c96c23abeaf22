/* recover.h - make a segment whole that a crash left open or that cannot be read. Needs the log's lock. */
#ifndef STORE_CARE_RECOVER_H
#define STORE_CARE_RECOVER_H

#include "store/format/format.h"

/* Facts about a segment that the segments before and after it tell. */
struct store_surroundings {
	uint8_t log_id[16];
	uint64_t first_seq; /* the first number that its events can have */
	uint64_t end_seq;   /* the first number of the segment after it; 0 = there is none */
	uint64_t next_conn; /* the first connection number not used before it */
	int64_t before_ns;  /* time of the last event before it; 0 = there is none */
	int64_t after_ns;   /* its events are not later than this */
};

/* The result of a recovery: the actions taken, and the losses. */
struct store_recovery {
	char *
	    kept_as; /* the file with the bytes that were cut off or replaced, owned by the caller; or NULL */
	uint64_t from_seq; /* first event that was or may have been lost; 0 = none was */
	uint64_t to_seq;
};

/* Make the segment at path whole: keep its blocks, move its unfinished or damaged tail to `<path>.torn`, add a footer. A gap
 * event replaces a damaged tail. A segment without a whole block is removed when its tail is only unfinished; when the tail
 * is damaged or nothing in the file can be read, the file is renamed to `<path>.torn` and a segment of one gap event
 * takes its place. A closed segment is left as it is, whatever its damage.
 *
 * Returns 1 when something was done, 0 when there was nothing to do, or a negative code with *fault (may be NULL). In any
 * case *recovery is filled in, and the caller frees its kept_as. */
int store_recover_segment(const char *path, const struct store_surroundings *surroundings,
			  struct store_recovery *recovery, struct wire_fault *fault);

#endif
