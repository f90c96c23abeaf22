/* columns_put.h - write columns to a frame. Internal to store. */
#ifndef STORE_FORMAT_COLUMNS_PUT_H
#define STORE_FORMAT_COLUMNS_PUT_H

#include "store/format/columns.h"

/* Append a column of numbers in the encoding that takes the fewest bytes for a sample of the values; nothing when there are
 * no values. 0 or -ENOMEM. */
int store__column_put(struct store__buffer *frame, unsigned id, const uint64_t *values, uint32_t count);

/* Append a column of `count` > 0 values that all are `value`. 0 or -ENOMEM. */
int store__column_put_constant(struct store__buffer *frame, unsigned id, uint64_t value, uint32_t count);

/* Append a column of `count` > 0 values that consists of these runs. 0 or -ENOMEM. */
int store__column_put_runs(struct store__buffer *frame, unsigned id, const struct store__run *runs,
			   uint32_t runs_len, uint32_t count);

/* Append a column of bytes; nothing when there are none. 0 or -ENOMEM. */
int store__column_put_bytes(struct store__buffer *frame, unsigned id, const void *bytes, size_t len);

#endif
