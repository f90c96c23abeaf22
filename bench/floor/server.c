#include "bench/floor/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	READ_BYTES = 256 * 1024,
	FRAME_MAX = 1024 * 1024 + 4096, /* the protocol's default limits */
	IN_BYTES = FRAME_MAX + READ_BYTES,
	OUT_BYTES = 2 * IN_BYTES, /* a frame grows by a space and the sid, and has 10 bytes at least */
	SID_MAX = 8,
	EVENTS = 64,
};

static const char info[] = "INFO "
			   "{\"server_id\":\"floor\",\"version\":\"0.0.0\",\"proto\":1,\"headers\":false,"
			   "\"max_payload\":1048576}\r\n";

struct client {
	struct client *next, *next_subscriber;
	int fd;
	uint32_t number;
	bool subscribed, queued;
	size_t have;
	char in[IN_BYTES + 1]; /* a space follows the input, so that no scan runs past it */
};

struct floor_server {
	int listener, epoll;
	struct floor_log *log;
	struct client *clients, *subscribers;
	struct client *turn; /* the member of the queue group that got the messages of the last read */
	uint32_t client_numbers, receivers;
	char sid[SID_MAX + 2]; /* with a space before it */
	size_t sid_len;
	size_t out_len;
	char out[OUT_BYTES];
};

static int send_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return -EPIPE;
		bytes += sent;
		len -= (size_t)sent;
	}
	return 0;
}

/* Send the output of one read. Ignore a subscriber that is gone: its own read will notice. */
static void flush(struct floor_server *server)
{
	if (server->out_len == 0)
		return;
	bool queue_done = false;
	for (struct client *to = server->subscribers; to; to = to->next_subscriber)
		if (!to->queued)
			send_all(to->fd, server->out, server->out_len);
		else
			queue_done = true;
	if (queue_done) {
		server->turn = server->turn && server->turn->next_subscriber ? server->turn->next_subscriber
									     : server->subscribers;
		send_all(server->turn->fd, server->out, server->out_len);
	}
	server->out_len = 0;
}

/* The number of receivers of each message: every plain subscriber, and one of the queue group. */
static void count_receivers(struct floor_server *server)
{
	bool group = false;
	server->receivers = 0;
	for (const struct client *client = server->subscribers; client; client = client->next_subscriber)
		if (client->queued)
			group = true;
		else
			server->receivers++;
	server->receivers += group;
}

/* "SUB subject [queue] sid" */
static void take_subscription(struct floor_server *server, struct client *client, const char *line,
			      const char *end)
{
	const char *space = memrchr(line, ' ', (size_t)(end - line));
	if (client->subscribed)
		return;
	client->subscribed = true;
	client->queued = memchr(line + 4, ' ', (size_t)(end - line - 4)) != space;
	client->next_subscriber = server->subscribers;
	server->subscribers = client;
	server->sid_len = (size_t)(end - space);
	if (server->sid_len > sizeof server->sid)
		abort();
	memcpy(server->sid, space, server->sid_len);
	count_receivers(server);
}

/* "PUB subject size", the payload and an empty line after it. The bytes consumed, 0 when there are not
 * enough. The bytes after the subject are the same in a MSG, and are copied in one piece. */
static size_t take_message(struct floor_server *server, const struct client *client, const char *frame,
			   const char *end)
{
	const char *subject = frame + 4, *space = subject;
	size_t size = 0;
	while (*space != ' ')
		space++;
	const char *at = space < end ? space + 1 : end;
	for (; *at >= '0' && *at <= '9'; at++)
		size = size * 10 + (size_t)(*at - '0');
	if ((size_t)(end - at) < size + 4)
		return 0;
	const char *payload = at + 2, *next = payload + size + 2;
	size_t subject_len = (size_t)(space - subject), tail_len = (size_t)(next - space);
	if (server->log)
		floor_log_append(server->log, client->number, server->receivers, subject, subject_len,
				 payload, size);
	if (server->receivers == 0)
		return (size_t)(next - frame);
	char *out = server->out + server->out_len;
	memcpy(out, "MSG ", 4);
	memcpy(out + 4, subject, subject_len);
	out += 4 + subject_len;
	memcpy(out, server->sid, server->sid_len);
	memcpy(out + server->sid_len, space, tail_len);
	server->out_len += 4 + subject_len + server->sid_len + tail_len;
	return (size_t)(next - frame);
}

/* Any operation other than PUB. The bytes consumed, 0 when there are not enough. */
static size_t take_line(struct floor_server *server, struct client *client, const char *line, const char *end)
{
	const char *cr = memchr(line, '\r', (size_t)(end - line));
	if (!cr || end - cr < 2)
		return 0;
	if (memcmp(line, "SUB", 3) == 0) {
		take_subscription(server, client, line, cr);
	} else if (memcmp(line, "PING", 4) == 0) {
		flush(server);
		send_all(client->fd, "PONG\r\n", 6);
	}
	return (size_t)(cr + 2 - line);
}

static void parse(struct floor_server *server, struct client *client)
{
	const char *at = client->in, *end = client->in + client->have;
	while (end - at >= 5) {
		size_t took = memcmp(at, "PUB ", 4) == 0 ? take_message(server, client, at, end)
							 : take_line(server, client, at, end);
		if (took == 0)
			break;
		at += took;
	}
	client->have = (size_t)(end - at);
	memmove(client->in, at, client->have);
}

static void remove_client(struct floor_server *server, struct client *client)
{
	struct client **link = &server->clients;
	while (*link != client)
		link = &(*link)->next;
	*link = client->next;
	for (link = &server->subscribers; *link && *link != client;)
		link = &(*link)->next_subscriber;
	if (*link)
		*link = client->next_subscriber;
	count_receivers(server);
	if (server->turn == client)
		server->turn = NULL;
	close(client->fd);
	free(client);
}

static void read_client(struct floor_server *server, struct client *client)
{
	struct timespec now;
	ssize_t got = recv(client->fd, client->in + client->have, READ_BYTES, 0);
	if (got <= 0) {
		remove_client(server, client);
		return;
	}
	client->have += (size_t)got;
	client->in[client->have] = ' ';
	if (server->log) {
		clock_gettime(CLOCK_REALTIME, &now);
		floor_log_set_time(server->log, now.tv_sec * 1000000000ll + now.tv_nsec);
	}
	parse(server, client);
	flush(server);
}

static void accept_client(struct floor_server *server)
{
	int one = 1, fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	struct client *client = malloc(sizeof *client);
	if (!client) {
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	memset(client, 0, offsetof(struct client, in));
	client->fd = fd;
	client->number = ++server->client_numbers;
	client->next = server->clients;
	server->clients = client;
	struct epoll_event interest = {.events = EPOLLIN, .data.ptr = client};
	epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &interest);
	send_all(fd, info, sizeof info - 1);
}

int floor_server_run(struct floor_server *server, const volatile int *stop)
{
	struct epoll_event events[EVENTS];
	sigset_t nothing;
	sigemptyset(&nothing);
	while (!*stop) {
		int count = epoll_pwait(server->epoll, events, EVENTS, -1, &nothing);
		if (count < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < count; i++)
			if (events[i].data.ptr)
				read_client(server, events[i].data.ptr);
			else
				accept_client(server);
	}
	return 0;
}

int floor_server_open(struct floor_server **out, struct floor_log *log)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct epoll_event interest = {.events = EPOLLIN};
	struct floor_server *server = calloc(1, sizeof *server);
	if (!server)
		return -ENOMEM;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server->log = log;
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(server->listener, (struct sockaddr *)&address, sizeof address) < 0 ||
	    listen(server->listener, SOMAXCONN) < 0 ||
	    epoll_ctl(server->epoll, EPOLL_CTL_ADD, server->listener, &interest) < 0) {
		int error = -errno;
		floor_server_close(server);
		return error;
	}
	*out = server;
	return 0;
}

int floor_server_port(const struct floor_server *server)
{
	struct sockaddr_in address;
	socklen_t len = sizeof address;
	if (getsockname(server->listener, (struct sockaddr *)&address, &len) < 0)
		return -errno;
	return ntohs(address.sin_port);
}

void floor_server_close(struct floor_server *server)
{
	while (server->clients)
		remove_client(server, server->clients);
	if (server->epoll >= 0)
		close(server->epoll);
	if (server->listener >= 0)
		close(server->listener);
	free(server);
}
