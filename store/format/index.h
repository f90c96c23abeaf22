/* index.h - the blocks of one segment: where each lies and what its header says; and its form on disk, the footer.
 *
 * A footer holds what a scan of the block headers would find, so it can always be made again. */
#ifndef STORE_FORMAT_INDEX_H
#define STORE_FORMAT_INDEX_H

#include <stddef.h>

#include "store/format/format.h"

#define STORE_FOOTER_MAGIC "TDFOOTER"

enum {
	STORE_FOOTER_HEADER_BYTES = 40,
	/* A writer begins a new segment after this many blocks: a bound on the memory of an index. */
	STORE_SEGMENT_BLOCKS_MAX = 1 << 16,
};

struct store_index_entry {
	uint64_t offset; /* of the block in the file */
	struct store_block_header header;
};

/* By rising offset. Zeroed = empty. */
struct store_index {
	struct store_index_entry *entries;
	size_t count, cap;
};

void store_index_fini(struct store_index *index);

/* Append an entry. 0 or -ENOMEM. */
int store_index_add(struct store_index *index, uint64_t offset, const struct store_block_header *header);

/* The offset after the last block, and the sequence number after its last event; the lowest possible ones when there is no
 * block. */
uint64_t store_index_end(const struct store_index *index);
uint64_t store_index_next_seq(const struct store_index *index);

/* The footer and the trailer, to be written at file offset `offset`, as owned bytes (free()); *len gets their
 * number. NULL when out of memory. */
unsigned char *store_index_write(const struct store_index *index, uint64_t offset, size_t *len);

/* Read the footer's place from the trailer in[0..STORE_TRAILER_BYTES). False when it is no trailer. */
bool store_index_read_trailer(const unsigned char *in, uint64_t *offset, uint64_t *len);

/* Read the footer's length from its header in[0..STORE_FOOTER_HEADER_BYTES). False when it is no footer's header. */
bool store_index_read_header(const unsigned char *in, uint64_t *len);

/* Read the footer of len bytes that lies at file offset `offset` into an empty index. 0, STORE_EDAMAGE or -ENOMEM. */
int store_index_read(struct store_index *index, const unsigned char *footer, size_t len, uint64_t offset);

#endif
