/* monitor.c - the HTTP server of the monitoring, on the broker's own event loop.
 *
 *   uv_poll on the listening socket ──▶ accept, make room if there are too many ──▶ MHD_run
 *   uv_poll on libmicrohttpd's epoll descriptor ──▶ MHD_run ──▶ answer_request ──▶ a page
 *   uv_timer set to libmicrohttpd's next timeout ──▶ MHD_run
 */
#include "broker/monitor/monitor.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "broker/monitor/answer.h"

enum {
	MAX_CONNECTIONS = 64,
	SPARE_CONNECTIONS = 16, /* accepted before those that make room for them are gone */
	IDLE_SECONDS = 10,
	CONNECTION_BYTES = 32768,
	BLOCK_BYTES = 16384,
	BACKLOG = 128,
};

/* A connection. */
struct visitor {
	struct broker_monitor *monitor;
	struct visitor *prev, *next; /* from the one that has been quiet longest */
	int fd;
	bool is_answered; /* an answer is on its way */
	bool is_leaving;  /* was shut down to make room */
};

struct broker_monitor {
	struct broker *broker;
	struct MHD_Daemon *daemon;
	int listener;
	uv_poll_t listening, poll;
	uv_timer_t timer;
	int handles; /* not yet closed */
	int port;
	struct visitor *first, *last;
	unsigned visitors; /* without those that are leaving */
	uint64_t page_counts[BROKER__PAGES];
	/* processor time at the last look, for varz' cpu */
	uint64_t cpu_at_ns, cpu_used_ns;
	double cpu_percent;
};

const struct broker__page broker__pages[BROKER__PAGES + 1] = {
    {"/", NULL, broker__serve_root},
    {"/accountz", NULL, broker__serve_accountz},
    {"/accstatz", NULL, broker__serve_accstatz},
    {"/connz", NULL, broker__serve_connz},
    {"/gatewayz", NULL, broker__serve_gatewayz},
    {"/healthz", NULL, broker__serve_healthz},
    {"/jsz", NULL, broker__serve_jsz},
    {"/leafz", NULL, broker__serve_leafz},
    {"/metrics", NULL, broker__serve_metrics},
    {"/routez", NULL, broker__serve_routez},
    {"/subsz", "/subscriptionsz", broker__serve_subsz},
    {"/varz", NULL, broker__serve_varz},
    {NULL, NULL, NULL},
};

/* ---- connections ---- */

static void append_visitor(struct broker_monitor *monitor, struct visitor *visitor)
{
	visitor->prev = monitor->last;
	visitor->next = NULL;
	if (monitor->last)
		monitor->last->next = visitor;
	else
		monitor->first = visitor;
	monitor->last = visitor;
}

static void unlink_visitor(struct broker_monitor *monitor, struct visitor *visitor)
{
	if (visitor->prev)
		visitor->prev->next = visitor->next;
	else
		monitor->first = visitor->next;
	if (visitor->next)
		visitor->next->prev = visitor->prev;
	else
		monitor->last = visitor->prev;
}

/* It asks for something, or takes some of an answer. */
static void touch_visitor(struct visitor *visitor, bool is_answered)
{
	visitor->is_answered = is_answered;
	unlink_visitor(visitor->monitor, visitor);
	append_visitor(visitor->monitor, visitor);
}

static struct visitor *visitor_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info ? info->socket_context : NULL;
}

static void open_visitor(struct broker_monitor *monitor, struct MHD_Connection *connection, void **slot)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct visitor *visitor = calloc(1, sizeof *visitor);
	*slot = visitor;
	if (!visitor)
		return; /* it is served as any other, and goes when it is idle */
	visitor->monitor = monitor;
	visitor->fd = info->connect_fd;
	append_visitor(monitor, visitor);
	monitor->visitors++;
}

static void close_visitor(struct broker_monitor *monitor, struct visitor *visitor)
{
	if (!visitor)
		return;
	unlink_visitor(monitor, visitor);
	monitor->visitors -= !visitor->is_leaving;
	free(visitor);
}

static void on_visit(void *context, struct MHD_Connection *connection, void **slot,
		     enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		open_visitor(context, connection, slot);
	else
		close_visitor(context, *slot);
}

static void on_answered(void *context, struct MHD_Connection *connection, void **seen,
			enum MHD_RequestTerminationCode code)
{
	struct visitor *visitor = visitor_of(connection);
	(void)context;
	(void)seen;
	(void)code;
	if (visitor)
		touch_visitor(visitor, false);
}

/* Shut down who has been quiet longest: first of those that ask for nothing, which may be there only to keep others out. */
static void make_room(struct broker_monitor *monitor)
{
	struct visitor *quietest = NULL;
	for (struct visitor *visitor = monitor->first; visitor; visitor = visitor->next) {
		if (visitor->is_leaving || (quietest && visitor->is_answered))
			continue;
		if (!quietest || quietest->is_answered)
			quietest = visitor;
		if (!quietest->is_answered)
			break;
	}
	if (!quietest)
		return;
	quietest->is_leaving = true;
	monitor->visitors--;
	shutdown(quietest->fd, SHUT_RDWR);
}

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

/* The part of the path after the base path; NULL when it does not begin with the base path. */
static const char *below_base(const char *path, const char *base)
{
	size_t len = base ? strlen(base) : 0;
	while (len > 0 && base[len - 1] == '/')
		len--;
	if (len > 0 && base[0] != '/')
		path++; /* the base is written without its first slash */
	if (len > 0 && strncmp(path, base, len) != 0)
		return NULL;
	return path[len] == '\0' ? "/" : path[len] == '/' ? path + len : NULL;
}

static size_t find_page(const char *path)
{
	size_t i = 0;
	while (broker__pages[i].path && (!path || strcmp(broker__pages[i].path, path) != 0) &&
	       (!path || !broker__pages[i].alias || strcmp(broker__pages[i].alias, path) != 0))
		i++;
	return i;
}

static void fill_answer(struct broker_monitor *monitor, struct MHD_Connection *connection, const char *path,
			const char *method, struct broker__answer *answer)
{
	struct broker__request request = {
	    .broker = monitor->broker, .connection = connection, .page_counts = monitor->page_counts};
	const char *base = broker_inspect_options(monitor->broker)->http_base_path;
	size_t page = find_page(below_base(path, base));
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

/* ---- sending ---- */

/* An answer that is being sent. */
struct sending {
	struct broker__answer answer;
	struct MHD_Connection *connection;
	size_t at; /* of the body: what was sent of it */
};

static void close_rest(struct broker__answer *answer)
{
	if (answer->rest)
		answer->rest->close(answer->rest);
	answer->rest = NULL;
}

/* Write the next piece of the body; after the last one the answer has no rest. */
static void write_piece(struct broker__answer *answer)
{
	bool has_more = answer->rest && answer->rest->write(answer->rest, &answer->body);
	if (has_more)
		return;
	close_rest(answer);
	if (answer->is_call)
		broker__json_raw(&answer->body, WIRE_LITERAL(")"));
	answer->is_call = false;
}

static ssize_t send_piece(void *context, uint64_t position, char *data, size_t cap)
{
	struct sending *sending = context;
	struct broker__json *body = &sending->answer.body;
	struct visitor *visitor = visitor_of(sending->connection);
	(void)position;
	if (visitor)
		touch_visitor(visitor, true);
	if (sending->at == body->len && sending->answer.rest) {
		sending->at = body->len = 0;
		write_piece(&sending->answer);
	}
	if (body->is_failed)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	size_t len = body->len - sending->at < cap ? body->len - sending->at : cap;
	memcpy(data, body->text + sending->at, len);
	sending->at += len;
	return len > 0 ? (ssize_t)len : MHD_CONTENT_READER_END_OF_STREAM;
}

static void free_sending(void *context)
{
	struct sending *sending = context;
	close_rest(&sending->answer);
	broker__json_fini(&sending->answer.body);
	free(sending);
}

/* Takes the answer: on failure, too. */
static struct MHD_Response *respond_in_pieces(struct MHD_Connection *connection,
					      struct broker__answer *answer)
{
	struct sending *sending = calloc(1, sizeof *sending);
	if (!sending) {
		close_rest(answer);
		broker__json_fini(&answer->body);
		return NULL;
	}
	*sending = (struct sending){.answer = *answer, .connection = connection};
	struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES,
									  send_piece, sending, free_sending);
	if (!response)
		free_sending(sending);
	return response;
}

static struct MHD_Response *respond_at_once(struct broker__answer *answer)
{
	struct MHD_Response *response =
	    MHD_create_response_from_buffer(answer->body.len, answer->body.text, MHD_RESPMEM_MUST_COPY);
	broker__json_fini(&answer->body);
	return response;
}

/* Hand the answer to libmicrohttpd: whole when one piece is all of it. */
static enum MHD_Result send_answer(struct broker_monitor *monitor, struct MHD_Connection *connection,
				   struct broker__answer *answer)
{
	const char *origin = broker_inspect_options(monitor->broker)->http_allow_origin;
	write_piece(answer);
	if (answer->body.is_failed) { /* out of memory: closes the connection */
		close_rest(answer);
		broker__json_fini(&answer->body);
		return MHD_NO;
	}
	struct MHD_Response *response =
	    answer->rest ? respond_in_pieces(connection, answer) : respond_at_once(answer);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
	if (origin)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, origin);
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
	struct visitor *visitor = visitor_of(connection);
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
	if (visitor)
		touch_visitor(visitor, true);
	fill_answer(monitor, connection, path, method, &answer);
	return send_answer(monitor, connection, &answer);
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

static void accept_one(struct broker_monitor *monitor, int fd, const struct sockaddr_storage *address,
		       socklen_t len)
{
	if (monitor->visitors >= MAX_CONNECTIONS) {
		make_room(monitor);
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

/* Connections are accepted by ourselves: at its limit libmicrohttpd would leave them waiting, and who says nothing would
 * keep everybody else out. */
static struct MHD_Daemon *start_daemon(struct broker_monitor *monitor)
{
	return MHD_start_daemon(
	    MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL, answer_request, monitor,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)(MAX_CONNECTIONS + SPARE_CONNECTIONS),
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)CONNECTION_BYTES, MHD_OPTION_NOTIFY_CONNECTION, on_visit, monitor,
	    MHD_OPTION_NOTIFY_COMPLETED, on_answered, monitor, MHD_OPTION_END);
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
	*monitor = (struct broker_monitor){.broker = broker,
					   .listener = fd,
					   .port = bound_port(fd),
					   .cpu_at_ns = uv_hrtime(),
					   .cpu_used_ns = cpu_ns()};
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

/* The descriptors are no longer watched when they are closed. */
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
