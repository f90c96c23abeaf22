/* siphash.h - SipHash-2-4, a keyed hash: without the key no one can tell which text has which hash.
 * Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF". Internal to wire/mask. */
#ifndef WIRE_MASK_SIPHASH_H
#define WIRE_MASK_SIPHASH_H

#include "wire/mask/types.h"

uint64_t wire__siphash(const struct wire__mask_key *key, struct wire_slice text);

/* The hash as WIRE__MASK_HASH_BYTES hexadecimal digits, without a NUL. */
void wire__siphash_text(const struct wire__mask_key *key, struct wire_slice text,
			char out[WIRE__MASK_HASH_BYTES]);

#endif
