/* encode.h - encode a batch as a block. */
#ifndef STORE_WRITE_ENCODE_H
#define STORE_WRITE_ENCODE_H

#include "store/write/batch.h"

struct store_encoder;

/* An encoder holds the compressor and scratch memory, and is reused for every block. NULL when out of memory. */
struct store_encoder *store_encoder_open(void);
void store_encoder_close(struct store_encoder *encoder);

/* Set the id of the log that the blocks are for; until then it is all 0. */
void store_encoder_set_log(struct store_encoder *encoder, const uint8_t log_id[16]);

/* Compress with a trained dictionary from now on, which is copied. 0 or -ENOMEM. */
int store_encoder_set_dictionary(struct store_encoder *encoder, const unsigned char *dictionary, size_t len);

/* From now on, take samples of what is compressed (samples.h); NULL ends that. Borrowed. */
struct store__samples;
void store_encoder_set_samples(struct store_encoder *encoder, struct store__samples *samples);

/* Encode all events of a non-empty batch as one block whose first event has number first_seq, at a zstd level (negative
 * levels are faster). *bytes gets the block, owned by the encoder and valid until the next call; *header (may be NULL) its
 * header. Returns the block's size in bytes, or -ENOMEM. */
int64_t store_encode(struct store_encoder *encoder, const struct store_batch *batch, uint64_t first_seq,
		     int level, const unsigned char **bytes, struct store_block_header *header);

/* Renumber the events of the block that was encoded last, from first_seq on. *header is the one from store_encode. */
void store_encoder_number(struct store_encoder *encoder, uint64_t first_seq,
			  struct store_block_header *header);

#endif
