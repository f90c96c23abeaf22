/* log.h - a minimal log, as a yardstick for real ones.
 *
 * Every message is put into columns once; whole blocks are handed to one writer thread, which compresses each
 * column with zstd and writes them. There is no index, no checksum, no recovery, and nothing that reads it. */
#ifndef BENCH_FLOOR_LOG_H
#define BENCH_FLOOR_LOG_H

#include <stddef.h>
#include <stdint.h>

struct floor_log;

/* Create the file and start the writer thread. 0 or a negated errno. */
int floor_log_open(struct floor_log **log, const char *path, int level);

/* Write the buffered messages, and stop the thread. 0, or the negated errno of the first write that
 * failed. */
int floor_log_close(struct floor_log *log);

/* The time of the messages that follow, in nanoseconds since the epoch. */
void floor_log_set_time(struct floor_log *log, int64_t time_ns);

/* Append a message to the block. Waits for the writer while all blocks are in use. */
void floor_log_append(struct floor_log *log, uint32_t conn, uint32_t receivers, const char *subject,
		      size_t subject_len, const char *payload, size_t payload_len);

#endif
