/* jwt.h - who a client is, from the JWT in its CONNECT: public keys, no secrets. The signature is not verified. Pure. */
#ifndef WIRE_JWT_H
#define WIRE_JWT_H

#include <stdbool.h>

enum { WIRE_JWT_KEY = 64 };

/* NUL-terminated public keys; "" when missing or longer. */
struct wire_jwt {
	char user[WIRE_JWT_KEY];    /* `sub`: U… */
	char account[WIRE_JWT_KEY]; /* `nats.issuer_account`, or `iss` when that is an account: A… */
};

/* Read the claims of a user's JWT. False when it is none, or when out of memory. */
bool wire_jwt_read(struct wire_jwt *jwt, const char *text);

#endif
