/* signing_key.h - the private key of an NKey seed, and signatures by it as NATS servers want them. */
#ifndef NET_CLIENT_SIGNING_KEY_H
#define NET_CLIENT_SIGNING_KEY_H

#include "wire/error.h"
#include "wire/slice.h"

enum { NET_SIGNATURE_TEXT = 87 }; /* 64 bytes as base64url without padding, and a NUL */

struct net_signing_key;

/* Read the first seed in a file, of any kind of key. 0, or a negative code with *fault, which holds nothing of the file. */
int net_signing_key_open(struct net_signing_key **key, const char *path, struct wire_fault *fault);
/* Wipes the key. NULL is allowed. */
void net_signing_key_close(struct net_signing_key *key);

/* Sign bytes (Ed25519). False when that fails. */
bool net_signing_key_sign(const struct net_signing_key *key, struct wire_slice bytes,
			  char signature[NET_SIGNATURE_TEXT]);

#endif
