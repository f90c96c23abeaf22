/* The files of a TLS context: what is wrong with them, and what happens when they change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/tls_files.h"
#include "tests/unit/net/tls_fixture.h"

static struct tls_fixture fixture;
static unsigned changes, failures;

static void on_changed(void *owner, const struct wire_fault *fault)
{
	assert_ptr_equal(owner, &fixture);
	changes++;
	failures += fault != NULL;
}

static int open_fixture(void **state)
{
	(void)state;
	support_certificates_open(&tls_certificates);
	tls_fixture_open(&fixture);
	changes = failures = 0;
	return 0;
}

static int close_fixture(void **state)
{
	(void)state;
	tls_fixture_close(&fixture);
	support_certificates_close(&tls_certificates);
	return 0;
}

static void expect_fault(const struct net_tls_options *options, const char *text)
{
	struct net_tls_context *context;
	struct wire_fault fault;
	assert_int_equal(net_tls_context_open(&context, &fixture.streams.loop, options, &fault), NET_ETLS);
	if (!strstr(fault.text, text))
		fail_msg("\"%s\" does not contain \"%s\"", fault.text, text);
}

static void a_file_that_cannot_be_used_is_named_with_the_reason(void **state)
{
	char key[300], ca[300];
	struct net_tls_options options = tls_fixture_options(true, "server");
	(void)state;
	options.cert_file = "/no/such/file.pem";
	expect_fault(&options, "certificate /no/such/file.pem: No such file");
	options = tls_fixture_options(true, "server");
	options.key_file = support_certificates_path(&tls_certificates, "client.key", key);
	expect_fault(&options, "client.key: key values mismatch");
	options = tls_fixture_options(true, "server");
	options.ca_file = support_certificates_path(&tls_certificates, "client.key", ca);
	expect_fault(&options, "CA file ");
	options = tls_fixture_options(true, NULL);
	expect_fault(&options, "a TLS server needs a certificate");
	options = tls_fixture_options(true, "server");
	options.cipher_suites = "TLS_AES_128_GCM_SHA256:TLS_NO_SUCH_SUITE";
	expect_fault(&options, "unknown cipher suite \"TLS_NO_SUCH_SUITE\"");
	options = tls_fixture_options(true, "server");
	options.curves = "P-999";
	expect_fault(&options, "curves P-999");
}

static void a_key_with_a_passphrase_is_refused_without_asking(void **state)
{
	char path[300], command[1000];
	struct net_tls_options options = tls_fixture_options(true, "server");
	(void)state;
	support_certificates_path(&tls_certificates, "locked.key", path);
	snprintf(command, sizeof command,
		 "openssl ec -in %s -aes128 -passout pass:secret -out %s 2>/dev/null", options.key_file,
		 path);
	assert_int_equal(system(command), 0); /* NOLINT: our own text */
	options.key_file = path;
	expect_fault(&options, "locked.key: ");
}

static void renewed_certificates_are_used_for_the_next_connection(void **state)
{
	const struct net_tls_options options = tls_fixture_options(true, "server");
	struct net_tls_files *files;
	struct wire_fault fault;
	(void)state;
	assert_int_equal(
	    net_tls_files_open(&files, &fixture.streams.loop, &options, on_changed, &fixture, &fault), 0);
	struct net_tls_context *before = net_tls_files_context(files);
	net_tls_context_hold(before);
	for (int i = 0; i < 10; i++)
		uv_run(&fixture.streams.loop, UV_RUN_NOWAIT);
	support_certificates_renew(&tls_certificates);
	STREAM_AWAIT(&fixture.streams, changes > failures);
	assert_ptr_not_equal(net_tls_files_context(files), before);
	net_tls_context_release(before);
	net_tls_files_close(files);
}

static void files_that_cannot_be_used_change_nothing(void **state)
{
	const struct net_tls_options options = tls_fixture_options(true, "server");
	struct net_tls_files *files;
	struct wire_fault fault;
	(void)state;
	assert_int_equal(
	    net_tls_files_open(&files, &fixture.streams.loop, &options, on_changed, &fixture, &fault), 0);
	const struct net_tls_context *before = net_tls_files_context(files);
	support_write_file(options.cert_file, "no certificate", 14);
	assert_int_equal(net_tls_files_reload(files, &fault), NET_ETLS);
	assert_non_null(strstr(fault.text, options.cert_file));
	assert_ptr_equal(net_tls_files_context(files), before);
	net_tls_files_close(files);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(a_file_that_cannot_be_used_is_named_with_the_reason),
	    CASE(a_key_with_a_passphrase_is_refused_without_asking),
	    CASE(renewed_certificates_are_used_for_the_next_connection),
	    CASE(files_that_cannot_be_used_change_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
