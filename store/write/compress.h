/* compress.h - zstd, tuned to the content of frames. Internal to store.
 *
 * There are three ways to pack a frame of payloads. The traffic decides which is best:
 *
 *   near    a table of positions that covers only the last few messages, and long matches only: finds what a message has
 *           in common with the one before, and does not take digits of ids for repetitions
 *   far     the table that belongs to zstd's level: finds what repeats anywhere in the frame
 *   fields  cut into templates and fields first, see fields.h: JSON with unique ids takes 31 bytes a message, against 43
 *           with near, and five sixths of the time at levels up to 1
 *
 * Trials compare all ways. The smallest result decides the way of the next frames; fields must save a twentieth. The
 * first trial is followed by another after 64 frames. While the same way stays best, the distance doubles up to 512
 * frames, which is a little more than a second of full frames. When the ratio of stored to raw bytes changes by an eighth,
 * the traffic may have changed, and the next trial comes after 64 frames again. */
#ifndef STORE_WRITE_COMPRESS_H
#define STORE_WRITE_COMPRESS_H

#include "store/format/bytes.h"
#include "store/format/format.h"
#include "store/write/samples.h"

struct store__compressor;

/* NULL when out of memory. */
struct store__compressor *store__compressor_open(void);
void store__compressor_close(struct store__compressor *compressor);

/* Set zstd's level for the next frames; negative levels are faster. */
void store__compressor_set_level(struct store__compressor *compressor, int level);

/* Use a trained dictionary from now on; it is copied. Then payloads are not packed the near way. 0 or -ENOMEM. */
int store__compressor_set_dictionary(struct store__compressor *compressor, const unsigned char *dictionary,
				     size_t len);

/* From now on, take samples of everything that is compressed; NULL ends that. Borrowed. */
void store__compressor_set_samples(struct store__compressor *compressor, struct store__samples *samples);

/* Append raw[0..len) to out, compressed where that makes it smaller, and fill in *frame. 0 or -ENOMEM. */
int store__compress(struct store__compressor *compressor, const unsigned char *raw, size_t len,
		    struct store__buffer *out, struct store_frame_header *frame);

/* Records (messages), one after the other. */
struct store__records {
	const unsigned char *bytes;
	size_t len;
	const uint32_t *lengths; /* of each; they add up to len */
	uint32_t count;
};

/* Likewise for a block's payload frame, in the best form. Fills in its frame header and its form. */
int store__compress_records(struct store__compressor *compressor, const struct store__records *records,
			    struct store__buffer *out, struct store_block_header *header);

#endif
