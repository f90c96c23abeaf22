/* jetstream.h - nats-server's own recorder: a file store of every message that the benchmark publishes. */
#ifndef BENCH_JETSTREAM_H
#define BENCH_JETSTREAM_H

#include <stdint.h>

#include "wire/error.h"

/* Create the stream. 0, or a negative code with *fault. */
int bench_jetstream_create(int port, struct wire_fault *fault);

/* The number of messages that the stream holds. 0, or a negative code with *fault. */
int bench_jetstream_count(int port, uint64_t *messages, struct wire_fault *fault);

#endif
