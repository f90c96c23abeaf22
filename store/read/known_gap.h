/* known_gap.h - sequence numbers that a stored gap event declares lost. Internal to store. */
#ifndef STORE_READ_KNOWN_GAP_H
#define STORE_READ_KNOWN_GAP_H

#include "store/read/segment_reader.h"

/* When the last event of this block is a gap flagged *damage*: the number after the last event that it declares lost. Else 0.
 * block: scratch memory. */
uint64_t store__known_gap_end(struct store_segment_reader *segment, size_t entry, struct store_block *block);

/* The number after the last event of the segment, including those that a gap event at its end declares lost; 1 when the
 * segment has no block. block: scratch memory. */
uint64_t store__known_gap_next_seq(struct store_segment_reader *segment, struct store_block *block);

#endif
