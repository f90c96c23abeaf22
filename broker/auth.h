/* auth.h - who is it, and may it come in; inside this folder. Rules as in nats-server 2.9.10, auth.go. */
#ifndef BROKER_AUTH_H
#define BROKER_AUTH_H

#include "broker/options.h"
#include "wire/info.h"

/* Whether clients have to show credentials. */
bool broker__auth_is_required(const struct broker_options *options);

struct broker__identity {
	const char *user;                             /* borrows the options; NULL: nobody in particular */
	const struct broker_permissions *permissions; /* likewise; NULL: everything */
};

/* True when the credentials are right, with *identity. */
bool broker__auth_check(const struct broker_options *options, const struct wire_connect *connect,
			struct broker__identity *identity);

/* The user of clients that show nothing; false when there is none. */
bool broker__auth_anonymous(const struct broker_options *options, struct broker__identity *identity);

/* Whether a user who came in by the old options would come in by the new ones with the same credentials. */
bool broker__auth_is_unchanged(const struct broker_options *before, const struct broker_options *after,
			       const char *user, struct broker__identity *identity);

#endif
