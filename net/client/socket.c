#include "net/client/socket.h"

#include <errno.h>
#include <sys/epoll.h>
#include <time.h>

void net__client_socket_init(struct net__client_socket *socket, int epoll_fd)
{
	*socket = (struct net__client_socket){.epoll_fd = epoll_fd, .fd = -1};
	pthread_mutex_init(&socket->write, NULL);
}

void net__client_socket_fini(struct net__client_socket *socket)
{
	pthread_mutex_destroy(&socket->write);
}

void net__client_socket_read(struct net__client_socket *socket)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	__atomic_store_n(&socket->read_ns, (int64_t)now.tv_sec * 1000000000 + now.tv_nsec, __ATOMIC_RELAXED);
	natsConnection_ProcessReadEvent(socket->nats);
}

/* libnats takes a write of no bytes for the end of the connection: ask first, and hold the lock. */
bool net__client_socket_write(struct net__client_socket *socket)
{
	pthread_mutex_lock(&socket->write);
	if (natsConnection_Buffered(socket->nats) > 0)
		natsConnection_ProcessWriteEvent(socket->nats);
	bool is_empty = natsConnection_Buffered(socket->nats) <= 0;
	pthread_mutex_unlock(&socket->write);
	return is_empty;
}

static int control(struct net__client_socket *socket, int operation)
{
	struct epoll_event event = {.events = EPOLLIN | (socket->wants_write ? EPOLLOUT : 0),
				    .data.ptr = socket};

	return epoll_ctl(socket->epoll_fd, operation, socket->fd, &event) == 0 ? 0 : -errno;
}

int net__client_socket_add(struct net__client_socket *socket, int fd)
{
	socket->wants_write = false;
	__atomic_store_n(&socket->fd, fd, __ATOMIC_RELEASE);
	return control(socket, EPOLL_CTL_ADD);
}

void net__client_socket_remove(struct net__client_socket *socket)
{
	if (socket->fd < 0)
		return;
	control(socket, EPOLL_CTL_DEL);
	__atomic_store_n(&socket->fd, -1, __ATOMIC_RELEASE);
}

void net__client_socket_want_write(struct net__client_socket *socket, bool wanted)
{
	if (socket->fd < 0 || socket->wants_write == wanted)
		return;
	socket->wants_write = wanted;
	control(socket, EPOLL_CTL_MOD);
}
