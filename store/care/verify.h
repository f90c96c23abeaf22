/* verify.h - check every checksum and every sequence number of a log; repair what can be. */
#ifndef STORE_CARE_VERIFY_H
#define STORE_CARE_VERIFY_H

#include "store/format/format.h"
#include "wire/progress.h"

struct store_verify_report {
	uint64_t segments, blocks, events, messages, bytes;
	uint64_t damaged_blocks; /* and places where a block should be */
	uint64_t missing_events; /* sequence numbers that no valid block and no stored damage gap covers */
	uint64_t gaps;           /* gap events: known losses, not damage */
	uint64_t gap_messages;
	uint64_t torn_bytes;    /* unfinished end of an open segment: no damage */
	uint64_t open_segments; /* without a footer: being written, or left by a crash */
	uint64_t bad_footers;
	uint64_t repaired_segments;
};

/* Called for every finding with a line for people that names segment, offset, sequence numbers and remedy. */
typedef void store_verify_finding(void *context, const char *line);

/* Check the log directory or segment at path. repair: needs the lock; cuts torn tails (kept as .torn), rebuilds
 * footers, and rewrites a segment with damage so that a stored gap event takes the place of the lost blocks
 * (the damaged original is kept as .damaged). progress: called for every block; may be NULL. 0 when all is whole (or was repaired), 1 when damage was found,
 * or a negative code with *fault. */
int store_verify(const char *path, bool repair, struct store_verify_report *report,
		 store_verify_finding *finding, void *context, struct wire_progress *progress,
		 struct wire_fault *fault);

#endif
