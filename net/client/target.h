/* target.h - where and as which user a client connects: servers, credentials and certificates, as libnats' options. */
#ifndef NET_CLIENT_TARGET_H
#define NET_CLIENT_TARGET_H

#include <stdint.h>

#include "wire/error.h"

struct net_client_target;

/* Members that do not apply are NULL. */
struct net_client_target_options {
	const char *servers; /* 1 to 64 URLs, separated by commas and perhaps blanks; tls:// asks for TLS */
	const char *user, *password, *token;
	const char *creds;            /* file of a user JWT and a seed */
	const char *nkey;             /* file of a user's seed */
	const char *jwt, *seed;       /* a user JWT and its seed, or files of them */
	const char *tlscert, *tlskey; /* files: our certificate chain, its key */
	const char *tlsca;            /* file: certificates to trust */
	const char *inbox_prefix;
	int64_t timeout_ms; /* to connect */
};

/* Nothing is connected yet; files are read. Options are copied. 0; or -EINVAL or -ENOMEM with *fault. */
int net_client_target_open(struct net_client_target **target, const struct net_client_target_options *options,
			   struct wire_fault *fault);
/* The servers' URLs, for people: without passwords. Borrowed from the target. */
const char *net_client_target_servers(const struct net_client_target *target);

/* NULL is allowed. */
void net_client_target_close(struct net_client_target *target);

#endif
