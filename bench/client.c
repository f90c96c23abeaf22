#include "bench/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE_BYTES = 256 * 1024, DEADLINE_S = 120 };

static const char hello[] =
    "CONNECT {\"verbose\":false,\"pedantic\":false,\"lang\":\"bench\",\"version\":\"1\","
    "\"name\":\"bench\"}\r\n";

static int connect_to(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct timeval deadline = {.tv_sec = DEADLINE_S};
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
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

int bench_client_send(int fd, const char *bytes, size_t len)
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

/* Do the bytes end with PONG? The server's own PING may follow it. */
static bool ends_with_pong(const char *bytes, size_t len)
{
	if (len >= 12 && memcmp(bytes + len - 6, "PING\r\n", 6) == 0)
		len -= 6;
	return len >= 6 && memcmp(bytes + len - 6, "PONG\r\n", 6) == 0;
}

int bench_client_flush(int fd)
{
	char tail[4096];
	size_t have = 0;
	int error = bench_client_send(fd, "PING\r\n", 6);
	while (!error) {
		if (have > sizeof tail / 2) {
			memmove(tail, tail + have - 12, 12);
			have = 12;
		}
		ssize_t got = recv(fd, tail + have, sizeof tail - have, 0);
		if (got <= 0)
			return got < 0 ? -errno : -ECONNRESET;
		have += (size_t)got;
		if (ends_with_pong(tail, have))
			return 0;
	}
	return error;
}

int bench_client_open(int port, const char *text, size_t len)
{
	int fd = connect_to(port);
	if (fd < 0)
		return fd;
	int error = bench_client_send(fd, hello, sizeof hello - 1);
	if (!error)
		error = bench_client_send(fd, text, len);
	if (!error)
		error = bench_client_flush(fd);
	if (!error)
		return fd;
	close(fd);
	return error;
}
