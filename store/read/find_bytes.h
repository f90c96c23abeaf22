/* find_bytes.h - find the events of a log that may hold some bytes: in the subject, the reply subject, the headers or the
 * payload.
 *
 * The unpacked frames of a block are searched as a whole, by several threads, and only the events of blocks that hold the
 * bytes are put together. */
#ifndef STORE_READ_FIND_BYTES_H
#define STORE_READ_FIND_BYTES_H

#include "wire/error.h"
#include "wire/progress.h"
#include "wire/source.h"

struct store_find_bytes {
	const struct wire_slice *values; /* any of them; none empty */
	size_t count;
	/* Gets every event of a block that holds one of the values, whether that event does or not. Events come by rising
	 * number. 0: go on; 1: enough; or a negative code with *fault. */
	int (*event)(void *context, const struct wire_event *event, struct wire_fault *fault);
	void *context;
	struct wire_progress *progress; /* called for every segment; NULL = not wanted */
};

/* Search the log directory or segment at path. Blocks and segments that cannot be read are passed over and added to *damage.
 * 0, or a negative code with *fault. */
int store_find_bytes(const struct store_find_bytes *find, const char *path, struct wire_damage *damage,
		     struct wire_fault *fault);

#endif
