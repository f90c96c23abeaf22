/* The HTTP server with routes of this test: good requests are answered, bad ones and slow clients do no harm. */
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

#include "net/http/server.h"
#include "tests/unit/net/http_fixture.h"

enum { PIECES = 20000, PIECE_BYTES = 1000, IDLERS = 100 /* more than are allowed */ };

static uv_loop_t loop;
static struct net_http_server *server;
static struct http_fixture fixture = {.loop = &loop};
static const char *base_path, *allow_origin;

/* ---- pages ---- */

static void serve_name(const struct net_http_request *request, struct net_http_answer *answer)
{
	net_http_answer_text(answer, NET_HTTP_OK, "%s %s", (const char *)request->owner,
			     net_http_query(request, "q"));
}

static void serve_counts(const struct net_http_request *request, struct net_http_answer *answer)
{
	char text[100];
	int len =
	    snprintf(text, sizeof text, "%s %d", request->routes[0].path, (int)request->route_counts[0]);
	net_http_body_add(&answer->body, wire_slice(text, (size_t)len));
	answer->status = NET_HTTP_UNAVAILABLE;
	answer->type = "text/x-counts";
	answer->tail = "!";
}

/* A long answer. */
struct pieces {
	struct net_http_rest rest;
	unsigned written;
};

static unsigned pieces_written, rests_closed;
static bool is_out_of_memory;

static bool write_piece(struct net_http_rest *rest, struct net_http_body *body)
{
	struct pieces *pieces = (struct pieces *)rest;
	char text[PIECE_BYTES];
	memset(text, 'a' + (int)(pieces->written % 26), sizeof text);
	net_http_body_add(body, wire_slice(text, sizeof text));
	body->is_failed = is_out_of_memory && pieces->written > 10;
	pieces_written++;
	return ++pieces->written < PIECES;
}

static void close_pieces(struct net_http_rest *rest)
{
	rests_closed++;
	free(rest);
}

static void serve_long(const struct net_http_request *request, struct net_http_answer *answer)
{
	struct pieces *pieces = calloc(1, sizeof *pieces);
	(void)request;
	assert_non_null(pieces);
	pieces->rest = (struct net_http_rest){.write = write_piece, .close = close_pieces};
	answer->status = NET_HTTP_OK;
	answer->type = "text/plain";
	answer->rest = &pieces->rest;
}

static const struct net_http_route routes[] = {
    {"/name", "/alias", serve_name},
    {"/counts", NULL, serve_counts},
    {"/long", NULL, serve_long},
    {NULL, NULL, NULL},
};

static void read_settings(void *owner, struct net_http_settings *settings)
{
	assert_string_equal(owner, "owner");
	settings->base_path = base_path;
	settings->allow_origin = allow_origin;
}

/* ---- the server ---- */

static int open_server(void **state)
{
	static char owner[] = "owner";
	static const struct net_http_service service = {
	    .routes = routes, .owner = owner, .settings = read_settings};
	static const struct net_listener_address address = {.host = "127.0.0.1"};
	struct wire_fault fault;
	(void)state;
	base_path = allow_origin = NULL;
	pieces_written = rests_closed = 0;
	is_out_of_memory = false;
	uv_loop_init(&loop);
	int status = net_http_server_open(&server, &loop, &address, &service, &fault);
	fixture.port = status == 0 ? net_http_server_port(server) : 0;
	return status;
}

static int close_server(void **state)
{
	(void)state;
	net_http_server_close(server);
	uv_run(&loop, UV_RUN_DEFAULT);
	return uv_loop_close(&loop);
}

static void assert_is_served(void)
{
	assert_string_equal(http_fixture_get(&fixture, "/name?q=x"), "owner x");
	http_fixture_assert_status(&fixture, 200);
}

/* ---- claims ---- */

static void a_route_answers_under_its_path_and_its_alias(void **state)
{
	(void)state;
	assert_string_equal(http_fixture_get(&fixture, "/name?q=a%20b"), "owner a b");
	assert_string_equal(http_fixture_get(&fixture, "/alias"), "owner ");
	http_fixture_assert_status(&fixture, 200);
	assert_non_null(strstr(fixture.reply, "Content-Type: text/plain; charset=utf-8\r\n"));
	assert_non_null(strstr(fixture.reply, "X-Content-Type-Options: nosniff\r\n"));
}

static void a_page_says_status_and_type_and_knows_the_counts(void **state)
{
	(void)state;
	http_fixture_get(&fixture, "/name");
	http_fixture_get(&fixture, "/alias");
	http_fixture_get(&fixture, "/nope");
	assert_string_equal(http_fixture_get(&fixture, "/counts"), "/name 2!");
	http_fixture_assert_status(&fixture, 503);
	assert_non_null(strstr(fixture.reply, "Content-Type: text/x-counts\r\n"));
}

static void head_has_no_body(void **state)
{
	(void)state;
	http_fixture_exchange(&fixture, "HEAD /name HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	http_fixture_assert_status(&fixture, 200);
	assert_non_null(strstr(fixture.reply, "Content-Length: 6\r\n"));
	assert_string_equal(strstr(fixture.reply, "\r\n\r\n") + 4, "");
}

static void unknown_paths_are_not_found(void **state)
{
	static const char *const paths[] = {"/", "/nope", "/name/", "/nam", "//name"};
	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		assert_string_equal(http_fixture_get(&fixture, paths[i]), "404 page not found\n");
		http_fixture_assert_status(&fixture, 404);
	}
}

static void other_methods_are_not_allowed_and_their_bodies_are_discarded(void **state)
{
	(void)state;
	http_fixture_exchange(
	    &fixture,
	    "POST /name HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
	http_fixture_assert_status(&fixture, 405);
	assert_non_null(strstr(fixture.reply, "Allow: GET, HEAD\r\n"));
	http_fixture_exchange(&fixture, "DELETE /nope HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	http_fixture_assert_status(&fixture, 405);
}

static void settings_may_change_between_two_requests(void **state)
{
	(void)state;
	http_fixture_get(&fixture, "/name");
	assert_null(strstr(fixture.reply, "Access-Control-Allow-Origin"));
	base_path = "/base";
	allow_origin = "https://other.example";
	http_fixture_get(&fixture, "/base/name");
	http_fixture_assert_status(&fixture, 200);
	assert_non_null(strstr(fixture.reply, "Access-Control-Allow-Origin: https://other.example\r\n"));
	http_fixture_get(&fixture, "/name");
	http_fixture_assert_status(&fixture, 404);
}

static void connections_are_kept_for_further_requests(void **state)
{
	(void)state;
	http_fixture_exchange(&fixture, "GET /name HTTP/1.1\r\nHost: x\r\n\r\n"
					"GET /counts HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	assert_non_null(strstr(fixture.reply, "owner "));
	assert_non_null(strstr(fixture.reply, "/name 1!"));
}

static void garbage_and_endless_heads_end_the_connection(void **state)
{
	static char endless[100000];
	(void)state;
	http_fixture_exchange(&fixture, "\x16\x03\x01 garbage\r\n\r\n");
	memset(endless, 'a', sizeof endless - 1);
	memcpy(endless, "GET /", 5);
	http_fixture_exchange(&fixture, endless);
	assert_is_served();
}

/* ---- overload ---- */

static void idle_connections_keep_no_other_client_out(void **state)
{
	int idlers[IDLERS];
	(void)state;
	for (int i = 0; i < IDLERS; i++) {
		idlers[i] = http_fixture_connect(&fixture);
		uv_run(&loop, UV_RUN_NOWAIT);
	}
	assert_is_served();
	for (int i = 0; i < IDLERS; i++)
		close(idlers[i]);
	assert_is_served();
}

/* Heads that never end count as idle, too. */
static void unfinished_requests_keep_no_other_client_out(void **state)
{
	int idlers[IDLERS];
	(void)state;
	for (int i = 0; i < IDLERS; i++) {
		idlers[i] = http_fixture_connect(&fixture);
		http_fixture_send(idlers[i], "GET /name HTTP/1.1\r\nHost: ");
		uv_run(&loop, UV_RUN_NOWAIT);
	}
	assert_is_served();
	for (int i = 0; i < IDLERS; i++)
		close(idlers[i]);
}

/* ---- slow clients ---- */

static size_t receive_some(int fd, char *data, size_t cap)
{
	for (uint64_t end_ns = uv_hrtime() + 20000000000;;) {
		ssize_t got = recv(fd, data, cap, MSG_DONTWAIT);
		if (got >= 0)
			return (size_t)got;
		uv_run(&loop, UV_RUN_NOWAIT);
		assert_true(uv_hrtime() < end_ns);
	}
}

static void a_request_may_come_byte_by_byte(void **state)
{
	static const char request[] = "GET /name HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
	int fd = http_fixture_connect(&fixture);
	(void)state;
	for (size_t i = 0; i < sizeof request - 1; i++) {
		assert_int_equal(send(fd, request + i, 1, MSG_NOSIGNAL), 1);
		uv_run(&loop, UV_RUN_NOWAIT);
	}
	http_fixture_receive(&fixture, fd);
	http_fixture_assert_status(&fixture, 200);
}

static void a_long_answer_is_written_as_it_is_read(void **state)
{
	static char data[65536];
	size_t total = 0, got;
	int fd = http_fixture_connect(&fixture);
	(void)state;
	http_fixture_send(fd, "GET /long HTTP/1.0\r\n\r\n");
	receive_some(fd, data, 1);
	for (int i = 0; i < 1000; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
	assert_in_range(pieces_written, 1, PIECES - 1); /* the kernel holds the rest of what was written */
	assert_is_served();
	while ((got = receive_some(fd, data, sizeof data)) > 0)
		total += got;
	close(fd);
	assert_true(total >= PIECES * PIECE_BYTES);
	assert_int_equal(pieces_written, PIECES);
	assert_int_equal(rests_closed, 1);
}

static void a_client_that_leaves_ends_its_answer(void **state)
{
	char byte;
	int fd = http_fixture_connect(&fixture);
	(void)state;
	http_fixture_send(fd, "GET /long HTTP/1.1\r\nHost: x\r\n\r\n");
	receive_some(fd, &byte, 1);
	close(fd);
	for (uint64_t end_ns = uv_hrtime() + 20000000000; rests_closed == 0;) {
		uv_run(&loop, UV_RUN_NOWAIT);
		assert_true(uv_hrtime() < end_ns);
	}
	assert_is_served();
}

static void closing_the_server_ends_answers_that_are_being_sent(void **state)
{
	char byte;
	int fd = http_fixture_connect(&fixture);
	http_fixture_send(fd, "GET /long HTTP/1.1\r\nHost: x\r\n\r\n");
	receive_some(fd, &byte, 1);
	assert_int_equal(rests_closed, 0);
	close_server(state);
	assert_int_equal(rests_closed, 1);
	close(fd);
	open_server(state);
}

static void an_answer_that_runs_out_of_memory_is_cut_off(void **state)
{
	(void)state;
	is_out_of_memory = true;
	http_fixture_exchange(&fixture, "GET /long HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_null(
	    strstr(fixture.reply, "\r\n0\r\n")); /* the last chunk, which would say that it is whole */
	assert_int_equal(rests_closed, 1);
	assert_is_served();
}

static void a_port_in_use_is_named(void **state)
{
	static const struct net_http_service service = {.routes = routes};
	struct net_http_server *second;
	struct wire_fault fault;
	char expected[100];
	const struct net_listener_address address = {.host = "127.0.0.1", .port = fixture.port};
	(void)state;
	assert_int_equal(net_http_server_open(&second, &loop, &address, &service, &fault), UV_EADDRINUSE);
	snprintf(expected, sizeof expected, "cannot listen on 127.0.0.1:%d: the address is in use",
		 fixture.port);
	assert_string_equal(fault.text, expected);
}

#define CLAIM(test) cmocka_unit_test_setup_teardown(test, open_server, close_server)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CLAIM(a_route_answers_under_its_path_and_its_alias),
	    CLAIM(a_page_says_status_and_type_and_knows_the_counts),
	    CLAIM(head_has_no_body),
	    CLAIM(unknown_paths_are_not_found),
	    CLAIM(other_methods_are_not_allowed_and_their_bodies_are_discarded),
	    CLAIM(settings_may_change_between_two_requests),
	    CLAIM(connections_are_kept_for_further_requests),
	    CLAIM(garbage_and_endless_heads_end_the_connection),
	    CLAIM(idle_connections_keep_no_other_client_out),
	    CLAIM(unfinished_requests_keep_no_other_client_out),
	    CLAIM(a_request_may_come_byte_by_byte),
	    CLAIM(a_long_answer_is_written_as_it_is_read),
	    CLAIM(a_client_that_leaves_ends_its_answer),
	    CLAIM(closing_the_server_ends_answers_that_are_being_sent),
	    CLAIM(an_answer_that_runs_out_of_memory_is_cut_off),
	    CLAIM(a_port_in_use_is_named),
	};
	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
