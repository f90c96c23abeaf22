/* train.h - train a zstd dictionary on the frames of a segment. Internal to store. */
#ifndef STORE_CARE_TRAIN_H
#define STORE_CARE_TRAIN_H

#include "store/read/segment_reader.h"

/* Train on blocks here and there in the segment, and measure on the same blocks, at this level, whether the dictionary saves more
 * than it takes. 0 with the owned bytes in *dictionary, which is NULL when it does not; or a negative code:
 * -ECANCELED once *stop is set (NULL: never). */
int store__train(struct store_segment_reader *from, int level, const _Atomic bool *stop,
		 unsigned char **dictionary, size_t *len);

#endif
