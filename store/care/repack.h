/* repack.h - rewrite a closed segment of many small blocks into full ones. */
#ifndef STORE_CARE_REPACK_H
#define STORE_CARE_REPACK_H

#include "store/write/segment_writer.h"

/* Whether it is worth trying: the index has more than twice as many blocks as there would be full ones. */
bool store__repack_is_due(const struct store_index *index);

/* Write the events of the closed segment at path again, with their sequence numbers, and replace the segment when that
 * saves a fifth or more. The file is replaced by a rename: readers that have the old one open go on reading it. Gives up
 * as soon as *stop is set. Returns the bytes saved, 0 when it was not worth it, or a negative code; the segment is whole
 * in any case. */
int64_t store__repack(const char *path, int level, const _Atomic bool *stop);

#endif
