/* TLS as a layer: bytes, memory, ends, handshakes that fail, and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/tls_peer.h"
#include "tests/unit/net/tls_fixture.h"

enum { MUCH_BYTES = 8 << 20, RECORDS_BYTES = 100 << 10 };

static struct tls_fixture fixture;
static struct stream_end *accepted, *connected;

static int open_fixture(void **state)
{
	(void)state;
	tls_fixture_open(&fixture);
	accepted = fixture.accepted;
	connected = fixture.connected;
	return 0;
}

static int close_fixture(void **state)
{
	(void)state;
	tls_fixture_close(&fixture);
	return 0;
}

static char *make_much(void)
{
	char *much = malloc(MUCH_BYTES);
	assert_non_null(much);
	for (size_t i = 0; i < MUCH_BYTES; i++)
		much[i] = (char)(i * 7 + i / 1000);
	return much;
}

static void replace(struct net_tls_context **context, const struct net_tls_options *options)
{
	net_tls_context_release(*context);
	*context = tls_fixture_context(&fixture, options);
}

static void expect_why(const struct stream_end *end, int status, const char *text)
{
	assert_int_equal(end->ended_status, status);
	const char *why = net_stream_why(end->stream, status);
	if (!strstr(why, text))
		fail_msg("\"%s\" does not contain \"%s\"", why, text);
}

/* ---- bytes ---- */

static void bytes_pass_in_both_directions(void **state)
{
	(void)state;
	tls_fixture_shake(&fixture);
	net_stream_read(accepted->stream);
	net_stream_read(connected->stream);
	stream_end_write(&fixture.streams, connected, "there", 5);
	stream_end_write(&fixture.streams, accepted, "back", 4);
	STREAM_AWAIT(&fixture.streams, accepted->len == 5 && connected->len == 4);
	assert_memory_equal(accepted->bytes, "there", 5);
	assert_memory_equal(connected->bytes, "back", 4);
}

static void many_bytes_pass_whole(void **state)
{
	char *much = make_much();
	(void)state;
	tls_fixture_shake(&fixture);
	net_stream_read(accepted->stream);
	stream_end_write(&fixture.streams, connected, much, MUCH_BYTES);
	STREAM_AWAIT(&fixture.streams, accepted->len == MUCH_BYTES);
	assert_memory_equal(accepted->bytes, much, MUCH_BYTES);
	free(much);
}

static void short_buffers_are_gathered_and_keep_their_order(void **state)
{
	enum { COUNT = 500 };
	uv_buf_t bufs[COUNT];
	char *much = make_much();
	size_t len = 0;
	(void)state;
	tls_fixture_shake(&fixture);
	for (size_t i = 0; i < COUNT; i++) {
		bufs[i] = uv_buf_init(much + len, (unsigned)(i % 7 == 0 ? 0 : i % 100 == 1 ? 20000 : i));
		len += bufs[i].len;
	}
	net_stream_read(accepted->stream);
	ssize_t taken = net_stream_write(connected->stream, bufs, COUNT);
	assert_true(taken > 0);
	size_t sent = (size_t)taken + connected->stream->begun_bytes;
	STREAM_AWAIT(&fixture.streams, connected->stream->begun_bytes == 0);
	stream_end_write(&fixture.streams, connected, much + sent, len - sent);
	STREAM_AWAIT(&fixture.streams, accepted->len == len);
	assert_memory_equal(accepted->bytes, much, len);
	free(much);
}

static void a_reader_with_little_room_gets_all(void **state)
{
	char *much = make_much();
	(void)state;
	tls_fixture_shake(&fixture);
	accepted->room = 777;
	net_stream_read(accepted->stream);
	stream_end_write(&fixture.streams, connected, much, RECORDS_BYTES);
	STREAM_AWAIT(&fixture.streams, accepted->len == RECORDS_BYTES);
	assert_memory_equal(accepted->bytes, much, RECORDS_BYTES);
	free(much);
}

static void tls_1_2_works_as_1_3_does(void **state)
{
	struct net_tls_options client = tls_fixture_options(false, NULL);
	client.cipher_suites = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";
	client.curves = "P-256";
	(void)state;
	tls_fixture_shake(&fixture);
	assert_string_equal(net_tls_version(accepted->stream), "1.3");
	assert_string_equal(net_tls_cipher_suite(accepted->stream), "TLS_AES_256_GCM_SHA384");
	tls_fixture_close(&fixture);
	open_fixture(state);
	replace(&fixture.client, &client);
	struct net_tls_options server = tls_fixture_options(true, "server");
	server.max_version = 12;
	replace(&fixture.server, &server);
	tls_fixture_shake(&fixture);
	assert_string_equal(net_tls_version(connected->stream), "1.2");
	assert_string_equal(net_tls_cipher_suite(connected->stream),
			    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
	net_stream_read(accepted->stream);
	stream_end_write(&fixture.streams, connected, "there", 5);
	STREAM_AWAIT(&fixture.streams, accepted->len == 5);
}

/* ---- back-pressure and memory ---- */

/* Write until the kernel takes no more. */
static void write_until_begun(struct stream_end *end, const char *bytes)
{
	uv_buf_t buf = uv_buf_init((char *)(uintptr_t)bytes, MUCH_BYTES);
	while (end->stream->begun_bytes == 0)
		assert_true(net_stream_write(end->stream, &buf, 1) >= 0);
}

static void the_records_held_for_a_slow_reader_are_bounded_and_reported(void **state)
{
	char *much = make_much();
	(void)state;
	tls_fixture_shake(&fixture);
	assert_int_equal(connected->held, 0);
	write_until_begun(connected, much);
	assert_in_range(connected->stream->begun_bytes, 1, 64 << 10);
	assert_in_range(connected->held, 1, 100 << 10);
	assert_in_range(net_stream_unwritten(connected->stream), 1, connected->stream->begun_bytes);
	net_stream_read(accepted->stream);
	STREAM_AWAIT(&fixture.streams, connected->drained == 1);
	assert_int_equal(connected->drained_status, 0);
	assert_int_equal(connected->held, 0);
	free(much);
}

static void what_a_paused_reader_has_not_taken_is_bounded_and_reported(void **state)
{
	char *much = make_much();
	(void)state;
	tls_fixture_shake(&fixture);
	net_stream_read(accepted->stream);
	accepted->room = 1000;
	write_until_begun(connected, much);
	STREAM_AWAIT(&fixture.streams, accepted->len > 0);
	accepted->room = 0; /* no room: reading pauses */
	STREAM_AWAIT(&fixture.streams, accepted->held > 0);
	assert_in_range(accepted->held, 1, 64 << 10);
	size_t before = accepted->len;
	for (int i = 0; i < 20; i++)
		uv_run(&fixture.streams.loop, UV_RUN_NOWAIT);
	assert_int_equal(accepted->len, before);
	accepted->room = STREAM_ROOM_BYTES;
	net_stream_read(accepted->stream);
	STREAM_AWAIT(&fixture.streams, connected->drained == 1);
	free(much);
}

/* ---- ends ---- */

static void an_end_is_a_half_closed_connection(void **state)
{
	(void)state;
	tls_fixture_shake(&fixture);
	net_stream_read(accepted->stream);
	net_stream_read(connected->stream);
	stream_end_write(&fixture.streams, connected, "last", 4);
	net_stream_end(connected->stream);
	STREAM_AWAIT(&fixture.streams, accepted->ended_status != 0);
	assert_int_equal(accepted->ended_status, UV_EOF);
	assert_memory_equal(accepted->bytes, "last", 4);
	stream_end_write(&fixture.streams, accepted, "answer", 6);
	STREAM_AWAIT(&fixture.streams, connected->len == 6);
	assert_int_equal(connected->ended_status, 0);
}

static void an_end_comes_after_what_was_begun(void **state)
{
	char *much = make_much();
	(void)state;
	tls_fixture_shake(&fixture);
	write_until_begun(connected, much);
	net_stream_end(connected->stream);
	net_stream_read(accepted->stream);
	STREAM_AWAIT(&fixture.streams, accepted->ended_status != 0);
	assert_int_equal(accepted->ended_status, UV_EOF);
	assert_true(accepted->len > 0);
	free(much);
}

static void closing_ends_the_stream_of_the_peer(void **state)
{
	(void)state;
	tls_fixture_shake(&fixture);
	net_stream_read(accepted->stream);
	stream_end_write(&fixture.streams, connected, "last", 4);
	net_stream_close(connected->stream);
	STREAM_AWAIT(&fixture.streams, accepted->ended_status != 0 && connected->closed == 1);
	assert_int_equal(accepted->ended_status, UV_EOF);
	assert_memory_equal(accepted->bytes, "last", 4);
}

static void aborting_resets_the_peer(void **state)
{
	(void)state;
	tls_fixture_shake(&fixture);
	net_stream_read(accepted->stream);
	net_stream_abort(connected->stream);
	STREAM_AWAIT(&fixture.streams, accepted->ended_status != 0);
	assert_int_equal(accepted->ended_status, UV_ECONNRESET);
}

static void a_write_under_way_is_cancelled_by_closing(void **state)
{
	char *much = make_much();
	(void)state;
	tls_fixture_shake(&fixture);
	write_until_begun(connected, much);
	net_stream_close(connected->stream);
	STREAM_AWAIT(&fixture.streams, connected->closed == 1);
	assert_int_equal(connected->drained, 1);
	assert_int_equal(connected->drained_status, UV_ECANCELED);
	free(much);
}

/* Cut the connection below TLS. */
static void a_plain_end_between_records_is_an_end(void **state)
{
	(void)state;
	tls_fixture_shake(&fixture);
	net_stream_read(accepted->stream);
	stream_end_write(&fixture.streams, connected, "last", 4);
	STREAM_AWAIT(&fixture.streams, accepted->len == 4);
	shutdown(connected->stream->fd, SHUT_WR);
	STREAM_AWAIT(&fixture.streams, accepted->ended_status != 0);
	assert_int_equal(accepted->ended_status, UV_EOF);
}

static void a_plain_end_within_a_record_is_a_failure(void **state)
{
	static const char part[] = "\x17\x03\x03\x01\x00half";
	(void)state;
	tls_fixture_shake(&fixture);
	net_stream_read(accepted->stream);
	assert_int_equal(send(connected->stream->fd, part, sizeof part - 1, 0), sizeof part - 1);
	shutdown(connected->stream->fd, SHUT_WR);
	STREAM_AWAIT(&fixture.streams, accepted->ended_status != 0);
	expect_why(accepted, NET_ETLS, "within a record");
}

static void a_damaged_record_is_a_failure(void **state)
{
	static const char record[] = "\x17\x03\x03\x00\x20"
				     "0123456789abcdef0123456789abcdef";
	(void)state;
	tls_fixture_shake(&fixture);
	net_stream_read(accepted->stream);
	assert_int_equal(send(connected->stream->fd, record, sizeof record - 1, 0), sizeof record - 1);
	STREAM_AWAIT(&fixture.streams, accepted->ended_status != 0);
	expect_why(accepted, NET_ETLS, "damaged");
}

/* ---- handshakes ---- */

static void garbage_instead_of_a_handshake_fails_at_once(void **state)
{
	static const char *const garbage[] = {"CONNECT {}\r\nPING\r\n", "GET / HTTP/1.1\r\n\r\n",
					      "\x16\x03\x01\x00\x05hello",
					      "\xff\xff\xff\xff\xff\xff\xff\xff"};
	for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
		if (i > 0) {
			tls_fixture_close(&fixture);
			open_fixture(state);
		}
		tls_fixture_secure(accepted, fixture.server, NULL);
		net_stream_read(connected->stream);
		stream_end_write(&fixture.streams, connected, garbage[i], strlen(garbage[i]));
		STREAM_AWAIT(&fixture.streams, accepted->ended_status != 0);
		assert_int_equal(accepted->opened, 0);
		expect_why(accepted, NET_ETLS, i == 2 ? "" : "the peer does not speak TLS");
	}
}

static void a_slow_handshake_ends_at_its_deadline(void **state)
{
	struct net_tls_options server = tls_fixture_options(true, "server");
	server.timeout_ms = 50;
	(void)state;
	replace(&fixture.server, &server);
	tls_fixture_secure(accepted, fixture.server, NULL);
	stream_end_write(&fixture.streams, connected, "\x16\x03\x01\x02", 4);
	STREAM_AWAIT(&fixture.streams, accepted->ended_status != 0);
	expect_why(accepted, NET_ETLS, "timeout");
}

static void an_end_in_the_handshake_is_a_failure(void **state)
{
	(void)state;
	tls_fixture_secure(accepted, fixture.server, NULL);
	net_stream_end(connected->stream);
	STREAM_AWAIT(&fixture.streams, accepted->ended_status != 0);
	expect_why(accepted, NET_ETLS, "closed the connection in the handshake");
}

static void a_hello_that_was_read_already_is_used(void **state)
{
	struct net_stream *secured;
	(void)state;
	net_stream_read(accepted->stream);
	tls_fixture_secure(connected, fixture.client, "localhost");
	STREAM_AWAIT(&fixture.streams, accepted->len > 100);
	char *hello = accepted->bytes;
	assert_int_equal(net_tls_upgrade(&secured, accepted->stream, fixture.server, NULL,
					 wire_slice(hello, accepted->len)),
			 0);
	stream_end_start(accepted, secured);
	free(hello);
	STREAM_AWAIT(&fixture.streams, accepted->opened == 1 && connected->opened == 1);
}

static void a_refused_certificate_is_named_with_host_and_reason(void **state)
{
	static const struct {
		const char *certificate, *host, *why;
	} cases[] = {
	    {"expired", "localhost", "the certificate of \"CN=server,O=Tests\" has expired, "},
	    {"other_host", "localhost", "is not for host localhost, but for elsewhere.example"},
	    {"server", "127.0.0.2", "is not for host 127.0.0.2, but for localhost 127.0.0.1"},
	    {"untrusted", "localhost", "is signed by no one who is trusted, but by CN=Unknown CA,O=Tests"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct net_tls_options server = tls_fixture_options(true, cases[i].certificate);
		if (i > 0) {
			tls_fixture_close(&fixture);
			open_fixture(state);
		}
		replace(&fixture.server, &server);
		tls_fixture_shake_in_vain(&fixture, cases[i].host);
		expect_why(connected, NET_ETLS, cases[i].why);
		STREAM_AWAIT(&fixture.streams, accepted->ended_status != 0 || accepted->opened == 1);
	}
}

static void an_address_is_a_host_too(void **state)
{
	(void)state;
	tls_fixture_secure(accepted, fixture.server, NULL);
	tls_fixture_secure(connected, fixture.client, "127.0.0.1");
	STREAM_AWAIT(&fixture.streams, connected->opened == 1);
}

static void without_verification_any_certificate_will_do(void **state)
{
	struct net_tls_options server = tls_fixture_options(true, "untrusted"),
			       client = tls_fixture_options(false, NULL);
	client.verify = false;
	(void)state;
	replace(&fixture.server, &server);
	replace(&fixture.client, &client);
	tls_fixture_shake(&fixture);
}

static void a_server_that_verifies_refuses_clients_without_a_certificate(void **state)
{
	struct net_tls_options server = tls_fixture_options(true, "server");
	server.verify = true;
	(void)state;
	replace(&fixture.server, &server);
	tls_fixture_shake_in_vain(&fixture, "localhost");
	STREAM_AWAIT(&fixture.streams, accepted->ended_status != 0);
	expect_why(accepted, NET_ETLS, "the peer presents no certificate");
	net_stream_read(
	    connected->stream); /* of 1.3: the client hears of it after its own part of the handshake */
	STREAM_AWAIT(&fixture.streams, connected->ended_status != 0);
	expect_why(connected, NET_ETLS, "the peer refuses: ");
}

static bool is_alice(void *context, const char *name)
{
	return strcmp(name, context) == 0;
}

static void a_verified_client_is_known_by_its_certificate(void **state)
{
	struct net_tls_options server = tls_fixture_options(true, "server"),
			       client = tls_fixture_options(false, "client");
	char subject[NET_TLS_SUBJECT_TEXT];
	struct net_tls_certificate certificate;
	server.verify = true;
	(void)state;
	replace(&fixture.server, &server);
	replace(&fixture.client, &client);
	tls_fixture_shake(&fixture);
	assert_true(net_tls_subject(accepted->stream, subject));
	assert_string_equal(subject, "CN=alice,O=Tests");
	assert_true(net_tls_has_name(accepted->stream, is_alice, "alice@example.org"));
	assert_true(net_tls_has_name(accepted->stream, is_alice, "CN=alice,O=Tests"));
	assert_false(net_tls_has_name(accepted->stream, is_alice, "bob@example.org"));
	assert_true(net_tls_certificate(accepted->stream, 0, &certificate));
	assert_string_equal(certificate.subject, "CN=alice,O=Tests");
	assert_int_equal(strlen(certificate.sha256), 64);
	assert_int_equal(strlen(certificate.key_sha256), 64);
	assert_false(net_tls_certificate(accepted->stream, 1, &certificate));
}

static void versions_that_do_not_meet_are_a_failure(void **state)
{
	struct net_tls_options server = tls_fixture_options(true, "server"),
			       client = tls_fixture_options(false, NULL);
	server.max_version = 12;
	client.min_version = 13;
	(void)state;
	replace(&fixture.server, &server);
	replace(&fixture.client, &client);
	tls_fixture_shake_in_vain(&fixture, "localhost");
	STREAM_AWAIT(&fixture.streams, accepted->ended_status != 0);
	expect_why(accepted, NET_ETLS, "no TLS version in common");
}

/* ---- sessions ---- */

static void open_again(void)
{
	struct net_tls_context *server = fixture.server, *client = fixture.client;
	net_stream_close(accepted->stream);
	net_stream_close(connected->stream);
	STREAM_AWAIT(&fixture.streams, accepted->closed == 1 && connected->closed == 1);
	stream_fixture_connect(&fixture.streams);
	fixture.server = server;
	fixture.client = client;
}

static void the_next_connection_resumes_the_session(int max_version)
{
	struct net_tls_options server = tls_fixture_options(true, "server");
	server.max_version = max_version;
	replace(&fixture.server, &server);
	tls_fixture_shake(&fixture);
	assert_false(net_tls_is_resumed(connected->stream));
	net_stream_read(connected->stream);
	stream_end_write(&fixture.streams, accepted, "x", 1); /* after the tickets of 1.3 */
	STREAM_AWAIT(&fixture.streams, connected->len == 1);
	open_again();
	tls_fixture_shake(&fixture);
	assert_true(net_tls_is_resumed(connected->stream));
	assert_true(net_tls_is_resumed(accepted->stream));
}

static void sessions_of_1_3_are_resumed(void **state)
{
	(void)state;
	the_next_connection_resumes_the_session(0);
}

static void sessions_of_1_2_are_resumed(void **state)
{
	(void)state;
	the_next_connection_resumes_the_session(12);
}

static int open_group(void **state)
{
	(void)state;
	support_certificates_open(&tls_certificates);
	return 0;
}

static int close_group(void **state)
{
	(void)state;
	support_certificates_close(&tls_certificates);
	return 0;
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(bytes_pass_in_both_directions),
	    CASE(many_bytes_pass_whole),
	    CASE(short_buffers_are_gathered_and_keep_their_order),
	    CASE(a_reader_with_little_room_gets_all),
	    CASE(tls_1_2_works_as_1_3_does),
	    CASE(the_records_held_for_a_slow_reader_are_bounded_and_reported),
	    CASE(what_a_paused_reader_has_not_taken_is_bounded_and_reported),
	    CASE(an_end_is_a_half_closed_connection),
	    CASE(an_end_comes_after_what_was_begun),
	    CASE(closing_ends_the_stream_of_the_peer),
	    CASE(aborting_resets_the_peer),
	    CASE(a_write_under_way_is_cancelled_by_closing),
	    CASE(a_plain_end_between_records_is_an_end),
	    CASE(a_plain_end_within_a_record_is_a_failure),
	    CASE(a_damaged_record_is_a_failure),
	    CASE(garbage_instead_of_a_handshake_fails_at_once),
	    CASE(a_slow_handshake_ends_at_its_deadline),
	    CASE(an_end_in_the_handshake_is_a_failure),
	    CASE(a_hello_that_was_read_already_is_used),
	    CASE(a_refused_certificate_is_named_with_host_and_reason),
	    CASE(an_address_is_a_host_too),
	    CASE(without_verification_any_certificate_will_do),
	    CASE(a_server_that_verifies_refuses_clients_without_a_certificate),
	    CASE(a_verified_client_is_known_by_its_certificate),
	    CASE(versions_that_do_not_meet_are_a_failure),
	    CASE(sessions_of_1_3_are_resumed),
	    CASE(sessions_of_1_2_are_resumed),
	};
	return cmocka_run_group_tests(tests, open_group, close_group);
}
