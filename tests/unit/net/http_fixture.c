#include "tests/unit/net/http_fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_NS 20000000000ull

int http_fixture_connect(const struct http_fixture *fixture)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)fixture->port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

void http_fixture_send(int fd, const char *request)
{
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
}

void http_fixture_receive(struct http_fixture *fixture, int fd)
{
	size_t len = 0;
	for (uint64_t end_ns = uv_hrtime() + WAIT_NS;;) {
		uv_run(fixture->loop, UV_RUN_NOWAIT);
		ssize_t got = recv(fd, fixture->reply + len, sizeof fixture->reply - 1 - len, MSG_DONTWAIT);
		if (got == 0 || (got < 0 && errno != EAGAIN))
			break;
		len += got > 0 ? (size_t)got : 0;
		assert_true(uv_hrtime() < end_ns);
	}
	fixture->reply[len] = '\0';
	close(fd);
}

void http_fixture_exchange(struct http_fixture *fixture, const char *request)
{
	int fd = http_fixture_connect(fixture);
	http_fixture_send(fd, request);
	http_fixture_receive(fixture, fd);
}

const char *http_fixture_get(struct http_fixture *fixture, const char *path)
{
	char request[2000];
	snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
	http_fixture_exchange(fixture, request);
	const char *body = strstr(fixture->reply, "\r\n\r\n");
	return body ? body + 4 : "";
}

void http_fixture_assert_status(const struct http_fixture *fixture, int status)
{
	char line[40];
	snprintf(line, sizeof line, "HTTP/1.1 %d ", status);
	if (strncmp(fixture->reply, line, strlen(line)) != 0)
		fail_msg("expected %d: %.300s", status, fixture->reply);
}
