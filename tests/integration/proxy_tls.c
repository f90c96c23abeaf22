/* proxy tls: the proxy speaks TLS with clients, with the real nats-server, or with both; what passes is recorded in clear.
 * Bad certificates, garbage and slow handshakes harm no other connection, and the log line says what is wrong. */
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
#include <sys/socket.h>

#include "support/certificates.h"
#include "support/fail.h"
#include "support/proxy.h"
#include "support/run.h"
#include "support/secure.h"

enum { WAIT_MS = 30000, SKIPPED = 77, SLOW_CLIENTS = 1000, MEBIBYTE = 1 << 20 };

/* Of a handshake under way, with the redzones of a sanitizer. */
enum { HANDSHAKE_BYTES = 128 << 10 };

#define HELLO "CONNECT {\"verbose\":false,\"name\":\"tester\"}\r\n"

static struct support_certificates certificates;

/* Paths of the certificates. */
static char ca[300], other_ca[300], server[300], server_key[300], client[300], client_key[300], expired[300],
    other_host[300], untrusted[300];

static const char *const clients_tls[] = {"--tls-cert", server, "--tls-key", server_key, NULL};
static const char *const clients_first[] = {"--tls-cert", server,        "--tls-key",
					    server_key,   "--tls-first", NULL};
static const char *const clients_verified[] = {"--tls-cert", server, "--tls-key",    server_key,
					       "--tls-ca",   ca,     "--tls-verify", NULL};
static const char *const servers_tls[] = {"--upstream-tls-ca", ca, NULL};
static const char *const both_tls[] = {"--tls-cert",        server, "--tls-key", server_key,
				       "--upstream-tls-ca", ca,     NULL};
static const char *const tls_server[] = {"--tls", "--tlscert", server, "--tlskey", server_key, NULL};

static struct support_deadline soon(void)
{
	return support_deadline_in(WAIT_MS);
}

static void await_info(const struct support_proxy *proxy, struct support_socket *sock)
{
	assert_int_equal(support_socket_open(sock, proxy->proxy.port), 0);
	assert_int_equal(support_socket_await(sock, 0, "\n", NULL, soon()), 0);
}

static void secure(struct support_socket *sock, int version)
{
	const struct support_tls tls = {.ca_file = ca, .version = version};
	char why[256];
	if (support_socket_secure(sock, &tls, soon(), why) < 0)
		fail_msg("handshake: %s", why);
}

static void secure_as_alice(struct support_socket *sock)
{
	const struct support_tls tls = {.ca_file = ca, .cert_file = client, .key_file = client_key};
	assert_int_equal(support_socket_secure(sock, &tls, soon(), NULL), 0);
}

static void hello(struct support_socket *sock)
{
	assert_int_equal(support_socket_send_text(sock, HELLO, soon()), 0);
	assert_int_equal(support_socket_sync(sock, soon()), 0);
}

static void join(const struct support_proxy *proxy, struct support_socket *sock)
{
	await_info(proxy, sock);
	secure(sock, 0);
	hello(sock);
}

/* A message comes back to its publisher. */
static void echo(struct support_socket *sock, const char *text)
{
	char bytes[200];
	snprintf(bytes, sizeof bytes, "SUB echo 1\r\nPUB echo %zu\r\n%s\r\n", strlen(text), text);
	assert_int_equal(support_socket_send_text(sock, bytes, soon()), 0);
	snprintf(bytes, sizeof bytes, "MSG echo 1 %zu\r\n%s\r\n", strlen(text), text);
	assert_int_equal(support_socket_await(sock, 0, bytes, NULL, soon()), 0);
}

static void await_log(const struct support_proxy *proxy, const char *text)
{
	if (support_server_await_log(&proxy->proxy, text, soon()) == 0)
		return;
	size_t len;
	char *log = support_read_file(proxy->proxy.log_path, &len);
	fail_msg("not in the log of the proxy: %s\n%.4000s", text, log);
}

static void expect_recorded(const struct support_proxy *proxy, const char *text)
{
	char *output;
	const char *const args[] = {proxy->plan.program, "cat", "--json", proxy->log, NULL};
	assert_int_equal(support_run(args, &output), 0);
	if (!strstr(output, text))
		fail_msg("the recording lacks %s:\n%.4000s", text, output);
	free(output);
}

/* ---- what passes ---- */

static void clients_speak_tls_after_info(void **state)
{
	struct support_proxy proxy;
	struct support_socket old, new;
	(void)state;
	support_proxy_open(&proxy, NULL, clients_tls);
	await_info(&proxy, &new);
	assert_non_null(strstr(new.bytes, "\"tls_required\":true"));
	assert_null(strstr(new.bytes, "tls_verify"));
	secure(&new, 13);
	hello(&new);
	echo(&new, "in 1.3");
	await_info(&proxy, &old);
	secure(&old, 12);
	hello(&old);
	echo(&old, "in 1.2");
	support_socket_close(&new);
	support_socket_close(&old);
	assert_int_equal(support_proxy_stop(&proxy), 0);
	expect_recorded(&proxy, "\"payload\":\"in 1.3\"");
	expect_recorded(&proxy, "\"payload\":\"in 1.2\"");
	support_proxy_close(&proxy);
}

static void clients_may_begin_with_the_handshake(void **state)
{
	struct support_proxy proxy;
	struct support_socket sock;
	(void)state;
	support_proxy_open(&proxy, NULL, clients_first);
	assert_int_equal(support_socket_open(&sock, proxy.proxy.port), 0);
	secure(&sock, 0);
	assert_int_equal(support_socket_await(&sock, 0, "\n", NULL, soon()), 0);
	hello(&sock);
	echo(&sock, "first");
	support_socket_close(&sock);
	assert_int_equal(support_proxy_stop(&proxy), 0);
	expect_recorded(&proxy, "\"payload\":\"first\"");
	support_proxy_close(&proxy);
}

static void the_server_speaks_tls_and_clients_do_not(void **state)
{
	struct support_proxy proxy;
	struct support_socket sock;
	(void)state;
	support_proxy_open(&proxy, tls_server, servers_tls);
	await_info(&proxy, &sock);
	assert_null(strstr(sock.bytes, "tls_required"));
	hello(&sock);
	echo(&sock, "plain");
	support_socket_close(&sock);
	assert_int_equal(support_proxy_stop(&proxy), 0);
	expect_recorded(&proxy, "\"payload\":\"plain\"");
	support_proxy_close(&proxy);
}

static void both_sides_speak_tls(void **state)
{
	struct support_proxy proxy;
	struct support_socket sock;
	char *much = malloc(MEBIBYTE + 100);
	(void)state;
	support_proxy_open(&proxy, tls_server, both_tls);
	join(&proxy, &sock);
	assert_non_null(strstr(sock.bytes, "\"tls_required\":true"));
	echo(&sock, "both");
	int head = sprintf(much, "PUB echo %d\r\n", MEBIBYTE);
	memset(much + head, 'x', MEBIBYTE);
	memcpy(much + head + MEBIBYTE, "\r\n", 2);
	assert_int_equal(support_socket_send(&sock, much, (size_t)head + MEBIBYTE + 2, soon()), 0);
	assert_int_equal(support_socket_sync(&sock, soon()), 0);
	assert_true(sock.len > MEBIBYTE);
	support_socket_close(&sock);
	assert_int_equal(support_proxy_stop(&proxy), 0);
	expect_recorded(&proxy, "\"size\":1048576");
	free(much);
	support_proxy_close(&proxy);
}

static void the_subject_of_a_verified_client_is_recorded(void **state)
{
	struct support_proxy proxy;
	struct support_socket sock, nobody;
	(void)state;
	support_proxy_open(&proxy, NULL, clients_verified);
	await_info(&proxy, &sock);
	assert_non_null(strstr(sock.bytes, "\"tls_verify\":true"));
	secure_as_alice(&sock);
	hello(&sock);
	await_info(&proxy, &nobody);
	const struct support_tls tls = {.ca_file = ca};
	support_socket_secure(&nobody, &tls, soon(), NULL);
	assert_int_equal(support_socket_await_close(&nobody, soon()), 0);
	await_log(&proxy, "TLS handshake error: the peer presents no certificate");
	echo(&sock, "still here");
	support_socket_close(&sock);
	support_socket_close(&nobody);
	assert_int_equal(support_proxy_stop(&proxy), 0);
	expect_recorded(&proxy, "\"certificate\":\"CN=alice,O=Tests\"");
	support_proxy_close(&proxy);
}

/* ---- certificates that change ---- */

static void renewed_certificates_are_presented_to_the_next_client(void **state)
{
	struct support_proxy proxy;
	struct support_socket before, after;
	(void)state;
	support_proxy_open(&proxy, NULL, clients_tls);
	join(&proxy, &before);
	support_certificates_renew(&certificates);
	support_server_signal(&proxy.proxy, SIGHUP);
	await_log(&proxy, "TLS towards clients: certificates read again");
	join(&proxy, &after);
	char *subject = support_socket_server_subject(&after);
	assert_string_equal(subject, "/O=Tests/CN=renewed");
	free(subject);
	echo(&before, "the first connection goes on");
	support_socket_close(&before);
	support_socket_close(&after);
	support_proxy_close(&proxy);
}

static void files_that_cannot_be_used_leave_the_old_certificates(void **state)
{
	struct support_proxy proxy;
	struct support_socket sock;
	char copy[300];
	const char *const flags[] = {"--tls-cert", copy, "--tls-key", server_key, NULL};
	size_t len;
	(void)state;
	char *text = support_read_file(server, &len);
	support_certificates_path(&certificates, "copy.pem", copy);
	support_write_file(copy, text, len);
	free(text);
	support_proxy_open(&proxy, NULL, flags);
	support_write_file(copy, "nothing", 7);
	await_log(&proxy, "the certificates read before stay in use");
	join(&proxy, &sock);
	support_socket_close(&sock);
	support_proxy_close(&proxy);
}

/* ---- faults ---- */

static void expect_refused_server(const char *certificate, const char *why)
{
	struct support_proxy proxy;
	struct support_socket sock;
	const char *const flags[] = {"--tls", "--tlscert", certificate, "--tlskey", server_key, NULL};
	support_proxy_open(&proxy, flags, servers_tls);
	assert_int_equal(support_socket_open(&sock, proxy.proxy.port), 0);
	assert_int_equal(support_socket_await_close(&sock, soon()), 0);
	assert_int_equal(sock.len, 0); /* as with a stopped server, there is no INFO */
	await_log(&proxy, why);
	await_log(&proxy, "Client refused: no server answers");
	support_socket_close(&sock);
	support_proxy_close(&proxy);
}

static void a_server_whose_certificate_is_refused_is_down_and_the_line_says_why(void **state)
{
	(void)state;
	expect_refused_server(expired, "is down: the certificate of \"CN=server,O=Tests\" has expired, ");
	expect_refused_server(other_host, "is not for host 127.0.0.1, but for elsewhere.example");
	expect_refused_server(untrusted, "is signed by no one who is trusted, but by CN=Unknown CA,O=Tests");
}

/* With TLS 1.3 such a server refuses after the handshake. */
static void a_server_that_asks_for_a_certificate_gets_that_of_the_proxy(void **state)
{
	const char *const asks[] = {"--tls",    "--tlsverify", "--tlscert", server, "--tlskey",
				    server_key, "--tlscacert", ca,          NULL};
	const char *const presents[] = {
	    "--upstream-tls-ca", ca, "--upstream-tls-cert", client, "--upstream-tls-key", client_key, NULL};
	struct support_proxy proxy;
	struct support_socket sock;
	(void)state;
	support_proxy_open(&proxy, asks, presents);
	await_info(&proxy, &sock);
	hello(&sock);
	echo(&sock, "presented");
	support_socket_close(&sock);
	support_proxy_close(&proxy);
}

/* With TLS 1.3 the refusal comes after the handshake. */
static void a_server_that_refuses_our_certificate_is_down_and_the_next_one_is_used(void **state)
{
	const char *const asks[] = {"--tls",    "--tlsverify", "--tlscert", server, "--tlskey",
				    server_key, "--tlscacert", ca,          NULL};
	struct support_proxy proxy, second;
	struct support_socket sock;
	char url[64];
	(void)state;
	support_proxy_open(&second, NULL, NULL);
	snprintf(url, sizeof url, "nats://127.0.0.1:%d", second.server.port);
	const char *const flags[] = {"--upstream", url, "--upstream-tls-ca", ca, NULL};
	support_proxy_open(&proxy, asks, flags);
	await_info(&proxy, &sock);
	hello(&sock);
	echo(&sock, "second");
	await_log(&proxy, "is down: the peer refuses: ");
	support_socket_close(&sock);
	support_proxy_close(&proxy);
	support_proxy_close(&second);
}

/* The broker, as a server that wants the handshake first. */
static void the_handshake_with_the_server_may_come_first(void **state)
{
	struct support_tempdir dir;
	struct support_proxy proxy;
	struct support_server broker;
	struct support_socket sock;
	char config[300], text[1000], url[64];
	(void)state;
	support_tempdir_open(&dir);
	support_tempdir_path(&dir, "server.conf", config, sizeof config);
	int len =
	    snprintf(text, sizeof text, "tls { cert_file: \"%s\", key_file: \"%s\", handshake_first: true }",
		     server, server_key);
	support_write_file(config, text, (size_t)len);
	const char *const broker_flags[] = {"-c", config, NULL};
	const struct support_server_plan plan = {.program = getenv("TAPEDECK_TEST_BROKER"),
						 .command = "broker",
						 .args = broker_flags,
						 .dir = dir.path};
	assert_int_equal(support_server_open(&broker, &plan), 0);
	snprintf(url, sizeof url, "tls://127.0.0.1:%d", broker.port);
	const char *const flags[] = {"--upstream",           url, "--upstream-tls-ca", ca,
				     "--upstream-tls-first", NULL};
	support_proxy_open(&proxy, NULL, flags);
	support_server_kill(&proxy.server); /* the other upstream */
	await_info(&proxy, &sock);
	hello(&sock);
	echo(&sock, "first");
	support_socket_close(&sock);
	support_server_close(&broker);
	assert_int_equal(support_proxy_stop(&proxy), 0);
	expect_recorded(&proxy, "\"payload\":\"first\"");
	support_proxy_close(&proxy);
	support_tempdir_close(&dir);
}

static void a_server_without_tls_is_not_used_where_tls_is_asked_for(void **state)
{
	struct support_proxy proxy, plain;
	struct support_socket sock;
	char url[64];
	(void)state;
	support_proxy_open(&plain, NULL, NULL);
	snprintf(url, sizeof url, "tls://127.0.0.1:%d", plain.server.port);
	const char *const flags[] = {"--upstream", url, "--upstream-tls-ca", ca, NULL};
	support_proxy_open(&proxy, NULL, flags);
	await_info(&proxy, &sock); /* of the other one */
	support_server_kill(&proxy.server);
	assert_int_equal(support_socket_await_close(&sock, soon()), 0);
	support_socket_close(&sock);
	assert_int_equal(support_socket_open(&sock, proxy.proxy.port), 0);
	assert_int_equal(support_socket_await_close(&sock, soon()), 0);
	assert_int_equal(sock.len, 0);
	await_log(&proxy, "is down: it offers no TLS, which tls:// asks for");
	support_socket_close(&sock);
	support_proxy_close(&proxy);
	support_proxy_close(&plain);
}

static void garbage_instead_of_a_handshake_disturbs_no_one(void **state)
{
	struct support_proxy proxy;
	struct support_socket sock, other;
	(void)state;
	support_proxy_open(&proxy, NULL, clients_tls);
	join(&proxy, &other);
	await_info(&proxy, &sock);
	assert_int_equal(
	    support_socket_send_text(&sock, "CONNECT {\"user\":\"u\",\"pass\":\"s3cret\"}\r\n", soon()), 0);
	assert_int_equal(support_socket_await_close(&sock, soon()), 0);
	await_log(&proxy, "TLS handshake error: the peer does not speak TLS");
	support_socket_close(&sock);
	await_info(&proxy, &sock);
	support_socket_close(&sock);
	await_log(&proxy, "Client connection closed: ");
	echo(&other, "undisturbed");
	support_socket_close(&other);
	assert_int_equal(support_proxy_stop(&proxy), 0);
	size_t len;
	char *log = support_read_file(proxy.proxy.log_path, &len);
	assert_null(strstr(log, "s3cret"));
	free(log);
	support_proxy_close(&proxy);
}

static unsigned count_in_log(const struct support_proxy *proxy, const char *text)
{
	size_t len;
	unsigned count = 0;
	char *log = support_read_file(proxy->proxy.log_path, &len);
	for (const char *at = log; at && (at = strstr(at, text)) != NULL; at++)
		count++;
	free(log);
	return count;
}

static void a_thousand_slow_handshakes_end_in_time_and_disturb_no_one(void **state)
{
	static struct support_socket slow[SLOW_CLIENTS];
	struct support_proxy proxy;
	struct support_socket other;
	(void)state;
	support_proxy_open(&proxy, NULL, clients_tls);
	join(&proxy, &other);
	uint64_t before = support_server_peak_memory(&proxy.proxy);
	for (int i = 0; i < SLOW_CLIENTS; i++) {
		assert_int_equal(support_socket_open(&slow[i], proxy.proxy.port), 0);
		support_socket_send(&slow[i], "\x16\x03\x01\x02", 4, soon());
		if (i % 100 == 0)
			assert_int_equal(support_socket_sync(&other, soon()), 0);
	}
	struct support_deadline deadline = support_deadline_in(2 * WAIT_MS);
	while (count_in_log(&proxy, "TLS handshake error: timeout") < SLOW_CLIENTS)
		if (!support_deadline_retry(deadline))
			fail_msg("%u of %d handshakes have ended",
				 count_in_log(&proxy, "TLS handshake error: timeout"), SLOW_CLIENTS);
	echo(&other, "undisturbed");
	uint64_t grown = support_server_peak_memory(&proxy.proxy) - before;
	if (grown > (uint64_t)SLOW_CLIENTS * HANDSHAKE_BYTES)
		fail_msg("%d slow handshakes took %llu bytes of memory", SLOW_CLIENTS,
			 (unsigned long long)grown);
	for (int i = 0; i < SLOW_CLIENTS; i++)
		support_socket_close(&slow[i]);
	support_socket_close(&other);
	assert_int_equal(support_proxy_stop(&proxy), 0);
	support_proxy_close(&proxy);
}

static void a_proxy_without_usable_certificates_does_not_start(void **state)
{
	char *output;
	const char *const args[] = {getenv("TAPEDECK_TEST_BROKER"),
				    "proxy",
				    "--listen",
				    "127.0.0.1:0",
				    "--upstream",
				    "127.0.0.1:1",
				    "--tls-cert",
				    "/no/such/file",
				    NULL};
	(void)state;
	assert_int_not_equal(support_run(args, &output), 0);
	assert_non_null(
	    strstr(support_join_lines(output), "certificate /no/such/file: No such file or directory"));
	free(output);
}

static int open_group(void **state)
{
	(void)state;
	support_certificates_open(&certificates);
	support_certificates_path(&certificates, "ca.pem", ca);
	support_certificates_path(&certificates, "other_ca.pem", other_ca);
	support_certificates_path(&certificates, "server.pem", server);
	support_certificates_path(&certificates, "server.key", server_key);
	support_certificates_path(&certificates, "client.pem", client);
	support_certificates_path(&certificates, "client.key", client_key);
	support_certificates_path(&certificates, "expired.pem", expired);
	support_certificates_path(&certificates, "other_host.pem", other_host);
	support_certificates_path(&certificates, "untrusted.pem", untrusted);
	return 0;
}

static int close_group(void **state)
{
	(void)state;
	support_certificates_close(&certificates);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(clients_speak_tls_after_info),
	    cmocka_unit_test(clients_may_begin_with_the_handshake),
	    cmocka_unit_test(the_server_speaks_tls_and_clients_do_not),
	    cmocka_unit_test(both_sides_speak_tls),
	    cmocka_unit_test(the_subject_of_a_verified_client_is_recorded),
	    cmocka_unit_test(a_server_whose_certificate_is_refused_is_down_and_the_line_says_why),
	    cmocka_unit_test(a_server_that_asks_for_a_certificate_gets_that_of_the_proxy),
	    cmocka_unit_test(a_server_that_refuses_our_certificate_is_down_and_the_next_one_is_used),
	    cmocka_unit_test(the_handshake_with_the_server_may_come_first),
	    cmocka_unit_test(a_server_without_tls_is_not_used_where_tls_is_asked_for),
	    cmocka_unit_test(garbage_instead_of_a_handshake_disturbs_no_one),
	    cmocka_unit_test(a_thousand_slow_handshakes_end_in_time_and_disturb_no_one),
	    cmocka_unit_test(files_that_cannot_be_used_leave_the_old_certificates),
	    cmocka_unit_test(
		renewed_certificates_are_presented_to_the_next_client), /* last: it replaces them */
	    cmocka_unit_test(a_proxy_without_usable_certificates_does_not_start),
	};
	if (!support_proxy_has_server())
		return SKIPPED;
	return cmocka_run_group_tests(tests, open_group, close_group);
}
