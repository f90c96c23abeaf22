/* fields_get.h - put records together again: see fields.h. Internal to store. */
#ifndef STORE_FORMAT_FIELDS_GET_H
#define STORE_FORMAT_FIELDS_GET_H

#include "store/format/fields.h"

/* The reverse of store__fields_put: in[0..len) to exactly raw_len bytes at out. The bytes may be damaged. Returns 0, STORE_EDAMAGE
 * or -ENOMEM; on failure the bytes at out are meaningless. scratch is the decoder's memory, at most 2 MiB whatever the
 * input is. */
int store__fields_get(struct store__buffer *scratch, const unsigned char *in, size_t len, unsigned char *out,
		      size_t raw_len);

#endif
