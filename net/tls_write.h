/* tls_write.h - a TLS stream's way down: what the owner writes, and its end. Inside this folder. */
#ifndef NET_TLS_WRITE_H
#define NET_TLS_WRITE_H

#include "net/tls_state.h"

/* As write, unwritten and end of struct net_stream_calls. */
ssize_t net__tls_write(struct net_stream *stream, const uv_buf_t *bufs, unsigned count);
size_t net__tls_unwritten(const struct net_stream *stream);
void net__tls_end(struct net_stream *stream);

/* If the owner has ended its side and nothing is to be written before: send close_notify, and end the side below. */
void net__tls_send_end_if_due(struct net__tls *tls);

/* The stream below has taken what it had begun (0), or could not. Go on writing. True when nothing is left to be written. */
bool net__tls_write_on(struct net__tls *tls, int status);

#endif
