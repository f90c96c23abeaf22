/* libnats over TLS: with our broker and, when it is here, through our proxy; and curl at the HTTPS monitoring. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <nats/nats.h>

#include "support/broker.h"
#include "support/certificates.h"
#include "support/proxy.h"
#include "support/run.h"
#include "support/secure.h"
#include "support/socket.h"

enum { WAIT_MS = 20000, COUNT = 2000 };

#define MUST(call) assert_int_equal(call, NATS_OK)

static struct support_certificates certificates;
static char ca[300], other_ca[300], server[300], server_key[300], client[300], client_key[300];

static natsStatus connect_to(natsConnection **connection, int port, const char *trusted, bool presents)
{
	natsOptions *options;
	char url[64];
	snprintf(url, sizeof url, "tls://localhost:%d", port);
	MUST(natsOptions_Create(&options));
	MUST(natsOptions_SetURL(options, url));
	MUST(natsOptions_SetSecure(options, true));
	MUST(natsOptions_LoadCATrustedCertificates(options, trusted));
	MUST(natsOptions_SetExpectedHostname(options, "localhost"));
	if (presents)
		MUST(natsOptions_LoadCertificatesChain(options, client, client_key));
	natsStatus status = natsConnection_Connect(connection, options);
	natsOptions_Destroy(options);
	return status;
}

static void exchange(int port, bool presents)
{
	natsConnection *connection;
	natsSubscription *sub;
	char *payload = calloc(1, 100000);
	MUST(connect_to(&connection, port, ca, presents));
	MUST(natsConnection_SubscribeSync(&sub, connection, "foo"));
	for (int i = 0; i < COUNT; i++)
		MUST(natsConnection_Publish(connection, "foo", payload, i % 100 == 0 ? 100000 : i));
	for (int i = 0; i < COUNT; i++) {
		natsMsg *msg;
		MUST(natsSubscription_NextMsg(&msg, sub, WAIT_MS));
		assert_int_equal(natsMsg_GetDataLength(msg), i % 100 == 0 ? 100000 : i);
		natsMsg_Destroy(msg);
	}
	natsSubscription_Destroy(sub);
	natsConnection_Destroy(connection);
	free(payload);
}

static void messages_pass_between_libnats_and_the_broker(void **state)
{
	static const char *const flags[] = {"--tlscert", server, "--tlskey", server_key, NULL};
	struct support_broker broker;
	natsConnection *connection;
	(void)state;
	support_broker_open(&broker, flags, true);
	exchange(broker.server.port, false);
	assert_int_not_equal(connect_to(&connection, broker.server.port, other_ca, false), NATS_OK);
	support_broker_close(&broker);
}

static void a_broker_that_verifies_wants_a_certificate(void **state)
{
	static const char *const flags[] = {"--tlsverify", "--tlscacert", ca,         "--tlscert",
					    server,        "--tlskey",    server_key, NULL};
	struct support_broker broker;
	natsConnection *connection;
	(void)state;
	support_broker_open(&broker, flags, true);
	exchange(broker.server.port, true);
	assert_int_not_equal(connect_to(&connection, broker.server.port, ca, false), NATS_OK);
	support_server_close(&broker.server);
	char *log;
	const char *const args[] = {support_tapedeck(), "cat",      "--json", "--kind",
				    "connect",          broker.log, NULL};
	assert_int_equal(support_run(args, &log), 0);
	assert_non_null(strstr(log, "\"certificate\":\"CN=alice,O=Tests\""));
	free(log);
	support_broker_close(&broker);
}

static void messages_pass_between_libnats_and_the_proxy(void **state)
{
	static const char *const server_flags[] = {"--tls",    "--tlscert", server,
						   "--tlskey", server_key,  NULL};
	static const char *const flags[] = {"--tls-cert",        server, "--tls-key", server_key,
					    "--upstream-tls-ca", ca,     NULL};
	struct support_proxy proxy;
	(void)state;
	if (!support_proxy_has_server())
		skip();
	support_proxy_open(&proxy, server_flags, flags);
	exchange(proxy.proxy.port, false);
	assert_int_equal(support_proxy_stop(&proxy), 0);
	support_proxy_close(&proxy);
}

static void monitoring_is_served_over_https(void **state)
{
	static const char *const flags[] = {
	    "--tlscert", server, "--tlskey", server_key, "--http_port", "0", "--https_port", "-1", NULL};
	struct support_broker broker;
	char url[64], *output;
	(void)state;
	support_broker_open(&broker, flags, false);
	snprintf(url, sizeof url, "https://localhost:%d/varz", broker.server.http_port);
	const char *const good[] = {"curl", "-sS", "--max-time", "20", "--cacert", ca, url, NULL};
	assert_int_equal(support_run(good, &output), 0);
	assert_non_null(strstr(output, "\"tls_required\": true"));
	free(output);
	const char *const untrusting[] = {"curl", "-sS", "--max-time", "20", "--cacert", other_ca, url, NULL};
	assert_int_not_equal(support_run(untrusting, &output), 0);
	free(output);
	support_broker_close(&broker);
}

/* What curl says of the certificate that HTTPS monitoring presents; owned. */
static char *monitoring_certificate(const struct support_broker *broker)
{
	char url[64], *output;
	snprintf(url, sizeof url, "https://localhost:%d/varz", broker->server.http_port);
	const char *const args[] = {"curl", "-sSv", "--max-time", "20", "--cacert", ca, url, NULL};
	assert_int_equal(support_run(args, &output), 0);
	return output;
}

static void a_renewed_certificate_is_presented_by_monitoring(void **state)
{
	static const char *const flags[] = {
	    "--tlscert", server, "--tlskey", server_key, "--http_port", "0", "--https_port", "-1", NULL};
	struct support_broker broker;
	char *output;
	(void)state;
	support_broker_open(&broker, flags, false);
	output = monitoring_certificate(&broker);
	assert_non_null(strstr(output, "CN=server"));
	free(output);
	support_certificates_renew(&certificates);
	output = monitoring_certificate(&broker);
	assert_non_null(strstr(output, "CN=renewed"));
	free(output);
	support_broker_close(&broker);
}

/* ---- handshakes that fail ---- */

static void await_log(const struct support_broker *broker, const char *text)
{
	if (support_server_await_log(&broker->server, text, support_deadline_in(WAIT_MS)) < 0)
		fail_msg("not in the log of the broker: %s", text);
}

/* A client with TLS 1.2, which hears of a refusal in the handshake. */
static void present(const struct support_broker *broker, const char *cert, const char *key)
{
	const struct support_tls tls = {.version = 12, .cert_file = cert, .key_file = key};
	struct support_deadline deadline = support_deadline_in(WAIT_MS);
	struct support_socket sock;
	assert_int_equal(support_socket_open(&sock, broker->server.port), 0);
	assert_int_equal(support_socket_await(&sock, 0, "\n", NULL, deadline), 0);
	assert_true(support_socket_secure(&sock, &tls, deadline, NULL) < 0);
	support_socket_close(&sock);
}

static void send_in_clear(const struct support_broker *broker, const char *text)
{
	struct support_deadline deadline = support_deadline_in(WAIT_MS);
	struct support_socket sock;
	assert_int_equal(support_socket_open(&sock, broker->server.port), 0);
	assert_int_equal(support_socket_await(&sock, 0, "\n", NULL, deadline), 0);
	support_socket_send_text(&sock, text, deadline);
	assert_int_equal(support_socket_await_close(&sock, deadline), 0);
	support_socket_close(&sock);
}

static int count_errors(const struct support_broker *broker)
{
	char *log;
	int count = 0;
	const char *const args[] = {support_tapedeck(), "cat", "--kind", "error", broker->log, NULL};
	assert_int_equal(support_run(args, &log), 0);
	for (const char *at = log; (at = strstr(at, "Secure Connection - TLS Required")) != NULL; at++)
		count++;
	free(log);
	return count;
}

static void handshakes_that_fail_are_named_and_recorded_and_disturb_no_one(void **state)
{
	static const char *const flags[] = {"--tlsverify", "--tlscacert", ca,         "--tlscert",
					    server,        "--tlskey",    server_key, NULL};
	char expired[300], untrusted[300];
	struct support_broker broker;
	natsConnection *connection;
	(void)state;
	support_certificates_path(&certificates, "expired.pem", expired);
	support_certificates_path(&certificates, "untrusted.pem", untrusted);
	support_broker_open(&broker, flags, true);
	MUST(connect_to(&connection, broker.server.port, ca, true));
	send_in_clear(&broker, "CONNECT {}\r\n");
	await_log(&broker, "TLS handshake error: the peer does not speak TLS");
	present(&broker, expired, server_key);
	await_log(&broker, "TLS handshake error: the certificate of \"CN=server,O=Tests\" has expired");
	present(&broker, untrusted, server_key);
	await_log(&broker, "is signed by no one who is trusted");
	present(&broker, NULL, NULL);
	await_log(&broker, "TLS handshake error: the peer");
	MUST(natsConnection_Flush(connection));
	exchange(broker.server.port, true);
	natsConnection_Destroy(connection);
	support_server_close(&broker.server);
	assert_int_equal(count_errors(&broker), 4);
	support_broker_close(&broker);
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
	return 0;
}

static int close_group(void **state)
{
	(void)state;
	nats_Close();
	support_certificates_close(&certificates);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(messages_pass_between_libnats_and_the_broker),
	    cmocka_unit_test(a_broker_that_verifies_wants_a_certificate),
	    cmocka_unit_test(messages_pass_between_libnats_and_the_proxy),
	    cmocka_unit_test(monitoring_is_served_over_https),
	    cmocka_unit_test(handshakes_that_fail_are_named_and_recorded_and_disturb_no_one),
	    cmocka_unit_test(a_renewed_certificate_is_presented_by_monitoring), /* last: it replaces them */
	};
	return cmocka_run_group_tests(tests, open_group, close_group);
}
