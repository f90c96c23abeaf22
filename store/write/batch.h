/* batch.h - the batch: events on their way to the disk, as one event loop appends them.
 *
 * Rows are fixed-size and hold numbers; bytes (payloads, replies, details of rare events) go to growing
 * buffers, copied once, so an append costs a few stores and no allocation once the buffers have grown. Distinct subjects,
 * subscribers and sets of receivers are numbered as they come; a hint lent with the event (wire/event.h)
 * saves the look-up. A batch belongs to one thread at a time; it is handed over whole. */
#ifndef STORE_WRITE_BATCH_H
#define STORE_WRITE_BATCH_H

#include "store/format/format.h"
#include "wire/batch.h"

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

/* Append a copy of the event (its seq is ignored). 0; STORE_EFULL when the batch should be handed over first
 * (an empty batch always takes one event whose payload is within 64 MiB); -EMSGSIZE when it is too large for
 * any batch (128 MiB of headers and payload, 32 MiB of other texts); -ENOMEM. On failure nothing was appended.
 * The number of receivers follows from the receivers where they are given; of more than 2^20 only their number
 * is kept. */
int store_batch_append(struct store_batch *batch, const struct wire_event *event);

/* Append messages of a batch from `index` on, as they would be one by one; *template is what they have in common. Returns how
 * many were appended; 0 when store_batch_append has to be asked about the next one: it is not plain, its subject and
 * receivers have no number in this batch yet, or the batch is full. */
uint32_t store_batch_append_entries(struct store_batch *batch, const struct wire_event *template,
				    const struct wire_batch *messages, uint32_t index);

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
