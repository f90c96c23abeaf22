/* directory.h - check that the log's directory is still there and can be written to. Internal to store.
 *
 * Writing to a file that was removed, or whose directory was removed, does not fail, but everything is lost. */
#ifndef STORE_WRITE_DIRECTORY_H
#define STORE_WRITE_DIRECTORY_H

#include "store/write/segment_log.h"

/* From time to time, check that the directory and the open segment are still there. 0; or a negative code when they are not:
 * then the open segment is given up, the events that were removed with it are added to *lost, and *what states the reason. */
int store__directory_check(struct store__segment_log *log, int64_t now_ms, struct store_loss_counter *lost,
			   const char **what);

/* Before writing is tried again: make the directory again, or take over the one that is there now unless another log is in
 * it; and check that a file can be written, synced and removed in it. 0; or a negative code, and *what states the reason. */
int store__directory_retry(struct store__segment_log *log, const char **what);

#endif
