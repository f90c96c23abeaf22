/* load.h - drive a server as fast as it goes.
 *
 * One blocking thread a connection: publishers write prebuilt frames in 256 KiB pieces, subscribers count bytes
 * and check a message now and then. The load is over when every publisher's closing PING and then every
 * subscriber's was answered. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "bench/frames.h"
#include "wire/error.h"

struct bench_load {
	struct bench_shape shape;
	struct bench_frames *frames; /* one element per publisher; owned */
	uint64_t messages;           /* to publish in a run at full length, over all publishers */
	double pace; /* messages per second over all publishers; 0, as after init: as fast as it goes */
};

struct bench_load_result {
	uint64_t messages; /* published: whole rounds of every publisher's frames */
	uint64_t deliveries;
	double seconds; /* first byte sent to last byte received */
};

/* Build the frames for runs of about so many seconds on a fast server. 0 or -ENOMEM. */
int bench_load_init(struct bench_load *load, const struct bench_shape *shape, uint64_t seed, double seconds);
void bench_load_fini(struct bench_load *load);

/* Publish the given share of the load's messages. 0, or a negative code with *fault: a run in which a byte is
 * missing, a message is not one of those published, or a connection is closed has failed. */
int bench_load_run(const struct bench_load *load, double share, int port, struct bench_load_result *result,
		   struct wire_fault *fault);

#endif
