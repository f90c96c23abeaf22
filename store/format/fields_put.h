/* fields_put.h - cut records into templates and fields: see fields.h. Internal to store. */
#ifndef STORE_FORMAT_FIELDS_PUT_H
#define STORE_FORMAT_FIELDS_PUT_H

#include "store/format/fields.h"

struct store__fields;

/* An encoder, reused for frame after frame. NULL when out of memory. */
struct store__fields *store__fields_open(void);
void store__fields_close(struct store__fields *fields);

/* Encode the `count` records in raw[0..raw_len), lengths[i] bytes each, and append the result to out. It may be longer than
 * raw where records have nothing in common. raw_len < 2^31. 0 or -ENOMEM. */
int store__fields_put(struct store__fields *fields, const unsigned char *raw, size_t raw_len,
		      const uint32_t *lengths, uint32_t count, struct store__buffer *out);

#endif
