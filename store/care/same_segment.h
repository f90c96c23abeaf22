/* same_segment.h - compare two segments event by event, however their blocks are divided and compressed. Internal to store. */
#ifndef STORE_CARE_SAME_SEGMENT_H
#define STORE_CARE_SAME_SEGMENT_H

#include "store/read/segment_reader.h"

/* 0 when the segment at path is closed and has the events of `of`; STORE_EDAMAGE when it has not, or another negative code. */
int store__same_segment(struct store_segment_reader *of, const char *path, const _Atomic bool *stop);

#endif
