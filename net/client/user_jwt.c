#include "net/client/user_jwt.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 1 << 16 };

struct net__user_jwt {
	char *jwt, *seed; /* owned */
};

/* The first word of a file; owned. NULL with *fault. */
static char *read_word(const char *path, struct wire_fault *fault)
{
	FILE *file = fopen(path, "re");
	char *text = file ? calloc(1, FILE_BYTES_MAX) : NULL;

	if (!file)
		wire_fault_set(fault, -EINVAL, "cannot read %s: %s", path, wire_error_text(-errno));
	else if (!text || fread(text, 1, FILE_BYTES_MAX - 1, file) == 0)
		wire_fault_set(fault, -EINVAL, "%s is empty", path);
	if (file)
		fclose(file);
	if (text)
		text[strcspn(text, " \t\r\n")] = '\0';
	return text;
}

/* A text that begins like what is wanted, else the content of the file of that name; owned. */
static char *read_value(const char *value, const char *prefix, struct wire_fault *fault)
{
	if (strncmp(value, prefix, strlen(prefix)) != 0)
		return read_word(value, fault);
	char *text = strdup(value);
	if (!text)
		wire_fault_set(fault, -ENOMEM, "out of memory");
	return text;
}

int net__user_jwt_open(struct net__user_jwt **user, const char *jwt, const char *seed,
		       struct wire_fault *fault)
{
	struct net__user_jwt *opened = calloc(1, sizeof *opened);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	opened->jwt = read_value(jwt, "eyJ", fault);
	opened->seed = opened->jwt && seed ? read_value(seed, "SU", fault) : NULL;
	if (!opened->jwt || (seed && !opened->seed)) {
		net__user_jwt_close(opened);
		return fault->code;
	}
	*user = opened;
	return 0;
}

static void wipe(char *text)
{
	if (text)
		OPENSSL_cleanse(text, strlen(text));
	free(text);
}

void net__user_jwt_close(struct net__user_jwt *user)
{
	if (!user)
		return;
	wipe(user->jwt);
	wipe(user->seed);
	free(user);
}

/* libnats frees the copy. */
static natsStatus give_jwt(char **jwt, char **error_text, void *context)
{
	const struct net__user_jwt *user = context;
	(void)error_text;
	*jwt = strdup(user->jwt);
	return *jwt ? NATS_OK : NATS_NO_MEMORY;
}

static natsStatus sign(char **error_text, unsigned char **signature, int *len, const char *nonce,
		       void *context)
{
	const struct net__user_jwt *user = context;
	(void)error_text;
	*signature = NULL;
	*len = 0;
	return user->seed ? nats_Sign(user->seed, nonce, signature, len) : NATS_OK;
}

natsStatus net__user_jwt_set(struct net__user_jwt *user, natsOptions *options)
{
	return natsOptions_SetUserCredentialsCallbacks(options, give_jwt, user, sign, user);
}
