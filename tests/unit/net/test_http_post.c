/* Documents that are sent to an HTTP server which answers well, badly, too much, or not at all. */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "net/http/post.h"

/* A server of one connection after the other, in a thread of its own: it reads a request, sends `answer` and `filler` bytes, and closes. */
static struct {
	int listening;
	pthread_t thread;
	char url[64];
	pthread_mutex_t lock; /* of what follows */
	const char *answer;   /* NULL: it waits until the client closes */
	size_t filler;
	char request[4096]; /* the last one, with its body */
	size_t len;
	int requests;
} server = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void set_answer(const char *answer, size_t filler)
{
	pthread_mutex_lock(&server.lock);
	server.answer = answer;
	server.filler = filler;
	pthread_mutex_unlock(&server.lock);
}

/* The last request holds the text. */
static bool was_sent(const char *text)
{
	pthread_mutex_lock(&server.lock);
	const bool was = strstr(server.request, text) != NULL;

	pthread_mutex_unlock(&server.lock);
	return was;
}

static bool is_whole(const char *request, size_t len)
{
	const char *body = strstr(request, "\r\n\r\n"), *length = strstr(request, "Content-Length: ");

	return body && length &&
	       len == (size_t)(body + 4 - request) + strtoul(length + strlen("Content-Length: "), NULL, 10);
}

static void send_filler(int fd, size_t left)
{
	static const char filler[1 << 16];

	while (left > 0) {
		const ssize_t sent =
		    send(fd, filler, left < sizeof(filler) ? left : sizeof(filler), MSG_NOSIGNAL);

		if (sent < 0)
			return;
		left -= (size_t)sent;
	}
}

static void serve(int fd)
{
	char request[sizeof(server.request)] = "", rest;
	size_t len = 0;
	ssize_t got = 1;

	for (; got > 0 && !is_whole(request, len); len += got > 0 ? (size_t)got : 0)
		got = recv(fd, request + len, sizeof(request) - 1 - len, 0);
	pthread_mutex_lock(&server.lock);
	memcpy(server.request, request, sizeof(request));
	server.len = len;
	server.requests++;
	const char *answer = server.answer;
	const size_t filler = server.filler;

	pthread_mutex_unlock(&server.lock);
	if (answer && send(fd, answer, strlen(answer), MSG_NOSIGNAL) > 0)
		send_filler(fd, filler);
	else
		while (recv(fd, &rest, 1, 0) > 0) {
		}
	close(fd);
}

static void *serve_all(void *context)
{
	int fd;

	while ((fd = accept(server.listening, NULL, NULL)) >= 0)
		serve(fd);
	return context;
}

static int setup(void **state)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);

	(void)state;
	set_answer(NULL, 0);
	server.requests = 0;
	server.listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(server.listening, (struct sockaddr *)&address, len) != 0 ||
	    listen(server.listening, 8) != 0 ||
	    getsockname(server.listening, (struct sockaddr *)&address, &len) != 0)
		return -1;
	snprintf(server.url, sizeof(server.url), "http://me:secret@127.0.0.1:%d/v1?key=secret",
		 ntohs(address.sin_port));
	return pthread_create(&server.thread, NULL, serve_all, NULL);
}

static void stop_server(void)
{
	if (server.listening < 0)
		return;
	shutdown(server.listening, SHUT_RDWR);
	pthread_join(server.thread, NULL);
	close(server.listening);
	server.listening = -1;
}

static int teardown(void **state)
{
	(void)state;
	stop_server();
	return 0;
}

static struct net_http_poster *open_poster(bool (*is_stopped)(void *context), bool gzip)
{
	const struct net_http_post_options options = {
	    .url = server.url, .type = "text/x", .gzip = gzip, .is_stopped = is_stopped};
	struct net_http_poster *poster = NULL;
	struct wire_fault fault;

	assert_int_equal(net_http_poster_open(&poster, &options, &fault), 0);
	return poster;
}

/* Send a document to a server that answers so. */
static int post(const char *answer, size_t filler, struct net_http_posted *posted)
{
	struct net_http_poster *poster = open_poster(NULL, false);
	struct wire_fault fault = {0};

	set_answer(answer, filler);
	const int error = net_http_post(poster, WIRE_LITERAL("document"), posted, &fault);

	assert_null(strstr(fault.text, "secret"));
	net_http_poster_close(poster);
	return error;
}

/* ---- answers ---- */

static void answer_is_given_whatever_its_status(void **state)
{
	struct net_http_posted posted;

	(void)state;
	assert_int_equal(post("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 0, &posted), 0);
	assert_int_equal(posted.status, 200);
	assert_int_equal(posted.retry_after_ms, -1);
	assert_true(was_sent("Content-Type: text/x\r\n"));
	assert_true(was_sent("\r\n\r\ndocument"));
	assert_false(was_sent("Expect"));
	assert_int_equal(post("HTTP/1.1 503 x\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", 0, &posted),
			 0);
	assert_int_equal(posted.status, 503);
	assert_int_equal(posted.retry_after_ms, 7000);
}

static void redirection_is_not_followed(void **state)
{
	char answer[200];
	struct net_http_posted posted;

	(void)state;
	snprintf(answer, sizeof(answer), "HTTP/1.1 307 x\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
		 server.url);
	assert_int_equal(post(answer, 0, &posted), 0);
	assert_int_equal(posted.status, 307);
	stop_server();
	assert_int_equal(server.requests, 1);
}

static void answer_that_is_too_long_is_cut_and_its_status_counts(void **state)
{
	struct net_http_posted posted;

	(void)state;
	assert_int_equal(post("HTTP/1.1 502 x\r\nContent-Length: 1000000000\r\n\r\n", 1000000000, &posted),
			 0);
	assert_int_equal(posted.status, 502);
	assert_int_equal(post("HTTP/1.1 200 OK\r\n\r\n", NET_HTTP_POST_ANSWER_MAX, &posted), 0);
	assert_int_equal(posted.status, 200);
}

static void answer_that_breaks_off_is_none(void **state)
{
	struct net_http_posted posted;

	(void)state;
	assert_int_equal(post("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", 0, &posted), -ECONNREFUSED);
	assert_int_equal(post("\r\n", 0, &posted), -ECONNREFUSED);
	stop_server();
	assert_int_equal(post("", 0, &posted), -ECONNREFUSED);
}

static bool stops_soon(void *context)
{
	(void)context;
	return was_sent("document");
}

static void server_that_does_not_answer_can_be_left(void **state)
{
	struct net_http_poster *poster = open_poster(stops_soon, false);
	struct net_http_posted posted;
	struct wire_fault fault;

	(void)state;
	assert_int_equal(net_http_post(poster, WIRE_LITERAL("document"), &posted, &fault), -ECANCELED);
	net_http_poster_close(poster);
}

/* ---- requests ---- */

static void document_is_compressed(void **state)
{
	struct net_http_poster *poster = open_poster(NULL, true);
	struct net_http_posted posted;
	struct wire_fault fault;
	char unpacked[100] = "";
	z_stream gzip = {0};

	(void)state;
	set_answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(net_http_post(poster, WIRE_LITERAL("document"), &posted, &fault), 0);
	net_http_poster_close(poster);
	stop_server();
	assert_true(was_sent("Content-Encoding: gzip\r\n"));
	char *body = strstr(server.request, "\r\n\r\n") + 4;

	assert_int_equal(inflateInit2(&gzip, 15 + 16), Z_OK);
	gzip.next_in = (unsigned char *)body;
	gzip.avail_in = (unsigned)(server.request + server.len - body);
	gzip.next_out = (unsigned char *)unpacked;
	gzip.avail_out = sizeof(unpacked);
	assert_int_equal(inflate(&gzip, Z_FINISH), Z_STREAM_END);
	inflateEnd(&gzip);
	assert_string_equal(unpacked, "document");
}

static void header_that_is_none_is_refused(void **state)
{
	const char *const names[] = {"", "a b", "a:", "a\r\nb", "\xc3\xa4"};
	struct net_http_poster *poster = open_poster(NULL, false);
	struct net_http_posted posted;
	struct wire_fault fault;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_int_equal(
		    net_http_poster_add_header(poster, wire_slice_str(names[i]), WIRE_LITERAL("x")), -EINVAL);
	assert_int_equal(net_http_poster_add_header(poster, WIRE_LITERAL("a"), WIRE_LITERAL("x\r\nb: y")),
			 -EINVAL);
	assert_int_equal(net_http_poster_add_header(poster, WIRE_LITERAL("a"), WIRE_LITERAL("x\0y")),
			 -EINVAL);
	assert_int_equal(net_http_poster_add_header(poster, WIRE_LITERAL("X-Empty"), WIRE_LITERAL("")), 0);
	assert_int_equal(net_http_poster_add_header(poster, WIRE_LITERAL("X-Key"), WIRE_LITERAL("a: b")), 0);
	set_answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0);
	assert_int_equal(net_http_post(poster, WIRE_LITERAL("document"), &posted, &fault), 0);
	net_http_poster_close(poster);
	assert_true(was_sent("X-Empty:\r\n"));
	assert_true(was_sent("X-Key: a: b\r\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(answer_is_given_whatever_its_status, setup, teardown),
	    cmocka_unit_test_setup_teardown(redirection_is_not_followed, setup, teardown),
	    cmocka_unit_test_setup_teardown(answer_that_is_too_long_is_cut_and_its_status_counts, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(answer_that_breaks_off_is_none, setup, teardown),
	    cmocka_unit_test_setup_teardown(server_that_does_not_answer_can_be_left, setup, teardown),
	    cmocka_unit_test_setup_teardown(document_is_compressed, setup, teardown),
	    cmocka_unit_test_setup_teardown(header_that_is_none_is_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
