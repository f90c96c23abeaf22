/* new_log.h - write a log that appears whole or not at all.
 *
 * It is written into the directory DIR.tmp, synced, and renamed to DIR at the end. When the process dies before, DIR is as it
 * was, and DIR.tmp means nothing: the next attempt removes it. The file `.unfinished` in DIR.tmp says so: a directory of that name
 * without it belongs to somebody else, and is left alone. Meanwhile DIR.tmp is locked, so that two processes do not write it at
 * once. */
#ifndef STORE_CARE_NEW_LOG_H
#define STORE_CARE_NEW_LOG_H

#include <stdbool.h>

#include "wire/error.h"
#include "wire/event.h"

struct store_new_log;

struct store_new_log_options {
	const char *written_by; /* the command, for the headers of segments: "cut"; a literal */
	int level;              /* of zstd */
	uint64_t segment_bytes; /* a new segment begins after so many */
};

/* Begin a log that will be at dir, where nothing may be but an empty directory. -EEXIST when there is
 * something there, or something of somebody else at DIR.tmp. 0, or a negative code with *fault. */
int store_new_log_open(struct store_new_log **log, const char *dir,
		       const struct store_new_log_options *options, struct wire_fault *fault);

/* Takes events in the order of the log and numbers them from 1 on; their seq is ignored. After a failure it drops them, and
 * store_new_log_finish reports it. */
struct wire_sink *store_new_log_sink(struct store_new_log *log);

/* Before an event: begin a new segment if it is time. True when the next event is the first of its segment, which describes no
 * connection yet. */
bool store_new_log_turn(struct store_new_log *log);

/* 0, or the negative code of the first failure: nothing more is worth writing. */
int store_new_log_error(const struct store_new_log *log);

uint64_t store_new_log_events(const struct store_new_log *log);
/* Of all segments, after store_new_log_finish. */
uint64_t store_new_log_bytes(const struct store_new_log *log);

/* Sync everything and let the log appear. 0, or a negative code with *fault: then there is no log at dir. */
int store_new_log_finish(struct store_new_log *log, struct wire_fault *fault);

/* Without store_new_log_finish before, what was written is removed. NULL is allowed. */
void store_new_log_close(struct store_new_log *log);

#endif
