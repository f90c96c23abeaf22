/* Listeners: several addresses on one loop, and clients on blocking sockets. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/listener.h"

enum { WAIT_NS = 2000000000 };

static uv_loop_t loop;
static struct net_listener *listener;

/* The owner accepts `wanted` connections a call; the rest is the result. */
static unsigned calls, wanted;
static int accepted[64], last_status;
static unsigned accepted_len;
static struct sockaddr_storage last_peer;

static void on_waiting(struct net_listener *from, void *owner)
{
	assert_ptr_equal(from, listener);
	assert_ptr_equal(owner, &loop);
	calls++;
	for (unsigned i = 0; i < wanted; i++) {
		last_status = net_listener_accept_fd(from, &last_peer);
		if (last_status < 0)
			return;
		accepted[accepted_len++] = last_status;
	}
}

static int open_loop(void **state)
{
	(void)state;
	calls = accepted_len = 0;
	wanted = 1;
	return uv_loop_init(&loop);
}

static int close_loop(void **state)
{
	(void)state;
	for (unsigned i = 0; i < accepted_len; i++)
		close(accepted[i]);
	net_listener_close(listener);
	listener = NULL;
	uv_run(&loop, UV_RUN_DEFAULT);
	return uv_loop_close(&loop);
}

static int listen_on(const struct net_listener_address *addresses, size_t count, struct wire_fault *fault)
{
	return net_listener_open(&listener, &loop, addresses, count, on_waiting, &loop, fault);
}

/* A blocking client; fails the test when it cannot connect. */
static int connect_to(const char *host, int port)
{
	struct sockaddr_storage address = {0};
	assert_int_equal(net_address_resolve(&address, host, port), 0);
	int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len =
	    address.ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, len), 0);
	return fd;
}

static void await_accepted(unsigned count)
{
	for (uint64_t end_ns = uv_hrtime() + WAIT_NS * 10ull; accepted_len < count;) {
		uv_run(&loop, UV_RUN_NOWAIT);
		assert_true(uv_hrtime() < end_ns);
	}
}

/* ---- claims ---- */

static void each_address_gets_connections_on_a_port_of_its_own(void **state)
{
	static const struct net_listener_address addresses[] = {
	    {.host = "127.0.0.1"}, {.host = "127.0.0.2"}, {.host = "::1"}};
	struct wire_fault fault;
	(void)state;
	assert_int_equal(listen_on(addresses, 3, &fault), 0);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(net_listener_port(listener, i) > 0);
		int fd = connect_to(addresses[i].host, net_listener_port(listener, i));
		struct sockaddr_storage local = {0};
		socklen_t len = sizeof local;
		char ip[NET_IP_TEXT];
		await_accepted(i + 1);
		assert_int_equal(getsockname(accepted[i], (struct sockaddr *)&local, &len), 0);
		assert_int_equal(net_address_ip(&local, ip), net_listener_port(listener, i));
		assert_string_equal(ip, addresses[i].host);
		close(fd);
	}
}

static void every_address_means_ipv4_and_ipv6(void **state)
{
	static const struct net_listener_address addresses[] = {{.host = "0.0.0.0"}};
	struct wire_fault fault;
	char ip[NET_IP_TEXT];
	(void)state;
	assert_int_equal(listen_on(addresses, 1, &fault), 0);
	int v4 = connect_to("127.0.0.1", net_listener_port(listener, 0));
	await_accepted(1);
	net_address_ip(&last_peer, ip);
	assert_string_equal(ip, "127.0.0.1");
	int v6 = connect_to("::1", net_listener_port(listener, 0));
	await_accepted(2);
	close(v4);
	close(v6);
}

static void an_address_in_use_is_named_and_nothing_stays_open(void **state)
{
	struct net_listener *first;
	struct wire_fault fault;
	char expected[100];
	const struct net_listener_address any = {.host = "127.0.0.1"};
	(void)state;
	assert_int_equal(net_listener_open(&first, &loop, &any, 1, on_waiting, &loop, &fault), 0);
	int taken = net_listener_port(first, 0);
	const struct net_listener_address addresses[] = {{.host = "127.0.0.2"},
							 {.host = "127.0.0.1", .port = taken}};
	assert_int_equal(listen_on(addresses, 2, &fault), UV_EADDRINUSE);
	snprintf(expected, sizeof expected, "cannot listen on 127.0.0.1:%d: the address is in use", taken);
	assert_string_equal(fault.text, expected);
	net_listener_close(first);
	assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(listen_on(addresses, 2, &fault), 0); /* the port is free again at once */
}

static void a_host_that_does_not_exist_is_named(void **state)
{
	static const struct net_listener_address addresses[] = {{.host = "no.such.host.invalid", .port = 7}};
	struct wire_fault fault;
	(void)state;
	assert_true(listen_on(addresses, 1, &fault) < 0);
	assert_non_null(strstr(fault.text, "cannot listen on no.such.host.invalid:7: "));
}

static void connections_wait_until_the_owner_accepts_them(void **state)
{
	static const struct net_listener_address addresses[] = {{.host = "127.0.0.1"}};
	struct wire_fault fault;
	int fds[5];
	(void)state;
	assert_int_equal(listen_on(addresses, 1, &fault), 0);
	wanted = 0;
	for (int i = 0; i < 5; i++)
		fds[i] = connect_to("127.0.0.1", net_listener_port(listener, 0));
	while (calls < 3)
		uv_run(&loop, UV_RUN_ONCE);
	assert_int_equal(accepted_len, 0);
	wanted = 2;
	await_accepted(4);
	wanted = 10;
	await_accepted(5);
	assert_int_equal(last_status, UV_EAGAIN);
	for (int i = 0; i < 5; i++)
		close(fds[i]);
}

/* The lowest descriptor that is free. */
static int next_fd(void)
{
	int fd = dup(0);
	close(fd);
	return fd;
}

static void without_descriptors_connections_are_closed(void **state)
{
	static const struct net_listener_address addresses[] = {{.host = "127.0.0.1"}};
	struct rlimit before, none;
	struct wire_fault fault;
	char byte;
	(void)state;
	assert_int_equal(listen_on(addresses, 1, &fault), 0);
	int fd = connect_to("127.0.0.1", net_listener_port(listener, 0));
	getrlimit(RLIMIT_NOFILE, &before);
	none = (struct rlimit){.rlim_cur = (rlim_t)next_fd(), .rlim_max = before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	while (calls == 0)
		uv_run(&loop, UV_RUN_ONCE);
	assert_int_equal(last_status, UV_EMFILE);
	assert_int_equal(accepted_len, 0);
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(calls, 1); /* none waits any more */
	setrlimit(RLIMIT_NOFILE, &before);
	close(fd);
	fd = connect_to("127.0.0.1", net_listener_port(listener, 0));
	await_accepted(1);
	close(fd);
}

static void a_closed_listener_refuses_connections(void **state)
{
	static const struct net_listener_address addresses[] = {{.host = "127.0.0.1"}};
	struct sockaddr_storage address = {0};
	struct wire_fault fault;
	(void)state;
	assert_int_equal(listen_on(addresses, 1, &fault), 0);
	net_address_resolve(&address, "127.0.0.1", net_listener_port(listener, 0));
	net_listener_close(listener);
	listener = NULL;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(struct sockaddr_in)), -1);
	assert_int_equal(errno, ECONNREFUSED);
	close(fd);
}

#define CLAIM(test) cmocka_unit_test_setup_teardown(test, open_loop, close_loop)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CLAIM(each_address_gets_connections_on_a_port_of_its_own),
	    CLAIM(every_address_means_ipv4_and_ipv6),
	    CLAIM(an_address_in_use_is_named_and_nothing_stays_open),
	    CLAIM(a_host_that_does_not_exist_is_named),
	    CLAIM(connections_wait_until_the_owner_accepts_them),
	    CLAIM(without_descriptors_connections_are_closed),
	    CLAIM(a_closed_listener_refuses_connections),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
