/* loop.h - one thread that reads for all connections.
 *
 * libnats can leave the waiting for its sockets to somebody else (natsOptions_SetEventLoop): then it starts no
 * threads for a connection, however many there are, and collects what is published until it is told to write, which
 * is how messages that are due together leave together. */
#ifndef REPLAY_PLAY_LOOP_H
#define REPLAY_PLAY_LOOP_H

#include <nats/nats.h>
#include <pthread.h>
#include <stdbool.h>

#include "wire/error.h"

struct replay_loop;

/* Start it. 0, or a negative errno with *fault. */
int replay_loop_open(struct replay_loop **loop, struct wire_fault *fault);

/* Stop the thread. Connections may be closed only then: the thread may be at work for any of them. */
void replay_loop_stop(struct replay_loop *loop);
void replay_loop_close(struct replay_loop *loop);

/* A socket as the loop sees it; embedded in a connection. */
struct replay_socket {
	struct replay_loop *loop;
	natsConnection *nats;
	int fd;                /* -1: not connected; atomic, for libnats changes it from threads of its own */
	bool wants_write;      /* the loop's thread is to write when it can */
	pthread_mutex_t write; /* held by whoever has libnats write */
};

void replay_socket_init(struct replay_socket *socket, struct replay_loop *loop);
void replay_socket_fini(struct replay_socket *socket);

/* Have libnats write what it has collected, as far as the kernel takes it. True when nothing is left. Any thread. */
bool replay_socket_write(struct replay_socket *socket);

/* What libnats' callbacks come down to; all are called with the connection's lock held. 0 or a negative errno. */
int replay_loop_add(struct replay_socket *socket, int fd);
void replay_loop_remove(struct replay_socket *socket);
void replay_loop_want_write(struct replay_socket *socket, bool wanted);

#endif
