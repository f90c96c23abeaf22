#include "bench/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PIECE_BYTES = 256 * 1024, DEADLINE_S = 120 };

static const char hello[] =
    "CONNECT "
    "{\"verbose\":false,\"pedantic\":false,\"lang\":\"bench\",\"version\":\"1\",\"name\":\"bench\"}\r\n";

struct connection {
	pthread_t thread;
	int fd;
	const struct bench_frames *frames; /* publishers */
	uint64_t rounds;                   /* publishers */
	uint64_t expected;                 /* subscribers: bytes of MSG operations */
	int error;                         /* 0 or a negated errno */
};

static int connect_to(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	int one = 1;
	struct timeval deadline = {.tv_sec = DEADLINE_S};
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		int error = -errno;
		close(fd);
		return error;
	}
	return fd;
}

static int send_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t sent = send(fd, bytes, len < PIECE_BYTES ? len : PIECE_BYTES, MSG_NOSIGNAL);
		if (sent <= 0)
			return sent < 0 ? -errno : -EPIPE;
		bytes += sent;
		len -= (size_t)sent;
	}
	return 0;
}

/* Read until a PONG ends the input: everything sent before it has been processed. */
static int await_pong(int fd)
{
	char tail[4096];
	size_t have = 0;
	for (;;) {
		if (have > sizeof tail / 2) {
			memmove(tail, tail + have - 6, 6);
			have = 6;
		}
		ssize_t got = recv(fd, tail + have, sizeof tail - have, 0);
		if (got <= 0)
			return got < 0 ? -errno : -ECONNRESET;
		have += (size_t)got;
		if (have >= 6 && memcmp(tail + have - 6, "PONG\r\n", 6) == 0)
			return 0;
	}
}

static int open_client(struct connection *connection, int port, const char *subscribe)
{
	connection->fd = connect_to(port);
	if (connection->fd < 0)
		return connection->fd;
	int error = send_all(connection->fd, hello, sizeof hello - 1);
	if (!error && subscribe)
		error = send_all(connection->fd, subscribe, strlen(subscribe));
	if (!error)
		error = send_all(connection->fd, "PING\r\n", 6);
	return error ? error : await_pong(connection->fd);
}

static void *publish(void *context)
{
	struct connection *connection = context;
	for (uint64_t i = 0; i < connection->rounds && !connection->error; i++)
		connection->error =
		    send_all(connection->fd, connection->frames->bytes, connection->frames->len);
	if (!connection->error)
		connection->error = send_all(connection->fd, "PING\r\n", 6);
	if (!connection->error)
		connection->error = await_pong(connection->fd);
	return NULL;
}

/* A server may send PINGs (6 bytes) between messages: they are counted out. No frame of ours has a capital P. */
static uint64_t ping_bytes(const char *bytes, size_t len)
{
	uint64_t pings = 0;
	for (const char *end = bytes + len; (bytes = memchr(bytes, 'P', (size_t)(end - bytes))) != NULL;
	     bytes++)
		pings++;
	return pings * 6;
}

static void *subscribe(void *context)
{
	struct connection *connection = context;
	char *buffer = malloc(2 * PIECE_BYTES);
	uint64_t got = 0;
	while (buffer && got < connection->expected && !connection->error) {
		ssize_t len = recv(connection->fd, buffer, 2 * PIECE_BYTES, 0);
		if (len <= 0)
			connection->error = len < 0 ? -errno : -ECONNRESET;
		else
			got += (uint64_t)len - ping_bytes(buffer, (size_t)len);
	}
	if (!buffer)
		connection->error = -ENOMEM;
	else if (!connection->error && got != connection->expected)
		connection->error = -EPROTO;
	free(buffer);
	return NULL;
}

static double now_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static const char *subscription(const struct bench_shape *shape)
{
	if (shape->json)
		return "SUB shop.> 1\r\n";
	return shape->subjects == 1 ? "SUB bench.0 1\r\n" : "SUB bench.* 1\r\n";
}

/* Subscribers first, so that no message is published before they are there. */
static int open_all(const struct bench_shape *shape, const struct bench_frames *frames, int port,
		    struct connection *connections)
{
	uint64_t rounds = bench_shape_rounds(shape, frames), expected = 0;
	for (int i = 0; i < shape->publishers; i++)
		expected += rounds * frames[i].delivered_bytes;
	for (int i = 0; i < shape->subscribers; i++) {
		connections[i].expected = expected;
		int error = open_client(&connections[i], port, subscription(shape));
		if (error)
			return error;
	}
	for (int i = 0; i < shape->publishers; i++) {
		struct connection *publisher = &connections[shape->subscribers + i];
		publisher->frames = &frames[i];
		publisher->rounds = rounds;
		int error = open_client(publisher, port, NULL);
		if (error)
			return error;
	}
	return 0;
}

static int run_all(const struct bench_shape *shape, struct connection *connections)
{
	int count = shape->subscribers + shape->publishers, started = 0, error = 0;
	for (; started < count && !error; started++)
		error = -pthread_create(&connections[started].thread, NULL,
					started < shape->subscribers ? subscribe : publish,
					&connections[started]);
	for (int i = 0; i < started - (error != 0); i++) {
		pthread_join(connections[i].thread, NULL);
		error = error ? error : connections[i].error;
	}
	return error;
}

int bench_load_run(const struct bench_shape *shape, const struct bench_frames *frames, int port,
		   struct bench_load_result *result)
{
	int count = shape->subscribers + shape->publishers;
	struct connection *connections = calloc((size_t)count, sizeof *connections);
	*result = (struct bench_load_result){0};
	if (!connections)
		return -ENOMEM;
	for (int i = 0; i < count; i++)
		connections[i].fd = -1;
	int error = open_all(shape, frames, port, connections);
	double start_s = now_s();
	if (!error)
		error = run_all(shape, connections);
	result->seconds = now_s() - start_s;
	for (int i = 0; i < shape->publishers; i++)
		result->messages += frames[i].count * bench_shape_rounds(shape, frames);
	if (error)
		snprintf(result->fault, sizeof result->fault, "shape %s: %s", shape->name,
			 error == -EPROTO ? "a subscriber got another number of bytes than was published"
					  : strerror(-error));
	for (int i = 0; i < count; i++)
		if (connections[i].fd >= 0)
			close(connections[i].fd);
	free(connections);
	return error;
}
