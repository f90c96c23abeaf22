/* cbor.h - CBOR (RFC 8949) as JSON, read by libcbor. */
#ifndef EXPORT_DECODE_CBOR_H
#define EXPORT_DECODE_CBOR_H

#include "export/decode/values.h"

/* The whole input must be one value. Tags are left out: the value they belong to is printed. `undefined` becomes null. 0, or a negative
 * code with *fault. */
int export__cbor(struct wire_slice in, struct export__values *values, struct wire_fault *fault);

#endif
