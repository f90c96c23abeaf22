/* message.h - a message that is to be played, and batches of them.
 *
 * A batch is filled by one thread and handed over whole to another: no lock and no allocation for a message. */
#ifndef REPLAY_PLAY_MESSAGE_H
#define REPLAY_PLAY_MESSAGE_H

#include <stdint.h>

#include "wire/slice.h"

/* What it points to lives in its batch. */
struct replay_message {
	int64_t recorded_ns;       /* time of day */
	int64_t steady_ns;         /* the same without clock steps: what the schedule goes by */
	uint64_t seq;              /* in the log */
	const char *subject;       /* NUL-terminated, as it will be published */
	const char *reply;         /* likewise, or NULL */
	struct wire_slice headers; /* the block as on the wire, or empty */
	struct wire_slice payload;
	uint64_t request; /* its number, when its reply is awaited (replay/verify/answers.h); 0 = it is not */
	uint32_t connection; /* number of the connection to publish on */
	uint32_t pass;       /* how often the log had been played before */
};

enum {
	REPLAY_BATCH_MESSAGES = 4096,
	REPLAY_BATCH_BYTES = 1 << 20,
};

struct replay_batch {
	struct replay_batch *next; /* in a queue */
	uint64_t course;           /* rises with every seek: what was read before it is void */
	uint32_t count, taken;     /* messages; those already played */
	char *bytes;               /* what the messages point to */
	size_t len, cap;
	struct replay_message messages[REPLAY_BATCH_MESSAGES];
};

/* NULL when out of memory. */
struct replay_batch *replay_batch_open(void);
void replay_batch_close(struct replay_batch *batch);

/* Forget the messages. */
void replay_batch_reset(struct replay_batch *batch);

/* There is room for one more message that needs so many bytes. An empty batch makes room for any. False when it is
 * full, or out of memory. */
bool replay_batch_reserve(struct replay_batch *batch, size_t bytes);

/* Copy bytes into what was reserved. */
const char *replay_batch_put(struct replay_batch *batch, const char *bytes, size_t len);
/* Likewise, with a NUL behind. */
const char *replay_batch_put_text(struct replay_batch *batch, struct wire_slice text);

#endif
