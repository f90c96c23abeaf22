/* columns_get.h - read the columns of a frame. Internal to store. */
#ifndef STORE_FORMAT_COLUMNS_GET_H
#define STORE_FORMAT_COLUMNS_GET_H

#include "store/format/columns.h"

/* Read a frame's columns into columns[id] for all ids below `columns_len`; others are skipped. Columns that are
 * missing are zero. 0, STORE_EDAMAGE or -ENOMEM. */
int store__columns_read(struct store__column *columns, unsigned columns_len, const void *frame, size_t len);

/* Free the columns' memory. */
void store__columns_fini(struct store__column *columns, unsigned columns_len);

/* No value is larger than max. */
bool store__column_is_within(const struct store__column *column, uint64_t max);

/* The first `count` values, each below 2^32, add up to sum. */
bool store__column_adds_up(const struct store__column *column, uint32_t count, uint64_t sum);

#endif
