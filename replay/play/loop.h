/* loop.h - one thread that reads for all connections.
 *
 * libnats accepts an event loop from outside (natsOptions_SetEventLoop). It then starts no threads of its own for a
 * connection, and collects what is published until it is asked to write. So any number of connections need one thread,
 * and messages that are due together are sent together. */
#ifndef REPLAY_PLAY_LOOP_H
#define REPLAY_PLAY_LOOP_H

#include <nats/nats.h>
#include <pthread.h>
#include <stdbool.h>

#include "wire/error.h"

struct replay_loop;

/* Start it. 0, or a negative errno with *fault. */
int replay_loop_open(struct replay_loop **loop, struct wire_fault *fault);

/* Stop the thread. Close connections only afterwards: the thread may be using any of them. */
void replay_loop_stop(struct replay_loop *loop);
void replay_loop_close(struct replay_loop *loop);

/* A socket as the loop sees it; embedded in a connection. */
struct replay_socket {
	struct replay_loop *loop;
	natsConnection *nats;
	int fd;           /* -1: not connected; atomic, because libnats changes it from threads of its own */
	bool wants_write; /* the loop's thread writes as soon as the socket accepts bytes */
	pthread_mutex_t write; /* held while libnats writes */
};

void replay_socket_init(struct replay_socket *socket, struct replay_loop *loop);
void replay_socket_fini(struct replay_socket *socket);

/* Have libnats write what it has collected, as far as the kernel takes it. True when nothing is left. From any thread. */
bool replay_socket_write(struct replay_socket *socket);

/* For libnats' callbacks, which hold the connection's lock. 0 or a negative errno. */
int replay_loop_add(struct replay_socket *socket, int fd);
void replay_loop_remove(struct replay_socket *socket);
void replay_loop_want_write(struct replay_socket *socket, bool wanted);

#endif
