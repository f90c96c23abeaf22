/* server.h - a minimal server of the protocol, as a yardstick for real ones.
 *
 * One thread: find the frame, write the MSG head, copy the payload once, send to every subscriber once per
 * read. There is no routing table (every subscriber gets every message), there are no limits, and nothing is
 * checked. It serves bench's own load generator only: subjects without replies, one sid for all
 * subscriptions, subscribers that never stop reading. One member of a queue group gets all messages of a
 * read, the next member those of the next read. */
#ifndef BENCH_FLOOR_SERVER_H
#define BENCH_FLOOR_SERVER_H

#include "bench/floor/log.h"

struct floor_server;

/* Listen on 127.0.0.1, on a port that the kernel picks. log may be NULL; it is borrowed, and is given every
 * message. 0 or a negated errno. */
int floor_server_open(struct floor_server **server, struct floor_log *log);
void floor_server_close(struct floor_server *server);

int floor_server_port(const struct floor_server *server);

/* Serve until *stop is set, by the handler of a signal that the caller has blocked: it comes through only while
 * there is nothing to do. 0 or a negated errno. */
int floor_server_run(struct floor_server *server, const volatile int *stop);

#endif
