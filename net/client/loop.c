#include "net/client/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "net/client/reopener.h"
#include "net/client/socket.h"

enum { EVENTS = 64 };

struct net_client_loop {
	int epoll_fd, stop_fd;
	pthread_t thread;
	bool running;
	struct net__reopener reopener;
};

static void *read_sockets(void *context)
{
	struct net_client_loop *loop = context;
	struct epoll_event events[EVENTS];

	for (;;) {
		int count = epoll_wait(loop->epoll_fd, events, EVENTS, -1);
		for (int i = 0; i < count; i++) {
			struct net__client_socket *socket = events[i].data.ptr;
			if (!socket)
				return NULL;
			bool may_end = events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR);
			if (may_end || events[i].events & EPOLLIN)
				net__client_socket_read(socket, may_end);
			if (events[i].events & EPOLLOUT)
				net__client_socket_write(socket);
		}
	}
}

static int start(struct net_client_loop *loop)
{
	struct epoll_event stop = {.events = EPOLLIN};

	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->epoll_fd < 0 || loop->stop_fd < 0 ||
	    epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->stop_fd, &stop) != 0)
		return -errno;
	int error = pthread_create(&loop->thread, NULL, read_sockets, loop);
	loop->running = error == 0;
	return error ? -error : net__reopener_start(&loop->reopener);
}

int net_client_loop_open(struct net_client_loop **loop, struct wire_fault *fault)
{
	struct net_client_loop *opened = calloc(1, sizeof *opened);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	int error = start(opened);
	if (error) {
		net_client_loop_close(opened);
		return wire_fault_set(fault, error, "cannot wait for sockets: %s", wire_error_text(error));
	}
	*loop = opened;
	return 0;
}

int net__client_loop_fd(const struct net_client_loop *loop)
{
	return loop->epoll_fd;
}

struct net__reopener *net__client_loop_reopener(struct net_client_loop *loop)
{
	return &loop->reopener;
}

/* The reopener first: it may be waiting for a message to be sent. */
void net_client_loop_stop(struct net_client_loop *loop)
{
	if (!loop || !loop->running)
		return;
	net__reopener_stop(&loop->reopener);
	eventfd_write(loop->stop_fd, 1);
	pthread_join(loop->thread, NULL);
	loop->running = false;
}

void net_client_loop_close(struct net_client_loop *loop)
{
	if (!loop)
		return;
	net_client_loop_stop(loop);
	if (loop->stop_fd >= 0)
		close(loop->stop_fd);
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	net__reopener_fini(&loop->reopener);
	free(loop);
}
