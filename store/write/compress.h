/* compress.h - zstd, tuned to what frames hold. Internal to store.
 *
 * There are several ways to pack a frame of payloads, and which is best depends on the traffic:
 *
 *   near    with a table of positions that remembers little more than the last few messages, and only long matches:
 *           what messages have in common is found in the one before, and digits of ids are not taken for repetition
 *   far     with the table that zstd's level asks for: finds what repeats anywhere in the frame
 *   fields  cut into templates and fields first, see fields.h: JSON with unique ids in 31 bytes a message against 43
 *           of near, in five sixths of the time at levels up to 1
 *
 * Now and then all are tried, and the smallest serves the next frames; fields only where they save a twentieth. That
 * is after 64 frames; and each time that the same way is best again, after twice as many as before, up to 512, which is
 * little more than a second of full frames. When frames become larger or smaller than when last tried, by an eighth of
 * what is stored of a byte, the traffic may be another: then it is after 64 again. */
#ifndef STORE_WRITE_COMPRESS_H
#define STORE_WRITE_COMPRESS_H

#include "store/format/bytes.h"
#include "store/format/format.h"

struct store__compressor;

/* NULL when out of memory. */
struct store__compressor *store__compressor_open(void);
void store__compressor_close(struct store__compressor *compressor);

/* zstd's level for the frames that follow; negative ones are faster. */
void store__compressor_set_level(struct store__compressor *compressor, int level);

/* Put raw[0..len), compressed where that makes it smaller, onto the end of out, and fill in *frame. 0 or -ENOMEM. */
int store__compress(struct store__compressor *compressor, const unsigned char *raw, size_t len,
		    struct store__buffer *out, struct store_frame_header *frame);

/* Records (messages) that stand one behind the other. */
struct store__records {
	const unsigned char *bytes;
	size_t len;
	const uint32_t *lengths; /* of each; they add up to len */
	uint32_t count;
};

/* The same for a block's payload frame, in the form that serves best; fills in its frame header and the form. */
int store__compress_records(struct store__compressor *compressor, const struct store__records *records,
			    struct store__buffer *out, struct store_block_header *header);

#endif
