/* shape.h - what a benchmark sends, written as a name:
 *
 *   PUBLISHERS:SUBSCRIBERS[q]-PAYLOAD[/SUBJECTS|+SUBSCRIPTIONS]
 *
 *   q               the subscribers are one queue group: each message goes to one of them
 *   PAYLOAD         16, 128, 16k, 1m: letters, 256 KiB of frames that repeat; compresses unrealistically well
 *                   128j: JSON events of that size with unique ids; "json": of their natural size, about 260 B
 *                   128r: random bytes
 *                   mixed: JSON events of sizes from 128 B to 64 KiB, most of them small
 *   SUBJECTS        number of subjects, published to in turn; default 1, for JSON events 95 at random, for mixed ones 200
 *   SUBSCRIPTIONS   that many subjects, each matched by a wildcard of its own; all of one subscriber
 *
 * "4:4-128/64" is four publishers of 128 bytes to 64 subjects, and four subscribers that get everything. */
#ifndef BENCH_SHAPE_H
#define BENCH_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/payload.h"

struct bench_shape {
	char name[40];
	uint32_t publishers, subscribers; /* connections */
	bool queue;
	enum bench_text text;
	uint32_t payload_bytes; /* 0: a JSON event's natural size */
	uint32_t subjects;      /* distinct */
	uint32_t subscriptions; /* on wildcards; 0: one subscription for everything a subscriber gets */
	bool replies;           /* every message has a reply subject of its own; not in the name */
};

/* 0, or -EINVAL when the name is not a shape. */
int bench_shape_parse(struct bench_shape *shape, const char *name);

/* The shapes that are run when none is named; NULL-terminated. */
extern const char *const bench_shape_names[];

/* The number of receivers of each message. */
uint32_t bench_shape_receivers(const struct bench_shape *shape);

/* About as many messages as a fast server takes in so many seconds. At least 1. */
uint64_t bench_shape_messages(const struct bench_shape *shape, double seconds);

/* The subject number i, as published. Returns the length without the final NUL; cap at least BENCH_SUBJECT_MAX. */
enum { BENCH_SUBJECT_MAX = 64 };
int bench_shape_subject(const struct bench_shape *shape, uint32_t i, char *out);

/* The sid of a subscriber's first subscription; those of the others follow it. All have the same number of digits, so
 * that a message takes the same number of bytes whichever subscription it came for. */
uint32_t bench_shape_first_sid(const struct bench_shape *shape);

#endif
