#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/tcp.h"

enum { BACKLOG = 4096 };

struct socket {
	uv_poll_t poll;
	struct net_listener *listener;
	struct net_listener_address address;
	int fd, port;
};

struct net_listener {
	uv_loop_t *loop;
	net_listener_waiting *waiting;
	void *owner;
	struct socket *ready;  /* whose connections wait */
	int spare_fd;          /* given up for a moment when descriptors run out */
	size_t count, handles; /* sockets; those whose poll handle is not closed yet */
	struct socket sockets[];
};

/* ---- one socket ---- */

static int bind_socket(int fd, const struct sockaddr_storage *address, bool shares_port)
{
	static const int yes = 1, no = 0;
	bool is_v6 = address->ss_family == AF_INET6;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (shares_port)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
	if (is_v6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
	socklen_t len = is_v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	return bind(fd, (const struct sockaddr *)address, len) == 0 && listen(fd, BACKLOG) == 0 ? 0 : -errno;
}

/* Returns a listening descriptor or a negative code. */
static int listen_on(const char *host, const struct net_listener_address *where)
{
	struct sockaddr_storage address = {0};
	int status = net_address_resolve(&address, host, where->port);
	if (status < 0)
		return status;
	int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	status = bind_socket(fd, &address, where->shares_port);
	if (status == 0)
		return fd;
	close(fd);
	return status;
}

/* "0.0.0.0" also means IPv6, as in nats-server, unless the machine has none. */
static int listen_on_host(const struct net_listener_address *where)
{
	if (strcmp(where->host, "0.0.0.0") != 0)
		return listen_on(where->host, where);
	int fd = listen_on("::", where);
	return fd >= 0 || fd == -EADDRINUSE || fd == -EACCES ? fd : listen_on(where->host, where);
}

static int bound_port(int fd)
{
	struct sockaddr_storage address = {0};
	socklen_t len = sizeof address;
	char ip[NET_IP_TEXT];
	getsockname(fd, (struct sockaddr *)&address, &len);
	return net_address_ip(&address, ip);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct socket *socket = poll->data;
	struct net_listener *listener = socket->listener;
	(void)status;
	(void)events;
	listener->ready = socket;
	listener->waiting(listener, listener->owner);
}

static int watch(struct net_listener *listener, struct socket *socket)
{
	int status = uv_poll_init(listener->loop, &socket->poll, socket->fd);
	if (status < 0)
		return status;
	listener->handles++;
	socket->poll.data = socket;
	return uv_poll_start(&socket->poll, UV_READABLE, on_readable);
}

static int add_socket(struct net_listener *listener, const struct net_listener_address *address)
{
	struct socket *socket = &listener->sockets[listener->count];
	*socket = (struct socket){.listener = listener, .address = *address};
	socket->fd = listen_on_host(address);
	if (socket->fd < 0)
		return socket->fd;
	socket->port = bound_port(socket->fd);
	listener->count++;
	return watch(listener, socket);
}

/* ---- opening and closing ---- */

static int listen_fault(const struct net_listener_address *address, int status, struct wire_fault *fault)
{
	char text[NET_ADDRESS_TEXT];
	net_address_text(text, sizeof text, address->host, address->port);
	return wire_fault_set(fault, status, "cannot listen on %s: %s", text,
			      status == UV_EADDRINUSE ? "the address is in use" : uv_strerror(status));
}

int net_listener_open(struct net_listener **listener, uv_loop_t *loop,
		      const struct net_listener_address *addresses, size_t count,
		      net_listener_waiting *waiting, void *owner, struct wire_fault *fault)
{
	struct net_listener *opened = calloc(1, sizeof *opened + count * sizeof *opened->sockets);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	opened->loop = loop;
	opened->waiting = waiting;
	opened->owner = owner;
	opened->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	for (size_t i = 0; i < count; i++) {
		int status = add_socket(opened, &addresses[i]);
		if (status < 0) {
			net_listener_close(opened);
			return listen_fault(&addresses[i], status, fault);
		}
	}
	*listener = opened;
	return 0;
}

int net_listener_port(const struct net_listener *listener, size_t index)
{
	return listener->sockets[index].port;
}

/* The kernel applies a filter of a listening socket to each segment that comes for it, from the TCP header on. */
int net_listener_yield(struct net_listener *listener)
{
	enum { FLAGS_AT = 13, SYN = 0x02, SYN_ACK = 0x12 };
	struct sock_filter steps[] = {
	    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, FLAGS_AT),     BPF_STMT(BPF_ALU | BPF_AND | BPF_K, SYN_ACK),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYN, 0, 1),   BPF_STMT(BPF_RET | BPF_K, 0) /* drop */,
	    BPF_STMT(BPF_RET | BPF_K, UINT32_MAX) /* pass */,
	};
	const struct sock_fprog filter = {.len = sizeof steps / sizeof *steps, .filter = steps};
	int status = 0;
	for (size_t i = 0; i < listener->count; i++)
		if (setsockopt(listener->sockets[i].fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter,
			       sizeof filter) < 0)
			status = -errno;
	return status;
}

static void on_closed(uv_handle_t *handle)
{
	struct net_listener *listener = ((struct socket *)handle->data)->listener;
	if (--listener->handles == 0)
		free(listener);
}

void net_listener_close(struct net_listener *listener)
{
	if (!listener)
		return;
	size_t handles = listener->handles;
	for (size_t i = 0; i < handles; i++)
		uv_close((uv_handle_t *)&listener->sockets[i].poll, on_closed);
	for (size_t i = 0; i < listener->count; i++)
		close(listener->sockets[i].fd);
	if (listener->spare_fd >= 0)
		close(listener->spare_fd);
	if (handles == 0)
		free(listener);
}

/* ---- accepting ---- */

static int accept_one(struct net_listener *listener, struct sockaddr_storage *peer)
{
	int fd;
	do {
		socklen_t len = sizeof *peer;
		fd =
		    accept4(listener->ready->fd, (struct sockaddr *)peer, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
	} while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
	return fd < 0 ? -errno : fd;
}

/* Out of descriptors, close the connection: it would otherwise wait, and wake the loop, without end. */
static void refuse_one(struct net_listener *listener)
{
	struct sockaddr_storage peer;
	if (listener->spare_fd < 0)
		return;
	close(listener->spare_fd);
	int fd = accept_one(listener, &peer);
	if (fd >= 0)
		close(fd);
	listener->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int net_listener_accept_fd(struct net_listener *listener, struct sockaddr_storage *peer)
{
	int fd = accept_one(listener, peer);
	if (fd == -EMFILE || fd == -ENFILE)
		refuse_one(listener);
	return fd;
}

int net_listener_accept(struct net_listener *listener, struct net_stream **stream)
{
	const struct net_layer *const *layers = listener->ready->address.layers;
	struct sockaddr_storage peer;
	int fd = net_listener_accept_fd(listener, &peer);
	if (fd < 0)
		return fd;
	int status = net_tcp_accepted(stream, listener->loop, fd, &peer);
	for (size_t i = 0; layers && layers[i] && status == 0; i++)
		status = layers[i]->open(layers[i], *stream, stream);
	return status;
}
