/* tls_output.h - the records that a TLS stream writes: encrypt, and let the stream below take them. Inside this folder. */
#ifndef NET_TLS_OUTPUT_H
#define NET_TLS_OUTPUT_H

#include "net/tls_state.h"

/* Encrypt a batch of the bytes of bufs after the first `at` into the output. Returns their number, or NET_ETLS. */
ssize_t net__tls_output_encrypt(struct net__tls *tls, const uv_buf_t *bufs, unsigned count, size_t at);

/* Let the stream below take the output. Afterwards there is none, or some of it is begun, and held. 0, or a negative code. */
int net__tls_output_flush(struct net__tls *tls);

/* Forget the output. */
void net__tls_output_drop(struct net__tls *tls);

/* Report to the owner that the stream holds so many bytes more (fewer if negative). */
void net__tls_report_held(struct net__tls *tls, ptrdiff_t change);

#endif
