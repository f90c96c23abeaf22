/* hash.h - hashing of what peers send, inside this folder. Seeded per broker, so that no peer can choose names that
 * collide. */
#ifndef BROKER_HASH_H
#define BROKER_HASH_H

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "wire/slice.h"

static inline uint64_t broker__hash(struct wire_slice text, uint64_t seed)
{
	return XXH3_64bits_withSeed(text.data, text.len, seed);
}

#endif
