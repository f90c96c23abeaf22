/* hole.h - sequence numbers that are missing because a repair took damaged blocks out. Internal to store. */
#ifndef STORE_HOLE_H
#define STORE_HOLE_H

#include "store/segment.h"

/* The block before or after the hole, entry number `entry` of the segment (any value: false outside the index), holds a gap
 * event flagged damage that ends at to_seq: the hole is known and no damage. Uses the block as scratch. */
bool store__hole_is_known(struct store_segment *segment, size_t entry, struct store_block *block,
			  uint64_t to_seq);

#endif
