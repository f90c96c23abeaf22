/* shape.h - what a benchmark sends: publishers, subscribers, subjects, payloads, and the prebuilt bytes of it.
 *
 * Everything follows from the shape and a fixed seed, so that every run of every server gets the same bytes. */
#ifndef BENCH_SHAPE_H
#define BENCH_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench_shape {
	const char *name;
	int publishers, subscribers; /* connections; every subscriber gets every message */
	uint32_t payload_bytes;      /* ignored for json */
	bool json;                   /* event messages of about 260 B with unique ids, 95 subjects */
	uint32_t subjects;           /* distinct subjects; ignored for json */
	uint64_t messages;           /* in all; rounded down to whole rounds of every publisher's frames */
};

/* The frames of one publisher: sent over and over until its share of the messages is sent. */
struct bench_frames {
	char *bytes; /* PUB operations, back to back; owned */
	size_t len;
	uint32_t count;           /* operations in bytes */
	uint64_t delivered_bytes; /* bytes of the MSG operations that one subscriber (sid 1) gets for them */
};

/* The shapes known by name; the list ends with name == NULL. */
extern const struct bench_shape bench_shapes[];

/* Build the frames of publisher number `publisher`. 0 or -ENOMEM. */
int bench_frames_init(struct bench_frames *frames, const struct bench_shape *shape, int publisher);
void bench_frames_fini(struct bench_frames *frames);

/* How often each publisher sends its frames. At least 1. */
uint64_t bench_shape_rounds(const struct bench_shape *shape, const struct bench_frames *frames);

#endif
