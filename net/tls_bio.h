/* tls_bio.h - OpenSSL's way to the bytes of a TLS stream: reads take from its input, writes append to its output. Inside this
 * folder. */
#ifndef NET_TLS_BIO_H
#define NET_TLS_BIO_H

#include "net/tls_state.h"

/* NULL when out of memory; to be freed with BIO_meth_free after all its streams. */
BIO_METHOD *net__tls_bio_method(void);

/* Let the SSL of the stream use it. 0 or -ENOMEM. */
int net__tls_bio_set(struct net__tls *tls);

#endif
