/* tls_error.h - why a handshake or a connection fails, in words. Inside this folder. */
#ifndef NET_TLS_ERROR_H
#define NET_TLS_ERROR_H

#include <openssl/x509.h>
#include <stddef.h>

/* The reason of OpenSSL's last error; empties its queue. Returns text. */
const char *net__tls_error_text(char *text, size_t size);

/* Why a certificate was refused, with its subject. `error` is of X509_STORE_CTX_get_error; host: which was wanted, NULL = any. */
void net__tls_verify_text(char *text, size_t size, X509 *certificate, int error, const char *host);

/* The subject as one line (RFC 2253), cut if need be. Returns text. */
const char *net__tls_subject_text(char *text, size_t size, X509 *certificate);

#endif
