/* monitor.c - the HTTP server of the monitoring, on the broker's own event loop.
 *
 *   uv_poll on the listening socket ──▶ accept, make room if there are too many ──▶ MHD_run
 *   uv_poll on libmicrohttpd's epoll descriptor ──▶ MHD_run ──▶ broker__respond ──▶ a page
 *   uv_timer set to libmicrohttpd's next timeout ──▶ MHD_run
 */
#include "broker/monitor/monitor.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/monitor/respond.h"
#include "broker/monitor/visitors.h"

enum {
	MAX_CONNECTIONS = 64,
	SPARE_CONNECTIONS = 16, /* accepted before the connections that make room for them are closed */
	IDLE_SECONDS = 10,
	CONNECTION_BYTES = 32768,
	BACKLOG = 128,
};

struct broker_monitor {
	struct MHD_Daemon *daemon;
	int listener;
	uv_poll_t listening, poll;
	uv_timer_t timer;
	int handles; /* not yet closed */
	int port;
	struct broker__visitors visitors;
	struct broker__responder responder;
};

/* ---- the loop ---- */

static void on_timer(uv_timer_t *timer);

static void run(struct broker_monitor *monitor)
{
	MHD_UNSIGNED_LONG_LONG timeout_ms = 0;
	MHD_run(monitor->daemon);
	if (MHD_get_timeout(monitor->daemon, &timeout_ms) == MHD_YES)
		uv_timer_start(&monitor->timer, on_timer, timeout_ms, 0);
	else
		uv_timer_stop(&monitor->timer);
}

static void on_timer(uv_timer_t *timer)
{
	run(timer->data);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	run(poll->data);
}

static void accept_one(struct broker_monitor *monitor, int fd, const struct sockaddr_storage *address,
		       socklen_t len)
{
	if (monitor->visitors.len >= MAX_CONNECTIONS) {
		broker__visitors_make_room(&monitor->visitors);
		MHD_run(monitor->daemon);
	}
	MHD_add_connection(monitor->daemon, fd, (const struct sockaddr *)address, len);
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
	struct broker_monitor *monitor = poll->data;
	(void)status;
	(void)events;
	for (int i = 0; i < SPARE_CONNECTIONS; i++) {
		struct sockaddr_storage address;
		socklen_t len = sizeof address;
		int fd = accept4(monitor->listener, (struct sockaddr *)&address, &len,
				 SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			break;
		accept_one(monitor, fd, &address, len);
	}
	run(monitor);
}

/* ---- opening and closing ---- */

/* Open a listening socket. Returns the descriptor or a negated errno. */
static int listen_on(const struct addrinfo *address)
{
	int yes = 1, no = 0;
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (address->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
	if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	int result = -errno;
	close(fd);
	return result;
}

static int listen_on_host(const char *host, int port)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	char service[16];
	snprintf(service, sizeof service, "%d", port);
	if (getaddrinfo(host, service, &hints, &found) != 0)
		return -EADDRNOTAVAIL;
	int result = listen_on(found);
	freeaddrinfo(found);
	return result;
}

static int open_socket(const char *host, int port)
{
	bool is_any = !host || strcmp(host, "0.0.0.0") == 0;
	int fd = listen_on_host(is_any ? "::" : host, port);
	return is_any && fd < 0 && fd != -EADDRINUSE && fd != -EACCES ? listen_on_host("0.0.0.0", port) : fd;
}

static int bound_port(int fd)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof address;
	char service[16] = "0";
	if (getsockname(fd, (struct sockaddr *)&address, &len) == 0)
		getnameinfo((struct sockaddr *)&address, len, NULL, 0, service, sizeof service,
			    NI_NUMERICSERV);
	return atoi(service);
}

/* The monitor accepts connections itself: at its limit libmicrohttpd would let them wait, and idle connections
 * would keep all others out. */
static struct MHD_Daemon *start_daemon(struct broker_monitor *monitor)
{
	return MHD_start_daemon(
	    MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL, broker__respond, &monitor->responder,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)(MAX_CONNECTIONS + SPARE_CONNECTIONS),
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)CONNECTION_BYTES, MHD_OPTION_NOTIFY_CONNECTION, broker__visitors_notify,
	    &monitor->visitors, MHD_OPTION_NOTIFY_COMPLETED, broker__visitors_answered, NULL, MHD_OPTION_END);
}

static int watch(struct broker_monitor *monitor, uv_loop_t *loop)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(monitor->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info)
		return -ENOSYS;
	int result = uv_poll_init(loop, &monitor->poll, info->epoll_fd);
	if (result < 0)
		return result;
	uv_timer_init(loop, &monitor->timer);
	monitor->handles = 2;
	monitor->poll.data = monitor->timer.data = monitor->listening.data = monitor;
	result = uv_poll_init(loop, &monitor->listening, monitor->listener);
	if (result < 0)
		return result;
	monitor->handles = 3;
	result = uv_poll_start(&monitor->poll, UV_READABLE, on_readable);
	return result < 0 ? result : uv_poll_start(&monitor->listening, UV_READABLE, on_connection);
}

int broker_monitor_open(struct broker_monitor **out, uv_loop_t *loop, struct broker *broker, const char *host,
			int port, struct wire_fault *fault)
{
	struct broker_monitor *monitor = calloc(1, sizeof *monitor);
	if (!monitor)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	int fd = open_socket(host, port > 0 ? port : 0);
	if (fd < 0) {
		free(monitor);
		return wire_fault_set(
		    fault, fd,
		    "cannot listen for monitoring on %.100s:%d: %s; choose another port with --http_port",
		    host ? host : "0.0.0.0", port, strerror(-fd));
	}
	*monitor = (struct broker_monitor){.listener = fd, .port = bound_port(fd)};
	broker__responder_init(&monitor->responder, broker);
	monitor->daemon = start_daemon(monitor);
	int result = monitor->daemon ? watch(monitor, loop) : -ENOMEM;
	if (result < 0) {
		broker_monitor_close(monitor);
		return wire_fault_set(fault, result, "cannot start monitoring: %s", uv_strerror(result));
	}
	*out = monitor;
	return 0;
}

int broker_monitor_port(const struct broker_monitor *monitor)
{
	return monitor->port;
}

static void on_closed(uv_handle_t *handle)
{
	struct broker_monitor *monitor = handle->data;
	if (--monitor->handles == 0)
		free(monitor);
}

/* Stop watching the descriptors before they are closed. */
void broker_monitor_close(struct broker_monitor *monitor)
{
	int handles = monitor->handles;
	if (handles > 0) {
		uv_poll_stop(&monitor->poll);
		uv_timer_stop(&monitor->timer);
	}
	if (handles == 3)
		uv_poll_stop(&monitor->listening);
	if (monitor->daemon)
		MHD_stop_daemon(monitor->daemon);
	close(monitor->listener);
	if (handles == 0) {
		free(monitor);
		return;
	}
	uv_close((uv_handle_t *)&monitor->poll, on_closed);
	uv_close((uv_handle_t *)&monitor->timer, on_closed);
	if (handles == 3)
		uv_close((uv_handle_t *)&monitor->listening, on_closed);
}
