/* batch.h - messages that are to be played, many together.
 *
 * One thread fills a batch and hands it over whole to another: no lock and no allocation for a message. */
#ifndef REPLAY_PLAY_BATCH_H
#define REPLAY_PLAY_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/slice.h"

/* Its pointers point into its batch. */
struct replay_message {
	int64_t recorded_ns;       /* time of day */
	int64_t steady_ns;         /* the same without clock steps; the schedule uses it */
	uint64_t seq;              /* in the log */
	const char *subject;       /* NUL-terminated, as it will be published */
	const char *reply;         /* likewise, or NULL */
	struct wire_slice headers; /* the block as on the wire, or empty */
	struct wire_slice payload;
	uint64_t request; /* its id when live replies are expected (replay/verify/live_replies.h); else 0 */
	uint32_t connection; /* number of the connection to publish on */
	bool is_masked;      /* in the log: not what was published */
	uint32_t iteration;  /* how often the log had been played before */
};

enum {
	REPLAY_BATCH_MESSAGES = 4096,
	REPLAY_BATCH_BYTES = 1 << 20,
};

struct replay_batch {
	struct replay_batch *next; /* in a queue */
	uint64_t epoch;            /* rises with every seek: batches of an older epoch are not played */
	uint32_t count, taken;     /* messages; those already played */
	char *bytes;               /* what the messages point at */
	size_t len, cap;
	struct replay_message messages[REPLAY_BATCH_MESSAGES];
};

/* NULL when out of memory. */
struct replay_batch *replay_batch_open(void);
void replay_batch_close(struct replay_batch *batch);

/* Forget the messages. */
void replay_batch_reset(struct replay_batch *batch);

/* Make sure that one more message of this many bytes fits. An empty batch grows for any. False when the batch is full, or
 * when out of memory. */
bool replay_batch_reserve(struct replay_batch *batch, size_t bytes);

/* Copy bytes into what was reserved. Returns the copy, owned by the batch. */
const char *replay_batch_put(struct replay_batch *batch, const char *bytes, size_t len);
/* Likewise, followed by a NUL. */
const char *replay_batch_put_text(struct replay_batch *batch, struct wire_slice text);

#endif
