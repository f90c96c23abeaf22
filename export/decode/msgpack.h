/* msgpack.h - MessagePack as JSON. Format: https://github.com/msgpack/msgpack/blob/master/spec.md
 *
 * Written here, since the C library builds a tree whose size the sender chooses, and its package brings C++ headers and Boost. */
#ifndef EXPORT_DECODE_MSGPACK_H
#define EXPORT_DECODE_MSGPACK_H

#include "export/decode/values.h"

/* The whole input must be one value. Timestamps become RFC 3339, other extensions {"ext":type,"data":"base64"}. 0, or a negative code
 * with *fault. */
int export__msgpack(struct wire_slice in, struct export__values *values, struct wire_fault *fault);

#endif
