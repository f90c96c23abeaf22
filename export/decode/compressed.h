/* compressed.h - decompress a payload: gzip (also zlib's own format), zstd, and the block format of snappy.
 *
 * Each is a step (export/decode/step.h). The whole input must be one or, of gzip and zstd, several compressed parts; anything after
 * the last is an error. */
#ifndef EXPORT_DECODE_COMPRESSED_H
#define EXPORT_DECODE_COMPRESSED_H

#include "export/decode/step.h"

int export__gunzip(struct wire_slice in, struct export_out *out, struct wire_fault *fault);
int export__unzstd(struct wire_slice in, struct export_out *out, struct wire_fault *fault);
int export__unsnappy(struct wire_slice in, struct export_out *out, struct wire_fault *fault);

/* The input begins as such data does. */
bool export__is_gzip(struct wire_slice in);
bool export__is_zstd(struct wire_slice in);

#endif
