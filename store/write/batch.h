/* batch.h - events on their way to the disk, as one thread appends them (append.h).
 *
 * Rows are fixed-size and hold numbers. Bytes (payloads, replies, details of rare events) are copied once, to buffers that
 * grow, so that an append costs a few stores and, once the buffers have grown, no allocation. Distinct subjects,
 * subscribers and sets of receivers get numbers when they first occur; an intern hint (wire/event.h) saves the look-up. A
 * batch belongs to one thread at a time and is handed over whole. */
#ifndef STORE_WRITE_BATCH_H
#define STORE_WRITE_BATCH_H

#include "store/format/format.h"

struct store_batch;

/* An empty batch. NULL when out of memory. */
struct store_batch *store_batch_open(void);
void store_batch_close(struct store_batch *batch);

/* Forget the events, but keep memory for a few full blocks. The batch gets a new stamp, which invalidates the hints that
 * refer to the old events. */
void store_batch_reset(struct store_batch *batch);

/* Before `full` is handed over and the empty `next` is filled: exchange their look-up tables, because those of `full` are
 * in the caches. Afterwards `full` can be encoded, but takes no more events. */
void store_batch_pass_on(struct store_batch *full, struct store_batch *next);

uint32_t store_batch_events(const struct store_batch *batch);
uint32_t store_batch_messages(const struct store_batch *batch);
/* Payload and header bytes held. */
uint64_t store_batch_bytes(const struct store_batch *batch);
/* Bytes of memory in use, buffers and tables included. */
uint64_t store_batch_memory(const struct store_batch *batch);
/* Times of the earliest and the latest event; 0 when empty. */
int64_t store_batch_min_time_ns(const struct store_batch *batch);
int64_t store_batch_max_time_ns(const struct store_batch *batch);
/* Largest connection number. */
uint64_t store_batch_max_conn(const struct store_batch *batch);

#endif
