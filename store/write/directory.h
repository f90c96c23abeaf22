/* place.h - is the directory that a log writes into still there, and does it work? Internal to store.
 *
 * A file that was removed, or whose directory was, can be written to as before: nothing fails, and everything is gone. */
#ifndef STORE_WRITE_DIRECTORY_H
#define STORE_WRITE_DIRECTORY_H

#include "store/write/segment_log.h"

/* From time to time, look whether the directory and the open segment are still there. 0; or a negative code when they are not:
 * then the open segment was given up, what was removed with it is added to *lost, and *what says what happened. */
int store__directory_check(struct store__segment_log *log, int64_t now_ms, struct store_loss_counter *lost,
			   const char **what);

/* Before writing is tried again: make the directory again, or take over the one that is there now, as long as no other log is
 * in it; and see whether a file can be written, flushed and removed in it. 0 or a negative code, with *what. */
int store__directory_retry(struct store__segment_log *log, const char **what);

#endif
