/* user_jwt.h - a user that is identified by a JWT and the seed that belongs to it. Inside this folder.
 *
 * Each is given as text or as the path of a file; it is read once. */
#ifndef NET_CLIENT_USER_JWT_H
#define NET_CLIENT_USER_JWT_H

#include <nats/nats.h>

#include "wire/error.h"

struct net__user_jwt;

/* seed NULL: a bearer JWT, with which the client need not sign. 0, or a negative code with *fault. */
int net__user_jwt_open(struct net__user_jwt **user, const char *jwt, const char *seed,
		       struct wire_fault *fault);
/* Wipes them. NULL is allowed. */
void net__user_jwt_close(struct net__user_jwt *user);

/* Have connections with these options use it. It must stay open as long as they do. */
natsStatus net__user_jwt_set(struct net__user_jwt *user, natsOptions *options);

#endif
