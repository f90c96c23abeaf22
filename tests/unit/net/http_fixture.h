/* http_fixture.h - an HTTP client on raw sockets, beside a server on a loop of the same thread. */
#ifndef TESTS_HTTP_FIXTURE_H
#define TESTS_HTTP_FIXTURE_H

#include <uv.h>

struct http_fixture {
	uv_loop_t *loop;
	int port;
	char reply[200000]; /* the last one whole, head included */
};

int http_fixture_connect(const struct http_fixture *fixture);
void http_fixture_send(int fd, const char *request);
/* Receive until the server closes, into fixture->reply; closes fd. Fails past a deadline. */
void http_fixture_receive(struct http_fixture *fixture, int fd);
/* Send raw bytes and receive the reply. */
void http_fixture_exchange(struct http_fixture *fixture, const char *request);
/* GET the path. Returns the body in fixture->reply, "" without one. */
const char *http_fixture_get(struct http_fixture *fixture, const char *path);
void http_fixture_assert_status(const struct http_fixture *fixture, int status);

#endif
