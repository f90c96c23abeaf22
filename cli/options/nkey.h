/* nkey.h - the public key that belongs to a user's NKey seed.
 *
 * libnats signs with the seed by itself, but wants to be told the public key. Format: the NATS project's nkeys:
 * base32 of prefix, key and CRC-16; a seed has two prefix bytes. */
#ifndef CLI_OPTIONS_NKEY_H
#define CLI_OPTIONS_NKEY_H

#include "wire/error.h"

enum { CLI_NKEY_TEXT = 57 }; /* a public key and its NUL */

/* Read the first seed of a user ("SU…") in a file. 0, or a negative code with *fault. The seed is wiped. */
int cli_nkey_public(const char *path, char out[CLI_NKEY_TEXT], struct wire_fault *fault);

/* The same of a seed's text. 0 or -EINVAL. */
int cli_nkey_public_of(const char *seed, char out[CLI_NKEY_TEXT]);

#endif
