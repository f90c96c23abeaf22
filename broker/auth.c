#include "broker/auth.h"

#include <crypt.h>
#include <stdlib.h>
#include <string.h>

#include "broker/hash.h"

bool broker__auth_is_required(const struct broker_options *options)
{
	return options->token || options->username || options->users_len > 0;
}

/* Compare in a time that does not depend on where the first difference is. */
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

bool broker__auth_verify(const char *hash, const char *given)
{
	struct crypt_data *data = calloc(1, sizeof *data);
	if (!data)
		return false;
	const char *hashed = crypt_r(given, hash, data);
	bool fits = hashed && is_same(hash, hashed);
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

bool broker__auth_named(const struct broker_options *options, const char *name,
			struct broker__identity *identity)
{
	const struct broker_user *user = find_user(options, name);
	if (user)
		identify(identity, user);
	return user != NULL;
}

/* ---- checking ---- */

/* Who the client claims to be, and the secret that proves it. */
struct claim {
	struct broker__identity identity;
	const char *secret; /* clear or a hash; NULL: there is no such user */
};

/* When users are configured, a client that names a user must be one of them. Any other client must give the token
 * or be the single user. */
static bool names_user(const struct broker_options *options, const struct wire_connect *connect)
{
	return options->users_len > 0 && *connect->user;
}

static struct claim claim_of(const struct broker_options *options, const struct wire_connect *connect)
{
	struct claim claim = {0};
	if (names_user(options, connect)) {
		const struct broker_user *user = find_user(options, connect->user);
		if (!user)
			return claim;
		identify(&claim.identity, user);
		claim.secret = user->password ? user->password : "";
	} else if (options->token) {
		claim.secret = options->token;
	} else if (options->username && strcmp(options->username, connect->user) == 0) {
		claim.identity.user = options->username;
		claim.secret = options->password ? options->password : "";
	}
	return claim;
}

const char *broker__auth_given(const struct broker_options *options, const struct wire_connect *connect)
{
	return options->token && !names_user(options, connect) ? connect->auth_token : connect->pass;
}

/* The index-th of the secrets that are hashes; NULL when there are fewer. */
static const char *hash_at(const struct broker_options *options, uint64_t index)
{
	const char *const single[] = {options->token, options->password};
	for (size_t i = 0; i < 2; i++)
		if (single[i] && is_bcrypt(single[i]) && index-- == 0)
			return single[i];
	for (size_t i = 0; i < options->users_len; i++) {
		const char *secret = options->users[i].password;
		if (secret && is_bcrypt(secret) && index-- == 0)
			return secret;
	}
	return NULL;
}

/* A hash to verify credentials against that are wrong in any case; NULL when no secret is a hash. */
static const char *decoy_hash(const struct broker_options *options, const char *name, uint64_t seed)
{
	uint64_t count = 0;
	while (hash_at(options, count))
		count++;
	return count > 0 ? hash_at(options, broker__hash(wire_slice_str(name), seed) % count) : NULL;
}

static enum broker__verdict judge(const struct claim *claim, const struct broker__proof *proof,
				  const char *hash)
{
	bool is_hash = claim->secret && is_bcrypt(claim->secret);
	if (!hash)
		return BROKER__REFUSED;
	if (!proof || (is_hash && strcmp(proof->hash, claim->secret) != 0))
		return BROKER__UNDECIDED;
	return is_hash && proof->fits ? BROKER__GRANTED : BROKER__REFUSED;
}

enum broker__verdict broker__auth_check(const struct broker_options *options,
					const struct wire_connect *connect, uint64_t seed,
					const struct broker__proof *proof, struct broker__identity *identity,
					const char **hash)
{
	*identity = (struct broker__identity){0};
	if (!broker__auth_is_required(options))
		return BROKER__GRANTED;
	bool is_silent = !*connect->user && !*connect->pass && !*connect->auth_token;
	if (is_silent && broker__auth_anonymous(options, identity))
		return BROKER__GRANTED;
	struct claim claim = claim_of(options, connect);
	*identity = claim.identity;
	if (claim.secret && is_bcrypt(claim.secret)) {
		*hash = claim.secret;
	} else {
		if (claim.secret && is_same(claim.secret, broker__auth_given(options, connect)))
			return BROKER__GRANTED;
		*hash = decoy_hash(options, connect->user, seed);
	}
	return judge(&claim, proof, *hash);
}

/* ---- after a reload ---- */

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
	const struct broker_user *old = user ? find_user(before, user) : NULL;
	const struct broker_user *now = user ? find_user(after, user) : NULL;
	if (old && now && is_same_text(old->password, now->password)) {
		identify(identity, now);
		return true;
	}
	if (old || (!user && broker__auth_anonymous(after, identity)))
		return !old;
	if (!after->token)
		identity->user = after->username;
	return (after->token || after->username) && is_same_text(before->token, after->token) &&
	       is_same_text(before->username, after->username) &&
	       is_same_text(before->password, after->password);
}
