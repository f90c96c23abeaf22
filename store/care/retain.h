/* retain.h - delete the oldest closed segments that the operator's limits leave no room for.
 *
 * A clock may have been wrong when a segment was written, and may be wrong now. A segment's age is judged by the best
 * evidence there is:
 * - when this writer ended it, by the monotonic clock: certain;
 * - that it was there when this writer began: it is at least as old as the writer has been running;
 * - the later of its last event's time and its file's modification time, and those of the segments before it, which
 *   cannot be younger. A time that lies in the future is no evidence: then the next segment's counts, as it does for a
 *   segment that cannot be read.
 * So a segment may be kept longer than it should, but never deleted sooner. Internal to store. */
#ifndef STORE_CARE_RETAIN_H
#define STORE_CARE_RETAIN_H

#include "store/write/ended_segments.h"
#include "store/write/writer.h"

struct store__retention {
	const char *dir;
	const struct store_io *io;
	uint64_t max_bytes;  /* all segments together; 0 = any */
	int64_t max_age_ms;  /* 0 = any */
	const char *open;    /* the segment being written, never deleted; may be NULL */
	const char *rewrite; /* one being rewritten, not deleted this time; may be NULL */

	const struct store__ended_segments *ended;
	int64_t started_ms, now_ms; /* monotonic: when the writer began, and now */
	int64_t now_ns;             /* by the clock of the file times; the earliest that it can be */
};

/* The wall clock is trusted after so long a time, in which a wrong one may have been set right. */
enum { STORE__RETAIN_SETTLE_MS = 10 * 1000 };

/* What is left, the open segment left out. */
struct store__retained {
	uint64_t bytes;
	uint32_t segments;
	uint64_t oldest_seq; /* the number that the oldest one is named by; UINT64_MAX = there is none */
	char trouble[200];   /* why segments stay that should go or cannot be judged; "" = none do */
};

/* 0 or a negative code (then *retained is untouched). Whole segments only, the oldest first; what was kept aside of
 * one (.torn, .damaged) goes with it. One that cannot be deleted is passed over. */
int store__retain(const struct store__retention *retention, struct store__retained *retained);

#endif
