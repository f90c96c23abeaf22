/* hole.h - sequence numbers that a stored gap event declares lost. Internal to store. */
#ifndef STORE_READ_KNOWN_GAP_H
#define STORE_READ_KNOWN_GAP_H

#include "store/read/segment_reader.h"

/* The number after the last event that the last event of this block declares lost: a gap flagged *damage*. 0 when the
 * block declares none. block: scratch memory. */
uint64_t store__known_gap_end(struct store_segment_reader *segment, size_t entry, struct store_block *block);

/* The number after the last event of the segment, those that a gap event at its end declares lost included; 1 when the
 * segment has no block. block: scratch memory. */
uint64_t store__known_gap_next_seq(struct store_segment_reader *segment, struct store_block *block);

#endif
