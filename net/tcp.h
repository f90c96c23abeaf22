/* tcp.h - the lowest layer of a stream: a TCP connection on a libuv loop, accepted or connected.
 *
 * It holds no bytes: reads go where the owner says, and what the kernel does not take stays with the owner. Small writes
 * are sent at once (TCP_NODELAY). The process must ignore SIGPIPE. */
#ifndef NET_TCP_H
#define NET_TCP_H

#include "net/stream.h"

/* A stream of an accepted connection. Takes the descriptor, also on failure. 0, or a negative code. */
int net_tcp_accepted(struct net_stream **stream, uv_loop_t *loop, int fd,
		     const struct sockaddr_storage *peer);

/* A stream that connects to the peer once it is started. 0, or a negative code. */
int net_tcp_connect(struct net_stream **stream, uv_loop_t *loop, const struct sockaddr_storage *peer);

/* Send these bytes, at most NET_TCP_GREETING, once the stream is connected and before `opened`; they are copied. Call before it
 * is started. 0 or -ENOMEM. */
enum { NET_TCP_GREETING = 512 };
int net_tcp_greet(struct net_stream *stream, const void *bytes, size_t len);

#endif
