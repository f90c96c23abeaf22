/* logread.h - read a log in this process, in one thread, to measure it. */
#ifndef BENCH_LOGREAD_H
#define BENCH_LOGREAD_H

#include <stdint.h>

#include "wire/error.h"

struct bench_decoded {
	uint64_t messages;
	uint64_t payload_bytes;
	uint64_t digest; /* over every payload, which shows that each was read */
	double seconds;
};

/* Read every event of the log with everything that belongs to it. 0, or a negative code with *fault. */
int bench_log_decode(const char *path, struct bench_decoded *decoded, struct wire_fault *fault);

/* The size of the log's messages when they are written row by row through one zstd stream of level 1: for each
 * its time (8 bytes), publisher and number of receivers (4 each), lengths (2, 2 and 4), subject, reply, headers
 * and payload. 0, or a negative code with *fault. */
int bench_log_as_rows(const char *path, uint64_t *bytes, struct wire_fault *fault);

/* The times of the log's first and last event. 0, or a negative code with *fault. */
int bench_log_times(const char *path, int64_t *first_ns, int64_t *last_ns, struct wire_fault *fault);

#endif
