/* monitor.c - the HTTP server of the monitoring, on the broker's own event loop.
 *
 *   uv_poll on libmicrohttpd's epoll descriptor ──▶ MHD_run ──▶ answer_request ──▶ a page
 *   uv_timer set to libmicrohttpd's next timeout ──▶ MHD_run
 */
#include "broker/monitor.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "broker/monitor_answer.h"

enum { MAX_CONNECTIONS = 64, IDLE_SECONDS = 10, CONNECTION_BYTES = 32768, BACKLOG = 64 };

struct broker_monitor {
	struct broker *broker;
	struct MHD_Daemon *daemon;
	uv_poll_t poll;
	uv_timer_t timer;
	int handles; /* not yet closed */
	int port;
	uint64_t page_counts[BROKER__PAGES];
	/* processor time at the last look, for varz' cpu */
	uint64_t cpu_at_ns, cpu_used_ns;
	double cpu_percent;
};

const struct broker__page broker__pages[BROKER__PAGES + 1] = {
    {"/", NULL, broker__serve_root},
    {"/connz", NULL, broker__serve_connz},
    {"/healthz", NULL, broker__serve_healthz},
    {"/metrics", NULL, broker__serve_metrics},
    {"/subsz", "/subscriptionsz", broker__serve_subsz},
    {"/varz", NULL, broker__serve_varz},
    {NULL, NULL, NULL},
};

/* ---- answers ---- */

static uint64_t cpu_ns(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return ((uint64_t)usage.ru_utime.tv_sec + (uint64_t)usage.ru_stime.tv_sec) * 1000000000 +
	       ((uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec) * 1000;
}

/* Percent of one processor since the last look; looks closer than half a second repeat the last figure. */
static void update_cpu(struct broker_monitor *monitor)
{
	uint64_t now = uv_hrtime();
	uint64_t used = cpu_ns();
	uint64_t elapsed = now - monitor->cpu_at_ns;
	if (elapsed < 500000000)
		return;
	monitor->cpu_percent = (double)(used - monitor->cpu_used_ns) * 100 / (double)elapsed;
	monitor->cpu_at_ns = now;
	monitor->cpu_used_ns = used;
}

static size_t find_page(const char *path)
{
	size_t i = 0;
	while (broker__pages[i].path && strcmp(broker__pages[i].path, path) != 0 &&
	       (!broker__pages[i].alias || strcmp(broker__pages[i].alias, path) != 0))
		i++;
	return i;
}

static void fill_answer(struct broker_monitor *monitor, struct MHD_Connection *connection, const char *path,
			const char *method, struct broker__answer *answer)
{
	struct broker__request request = {
	    .broker = monitor->broker, .connection = connection, .page_counts = monitor->page_counts};
	size_t page = find_page(path);
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
		broker__answer_text(answer, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD are served\n");
	} else if (!broker__pages[page].path) {
		broker__answer_text(answer, MHD_HTTP_NOT_FOUND, "404 page not found\n");
	} else {
		update_cpu(monitor);
		request.cpu_percent = monitor->cpu_percent;
		monitor->page_counts[page]++;
		broker__pages[page].serve(&request, answer);
	}
}

/* Hand the answer to libmicrohttpd, which frees the body. */
static enum MHD_Result send_answer(struct MHD_Connection *connection, struct broker__answer *answer)
{
	if (!answer->body)
		return MHD_NO; /* out of memory: closes the connection */
	struct MHD_Response *response =
	    MHD_create_response_from_buffer(strlen(answer->body), answer->body, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(answer->body);
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, "*");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	if (answer->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	enum MHD_Result result = MHD_queue_response(connection, answer->status, response);
	MHD_destroy_response(response);
	return result;
}

/* Called once when the head of a request is read, and again when the request is complete: then it is
 * answered. A body is thrown away. */
static enum MHD_Result answer_request(void *context, struct MHD_Connection *connection, const char *path,
				      const char *method, const char *version, const char *body,
				      size_t *body_len, void **seen)
{
	struct broker_monitor *monitor = context;
	struct broker__answer answer = {0};
	(void)version;
	(void)body;
	if (!*seen) {
		*seen = monitor;
		return MHD_YES;
	}
	if (*body_len > 0) {
		*body_len = 0;
		return MHD_YES;
	}
	fill_answer(monitor, connection, path, method, &answer);
	return send_answer(connection, &answer);
}

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

/* ---- opening and closing ---- */

/* A listening socket on host:port; NULL and 0.0.0.0 take IPv6 too where there is any. The descriptor or a
 * negated errno; -EINVAL when the host is unknown. */
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

static struct MHD_Daemon *start_daemon(struct broker_monitor *monitor, int fd)
{
	return MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, answer_request, monitor,
				MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
				(unsigned)MAX_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
				(unsigned)IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
				(size_t)CONNECTION_BYTES, MHD_OPTION_END);
}

static int watch_daemon(struct broker_monitor *monitor, uv_loop_t *loop)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(monitor->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info)
		return -ENOSYS;
	int result = uv_poll_init(loop, &monitor->poll, info->epoll_fd);
	if (result < 0)
		return result;
	uv_timer_init(loop, &monitor->timer);
	monitor->handles = 2;
	monitor->poll.data = monitor;
	monitor->timer.data = monitor;
	return uv_poll_start(&monitor->poll, UV_READABLE, on_readable);
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
	*monitor = (struct broker_monitor){
	    .broker = broker, .port = bound_port(fd), .cpu_at_ns = uv_hrtime(), .cpu_used_ns = cpu_ns()};
	monitor->daemon = start_daemon(monitor, fd);
	int result = monitor->daemon ? watch_daemon(monitor, loop) : -ENOMEM;
	if (result < 0) {
		if (!monitor->daemon)
			close(fd);
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

/* The descriptor is no longer watched when libmicrohttpd closes it. */
void broker_monitor_close(struct broker_monitor *monitor)
{
	if (monitor->handles > 0) {
		uv_poll_stop(&monitor->poll);
		uv_timer_stop(&monitor->timer);
	}
	if (monitor->daemon)
		MHD_stop_daemon(monitor->daemon);
	if (monitor->handles == 0) {
		free(monitor);
		return;
	}
	uv_close((uv_handle_t *)&monitor->poll, on_closed);
	uv_close((uv_handle_t *)&monitor->timer, on_closed);
}
