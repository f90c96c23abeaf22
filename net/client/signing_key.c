#include "net/client/signing_key.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/client/nkey.h"

enum { SIGNATURE_BYTES = 64 };

struct net_signing_key {
	EVP_PKEY *key; /* owned */
};

/* ---- opening ---- */

static bool read_seed(FILE *file, unsigned char key[NET__NKEY_BYTES])
{
	char line[256];
	bool is_found = false;
	while (!is_found && fgets(line, sizeof line, file)) {
		line[strcspn(line, " \t\r\n")] = '\0';
		is_found = net__nkey_private(line, key);
	}
	explicit_bzero(line, sizeof line);
	return is_found;
}

/* Takes the private key: it is wiped. NULL when out of memory. */
static struct net_signing_key *make(unsigned char private_key[NET__NKEY_BYTES])
{
	struct net_signing_key *key = calloc(1, sizeof *key);
	if (key)
		key->key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, private_key, NET__NKEY_BYTES);
	explicit_bzero(private_key, NET__NKEY_BYTES);
	if (key && key->key)
		return key;
	free(key);
	return NULL;
}

int net_signing_key_open(struct net_signing_key **key, const char *path, struct wire_fault *fault)
{
	unsigned char private_key[NET__NKEY_BYTES];
	FILE *file = fopen(path, "re");
	if (!file)
		return wire_fault_set(fault, -errno, "cannot read the seed in %s: %s", path, strerror(errno));
	setvbuf(file, NULL, _IONBF, 0); /* no copy in a buffer that is not wiped */
	bool is_found = read_seed(file, private_key);
	fclose(file);
	if (!is_found)
		return wire_fault_set(fault, -EINVAL, "%s holds no seed of an NKey (S...)", path);
	*key = make(private_key);
	return *key ? 0 : wire_fault_set(fault, -ENOMEM, "out of memory");
}

void net_signing_key_close(struct net_signing_key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->key);
	free(key);
}

/* ---- signing ---- */

/* RFC 4648, section 5, without padding. */
static void encode(const unsigned char *bytes, char *text)
{
	unsigned char padded[(SIGNATURE_BYTES + 2) / 3 * 4 + 1];
	EVP_EncodeBlock(padded, bytes, SIGNATURE_BYTES);
	for (size_t i = 0; i < NET_SIGNATURE_TEXT - 1; i++)
		text[i] = padded[i] == '+' ? '-' : padded[i] == '/' ? '_' : (char)padded[i];
	text[NET_SIGNATURE_TEXT - 1] = '\0';
}

bool net_signing_key_sign(const struct net_signing_key *key, struct wire_slice bytes,
			  char signature[NET_SIGNATURE_TEXT])
{
	unsigned char raw[SIGNATURE_BYTES];
	size_t len = sizeof raw;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool is_signed =
	    context && EVP_DigestSignInit(context, NULL, NULL, NULL, key->key) == 1 &&
	    EVP_DigestSign(context, raw, &len, (const unsigned char *)bytes.data, bytes.len) == 1;
	EVP_MD_CTX_free(context);
	if (is_signed)
		encode(raw, signature);
	return is_signed;
}
