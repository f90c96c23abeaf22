/* proxy faults: servers that are killed, frozen or missing, clients that do not read or send garbage, a full disk, a drain.
 * Other connections go on, and the log line says what happened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "support/broker.h"
#include "support/fail.h"
#include "support/proxy.h"
#include "support/run.h"
#include "support/socket.h"

enum { WAIT_MS = 30000, SKIPPED = 77, MEBIBYTE = 1 << 20 };

#define HELLO "CONNECT {\"verbose\":false}\r\n"

static struct support_deadline soon(void)
{
	return support_deadline_in(WAIT_MS);
}

static void join(const struct support_proxy *proxy, struct support_socket *sock)
{
	assert_int_equal(support_socket_open(sock, proxy->proxy.port), 0);
	assert_int_equal(support_socket_await(sock, 0, "\n", NULL, soon()), 0);
	assert_int_equal(support_socket_send_text(sock, HELLO, soon()), 0);
	assert_int_equal(support_socket_sync(sock, soon()), 0);
}

static void await_log(const struct support_proxy *proxy, const char *text)
{
	if (support_server_await_log(&proxy->proxy, text, soon()) < 0)
		fail_msg("not in the log of the proxy: %s", text);
}

/* The whole log as JSON lines; owned. */
static char *read_log(const struct support_proxy *proxy)
{
	char *output;
	const char *const args[] = {proxy->plan.program, "cat", "--json", proxy->log, NULL};
	assert_int_equal(support_run(args, &output), 0);
	return output;
}

static void expect_in_log(const struct support_proxy *proxy, const char *text)
{
	char *log = read_log(proxy);
	if (!strstr(log, text))
		fail_msg("the log lacks %s:\n%.4000s", text, log);
	free(log);
}

static int health(const struct support_proxy *proxy)
{
	return support_http_get(proxy->proxy.http_port, "/healthz", NULL, soon());
}

static uint64_t read_metric(const struct support_proxy *proxy, const char *name)
{
	char *metrics;
	assert_int_equal(support_http_get(proxy->proxy.http_port, "/metrics", &metrics, soon()), 200);
	const char *value = strstr(metrics, name);
	assert_non_null(value);
	uint64_t number = strtoull(value + strlen(name), NULL, 10);
	free(metrics);
	return number;
}

/* ---- servers ---- */

static void a_server_that_is_killed_is_reported_and_used_again_when_it_is_back(void **state)
{
	struct support_proxy proxy;
	struct support_socket sock;
	(void)state;
	support_proxy_open(&proxy, NULL, NULL);
	join(&proxy, &sock);
	support_server_kill(&proxy.server);
	assert_int_equal(support_socket_await_close(&sock, soon()), 0);
	support_socket_close(&sock);
	assert_int_equal(support_socket_open(&sock, proxy.proxy.port), 0);
	assert_int_equal(support_socket_await_close(&sock, soon()), 0);
	assert_int_equal(sock.len, 0); /* as with a stopped server, there is no INFO */
	support_socket_close(&sock);
	await_log(&proxy, "Client refused: no server answers");
	await_log(&proxy, "is down: connection refused");
	assert_int_equal(health(&proxy), 503);
	support_proxy_restart_server(&proxy);
	await_log(&proxy, "answers again");
	assert_int_equal(health(&proxy), 200);
	join(&proxy, &sock);
	support_socket_close(&sock);
	assert_int_equal(support_proxy_stop(&proxy), 0);
	expect_in_log(&proxy, "by the server\"");
	support_proxy_close(&proxy);
}

/* Stop all threads of the server. */
static void freeze_server(struct support_proxy *proxy)
{
	int status;
	support_server_signal(&proxy->server, SIGSTOP);
	assert_int_equal(waitpid(proxy->server.pid, &status, WUNTRACED), proxy->server.pid);
	assert_true(WIFSTOPPED(status));
}

static void a_frozen_server_is_left_for_the_next_one(void **state)
{
	struct support_proxy other, proxy;
	struct support_socket sock, frozen;
	(void)state;
	support_proxy_open(&other, NULL, NULL);
	const char *const flags[] = {"--upstream", other.upstream, NULL};
	support_proxy_open(&proxy, NULL, flags);
	join(&proxy, &frozen);
	freeze_server(&proxy);
	join(&proxy, &sock);
	await_log(&proxy, "is down: no answer");
	support_server_signal(&proxy.server, SIGCONT);
	assert_int_equal(support_socket_sync(&frozen, soon()), 0); /* it only waited */
	support_socket_close(&frozen);
	support_socket_close(&sock);
	support_proxy_close(&proxy);
	support_proxy_close(&other);
}

/* ---- clients ---- */

static void a_client_that_does_not_read_holds_little_memory_and_delays_no_one(void **state)
{
	enum { ROUNDS = 40, PAYLOAD = 1000000 };
	struct support_proxy proxy;
	struct support_socket frozen, publisher;
	char *message = malloc(PAYLOAD + 64);
	(void)state;
	assert_non_null(message);
	support_proxy_open(&proxy, NULL, NULL);
	join(&proxy, &frozen);
	assert_int_equal(support_socket_send_text(&frozen, "SUB big 1\r\n", soon()), 0);
	assert_int_equal(support_socket_sync(&frozen, soon()), 0);
	join(&proxy, &publisher);
	int head = snprintf(message, 64, "PUB big %d\r\n", PAYLOAD);
	memset(message + head, 'x', PAYLOAD);
	memcpy(message + head + PAYLOAD, "\r\n", 2);
	for (int i = 0; i < ROUNDS; i++)
		assert_int_equal(support_socket_send(&publisher, message, (size_t)head + PAYLOAD + 2, soon()),
				 0);
	assert_int_equal(support_socket_sync(&publisher, soon()), 0);
	uint64_t held = read_metric(&proxy, "\ntapedeck_proxy_held_bytes ");
	assert_in_range(held, 1, MEBIBYTE);
	free(message);
	support_socket_close(&frozen);
	support_socket_close(&publisher);
	support_proxy_close(&proxy);
}

static void garbage_is_passed_to_the_server_and_its_error_is_recorded(void **state)
{
	static const char garbage[] = "GARBAGE \x01\x02\xff and more\r\n";
	struct support_proxy proxy;
	struct support_socket sock, well;
	(void)state;
	support_proxy_open(&proxy, NULL, NULL);
	join(&proxy, &well);
	assert_int_equal(support_socket_open(&sock, proxy.proxy.port), 0);
	support_socket_send(&sock, garbage, sizeof garbage - 1, soon());
	assert_int_equal(support_socket_await_close(&sock, soon()), 0);
	assert_non_null(strstr(sock.bytes, "-ERR 'Unknown Protocol Operation'"));
	assert_int_equal(support_socket_sync(&well, soon()), 0);
	support_socket_close(&sock);
	support_socket_close(&well);
	assert_int_equal(support_proxy_stop(&proxy), 0);
	expect_in_log(&proxy, "Unknown Protocol Operation");
	support_proxy_close(&proxy);
}

static void a_refused_login_is_recorded_and_no_secret_is(void **state)
{
	const char *const server_flags[] = {"--user", "u", "--pass", "right-secret", NULL};
	struct support_proxy proxy;
	struct support_socket sock;
	(void)state;
	support_proxy_open(&proxy, server_flags, NULL);
	assert_int_equal(support_socket_open(&sock, proxy.proxy.port), 0);
	assert_int_equal(
	    support_socket_send_text(&sock,
				     "CONNECT {\"user\":\"u\",\"pass\":\"wrong-secret\","
				     "\"auth_token\":\"t-secret\",\"jwt\":\"j-secret\"}\r\nPING\r\n",
				     soon()),
	    0);
	assert_int_equal(support_socket_await_close(&sock, soon()), 0);
	assert_non_null(strstr(sock.bytes, "Authorization Violation"));
	support_socket_close(&sock);
	char *metrics;
	assert_int_equal(support_http_get(proxy.proxy.http_port, "/metrics", &metrics, soon()), 200);
	assert_null(strstr(metrics, "secret"));
	free(metrics);
	assert_int_equal(support_proxy_stop(&proxy), 0);
	char *log = read_log(&proxy), *grep;
	assert_non_null(strstr(log, "Authorization Violation"));
	assert_non_null(strstr(log, "\"user\":\"u\""));
	const char *const args[] = {"grep", "-r", "-a", "-c", "-secret", proxy.dir.path, NULL};
	assert_int_equal(support_run(args, &grep), 1); /* found nowhere */
	free(grep);
	free(log);
	support_proxy_close(&proxy);
}

static void a_half_closed_client_still_gets_what_the_server_sends(void **state)
{
	struct support_proxy proxy;
	struct support_socket sock;
	(void)state;
	support_proxy_open(&proxy, NULL, NULL);
	join(&proxy, &sock);
	assert_int_equal(support_socket_send_text(&sock, "SUB a 1\r\nPUB a 2\r\nhi\r\nPING\r\n", soon()), 0);
	shutdown(sock.fd, SHUT_WR);
	assert_int_equal(support_socket_await_close(&sock, soon()), 0);
	support_socket_close(&sock);
	assert_int_equal(support_proxy_stop(&proxy), 0);
	expect_in_log(&proxy, "closed by the client");
	support_proxy_close(&proxy);
}

/* ---- the disk ---- */

static void set_file_limit(const struct support_proxy *proxy, rlim_t bytes)
{
	const struct rlimit limit = {.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
	assert_int_equal(prlimit(proxy->proxy.pid, RLIMIT_FSIZE, &limit, NULL), 0);
}

static void a_full_disk_degrades_the_log_and_never_the_bus(void **state)
{
	struct support_proxy proxy;
	struct support_socket sock;
	char *body;
	(void)state;
	support_proxy_open(&proxy, NULL, NULL);
	set_file_limit(&proxy, 1);
	join(&proxy, &sock);
	for (int i = 0; i < 200; i++)
		assert_int_equal(support_socket_send_text(&sock, "PUB a 10\r\n0123456789\r\n", soon()), 0);
	assert_int_equal(support_socket_sync(&sock, soon()), 0);
	struct support_deadline deadline = soon();
	bool is_degraded = false;
	do {
		assert_int_equal(support_http_get(proxy.proxy.http_port, "/healthz", &body, soon()), 200);
		is_degraded = strstr(body, "degraded") != NULL;
		free(body);
	} while (!is_degraded && support_deadline_retry(deadline));
	assert_true(is_degraded);
	assert_int_equal(support_socket_sync(&sock, soon()), 0);
	set_file_limit(&proxy, RLIM_INFINITY);
	support_socket_close(&sock);
	assert_int_equal(support_proxy_stop(&proxy), 0);
	expect_in_log(&proxy, "\"kind\":\"gap\"");
	support_proxy_close(&proxy);
}

static void after_a_kill_the_log_is_whole(void **state)
{
	struct support_proxy proxy;
	struct support_socket sock;
	char *output;
	(void)state;
	const char *const flags[] = {"--record-sync", "always", NULL};
	support_proxy_open(&proxy, NULL, flags);
	join(&proxy, &sock);
	for (int i = 0; i < 500; i++)
		assert_int_equal(support_socket_send_text(&sock, "PUB a 10\r\n0123456789\r\n", soon()), 0);
	assert_int_equal(support_socket_sync(&sock, soon()), 0);
	support_server_kill(&proxy.proxy);
	support_socket_close(&sock);
	const char *const args[] = {proxy.plan.program, "verify", proxy.log, NULL};
	if (support_run(args, &output) != 0)
		fail_msg("%s", output);
	free(output);
	support_proxy_close(&proxy);
}

/* ---- draining ---- */

static void a_drain_takes_no_new_clients_and_ends_with_the_last_one(void **state)
{
	struct support_proxy proxy;
	struct support_socket sock, late;
	(void)state;
	support_proxy_open(&proxy, NULL, NULL);
	join(&proxy, &sock);
	support_server_signal(&proxy.proxy, SIGUSR2);
	await_log(&proxy, "Draining: no new connections; 1 are open");
	assert_int_equal(support_socket_open(&late, proxy.proxy.port), -ECONNREFUSED);
	assert_int_equal(support_socket_sync(&sock, soon()), 0);
	assert_int_equal(health(&proxy), 503);
	support_socket_close(&sock);
	assert_int_equal(support_server_await_end(&proxy.proxy, soon()), 0);
	assert_int_equal(support_server_exit_status(&proxy.proxy), 0);
	support_proxy_close(&proxy);
}

static void a_drain_ends_when_its_time_is_over(void **state)
{
	const char *const flags[] = {"--drain-timeout", "100ms", NULL};
	struct support_proxy proxy;
	struct support_socket sock;
	(void)state;
	support_proxy_open(&proxy, NULL, flags);
	join(&proxy, &sock);
	support_server_signal(&proxy.proxy, SIGUSR2);
	assert_int_equal(support_socket_await_close(&sock, soon()), 0);
	assert_int_equal(support_server_await_end(&proxy.proxy, soon()), 0);
	expect_in_log(&proxy, "closed by the proxy");
	support_socket_close(&sock);
	support_proxy_close(&proxy);
}

enum { UPSTREAMS_MAX = 64 };

/* Servers at which nothing listens, and the one that does as the last; owned. */
static char *list_upstreams(int dead, int port)
{
	char *list, *at;
	size_t size = (size_t)(dead + 1) * 32;
	at = list = calloc(1, size);
	for (int i = 0; i < dead; i++)
		at += snprintf(at, size - (size_t)(at - list), "127.0.0.%d:1,", i + 2);
	snprintf(at, size - (size_t)(at - list), "127.0.0.1:%d", port);
	return list;
}

static void the_last_of_sixty_four_servers_is_found_and_more_are_refused(void **state)
{
	struct support_proxy proxy;
	struct support_socket sock;
	char *output;
	(void)state;
	support_proxy_open_server(&proxy, NULL);
	/* The first one is that of support_proxy_open_in_front. */
	char *upstreams = list_upstreams(UPSTREAMS_MAX - 2, proxy.server.port);
	const char *const flags[] = {"--upstream", upstreams, NULL};
	snprintf(proxy.upstream, sizeof proxy.upstream, "nats://127.0.0.1:1");
	support_proxy_open_in_front(&proxy, flags);
	join(&proxy, &sock);
	support_socket_close(&sock);
	free(upstreams);
	upstreams = list_upstreams(UPSTREAMS_MAX, proxy.server.port);
	const char *const args[] = {support_tapedeck(), "proxy",   "--listen", "127.0.0.1:0",
				    "--upstream",       upstreams, NULL};
	assert_int_not_equal(support_run(args, &output), 0);
	assert_non_null(strstr(output, "64"));
	free(output);
	free(upstreams);
	support_proxy_close(&proxy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_server_that_is_killed_is_reported_and_used_again_when_it_is_back),
	    cmocka_unit_test(a_frozen_server_is_left_for_the_next_one),
	    cmocka_unit_test(a_client_that_does_not_read_holds_little_memory_and_delays_no_one),
	    cmocka_unit_test(garbage_is_passed_to_the_server_and_its_error_is_recorded),
	    cmocka_unit_test(a_refused_login_is_recorded_and_no_secret_is),
	    cmocka_unit_test(a_half_closed_client_still_gets_what_the_server_sends),
	    cmocka_unit_test(a_full_disk_degrades_the_log_and_never_the_bus),
	    cmocka_unit_test(after_a_kill_the_log_is_whole),
	    cmocka_unit_test(a_drain_takes_no_new_clients_and_ends_with_the_last_one),
	    cmocka_unit_test(a_drain_ends_when_its_time_is_over),
	    cmocka_unit_test(the_last_of_sixty_four_servers_is_found_and_more_are_refused),
	};
	if (!support_proxy_has_server())
		return SKIPPED;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
