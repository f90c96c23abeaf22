/* encode_worker.h - a second thread that encodes: it encodes the next batch while its owner encodes the one before.
 * Internal to store. */
#ifndef STORE_WRITE_ENCODE_WORKER_H
#define STORE_WRITE_ENCODE_WORKER_H

#include "store/write/encode.h"

struct store__encode_worker;

/* Open a worker for blocks of the log with this id. NULL when there is no memory or no thread for it. */
struct store__encode_worker *store__encode_worker_open(const uint8_t log_id[16]);
/* Waits until the batch that it was given is encoded. */
void store__encode_worker_close(struct store__encode_worker *worker);

/* Have a batch encoded. The worker must have no other one. It borrows the batch until the block is taken. */
void store__encode_worker_give(struct store__encode_worker *worker, const struct store_batch *batch,
			       int level);

/* The batch that was given and whose block was not taken yet; NULL = none. */
const struct store_batch *store__encode_worker_batch(const struct store__encode_worker *worker);

/* Wait for the block of that batch and number its events from first_seq on. Returns what store_encode returns. */
int64_t store__encode_worker_take(struct store__encode_worker *worker, uint64_t first_seq,
				  const unsigned char **bytes, struct store_block_header *header);

#endif
