/* load.h - drive a server on 127.0.0.1 with raw sockets, as fast as it goes.
 *
 * One blocking thread a connection: publishers write prebuilt frames in 256 KiB pieces, subscribers count
 * bytes. The load is over when every publisher's closing PING was answered and every subscriber has every byte. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "bench/shape.h"

struct bench_load_result {
	uint64_t messages; /* published */
	double seconds;    /* first byte sent to last byte received */
	char fault[200];   /* "" when every byte arrived */
};

/* Frames are built once per shape and passed in, one element per publisher. 0, or a negated errno with
 * result->fault; a run in which a byte is missing or a connection is closed has failed. */
int bench_load_run(const struct bench_shape *shape, const struct bench_frames *frames, int port,
		   struct bench_load_result *result);

#endif
