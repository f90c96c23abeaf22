/* step.h - what all steps of a decoding have in common: bytes in, bytes out. Bounds and struct definitions only.
 *
 * A step gets whole bytes from a peer that may lie, and appends what it makes of them to an output in memory
 * (export_out_init_memory), whose limit bounds what a small input can become. It returns 0; or a negative code with *fault, whose
 * text does not name the step. A full output need not be reported: whoever called the step sees its `error`. */
#ifndef EXPORT_DECODE_STEP_H
#define EXPORT_DECODE_STEP_H

#include "export/text/out.h"
#include "wire/error.h"

enum {
	EXPORT_DECODE_BYTES_MAX = 16 << 20, /* that a step makes at most */
	EXPORT_DECODE_DEPTH_MAX = 100,      /* containers around a value */
	EXPORT_DECODE_STEPS_MAX = 8,        /* of one chain */
};

#endif
