/* retain.h - delete the oldest closed segments that the operator's limits leave no room for. Internal to store. */
#ifndef STORE_RETAIN_H
#define STORE_RETAIN_H

#include <stdint.h>

struct store__retention {
	const char *dir;
	uint64_t max_bytes;  /* all segments together; 0 = any */
	int64_t oldest_ns;   /* closed segments whose last event is older go; INT64_MIN = none */
	const char *open;    /* the segment being written, never deleted; may be NULL */
	const char *rewrite; /* one being rewritten, not deleted this time; may be NULL */
};

/* What is left, the open segment left out. */
struct store__retained {
	uint64_t bytes;
	uint32_t segments;
};

/* 0 or a negative code (then *retained is untouched). Whole segments only, the oldest first; what was kept aside of
 * one (.torn, .damaged) goes with it. */
int store__retain(const struct store__retention *retention, struct store__retained *retained);

#endif
