/* batch_pool.h - the batches of a writer: who has how many of them, and which wait to be written. Internal to store.
 *
 * All calls need the writer's mutex. */
#ifndef STORE_WRITE_BATCH_POOL_H
#define STORE_WRITE_BATCH_POOL_H

#include "store/write/writer_layout.h"

/* An empty batch for the producer, made when no free one is left. NULL when it has as many as it may have, or out of
 * memory. */
struct store_batch *store__batch_pool_take(struct store_producer *producer, bool is_spare);

/* Take back a batch, which is empty. Frees its producer when that is closed and this was its last batch. */
void store__batch_pool_give_back(struct store_writer *writer, struct store_batch *batch);

/* Append a batch to the queue; take away the first one, which there must be. */
void store__batch_queue_put(struct store__batch_queue *queue, struct store_batch *batch);
struct store_batch *store__batch_queue_take(struct store__batch_queue *queue);

/* Wake every producer that was refused a batch and may have one now. Lets go of the mutex for each call. Returns whether any
 * was woken. */
bool store__batch_pool_wake(struct store_writer *writer);

/* Close the free batches. No other thread may use the writer any more. */
void store__batch_pool_fini(struct store_writer *writer);

#endif
