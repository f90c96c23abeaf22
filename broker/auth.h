/* auth.h - who is it, and may it come in; inside this folder. Rules as in nats-server 2.9.10, auth.go. */
#ifndef BROKER_AUTH_H
#define BROKER_AUTH_H

#include "broker/config/options.h"
#include "wire/info.h"

/* Whether clients have to show credentials. */
bool broker__auth_is_required(const struct broker_options *options);

struct broker__identity {
	const char *user;                             /* borrows the options; NULL: nobody in particular */
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

/* Are the credentials right? GRANTED with *identity. UNDECIDED with *hash (borrows the options): verify
 * broker__auth_given against it and ask again with the proof (NULL at first). Wrong credentials are UNDECIDED too where
 * some password is a hash, whoever the user, so that the time of a refusal does not tell which users there are; which
 * hash they are verified against depends on the name and the seed alone. */
enum broker__verdict broker__auth_check(const struct broker_options *options,
					const struct wire_connect *connect, uint64_t seed,
					const struct broker__proof *proof, struct broker__identity *identity,
					const char **hash);

/* The password, or the token, that is to be verified. Borrows *connect. */
const char *broker__auth_given(const struct broker_options *options, const struct wire_connect *connect);

/* The password is that of the bcrypt hash. Slow on purpose; any thread. */
bool broker__auth_verify(const char *hash, const char *given);

/* The user of clients that show nothing; false when there is none. */
bool broker__auth_anonymous(const struct broker_options *options, struct broker__identity *identity);

/* Whether a user who came in by the old options would come in by the new ones with the same credentials. */
bool broker__auth_is_unchanged(const struct broker_options *before, const struct broker_options *after,
			       const char *user, struct broker__identity *identity);

#endif
