/* standing.h - where a log stands when a writer takes it over. Internal to store. */
#ifndef STORE_STANDING_H
#define STORE_STANDING_H

#include "store/writer.h"

struct store__standing {
	uint8_t log_id[16]; /* a new random one when the log is empty */
	uint64_t next_seq;
	uint64_t next_conn; /* the first connection number never used */
	uint64_t bytes;     /* of all segments */
	uint32_t segments;
};

/* Close what a crash left open, remove what it left half done, learn where the log stands. Needs the lock. A
 * segment that cannot be closed (on a full disk, say) is left as it is: readers do without a footer. 0, or a
 * negative code with *fault: STORE_EVERSION, then nothing was touched; STORE_EFORMAT when the last segment cannot
 * be read at all. What was put aside is told to options->report. */
int store__standing_find(struct store__standing *standing, const char *dir,
			 const struct store_writer_options *options, struct wire_fault *fault);

#endif
