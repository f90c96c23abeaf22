/* auth.h - who is a client, and may it connect; inside this folder. Rules as in nats-server 2.9.10, auth.go. */
#ifndef BROKER_AUTH_H
#define BROKER_AUTH_H

#include "broker/config/options.h"
#include "wire/info.h"

/* Whether clients must give credentials. */
bool broker__auth_is_required(const struct broker_options *options);

struct broker__identity {
	const char *user;                             /* borrows the options; NULL: no user */
	const struct broker_permissions *permissions; /* likewise; NULL: everything */
};

enum broker__verdict {
	BROKER__REFUSED,
	BROKER__GRANTED,
	BROKER__UNDECIDED, /* a password must be verified against a hash, which takes long */
};

/* The result of verifying a password. */
struct broker__proof {
	const char *hash;
	bool fits;
};

/* Check the credentials. GRANTED with *identity. UNDECIDED with *hash (borrows the options): verify
 * broker__auth_given against it and ask again with the proof (NULL at first). Wrong credentials are UNDECIDED too where
 * some password is a hash, whoever the user, so that the time of a refusal does not reveal which users exist; which
 * hash they are verified against depends on the name and the seed alone. */
enum broker__verdict broker__auth_check(const struct broker_options *options,
					const struct wire_connect *connect, uint64_t seed,
					const struct broker__proof *proof, struct broker__identity *identity,
					const char **hash);

/* The password or token to verify. Borrows *connect. */
const char *broker__auth_given(const struct broker_options *options, const struct wire_connect *connect);

/* Whether the password belongs to the bcrypt hash. Slow on purpose; any thread. */
bool broker__auth_verify(const char *hash, const char *given);

/* The user of clients without credentials; false when there is none. */
bool broker__auth_anonymous(const struct broker_options *options, struct broker__identity *identity);

/* The user of this name, who is known already; false when there is none. */
bool broker__auth_named(const struct broker_options *options, const char *name,
			struct broker__identity *identity);

/* Whether a client that was admitted as `user` by the old options would be by the new ones, with the same
 * credentials; then *identity is its new one. */
bool broker__auth_is_unchanged(const struct broker_options *before, const struct broker_options *after,
			       const char *user, struct broker__identity *identity);

#endif
