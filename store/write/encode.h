/* encode.h - turn a batch into the bytes of a block. */
#ifndef STORE_WRITE_ENCODE_H
#define STORE_WRITE_ENCODE_H

#include "store/write/batch.h"

struct store_encoder;

/* Holds the compressor and scratch memory; reused for every block. NULL when out of memory. */
struct store_encoder *store_encoder_open(void);
void store_encoder_close(struct store_encoder *encoder);

/* The id of the log that the blocks are for; all 0 until it is set. */
void store_encoder_set_log(struct store_encoder *encoder, const uint8_t log_id[16]);

/* Encode all events of a non-empty batch as one block whose first event has number first_seq, at a zstd
 * level (negative levels are faster). *bytes gets the whole block, owned by the encoder until the next
 * call; *header (may be NULL) what its header says. Returns the block's size in bytes, or -ENOMEM. */
int64_t store_encode(struct store_encoder *encoder, const struct store_batch *batch, uint64_t first_seq,
		     int level, const unsigned char **bytes, struct store_block_header *header);

/* Give the events of the block that was encoded last other numbers, from first_seq on. *header is as store_encode gave it. */
void store_encoder_number(struct store_encoder *encoder, uint64_t first_seq,
			  struct store_block_header *header);

#endif
