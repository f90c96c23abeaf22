/* frames.h - the bytes that a publisher sends, built before the clock starts.
 *
 * Everything follows from the shape and the seed, so that every run of every server gets the same bytes. */
#ifndef BENCH_FRAMES_H
#define BENCH_FRAMES_H

#include "bench/shape.h"

/* The frames of one publisher: sent over and over until its share of the messages is sent. */
struct bench_frames {
	char *bytes; /* PUB operations, back to back; owned */
	size_t len;
	uint32_t count;           /* operations in bytes */
	uint64_t delivered_bytes; /* bytes of the MSG operations that they become for one receiver */
	uint32_t largest;         /* bytes of the largest MSG operation */
	uint64_t *hashes;         /* of subject and payload, sorted; owned */
};

/* Build the frames of publisher number `publisher`: at least `least` operations, more when the shape's text
 * asks for unique messages, up to `messages`. 0 or -ENOMEM. */
int bench_frames_init(struct bench_frames *frames, const struct bench_shape *shape, uint64_t seed,
		      uint32_t publisher, uint64_t messages);
void bench_frames_fini(struct bench_frames *frames);

/* Is there a frame with this subject and payload? */
bool bench_frames_have(const struct bench_frames *frames, const char *subject, size_t subject_len,
		       const char *payload, size_t payload_len);

#endif
