/* samples.h - pieces of what is compressed, to train a dictionary on. Internal to store. */
#ifndef STORE_WRITE_SAMPLES_H
#define STORE_WRITE_SAMPLES_H

#include "store/format/bytes.h"

/* Zeroed = empty. */
struct store__samples {
	struct store__buffer bytes; /* of all, one after the other */
	struct store__buffer sizes; /* size_t */
};

void store__samples_fini(struct store__samples *samples);

/* Take a part of the bytes: some pieces of 4 KiB, spread over them. Does nothing without memory. */
void store__samples_take(struct store__samples *samples, const unsigned char *bytes, size_t len);

unsigned store__samples_count(const struct store__samples *samples);
const size_t *store__samples_sizes(const struct store__samples *samples);

#endif
