/* write.h - write protocol operations into a caller's buffer.
 *
 * Every function returns the bytes written, or needed where the buffer is too small (then nothing useful
 * was written): call with cap 0 to measure. Nothing is NUL-terminated. The hot delivery path of the broker
 * builds its MSG heads itself from cached prefixes; these serve everything else. */
#ifndef WIRE_WRITE_H
#define WIRE_WRITE_H

#include "wire/parse.h"

/* PUB or HPUB: HPUB when headers are not empty. */
size_t wire_write_pub(char *buf, size_t cap, struct wire_slice subject, struct wire_slice reply,
		      struct wire_slice headers, struct wire_slice payload);

/* MSG or HMSG: HMSG when headers are not empty. */
size_t wire_write_msg(char *buf, size_t cap, struct wire_slice subject, struct wire_slice sid,
		      struct wire_slice reply, struct wire_slice headers, struct wire_slice payload);

/* Any operation, as wire_parse gave it or would give it; sizes are those of the slices. Parsing the result
 * yields *op again (size_text excepted: it is written in its shortest form). */
size_t wire_write_op(char *buf, size_t cap, const struct wire_op *op);

/* An unsigned number in decimal without sign or leading zeros; out has room for 20 bytes. Returns 1..20. */
size_t wire_write_decimal(char *out, uint64_t value);

#endif
