/* encode_worker.h - a second thread that encodes: it is given a batch whose turn has not come yet, while its owner encodes
 * the one before. Internal to store. */
#ifndef STORE_WRITE_ENCODE_WORKER_H
#define STORE_WRITE_ENCODE_WORKER_H

#include "store/write/encode.h"

struct store__encode_worker;

/* For blocks of the log with this id. NULL when there is no memory, or no thread, for it. */
struct store__encode_worker *store__encode_worker_open(const uint8_t log_id[16]);
/* Waits until it has done what it was given. */
void store__encode_worker_close(struct store__encode_worker *worker);

/* Have a batch encoded. The worker must have none; the batch stays the caller's, who leaves it alone until it is taken. */
void store__encode_worker_give(struct store__encode_worker *worker, const struct store_batch *batch,
			       int level);

/* What it was given and what was not taken yet; NULL: nothing. */
const struct store_batch *store__encode_worker_batch(const struct store__encode_worker *worker);

/* Wait for the block of that batch, numbered from first_seq on; as store_encode returns it. */
int64_t store__encode_worker_take(struct store__encode_worker *worker, uint64_t first_seq,
				  const unsigned char **bytes, struct store_block_header *header);

#endif
