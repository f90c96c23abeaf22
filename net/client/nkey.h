/* nkey.h - the keys that belong to an NKey seed. Inside this folder.
 *
 * libnats signs with the seed by itself, but must be given the public key. Format: the NATS project's nkeys: base32 of
 * prefix, key and CRC-16; a seed has two prefix bytes. */
#ifndef NET_CLIENT_NKEY_H
#define NET_CLIENT_NKEY_H

#include <stdbool.h>

#include "wire/error.h"

enum {
	NET__NKEY_TEXT = 57,  /* a public key and its NUL */
	NET__NKEY_BYTES = 32, /* a private key */
};

/* Read the first seed of a user ("SU…") in a file. 0, or a negative code with *fault. The seed is wiped. */
int net__nkey_public(const char *path, char out[NET__NKEY_TEXT], struct wire_fault *fault);

/* Likewise for the text of a seed. 0 or -EINVAL. */
int net__nkey_public_of(const char *seed, char out[NET__NKEY_TEXT]);

/* The private key of a seed of any kind, to be wiped by the caller. False when the text is no seed. */
bool net__nkey_private(const char *seed, unsigned char key[NET__NKEY_BYTES]);

#endif
