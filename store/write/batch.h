/* batch.h - the batch: events on their way to the disk, as one event loop appends them.
 *
 * Rows are fixed-size and hold numbers; bytes (payloads, replies, details of rare events) go to growing
 * buffers, copied once, so an append costs a few stores and no allocation once the buffers have grown. Distinct subjects,
 * subscribers and sets of receivers are numbered as they come; a hint lent with the event (wire/event.h)
 * saves the look-up. A batch belongs to one thread at a time; it is handed over whole. */
#ifndef STORE_WRITE_BATCH_H
#define STORE_WRITE_BATCH_H

#include "store/format/format.h"

struct store_batch;

/* An empty batch. NULL when out of memory. */
struct store_batch *store_batch_open(void);
void store_batch_close(struct store_batch *batch);

/* Forget the events, keep the memory (but no more than a few full blocks' worth). Gives the batch a new
 * stamp, so that hints of its earlier life are void. */
void store_batch_reset(struct store_batch *batch);

/* `full` is about to be handed over and `next`, which is empty, to be filled: it gets the tables by which subjects and
 * receivers are found, for they are in the caches. `full` can be encoded, but takes no more events. */
void store_batch_pass_on(struct store_batch *full, struct store_batch *next);

uint32_t store_batch_events(const struct store_batch *batch);
uint32_t store_batch_messages(const struct store_batch *batch);
/* Payload and header bytes held. */
uint64_t store_batch_bytes(const struct store_batch *batch);
/* Bytes of memory the batch holds on to. */
uint64_t store_batch_memory(const struct store_batch *batch);
/* Times of the earliest and the latest event; 0 when empty. */
int64_t store_batch_min_time_ns(const struct store_batch *batch);
int64_t store_batch_max_time_ns(const struct store_batch *batch);
/* Largest connection number. */
uint64_t store_batch_max_conn(const struct store_batch *batch);

#endif
