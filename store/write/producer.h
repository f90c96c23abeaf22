/* producer.h - one thread's way to hand batches to a writer.
 *
 * Any number of producers may be open on one writer, each used by one thread at a time. A producer takes empty batches,
 * fills them and submits them whole. The writer numbers events in the order of submission, so that the events of one
 * producer keep their order and those of several have no number twice and leave none out.
 *
 * All producers share options.batches. So that none of them starves, each may have STORE_BATCHES_MIN of its own whatever
 * the others hold. */
#ifndef STORE_WRITE_PRODUCER_H
#define STORE_WRITE_PRODUCER_H

#include "store/write/writer.h"

enum { STORE_BATCHES_MIN = 2, STORE_SPARE_BATCHES = 4 };

struct store_producer;

/* Open a producer; NULL when out of memory. wake (may be NULL) is called from the writer's thread after
 * store_producer_batch returned NULL, as soon as there is a batch again; it must only signal. */
struct store_producer *store_producer_open(struct store_writer *writer, void (*wake)(void *context),
					   void *context);

/* Every batch must have been submitted. They are still written: closing does not wait for that, only for a wake call that
 * is under way. The caller must not hold a lock that the wake call takes. NULL is allowed. */
void store_producer_close(struct store_producer *producer);

/* An empty batch to fill. NULL when as many are taken as may be; then wake will be called. */
struct store_batch *store_producer_batch(struct store_producer *producer);

/* Another batch, for events that must not be lost although store_producer_batch returned NULL: up to STORE_SPARE_BATCHES
 * for each producer. NULL when these are taken, too, or out of memory. */
struct store_batch *store_producer_spare_batch(struct store_producer *producer);

/* Hand over a batch; an empty one is only given back. */
void store_producer_submit(struct store_producer *producer, struct store_batch *batch);

#endif
