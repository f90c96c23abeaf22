/* scan.h - find the blocks of a segment that has no valid footer: from block to block, and again after damage.
 *
 * A payload may hold bytes that look like a block. At the place where the block before ends, a valid header that names this
 * log and continues its numbers is a block. Anywhere else the frames must be intact too, or the block must lead to
 * another one. Internal to store. */
#ifndef STORE_READ_FIND_BLOCKS_H
#define STORE_READ_FIND_BLOCKS_H

#include "store/read/segment_reader.h"

/* Read exactly len bytes at offset. 0; -ENODATA at the end of the file; or a negated errno. */
int store__read_at(int fd, uint64_t offset, void *out, size_t len);

/* Note bytes that should have been blocks. 0 or -ENOMEM. */
int store__add_damage(struct store_segment_reader *segment, uint64_t offset, uint64_t bytes, size_t before);

/* Extend the index from segment->end up to segment->scan_end, and judge what is left after the last block: an
 * unfinished end, or damage. Entries that were there before stay. 0, -ENOMEM or another negated errno. */
int store__find_blocks(struct store_segment_reader *segment);

#endif
