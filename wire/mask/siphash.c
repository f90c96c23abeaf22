#include "wire/mask/siphash.h"

static uint64_t rotate(uint64_t value, unsigned bits)
{
	return value << bits | value >> (64 - bits);
}

static void mix(uint64_t v[4], int rounds)
{
	for (int i = 0; i < rounds; i++) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

/* Up to 8 bytes, the first the lowest. */
static uint64_t get(const char *bytes, size_t len)
{
	uint64_t word = 0;
	for (size_t i = 0; i < len; i++)
		word |= (uint64_t)(unsigned char)bytes[i] << 8 * i;
	return word;
}

static void absorb(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	mix(v, 2);
	v[0] ^= word;
}

uint64_t wire__siphash(const struct wire__mask_key *key, struct wire_slice text)
{
	uint64_t v[4] = {key->low ^ 0x736f6d6570736575, key->high ^ 0x646f72616e646f6d,
			 key->low ^ 0x6c7967656e657261, key->high ^ 0x7465646279746573};
	size_t at = 0;
	for (; at + 8 <= text.len; at += 8)
		absorb(v, get(text.data + at, 8));
	absorb(v, get(text.data + at, text.len - at) | (uint64_t)text.len << 56);
	v[2] ^= 0xff;
	mix(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void wire__siphash_text(const struct wire__mask_key *key, struct wire_slice text,
			char out[WIRE__MASK_HASH_BYTES])
{
	uint64_t hash = wire__siphash(key, text);
	for (int i = 0; i < WIRE__MASK_HASH_BYTES; i++)
		out[i] = "0123456789abcdef"[hash >> (60 - 4 * i) & 15];
}
