#include "broker/auth.h"

#include <crypt.h>
#include <stdlib.h>
#include <string.h>

bool broker__auth_is_required(const struct broker_options *options)
{
	return options->token || options->username || options->users_len > 0;
}

/* Takes as long whatever the first difference is. */
static bool is_same(const char *secret, const char *given)
{
	size_t secret_len = strlen(secret), given_len = strlen(given);
	unsigned char difference = secret_len != given_len;
	for (size_t i = 0; i < given_len; i++)
		difference |= (unsigned char)(given[i] ^ secret[secret_len ? i % secret_len : 0]);
	return difference == 0;
}

static bool is_bcrypt(const char *secret)
{
	return strncmp(secret, "$2", 2) == 0 && strlen(secret) == 60;
}

static bool password_fits(const char *secret, const char *given)
{
	if (!is_bcrypt(secret))
		return is_same(secret, given);
	struct crypt_data *data = calloc(1, sizeof *data);
	if (!data)
		return false;
	const char *hashed = crypt_r(given, secret, data);
	bool fits = hashed && is_same(secret, hashed);
	explicit_bzero(data, sizeof *data);
	free(data);
	return fits;
}

static const struct broker_user *find_user(const struct broker_options *options, const char *name)
{
	for (size_t i = 0; i < options->users_len; i++)
		if (strcmp(options->users[i].name, name) == 0)
			return &options->users[i];
	return NULL;
}

static void identify(struct broker__identity *identity, const struct broker_user *user)
{
	*identity = (struct broker__identity){.user = user->name, .permissions = user->permissions};
}

bool broker__auth_anonymous(const struct broker_options *options, struct broker__identity *identity)
{
	const struct broker_user *user =
	    options->no_auth_user ? find_user(options, options->no_auth_user) : NULL;
	if (user)
		identify(identity, user);
	return user != NULL;
}

bool broker__auth_check(const struct broker_options *options, const struct wire_connect *connect,
			struct broker__identity *identity)
{
	*identity = (struct broker__identity){0};
	if (!broker__auth_is_required(options))
		return true;
	if (options->users_len > 0) {
		if (!*connect->user && !*connect->pass && !*connect->auth_token)
			return broker__auth_anonymous(options, identity);
		const struct broker_user *user = find_user(options, connect->user);
		if (!user || !password_fits(user->password ? user->password : "", connect->pass))
			return false;
		identify(identity, user);
		return true;
	}
	if (options->token)
		return password_fits(options->token, connect->auth_token);
	identity->user = options->username;
	return strcmp(options->username, connect->user) == 0 &&
	       password_fits(options->password ? options->password : "", connect->pass);
}

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool broker__auth_is_unchanged(const struct broker_options *before, const struct broker_options *after,
			       const char *user, struct broker__identity *identity)
{
	*identity = (struct broker__identity){0};
	if (!broker__auth_is_required(after))
		return true;
	if (after->users_len > 0) {
		const struct broker_user *old = user ? find_user(before, user) : NULL;
		const struct broker_user *now = user ? find_user(after, user) : NULL;
		if (!old || !now || !is_same_text(old->password, now->password))
			return !user && broker__auth_anonymous(after, identity);
		identify(identity, now);
		return true;
	}
	identity->user = after->username;
	return is_same_text(before->token, after->token) && is_same_text(before->username, after->username) &&
	       is_same_text(before->password, after->password);
}
