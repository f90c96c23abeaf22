/* progress.h - how far a long read has come. Whoever waits for it embeds this struct; whoever reads calls it from time to time. */
#ifndef WIRE_PROGRESS_H
#define WIRE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct wire_progress {
	/* `bytes` more of the input were read, or passed over. False: stop reading, as if the input ended here. */
	bool (*passed)(struct wire_progress *progress, uint64_t bytes);
};

/* progress may be NULL. */
static inline bool wire_progress_passed(struct wire_progress *progress, uint64_t bytes)
{
	return !progress || progress->passed(progress, bytes);
}

#endif
