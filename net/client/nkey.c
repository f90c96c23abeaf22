#include "net/client/nkey.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
	KEY_BYTES = 32,
	CRC_BYTES = 2,
	SEED_BYTES = 2 + KEY_BYTES + CRC_BYTES,
	SEED_TEXT = 58, /* characters */
	PUBLIC_BYTES = 1 + KEY_BYTES + CRC_BYTES,
	PREFIX_SEED = 18 << 3, /* 'S' */
	PREFIX_USER = 20 << 3, /* 'U' */
};

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/* RFC 4648 without padding; text has so many characters that `len` bytes come out. */
static bool decode(const char *text, unsigned char *bytes, size_t len)
{
	uint32_t bits = 0, count = 0;

	for (size_t at = 0; at < len; text++) {
		const char *place = *text ? strchr(alphabet, *text) : NULL;
		if (!place)
			return false;
		bits = bits << 5 | (uint32_t)(place - alphabet);
		count += 5;
		if (count >= 8) {
			count -= 8;
			bytes[at++] = (unsigned char)(bits >> count);
		}
	}
	return true;
}

/* Whole groups of five bytes only. */
static void encode(const unsigned char *bytes, size_t len, char *text)
{
	uint32_t bits = 0, count = 0;

	for (size_t at = 0; at < len; at++) {
		bits = bits << 8 | bytes[at];
		for (count += 8; count >= 5; count -= 5)
			*text++ = alphabet[bits >> (count - 5) & 31];
	}
	*text = '\0';
}

/* CRC-16/XMODEM. */
static uint16_t crc_of(const unsigned char *bytes, size_t len)
{
	uint16_t crc = 0;

	for (size_t i = 0; i < len; i++) {
		crc = (uint16_t)(crc ^ bytes[i] << 8);
		for (int bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
	}
	return crc;
}

static bool derive(const unsigned char *private_key, unsigned char *public_key)
{
	size_t len = KEY_BYTES;
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, private_key, KEY_BYTES);
	bool is_derived = key && EVP_PKEY_get_raw_public_key(key, public_key, &len) == 1;

	EVP_PKEY_free(key);
	return is_derived;
}

/* The kind of key is in the lower bits of the first byte and the upper ones of the second. */
static unsigned kind_of(const unsigned char *seed)
{
	return (unsigned)((seed[0] & 7) << 5 | (seed[1] & 0xf8) >> 3);
}

static bool is_seed(const unsigned char *seed)
{
	uint16_t crc = crc_of(seed, SEED_BYTES - CRC_BYTES);

	return (seed[0] & 0xf8) == PREFIX_SEED && seed[SEED_BYTES - 2] == (crc & 0xff) &&
	       seed[SEED_BYTES - 1] == crc >> 8;
}

bool net__nkey_private(const char *text, unsigned char key[NET__NKEY_BYTES])
{
	unsigned char seed[SEED_BYTES];
	bool is_good = strlen(text) == SEED_TEXT && decode(text, seed, sizeof(seed)) && is_seed(seed);

	if (is_good)
		memcpy(key, seed + 2, NET__NKEY_BYTES);
	explicit_bzero(seed, sizeof(seed));
	return is_good;
}

int net__nkey_public_of(const char *text, char out[NET__NKEY_TEXT])
{
	unsigned char seed[SEED_BYTES], key[PUBLIC_BYTES] = {PREFIX_USER};
	bool is_good = strlen(text) == SEED_TEXT && decode(text, seed, sizeof(seed)) && is_seed(seed) &&
		       kind_of(seed) == PREFIX_USER && derive(seed + 2, key + 1);

	explicit_bzero(seed, sizeof(seed));
	if (!is_good)
		return -EINVAL;
	uint16_t crc = crc_of(key, PUBLIC_BYTES - CRC_BYTES);
	key[PUBLIC_BYTES - 2] = (unsigned char)(crc & 0xff);
	key[PUBLIC_BYTES - 1] = (unsigned char)(crc >> 8);
	encode(key, sizeof(key), out);
	return 0;
}

int net__nkey_public(const char *path, char out[NET__NKEY_TEXT], struct wire_fault *fault)
{
	char line[256];
	int error = -EINVAL;
	FILE *file = fopen(path, "re");

	if (!file)
		return wire_fault_set(fault, -errno, "cannot read the seed in %s: %s", path, strerror(errno));
	while (error && fgets(line, sizeof(line), file)) {
		line[strcspn(line, " \t\r\n")] = '\0';
		error = net__nkey_public_of(line, out);
	}
	explicit_bzero(line, sizeof(line));
	fclose(file);
	return error ? wire_fault_set(fault, error, "%s holds no seed of a user (SU...)", path) : 0;
}
