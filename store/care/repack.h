/* repack.h - rewrite a closed segment of many small blocks into full ones. */
#ifndef STORE_CARE_REPACK_H
#define STORE_CARE_REPACK_H

#include "store/write/segment_writer.h"

/* Worth trying: the index has more than twice the blocks that full ones would make. */
bool store__repack_is_due(const struct store_index *index);

/* Write the events of the closed segment at path anew, with their sequence numbers, and put the result in its place when
 * that saves a fifth or more. The swap is a rename: readers that have the old file open go on reading it. Gives up as
 * soon as *stop is set. Returns bytes saved, 0 when it was not worth it, or a negative code; the segment is whole in any case. */
int64_t store__repack(const char *path, int level, const _Atomic bool *stop);

#endif
