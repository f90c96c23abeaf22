#include "net/client/socket.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

void net__client_socket_init(struct net__client_socket *socket, int epoll_fd, void (*ending)(void *context),
			     void *context)
{
	*socket =
	    (struct net__client_socket){.epoll_fd = epoll_fd, .fd = -1, .ending = ending, .context = context};
	pthread_rwlock_init(&socket->renewal, NULL);
	pthread_mutex_init(&socket->write, NULL);
}

void net__client_socket_fini(struct net__client_socket *socket)
{
	pthread_mutex_destroy(&socket->write);
	pthread_rwlock_destroy(&socket->renewal);
}

/* Everything that came before the end was read. */
static bool has_ended(const struct net__client_socket *socket)
{
	char byte;
	ssize_t got = recv(__atomic_load_n(&socket->fd, __ATOMIC_ACQUIRE), &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

void net__client_socket_read(struct net__client_socket *socket, bool may_end)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	__atomic_store_n(&socket->read_ns, (int64_t)now.tv_sec * 1000000000 + now.tv_nsec, __ATOMIC_RELAXED);
	if (may_end && has_ended(socket))
		socket->ending(socket->context);
	pthread_rwlock_rdlock(&socket->renewal);
	natsConnection_ProcessReadEvent(__atomic_load_n(&socket->nats, __ATOMIC_ACQUIRE));
	pthread_rwlock_unlock(&socket->renewal);
}

/* libnats takes a write of no bytes for the end of the connection: ask first, and hold the lock. */
bool net__client_socket_write(struct net__client_socket *socket)
{
	pthread_rwlock_rdlock(&socket->renewal);
	natsConnection *nats = __atomic_load_n(&socket->nats, __ATOMIC_ACQUIRE);
	pthread_mutex_lock(&socket->write);
	if (natsConnection_Buffered(nats) > 0)
		natsConnection_ProcessWriteEvent(nats);
	bool is_empty = natsConnection_Buffered(nats) <= 0;
	pthread_mutex_unlock(&socket->write);
	pthread_rwlock_unlock(&socket->renewal);
	return is_empty;
}

static int control(struct net__client_socket *socket, int operation)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | (socket->wants_write ? EPOLLOUT : 0),
				    .data.ptr = socket};

	return epoll_ctl(socket->epoll_fd, operation, socket->fd, &event) == 0 ? 0 : -errno;
}

int net__client_socket_add(struct net__client_socket *socket, natsConnection *nats, int fd)
{
	__atomic_store_n(&socket->nats, nats, __ATOMIC_RELEASE);
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
