#include "support/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/fail.h"
#include "support/secure.h"

enum { READ_BYTES = 64 * 1024 };

int support_socket_open_small(struct support_socket *sock, int port, int receive_bytes)
{
	*sock = (struct support_socket){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
	if (sock->fd < 0)
		return -errno;
	if (receive_bytes > 0)
		setsockopt(sock->fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes));
	setsockopt(sock->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (connect(sock->fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return 0;
	int code = -errno;
	support_socket_close(sock);
	return code;
}

int support_socket_open(struct support_socket *sock, int port)
{
	return support_socket_open_small(sock, port, 0);
}

void support_socket_close(struct support_socket *sock)
{
	support_secure_close(sock);
	if (sock->fd >= 0)
		close(sock->fd);
	free(sock->bytes);
	*sock = (struct support_socket){.fd = -1};
}

/* Receive the bytes that have arrived. Returns their number, 0 when closed, -EAGAIN when there are none. */
static int64_t receive(struct support_socket *sock)
{
	if (sock->cap - sock->len < READ_BYTES + 1) {
		sock->cap = 2 * sock->cap + READ_BYTES + 1;
		sock->bytes = support_grow(sock->bytes, sock->cap);
	}
	ssize_t got = sock->ssl ? support_secure_receive(sock, sock->bytes + sock->len, READ_BYTES)
				: recv(sock->fd, sock->bytes + sock->len, READ_BYTES, MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return -EAGAIN;
	if (got <= 0) {
		sock->closed = true;
		return 0;
	}
	sock->len += (size_t)got;
	sock->bytes[sock->len] = '\0';
	return got;
}

/* Wait for the events of poll(2). False at the deadline. */
static bool wait_for(const struct support_socket *sock, short events, struct support_deadline deadline,
		     short *happened)
{
	struct pollfd entry = {.fd = sock->fd, .events = events};
	int count = poll(&entry, 1, support_deadline_left_ms(deadline));
	*happened = entry.revents;
	return count > 0;
}

int support_socket_send(struct support_socket *sock, const void *bytes, size_t len,
			struct support_deadline deadline)
{
	for (size_t done = 0; done < len;) {
		const char *rest = (const char *)bytes + done;
		ssize_t sent = sock->ssl ? support_secure_send(sock, rest, len - done)
					 : send(sock->fd, rest, len - done, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent > 0) {
			done += (size_t)sent;
			continue;
		}
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return -EPIPE;
		short happened;
		bool reads = !sock->closed;
		if (!wait_for(sock, (short)(POLLOUT | (reads ? POLLIN : 0)), deadline, &happened))
			return -ETIMEDOUT;
		if (reads && (happened & POLLIN))
			receive(sock);
	}
	return 0;
}

int support_socket_send_text(struct support_socket *sock, const char *text, struct support_deadline deadline)
{
	return support_socket_send(sock, text, strlen(text), deadline);
}

int64_t support_socket_read(struct support_socket *sock, struct support_deadline deadline)
{
	short happened;
	if (sock->closed)
		return 0;
	for (;;) {
		int64_t got = receive(sock);
		if (got != -EAGAIN)
			return got;
		if (!wait_for(sock, POLLIN, deadline, &happened))
			return -ETIMEDOUT;
	}
}

int support_socket_await(struct support_socket *sock, size_t from, const char *text, size_t *end,
			 struct support_deadline deadline)
{
	size_t text_len = strlen(text);
	for (;;) {
		char *found =
		    from < sock->len ? memmem(sock->bytes + from, sock->len - from, text, text_len) : NULL;
		if (found) {
			if (end)
				*end = (size_t)(found - sock->bytes) + text_len;
			return 0;
		}
		if (sock->len > from + text_len)
			from = sock->len - text_len;
		int64_t got = support_socket_read(sock, deadline);
		if (got <= 0)
			return got == 0 ? -EPIPE : (int)got;
	}
}

int support_socket_await_close(struct support_socket *sock, struct support_deadline deadline)
{
	for (;;) {
		int64_t got = support_socket_read(sock, deadline);
		if (got <= 0)
			return (int)got;
	}
}

int support_socket_sync(struct support_socket *sock, struct support_deadline deadline)
{
	size_t from = sock->len;
	int code = support_socket_send_text(sock, "PING\r\n", deadline);
	if (code == -ETIMEDOUT)
		return code;
	return support_socket_await(sock, from, "PONG\r\n", NULL, deadline);
}

int support_http_get(int port, const char *path, char **body, struct support_deadline deadline)
{
	if (body)
		*body = NULL;
	struct support_socket sock;
	int code = support_socket_open(&sock, port);
	if (code < 0)
		return code;
	char request[1024];
	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
		 path);
	code = support_socket_send_text(&sock, request, deadline);
	if (code == 0)
		code = support_socket_await_close(&sock, deadline);
	size_t head_len = 0;
	if (code == 0)
		code = support_socket_await(&sock, 0, "\r\n\r\n", &head_len, deadline);
	if (code == 0 && sscanf(sock.bytes, "HTTP/1.1 %d", &code) != 1)
		code = -EPROTO;
	if (code > 0 && body)
		*body = strdup(sock.bytes + head_len);
	support_socket_close(&sock);
	return code;
}
