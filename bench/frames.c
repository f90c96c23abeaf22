#include "bench/frames.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum {
	FRAME_HEAD_MAX = 160,
	REPEATED_BYTES = 256 * 1024, /* of letters, before they repeat */
	UNIQUE_BYTES =
	    96 * 1024 * 1024, /* of JSON or random bytes, over all publishers: more than any block of a log */
	FRAMES_LEAST = 8,
};

static uint64_t hash(const char *subject, size_t subject_len, const char *payload, size_t payload_len)
{
	return XXH3_64bits_withSeed(payload, payload_len, XXH3_64bits(subject, subject_len));
}

static size_t write_payload(char *out, const struct bench_shape *shape, uint32_t subject, uint64_t number,
			    uint64_t *random)
{
	switch (shape->text) {
	case BENCH_LETTERS: bench_payload_letters(out, shape->payload_bytes, random); break;
	case BENCH_RANDOM: bench_payload_random(out, shape->payload_bytes, random); break;
	case BENCH_JSON: return bench_payload_json(out, shape->payload_bytes, subject, number, random);
	case BENCH_MIXED:
		return bench_payload_json(out, bench_payload_mixed_size(random),
					  subject % BENCH_JSON_SUBJECTS, number, random);
	}
	return shape->payload_bytes;
}

/* As nats.go makes them: an inbox for each client, and 8 letters or digits for each request. */
static void write_reply(char *out, uint32_t publisher, uint64_t random)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOQRSTUVWXYZ";
	out += sprintf(out, " _INBOX.yqXt2dMSbFhkVwEoQ7%05u.", publisher);
	for (int i = 0; i < 8; i++, random /= sizeof digits - 1)
		*out++ = digits[random % (sizeof digits - 1)];
	strcpy(out, " ");
}

static void add_frame(struct bench_frames *frames, const struct bench_shape *shape, uint32_t publisher,
		      uint64_t *random, char *payload)
{
	char subject[BENCH_SUBJECT_MAX], reply[64] = " ";
	const bool is_random = shape->text == BENCH_JSON || shape->text == BENCH_MIXED;
	uint32_t picked =
	    is_random ? (uint32_t)(bench_random(random) % shape->subjects) : frames->count % shape->subjects;
	int subject_len = bench_shape_subject(shape, picked, subject);
	size_t size = write_payload(payload, shape, picked, frames->count, random);
	if (shape->replies)
		write_reply(reply, publisher, bench_random(random));
	size_t head = (size_t)sprintf(frames->bytes + frames->len, "PUB %s%s%zu\r\n", subject, reply, size);
	memcpy(frames->bytes + frames->len + head, payload, size);
	memcpy(frames->bytes + frames->len + head + size, "\r\n", 2);
	/* "MSG subject sid size" is "PUB subject size" and the sid. */
	size_t delivered = head + (size_t)snprintf(NULL, 0, " %u", bench_shape_first_sid(shape)) + size + 2;
	frames->len += head + size + 2;
	frames->delivered_bytes += delivered;
	if (delivered > frames->largest)
		frames->largest = (uint32_t)delivered;
	frames->hashes[frames->count++] = hash(subject, (size_t)subject_len, payload, size);
}

/* The largest payload, and the size of a usual one. */
static size_t payload_max(const struct bench_shape *shape)
{
	if (shape->text == BENCH_MIXED)
		return BENCH_MIXED_MAX;
	return shape->payload_bytes > 0 ? shape->payload_bytes : BENCH_JSON_NATURAL;
}

static size_t payload_typical(const struct bench_shape *shape)
{
	return shape->text == BENCH_MIXED ? BENCH_MIXED_TYPICAL : payload_max(shape);
}

/* The number of operations before they repeat, at most. */
static uint32_t frame_count(const struct bench_shape *shape, uint64_t messages)
{
	size_t bytes = shape->text == BENCH_LETTERS ? REPEATED_BYTES : UNIQUE_BYTES / shape->publishers;
	uint64_t count = bytes / (payload_typical(shape) + 20), needed = messages / shape->publishers;
	if (count > needed)
		count = needed;
	if (count < FRAMES_LEAST)
		count = FRAMES_LEAST;
	const bool is_random = shape->text == BENCH_JSON || shape->text == BENCH_MIXED;
	return count < shape->subjects && !is_random ? shape->subjects : (uint32_t)count;
}

static int compare_hashes(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

int bench_frames_init(struct bench_frames *frames, const struct bench_shape *shape, uint64_t seed,
		      uint32_t publisher, uint64_t messages)
{
	const size_t most = payload_max(shape) + FRAME_HEAD_MAX;
	const uint32_t count = frame_count(shape, messages);
	const size_t bytes = count * (payload_typical(shape) + FRAME_HEAD_MAX) + most;
	uint64_t random = seed + publisher * 1000003ull;
	*frames =
	    (struct bench_frames){.bytes = malloc(bytes), .hashes = malloc(count * sizeof *frames->hashes)};
	char *payload = malloc(payload_max(shape) + 1);
	if (!frames->bytes || !frames->hashes || !payload) {
		free(payload);
		bench_frames_fini(frames);
		return -ENOMEM;
	}
	while (frames->count < count && frames->len + most <= bytes)
		add_frame(frames, shape, publisher, &random, payload);
	qsort(frames->hashes, frames->count, sizeof *frames->hashes, compare_hashes);
	free(payload);
	return 0;
}

void bench_frames_fini(struct bench_frames *frames)
{
	free(frames->bytes);
	free(frames->hashes);
	*frames = (struct bench_frames){0};
}

bool bench_frames_have(const struct bench_frames *frames, const char *subject, size_t subject_len,
		       const char *payload, size_t payload_len)
{
	uint64_t wanted = hash(subject, subject_len, payload, payload_len);
	return bsearch(&wanted, frames->hashes, frames->count, sizeof wanted, compare_hashes) != NULL;
}
