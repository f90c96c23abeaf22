/* bounds.h - the comparisons that the header of a block decides for all its events. Internal to store. */
#ifndef STORE_WHERE_BOUNDS_H
#define STORE_WHERE_BOUNDS_H

#include "store/format/format.h"
#include "store/where/facts.h"

/* By the times, numbers, kinds and sizes of the events other than gaps. */
struct store__decided store__where_bounds(const struct store__where *where,
					  const struct store_block_header *header);

#endif
