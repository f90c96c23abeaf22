/* sample.h - spot checks of what a subscriber receives: now and then one message is taken out of the stream and
 * looked up among those that were published. Counting bytes alone would not notice a mix-up. */
#ifndef BENCH_SAMPLE_H
#define BENCH_SAMPLE_H

#include "bench/frames.h"

struct bench_sample {
	const struct bench_frames *frames; /* of all publishers; borrowed */
	uint32_t publishers;
	char *bytes; /* a piece of the stream that is being collected; owned */
	size_t have, cap;
	uint32_t pieces_left; /* to let pass before the next check */
	uint64_t checked, wrong;
};

/* 0 or -ENOMEM. */
int bench_sample_init(struct bench_sample *sample, const struct bench_frames *frames, uint32_t publishers);
void bench_sample_fini(struct bench_sample *sample);

/* The next piece of the stream. */
void bench_sample_feed(struct bench_sample *sample, const char *bytes, size_t len);

/* The stream is over: check what was collected. */
void bench_sample_finish(struct bench_sample *sample);

#endif
