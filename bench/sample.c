#include "bench/sample.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire/parse.h"

enum { PIECES_BETWEEN = 64 };

int bench_sample_init(struct bench_sample *sample, const struct bench_frames *frames, uint32_t publishers)
{
	size_t largest = 0;
	for (uint32_t i = 0; i < publishers; i++)
		if (frames[i].largest > largest)
			largest = frames[i].largest;
	*sample = (struct bench_sample){.frames = frames, .publishers = publishers, .cap = 2 * largest + 64};
	sample->bytes = malloc(sample->cap);
	return sample->bytes ? 0 : -ENOMEM;
}

void bench_sample_fini(struct bench_sample *sample)
{
	free(sample->bytes);
	sample->bytes = NULL;
}

static bool was_published(const struct bench_sample *sample, const struct wire_op *op)
{
	for (uint32_t i = 0; i < sample->publishers; i++)
		if (bench_frames_have(&sample->frames[i], op->subject.data, op->subject.len, op->payload.data,
				      op->payload.len))
			return true;
	return false;
}

/* Check the first whole message among the bytes collected, if there is one. */
static void check(struct bench_sample *sample)
{
	static const struct wire_limits limits = {.max_control_line = 4096, .max_payload = 1024 * 1024};
	static const char start[] = "\r\nMSG ";
	struct wire_op op;
	size_t need;
	const char *at = memmem(sample->bytes, sample->have, start, sizeof start - 1);
	at = at ? at + 2 : sample->bytes;
	int64_t took = wire_parse(at, sample->have - (size_t)(at - sample->bytes), &limits, &op, &need);
	if (took > 0 && op.verb == WIRE_MSG) {
		sample->checked++;
		sample->wrong += !was_published(sample, &op);
	}
	sample->have = 0;
	sample->pieces_left = PIECES_BETWEEN;
}

void bench_sample_feed(struct bench_sample *sample, const char *bytes, size_t len)
{
	if (sample->pieces_left > 0) {
		sample->pieces_left--;
		return;
	}
	size_t room = sample->cap - sample->have, take = len < room ? len : room;
	memcpy(sample->bytes + sample->have, bytes, take);
	sample->have += take;
	if (sample->have == sample->cap)
		check(sample);
}

void bench_sample_finish(struct bench_sample *sample)
{
	if (sample->have > 0)
		check(sample);
}
