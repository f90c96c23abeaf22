/* retain.h - delete the oldest closed segments beyond the operator's limits. Internal to store.
 *
 * A clock may have been wrong when a segment was written, and may be wrong now. A segment's age is judged by the best
 * evidence there is:
 * - this writer ended it: the age by the monotonic clock, which is certain;
 * - it was there when this writer began: it is at least as old as the writer has been running;
 * - the later of its last event's time and its file's modification time, and those of the segments before it, which
 *   cannot be younger. A time in the future is no evidence: then the next segment's time counts, as for a segment that
 *   cannot be read.
 * So a segment may be kept longer than it should, but is never deleted sooner. */
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

/* The wall clock is trusted after this time, in which a wrong clock may have been corrected. */
enum { STORE__RETAIN_SETTLE_MS = 10 * 1000 };

/* The segments that are left, without the open one. */
struct store__retained {
	uint64_t bytes;
	uint32_t segments;
	uint64_t oldest_seq; /* the number in the name of the oldest one; UINT64_MAX = there is none */
	char trouble[200];   /* why segments were kept that should go or cannot be judged; "" = none were */
};

/* Delete segments, the oldest first, each with the files in quarantine beside it (.torn, .damaged); skip a segment that
 * cannot be deleted. 0 or a negative code (then *retained is untouched). */
int store__retain(const struct store__retention *retention, struct store__retained *retained);

#endif
