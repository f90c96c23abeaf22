/* guess.h - find out how a payload is encoded: `--decode auto`.
 *
 * Only what can be told with certainty: text stays text; gzip and zstd by the bytes that they begin with; MessagePack and CBOR when the
 * whole payload is a map whose keys are text, which is never valid UTF-8. */
#ifndef EXPORT_DECODE_GUESS_H
#define EXPORT_DECODE_GUESS_H

#include "export/decode/step.h"

enum export__guess {
	EXPORT__GUESS_NOTHING, /* shown as it is */
	EXPORT__GUESS_GZIP,
	EXPORT__GUESS_ZSTD,
	EXPORT__GUESS_MSGPACK,
	EXPORT__GUESS_CBOR,
};

/* Guess, and decode into out. EXPORT__GUESS_NOTHING leaves *out empty. */
enum export__guess export__guess(struct wire_slice in, struct export_out *out);

/* "gzip", …. Static. */
const char *export__guess_name(enum export__guess guess);

#endif
