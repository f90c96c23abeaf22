#include "replay/play/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { EVENTS = 64 };

struct replay_loop {
	int epoll_fd, stop_fd;
	pthread_t thread;
	bool running;
};

static void *read_sockets(void *context)
{
	struct replay_loop *loop = context;
	struct epoll_event events[EVENTS];

	for (;;) {
		int count = epoll_wait(loop->epoll_fd, events, EVENTS, -1);
		for (int i = 0; i < count; i++) {
			struct replay_socket *socket = events[i].data.ptr;
			if (!socket)
				return NULL;
			if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
				natsConnection_ProcessReadEvent(socket->nats);
			if (events[i].events & EPOLLOUT)
				replay_socket_write(socket);
		}
	}
}

static int start(struct replay_loop *loop)
{
	struct epoll_event stop = {.events = EPOLLIN};

	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->epoll_fd < 0 || loop->stop_fd < 0 ||
	    epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->stop_fd, &stop) != 0)
		return -errno;
	int error = pthread_create(&loop->thread, NULL, read_sockets, loop);
	loop->running = error == 0;
	return -error;
}

int replay_loop_open(struct replay_loop **loop, struct wire_fault *fault)
{
	struct replay_loop *opened = calloc(1, sizeof *opened);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	int error = start(opened);
	if (error) {
		replay_loop_close(opened);
		return wire_fault_set(fault, error, "cannot wait for sockets: %s", wire_error_text(error));
	}
	*loop = opened;
	return 0;
}

void replay_loop_stop(struct replay_loop *loop)
{
	if (!loop || !loop->running)
		return;
	eventfd_write(loop->stop_fd, 1);
	pthread_join(loop->thread, NULL);
	loop->running = false;
}

void replay_loop_close(struct replay_loop *loop)
{
	if (!loop)
		return;
	replay_loop_stop(loop);
	if (loop->stop_fd >= 0)
		close(loop->stop_fd);
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	free(loop);
}

void replay_socket_init(struct replay_socket *socket, struct replay_loop *loop)
{
	*socket = (struct replay_socket){.loop = loop, .fd = -1};
	pthread_mutex_init(&socket->write, NULL);
}

void replay_socket_fini(struct replay_socket *socket)
{
	pthread_mutex_destroy(&socket->write);
}

/* libnats takes a write of no bytes for the end of the connection: ask first, and hold the lock. */
bool replay_socket_write(struct replay_socket *socket)
{
	pthread_mutex_lock(&socket->write);
	if (natsConnection_Buffered(socket->nats) > 0)
		natsConnection_ProcessWriteEvent(socket->nats);
	bool is_empty = natsConnection_Buffered(socket->nats) <= 0;
	pthread_mutex_unlock(&socket->write);
	return is_empty;
}

static int control(struct replay_socket *socket, int operation)
{
	struct epoll_event event = {.events = EPOLLIN | (socket->wants_write ? EPOLLOUT : 0),
				    .data.ptr = socket};

	return epoll_ctl(socket->loop->epoll_fd, operation, socket->fd, &event) == 0 ? 0 : -errno;
}

int replay_loop_add(struct replay_socket *socket, int fd)
{
	socket->wants_write = false;
	__atomic_store_n(&socket->fd, fd, __ATOMIC_RELEASE);
	return control(socket, EPOLL_CTL_ADD);
}

void replay_loop_remove(struct replay_socket *socket)
{
	if (socket->fd < 0)
		return;
	control(socket, EPOLL_CTL_DEL);
	__atomic_store_n(&socket->fd, -1, __ATOMIC_RELEASE);
}

void replay_loop_want_write(struct replay_socket *socket, bool wanted)
{
	if (socket->fd < 0 || socket->wants_write == wanted)
		return;
	socket->wants_write = wanted;
	control(socket, EPOLL_CTL_MOD);
}
