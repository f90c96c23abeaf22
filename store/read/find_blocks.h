/* find_blocks.h - find the blocks of a segment that has no valid footer: one after the other, and the next one after damage.
 *
 * A payload may hold bytes that look like a block. Where the previous block ends, a valid header that names this log and
 * continues its numbers is a block. Anywhere else its frames must be intact, too, or another block must follow it.
 * Internal to store. */
#ifndef STORE_READ_FIND_BLOCKS_H
#define STORE_READ_FIND_BLOCKS_H

#include "store/read/segment_reader.h"

/* Read exactly len bytes at offset. 0; -ENODATA at the end of the file; or a negated errno. */
int store__read_at(int fd, uint64_t offset, void *out, size_t len);

/* Record bytes that should have been blocks. 0 or -ENOMEM. */
int store__add_damage(struct store_segment_reader *segment, uint64_t offset, uint64_t bytes, size_t before);

/* Extend the index from segment->end up to segment->scan_end, and decide whether the bytes after the last block are an unfinished
 * end or damage. Existing entries stay. 0, -ENOMEM or another negated errno. */
int store__find_blocks(struct store_segment_reader *segment);

#endif
