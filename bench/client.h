/* client.h - the load generator's client: a blocking socket that speaks as little of the protocol as it can.
 *
 * Sends and receives give up after two minutes: a server that hangs ends the benchmark. */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <stddef.h>

/* Connect to 127.0.0.1, send CONNECT and text[0..len) (subscriptions; may be empty), and wait until all of it was
 * processed. Returns the socket or a negated errno. */
int bench_client_open(int port, const char *text, size_t len);

/* 0 or a negated errno. */
int bench_client_send(int fd, const char *bytes, size_t len);

/* Send a PING and read until its PONG ends the input: everything sent before it has been processed. Input
 * before the PONG is discarded. 0 or a negated errno. */
int bench_client_flush(int fd);

#endif
