/* socket.h - the socket of a libnats connection, as a loop sees it. Inside this folder; embedded in a client. */
#ifndef NET_CLIENT_SOCKET_H
#define NET_CLIENT_SOCKET_H

#include <nats/nats.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct net__client_socket {
	int epoll_fd; /* the loop's */
	/* Held for reading while a connection is used, for writing after it was replaced, before it is freed. */
	pthread_rwlock_t renewal;
	natsConnection *nats;          /* atomic: libnats changes it, holding the connection's lock */
	void (*ending)(void *context); /* called before libnats learns that the connection has ended */
	void *context;
	int fd;           /* -1: not connected; atomic, because libnats changes it from threads of its own */
	bool wants_write; /* the loop's thread writes as soon as the socket accepts bytes */
	pthread_mutex_t write; /* held while libnats writes */
	int64_t read_ns;       /* when bytes last came; monotonic clock; atomic; 0: never */
};

void net__client_socket_init(struct net__client_socket *socket, int epoll_fd, void (*ending)(void *context),
			     void *context);
void net__client_socket_fini(struct net__client_socket *socket);

/* Have libnats read what has come. may_end: the peer has closed, or there was an error. */
void net__client_socket_read(struct net__client_socket *socket, bool may_end);

/* Have libnats write what it has collected, as far as the kernel takes it. True when nothing is left. From any thread. */
bool net__client_socket_write(struct net__client_socket *socket);

/* For libnats' callbacks, which hold the connection's lock. 0 or a negative errno. */
int net__client_socket_add(struct net__client_socket *socket, natsConnection *nats, int fd);
void net__client_socket_remove(struct net__client_socket *socket);
void net__client_socket_want_write(struct net__client_socket *socket, bool wanted);

#endif
