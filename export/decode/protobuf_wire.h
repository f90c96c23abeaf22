/* protobuf_wire.h - cut the fields out of an encoded protobuf message.
 *
 * Format: https://protobuf.dev/programming-guides/encoding/. No allocation, no recursion. */
#ifndef EXPORT_DECODE_PROTOBUF_WIRE_H
#define EXPORT_DECODE_PROTOBUF_WIRE_H

#include <stdint.h>

#include "wire/slice.h"

enum export__wire_type {
	EXPORT__VARINT = 0,
	EXPORT__FIXED64 = 1,
	EXPORT__BYTES = 2,
	EXPORT__GROUP = 3,
	EXPORT__GROUP_END = 4,
	EXPORT__FIXED32 = 5,
};

struct export__wire_field {
	uint32_t number;
	enum export__wire_type type; /* never EXPORT__GROUP_END */
	uint64_t value;              /* numbers; a varint as it is, not zigzag */
	struct wire_slice
	    bytes; /* EXPORT__BYTES, and what is inside of an EXPORT__GROUP; borrows the input */
};

/* The next field of *rest, which is advanced. 1, or 0 at the end, or -1 when what follows is no field. */
int export__wire_next(struct wire_slice *rest, struct export__wire_field *field);

/* A single number of *rest, which is advanced: a varint, 4 or 8 bytes. Likewise. */
int export__wire_number(struct wire_slice *rest, enum export__wire_type type, uint64_t *value);

#endif
