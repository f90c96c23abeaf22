/* outage.h - writing fails: throw events away and count them, try again, state the loss in a gap event. Internal to store.
 *
 * All calls come from the writer's thread. */
#ifndef STORE_WRITE_OUTAGE_H
#define STORE_WRITE_OUTAGE_H

#include "store/write/writer_layout.h"

/* Writing failed with this error while it did `what`: the writer is degraded from now on, or still is, and tries again
 * after a pause that grows. */
void store__outage_begin(struct store_writer *writer, int error, const char *what);

/* Likewise after a sync failed. Events that were written and not synced may be lost, and no later sync reports it. */
void store__outage_begin_by_sync(struct store_writer *writer, int error);

/* From time to time, look whether the log's directory is still there; begin an outage when it is not. */
void store__outage_check_directory(struct store_writer *writer, int64_t now_ms);

/* Throw a batch away and count what is in it. */
void store__outage_lose(struct store_writer *writer, const struct store_batch *batch);

/* Try to write again, a gap event first. Ends the outage or begins the next pause. A writer that ends at a loss does not try. */
void store__outage_retry(struct store_writer *writer);

/* The writer closes during an outage: report how many messages no gap event states. */
void store__outage_report_unrecorded(const struct store_writer *writer);

#endif
