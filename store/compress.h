/* compress.h - zstd, tuned to what frames hold. Internal to store.
 *
 * There are two ways to look for repetition in a frame of payloads, and which is better depends on the traffic:
 *
 *   far   the table of positions that zstd's level asks for: finds what repeats anywhere in the frame
 *   near  a table that remembers little more than the last few messages, and only long matches: what JSON messages
 *         have in common is found in the message before, in fewer bits and sooner, and digits of ids are not taken
 *         for repetition (JSON with unique ids, level -1: 46 bytes a message against 48, and 1.2 times as fast)
 *
 * Every few frames both are tried, and the better one serves the next ones. */
#ifndef STORE_COMPRESS_H
#define STORE_COMPRESS_H

#include "store/bytes.h"
#include "store/format.h"

struct store__compressor;

/* NULL when out of memory. */
struct store__compressor *store__compressor_open(void);
void store__compressor_close(struct store__compressor *compressor);

/* zstd's level for the frames that follow; negative ones are faster. */
void store__compressor_set_level(struct store__compressor *compressor, int level);

/* Put raw[0..len), compressed where that makes it smaller, onto the end of out, and fill in *frame. record_bytes: how
 * long one record (message) of raw is on average; 0 = it does not consist of records. 0 or -ENOMEM. */
int store__compress(struct store__compressor *compressor, const unsigned char *raw, size_t len,
		    size_t record_bytes, struct store__buffer *out, struct store_frame_header *frame);

#endif
