/* tls_context.h - the certificates and the rules for the TLS connections of one side, on one event loop.
 *
 * OpenSSL does all cryptography. A context does not change: to use other certificates, open another one (tls_files.h does so
 * when files change); connections keep the context with which they began. */
#ifndef NET_TLS_CONTEXT_H
#define NET_TLS_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "wire/error.h"

/* Strings may be NULL. Borrowed during net_tls_context_open. */
struct net_tls_options {
	bool is_server; /* the side that presents a certificate in any case */
	const char
	    *cert_file; /* PEM: our certificate, then those between it and the root; a server needs one */
	const char *key_file; /* PEM: its private key, without a passphrase */
	const char *ca_file;  /* PEM: whom to trust; NULL: the system's certificates */
	bool
	    verify; /* the peer must present a certificate of one of them; a client also checks the host name */
	int min_version, max_version; /* 12: TLS 1.2; 13: TLS 1.3; 0: the default, 1.2 and 1.3 */
	const char *cipher_suites;    /* IANA names, separated by ':'; NULL: OpenSSL's choice */
	const char *curves; /* OpenSSL's names, separated by ':', the preferred one first; NULL: its choice */
	int64_t timeout_ms; /* for a handshake */
};

struct net_tls_context;

/* Returns 0 and a context with one hold; or a negative code with *fault naming the file and the reason, never key material. */
int net_tls_context_open(struct net_tls_context **context, uv_loop_t *loop,
			 const struct net_tls_options *options, struct wire_fault *fault);
void net_tls_context_hold(struct net_tls_context *context);
/* NULL is allowed. */
void net_tls_context_release(struct net_tls_context *context);

#endif
