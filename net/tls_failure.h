/* tls_failure.h - the end of a TLS stream that has failed. Inside this folder. */
#ifndef NET_TLS_FAILURE_H
#define NET_TLS_FAILURE_H

#include "net/tls_state.h"

/* Tell the owner that the stream has failed with this status, and read no more. A stream that is closing is left alone. */
void net__tls_fail(struct net__tls *tls, int status);

/* Likewise, because of TLS: a reason that was noted before stands, since it names the certificate. */
void net__tls_fail_because(struct net__tls *tls, const char *why);
/* The reason is that of OpenSSL's last error. */
void net__tls_fail_by_openssl(struct net__tls *tls);

#endif
