#include "wire/jwt.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* The value of a character of base64url (RFC 4648, 5); -1: it is none. */
static int digit_of(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

/* Decode text[0..len) into owned bytes. Returns NULL when it is not base64url. */
static char *decode(const char *text, size_t len, size_t *decoded_len)
{
	char *bytes = malloc(len + 1);
	unsigned bits = 0, held = 0;
	*decoded_len = 0;
	for (size_t i = 0; bytes && i < len; i++) {
		int digit = digit_of(text[i]);
		if (digit < 0) {
			free(bytes);
			return NULL;
		}
		held = held << 6 | (unsigned)digit;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		bytes[(*decoded_len)++] = (char)(held >> bits & 0xff);
	}
	return bytes;
}

/* Copy a public key of this kind. */
static void copy_key(char key[WIRE_JWT_KEY], char kind, const json_t *value)
{
	const char *text = json_string_value(value);
	if (text && text[0] == kind && strlen(text) < WIRE_JWT_KEY)
		strcpy(key, text);
}

bool wire_jwt_read(struct wire_jwt *jwt, const char *text)
{
	const char *begin = strchr(text, '.'), *end = begin ? strchr(begin + 1, '.') : NULL;
	size_t len;
	*jwt = (struct wire_jwt){0};
	char *bytes = end ? decode(begin + 1, (size_t)(end - begin) - 1, &len) : NULL;
	if (!bytes)
		return false;
	json_t *claims = json_loadb(bytes, len, 0, NULL);
	copy_key(jwt->user, 'U', json_object_get(claims, "sub"));
	copy_key(jwt->account, 'A', json_object_get(claims, "iss"));
	copy_key(jwt->account, 'A', json_object_get(json_object_get(claims, "nats"), "issuer_account"));
	json_decref(claims);
	free(bytes);
	return *jwt->user != '\0';
}
