#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/tap/session_fixture.h"

enum { MEMORY = 16 << 20 };

static int setup(void **state)
{
	struct session_fixture *fixture = malloc(sizeof *fixture);
	session_open(fixture, MEMORY, NULL, 0);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	session_close(*state);
	free(*state);
	return 0;
}

static void expect(struct session_fixture *fixture, const char *events)
{
	char *heard = session_take(fixture, true);
	assert_string_equal(heard, events);
	free(heard);
}

/* ---- recognition ---- */

static void a_connection_is_recognised_by_info_on_any_port(void **state)
{
	struct session_fixture *fixture = *state;
	void *flow = session_connect(fixture, 50000, 1234, false);
	session_handshake(fixture, &flow, "orders");
	session_client(fixture, &flow, "PUB a.b 2\r\nhi\r\n");
	session_end(fixture, &flow, TAP_END_CLOSED);
	expect(fixture, "connect 1 10.0.0.1:50000 name=orders\n"
			"message 1 a.b [hi]\n"
			"disconnect 1: closed\n");
}

static void a_connection_is_recognised_by_connect_when_only_the_client_is_seen(void **state)
{
	struct session_fixture *fixture = *state;
	void *flow = session_connect(fixture, 50000, 1234, false);
	session_client(fixture, &flow, "CONNECT {\"name\":\"x\"}\r\nPUB a 1\r\n1\r\n");
	session_end(fixture, &flow, TAP_END_RESET);
	expect(fixture, "connect 1 10.0.0.1:50000 name=x\n"
			"message 1 a [1]\n"
			"disconnect 1: reset\n");
}

static void other_protocols_are_given_up_at_their_first_line(void **state)
{
	struct session_fixture *fixture = *state;
	const char *const openings[] = {"HTTP/1.1 200 OK\r\n",
					"CONNECT example.org:443 HTTP/1.1\r\n\r\n",
					"PING\r\nFOO\r\n",
					"SSH-2.0-OpenSSH_9\r\n",
					"INFO\r\nINFO\r\n",
					"\x16\x03\x01\x02",
					"\n\n\n",
					"PUB topic\n\0\0\0\4body"};
	for (size_t i = 0; i < sizeof openings / sizeof *openings; i++) {
		void *flow = session_connect(fixture, 50000, 80, false);
		session_bytes(fixture, &flow, TAP_ORIGINATOR, openings[i], strlen(openings[i]));
		assert_null(flow);
	}
	assert_int_equal(tap_sessions_stats(fixture->sessions)->unrecognised, 8);
	expect(fixture, "");
}

static void weak_operations_alone_are_not_nats(void **state)
{
	struct session_fixture *fixture = *state;
	void *flow = session_connect(fixture, 50000, 6379, true);
	session_client(fixture, &flow, "PING\r\nPING\r\n");
	session_server(fixture, &flow, "+OK\r\n+OK\r\n-ERR unknown\r\nPONG\r\n");
	session_end(fixture, &flow, TAP_END_CLOSED);
	expect(fixture, "");
}

static void midstream_eight_packets_that_end_with_operations_are_needed(void **state)
{
	struct session_fixture *fixture = *state;
	void *flow = session_connect(fixture, 50000, 1234, true);
	session_say_eight(fixture, &flow, TAP_ORIGINATOR);
	char *heard = session_take(fixture, false);
	assert_string_equal(heard, "");
	free(heard);
	session_client(fixture, &flow, "pub b 1\r\n2\r\n");
	session_end(fixture, &flow, TAP_END_CAPTURE);
	expect(fixture, "connect 1 10.0.0.1:50000\n"
			"gap 1 bytes=136: not decodable\n"
			"message 1 b [2]\n");
}

static void midstream_whole_operations_are_no_evidence_where_packets_end_inside_others(void **state)
{
	struct session_fixture *fixture = *state;
	void *flow = session_connect(fixture, 50000, 4222, true);
	for (int i = 0; i < 40; i++) {
		session_push(fixture, &flow, TAP_ORIGINATOR, "PUB real 12\r\n");
		session_push(fixture, &flow, TAP_ORIGINATOR, "PUB lure 1\r\n\r\n");
	}
	session_end(fixture, &flow, TAP_END_CAPTURE);
	expect(fixture, "connect 1 10.0.0.1:50000\n"
			"gap 1 bytes=1080: not decodable\n");
}

static void midstream_after_a_silence_the_first_operation_is_understood(void **state)
{
	struct session_fixture *fixture = *state;
	void *other = session_connect(fixture, 50001, 1234, true);
	fixture->now_ns += 3 * INT64_C(1000000000);
	void *flow = session_connect(fixture, 50000, 4222, true);
	session_push(fixture, &flow, TAP_ORIGINATOR, "PUB a reply 5\r\nhello\r\n");
	session_push(fixture, &flow, TAP_RESPONDER, "MSG reply 1 2\r\nok\r\n");
	session_end(fixture, &other, TAP_END_CAPTURE);
	session_end(fixture, &flow, TAP_END_CAPTURE);
	expect(fixture, "connect 1 10.0.0.1:50000\n"
			"message 1 a reply=reply [hello]\n"
			"delivery 1/1 reply [ok]\n");
}

static void midstream_the_verbs_show_who_is_the_client(void **state)
{
	struct session_fixture *fixture = *state;
	void *flow = session_connect(fixture, 50000, 1234, true);
	for (int i = 0; i < 8; i++) {
		session_push(fixture, &flow, TAP_ORIGINATOR, "MSG a 7 1\r\n1\r\n");
		session_push(fixture, &flow, TAP_RESPONDER, "PUB a 1\r\n3\r\n");
	}
	session_client(fixture, &flow, "MSG a 7 1\r\n2\r\n");
	session_server(fixture, &flow, "PUB a 1\r\n4\r\n");
	session_end(fixture, &flow, TAP_END_CAPTURE);
	expect(fixture, "connect 1 10.0.0.9:1234\n"
			"gap 1 bytes=112: not decodable\n"
			"delivery 1/7 a [2]\n"
			"gap 1 bytes=96: not decodable\n"
			"message 1 a [4]\n");
}

static void midstream_another_protocol_is_given_up_after_four_mebibytes(void **state)
{
	struct session_fixture *fixture = *state;
	static char bytes[64 << 10];
	void *flow = session_connect(fixture, 50000, 1234, true);
	memset(bytes, 'P', sizeof bytes);
	for (int i = 0; i < 64; i++)
		session_bytes(fixture, &flow, TAP_ORIGINATOR, bytes, sizeof bytes);
	assert_null(flow);
	assert_int_equal(tap_sessions_stats(fixture->sessions)->unrecognised, 1);
	assert_int_equal(tap_sessions_stats(fixture->sessions)->unrecognised_bytes, 64 * sizeof bytes);
}

static void tls_after_info_is_named_and_counted(void **state)
{
	struct session_fixture *fixture = *state;
	void *flow = session_connect(fixture, 50000, 4222, false);
	session_server(fixture, &flow, "INFO {\"tls_required\":true}\r\n");
	session_client(fixture, &flow, "\x16");
	session_client(fixture, &flow, "\x03\x01 PUB a 1\r\n1\r\nPUB a 1\r\n1\r\n");
	session_server(fixture, &flow, "\x16\x03");
	session_hole(fixture, &flow, TAP_RESPONDER, 100);
	session_end(fixture, &flow, TAP_END_CLOSED);
	assert_int_equal(tap_sessions_stats(fixture->sessions)->undecoded[TAP_UNDECODED_TLS], 1);
	expect(fixture, "connect 1 10.0.0.1:50000\n"
			"gap 1 bytes=130: not decoded: TLS\n"
			"disconnect 1: closed\n");
}

static void a_websocket_is_recognised_by_its_info(void **state)
{
	struct session_fixture *fixture = *state;
	void *flow = session_connect(fixture, 50000, 8080, false);
	session_client(fixture, &flow, "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
	session_server(fixture, &flow, "HTTP/1.1 101 Switching Protocols\r\n\r\n");
	session_server(fixture, &flow, "\x82\x7e\x01\x02INFO {\"server_id\":\"x\"}\r\n");
	assert_non_null(flow);
	assert_int_equal(tap_sessions_stats(fixture->sessions)->undecoded[TAP_UNDECODED_WEBSOCKET], 1);
	session_end(fixture, &flow, TAP_END_CLOSED);
}

static void a_web_page_is_given_up(void **state)
{
	struct session_fixture *fixture = *state;
	void *flow = session_connect(fixture, 50000, 8080, false);
	session_client(fixture, &flow, "GET / HTTP/1.1\r\n\r\n");
	for (int i = 0; i < 4; i++)
		session_server(fixture, &flow, "HTTP/1.1 200 OK\r\n\r\n");
	assert_null(flow);
}

static void links_between_servers_are_not_decoded(void **state)
{
	struct session_fixture *fixture = *state;
	void *route = session_connect(fixture, 50000, 6222, false);
	session_server(fixture, &route, "INFO {\"server_id\":\"x\"}\r\n");
	session_client(fixture, &route, "INFO {\"server_id\":\"y\"}\r\nRMSG A b 1\r\n1\r\n");
	void *leaf = session_connect(fixture, 50001, 7422, false);
	session_server(fixture, &leaf, "INFO {\"server_id\":\"x\"}\r\n");
	session_client(fixture, &leaf, "CONNECT {}\r\nLS+ a.b\r\n");
	assert_int_equal(tap_sessions_stats(fixture->sessions)->undecoded[TAP_UNDECODED_SERVERS], 2);
	session_end(fixture, &route, TAP_END_CAPTURE);
	session_end(fixture, &leaf, TAP_END_CAPTURE);
}

static void a_given_port_is_never_given_up(void **state)
{
	struct session_fixture fixture;
	const uint16_t ports[] = {4222};
	(void)state;
	session_open(&fixture, MEMORY, ports, 1);
	void *flow = session_connect(&fixture, 50000, 4222, false);
	session_client(&fixture, &flow, "garbage\r\nPUB a 1\r\n1\r\nPUB a 1\r\n2\r\nPUB a 1\r\n3\r\n");
	session_end(&fixture, &flow, TAP_END_CAPTURE);
	expect(&fixture, "connect 1 10.0.0.1:50000\n"
			 "gap 1 bytes=45: not decodable\n");
	session_close(&fixture);
}

/* ---- every byte on an expected port ---- */

static void bytes_never_understood_are_a_gap_where_nats_is_expected(void **state)
{
	struct session_fixture *fixture = *state;
	void *garbage = session_connect(fixture, 50000, 4222, false);
	session_client(fixture, &garbage, "garbage");
	session_hole(fixture, &garbage, TAP_RESPONDER, 1000);
	session_end(fixture, &garbage, TAP_END_CLOSED);
	void *page = session_connect(fixture, 50001, 4222, false);
	session_client(fixture, &page, "GET / HTTP/1.1\r\n\r\n");
	for (int i = 0; i < 10; i++)
		session_server(fixture, &page, "HTTP/1.1 200 OK\r\n\r\n");
	session_end(fixture, &page, TAP_END_CLOSED);
	void *tail = session_connect(fixture, 50002, 4222, true);
	session_client(fixture, &tail, "PUB a 10\r\n1");
	session_end(fixture, &tail, TAP_END_RESET);
	assert_int_equal(tap_sessions_stats(fixture->sessions)->unrecognised, 0);
	expect(fixture, "connect 1 10.0.0.1:50000\n"
			"gap 1 bytes=7: not decodable\n"
			"gap 1 bytes=1000: not in the capture\n"
			"disconnect 1: closed\n"
			"connect 2 10.0.0.1:50001\n"
			"gap 2 bytes=208: not decodable\n"
			"disconnect 2: closed\n"
			"connect 3 10.0.0.1:50002\n"
			"gap 3 bytes=11: not decodable\n"
			"disconnect 3: reset\n");
}

static void lower_case_verbs_without_a_greeting_are_understood_where_nats_is_expected(void **state)
{
	struct session_fixture *fixture = *state;
	void *flow = session_connect(fixture, 50000, 4222, false);
	session_client(fixture, &flow, "sub a 1\n");
	session_server(fixture, &flow, "msg a 1 2\r\nhi\r\n");
	session_end(fixture, &flow, TAP_END_CAPTURE);
	expect(fixture, "connect 1 10.0.0.1:50000\n"
			"subscribe 1 subject=a sid=1\n"
			"delivery 1/1 a [hi]\n");
}

static void unrecognised_connections_on_other_ports_are_counted(void **state)
{
	struct session_fixture *fixture = *state;
	void *flow = session_connect(fixture, 50000, 1234, true);
	session_client(fixture, &flow, "PUB a 1\r\n1\r\n");
	session_hole(fixture, &flow, TAP_RESPONDER, 88);
	session_end(fixture, &flow, TAP_END_CAPTURE);
	assert_int_equal(tap_sessions_stats(fixture->sessions)->unrecognised, 1);
	assert_int_equal(tap_sessions_stats(fixture->sessions)->unrecognised_bytes, 100);
	expect(fixture, "");
}

/* ---- holes ---- */

/* Bytes outside any connection are a gap if they may have been messages: at a known server, or of several
 * connections. */
/* On a port where NATS is not expected, once a server was seen there. */
static void bytes_of_no_connection_are_gaps(void **state)
{
	struct session_fixture *fixture = *state;
	struct tap_flow_info info = {
	    .ends = {{.address = {10, 0, 0, 1}, .port = 50000}, {.address = {10, 0, 0, 9}, .port = 1234}}};
	struct tap_leftover left = {.why = TAP_LEFT_ENDED, .bytes = 7, .from_ns = 1, .to_ns = 2};
	fixture->handler->leftover(fixture->handler, &info, fixture->now_ns, &left);
	void *flow = session_connect(fixture, 50000, 1234, false);
	session_handshake(fixture, &flow, "a");
	session_end(fixture, &flow, TAP_END_RESET);
	fixture->handler->leftover(fixture->handler, &info, fixture->now_ns, &left);
	left.why = TAP_LEFT_REFUSED;
	fixture->handler->leftover(fixture->handler, NULL, fixture->now_ns, &left);
	char *heard = session_take(fixture, true);
	assert_non_null(strstr(heard, "gap 0 bytes=7: after the end of the connection 10.0.0.1:50000 - "
				      "10.0.0.9:1234\ngap 0 bytes=7: no memory for more connections\n"));
	free(heard);
	assert_int_equal(tap_sessions_stats(fixture->sessions)->gaps, 2);
}

static void a_hole_inside_a_payload_costs_that_message(void **state)
{
	struct session_fixture *fixture = *state;
	void *flow = session_connect(fixture, 50000, 4222, false);
	session_handshake(fixture, &flow, "x");
	session_client(fixture, &flow, "PUB a 1\r\n1\r\nPUB b 20\r\n0123");
	session_hole(fixture, &flow, TAP_ORIGINATOR, 6);
	session_client(fixture, &flow, "PUB z 1\r\n_\r\nPUB c 1\r\n3\r\n");
	session_end(fixture, &flow, TAP_END_CAPTURE);
	expect(fixture, "connect 1 10.0.0.1:50000 name=x\n"
			"message 1 a [1]\n"
			"message 1 b [0123] of 20 partial\n"
			"gap 1 bytes=18: not in the capture\n"
			"message 1 c [3]\n");
}

static void a_hole_that_ends_with_a_payload_keeps_the_stream_in_sync(void **state)
{
	struct session_fixture *fixture = *state;
	void *flow = session_connect(fixture, 50000, 4222, false);
	session_handshake(fixture, &flow, "x");
	session_client(fixture, &flow, "HPUB b 12 16\r\nNATS/1.0");
	session_hole(fixture, &flow, TAP_ORIGINATOR, 10);
	session_client(fixture, &flow, "PUB c 1\r\n3\r\n");
	session_end(fixture, &flow, TAP_END_CAPTURE);
	expect(fixture, "connect 1 10.0.0.1:50000 name=x\n"
			"message 1 b [] of 4 partial\n"
			"gap 1 bytes=10: not in the capture\n"
			"message 1 c [3]\n");
}

static void after_a_hole_over_a_control_line_eight_packets_are_needed(void **state)
{
	struct session_fixture *fixture = *state;
	void *flow = session_connect(fixture, 50000, 4222, false);
	session_handshake(fixture, &flow, "x");
	session_client(fixture, &flow, "PUB a 1\r\n1\r\nPUB b 2");
	session_hole(fixture, &flow, TAP_ORIGINATOR, 20);
	/* a payload with an operation in it, its end, then a real operation */
	session_push(fixture, &flow, TAP_ORIGINATOR, "text\r\nPUB false 1\r\n_\r\nmore\r\nPUB c 1\r\n3\r\n");
	session_say_eight(fixture, &flow, TAP_ORIGINATOR);
	session_client(fixture, &flow, "SUB e 1\r\n");
	session_end(fixture, &flow, TAP_END_CAPTURE);
	expect(fixture, "connect 1 10.0.0.1:50000 name=x\n"
			"message 1 a [1]\n"
			"gap 1 bytes=203: not in the capture\n"
			"subscribe 1 subject=e sid=1\n");
}

static void after_a_hole_and_a_silence_the_next_operation_is_understood(void **state)
{
	struct session_fixture *fixture = *state;
	void *flow = session_connect(fixture, 50000, 4222, false);
	session_handshake(fixture, &flow, "x");
	session_hole(fixture, &flow, TAP_ORIGINATOR, 20);
	session_push(fixture, &flow, TAP_ORIGINATOR, "PUB c 1\r\n3\r\n");
	fixture->now_ns += 2 * INT64_C(1000000000);
	session_push(fixture, &flow, TAP_ORIGINATOR, "PUB d 1\r\n4\r\n");
	session_end(fixture, &flow, TAP_END_CAPTURE);
	expect(fixture, "connect 1 10.0.0.1:50000 name=x\n"
			"gap 1 bytes=32: not in the capture\n"
			"message 1 d [4]\n");
}

static void a_payload_that_shows_many_operations_is_not_believed(void **state)
{
	struct session_fixture *fixture = *state;
	void *flow = session_connect(fixture, 50000, 4222, false);
	session_handshake(fixture, &flow, "x");
	session_hole(fixture, &flow, TAP_ORIGINATOR, 20);
	for (int i = 0; i < 1000; i++)
		session_client(fixture, &flow, "PUB false 1\r\n_\r\n");
	session_client(fixture, &flow, "\r\nPUB c 1\r\n3\r\nPUB d 1\r\n4\r\nPUB e 1\r\n5\r\n");
	session_end(fixture, &flow, TAP_END_CAPTURE);
	expect(fixture, "connect 1 10.0.0.1:50000 name=x\n"
			"gap 1 bytes=16058: not in the capture\n");
}

/* Each payload is a control line whose size reaches into the next payload. */
static void chained_payloads_are_not_believed(void **state)
{
	struct session_fixture *fixture = *state;
	void *flow = session_connect(fixture, 50000, 4222, false);
	session_handshake(fixture, &flow, "x");
	session_client(fixture, &flow, "PUB real 10\r\nPUB x 13\r\n\r\n");
	session_hole(fixture, &flow, TAP_ORIGINATOR, 20);
	for (int i = 0; i < 100000; i++)
		session_client(fixture, &flow, "PUB real 10\r\nPUB x 13\r\n\r\n");
	session_end(fixture, &flow, TAP_END_CAPTURE);
	expect(fixture, "connect 1 10.0.0.1:50000 name=x\n"
			"message 1 real [PUB x 13\r\n]\n"
			"gap 1 bytes=2500020: not in the capture\n");
}

/* The ends of packets decide between payloads and operations. */
static void packet_ends_distinguish_chained_payloads_from_operations(void **state)
{
	struct session_fixture *fixture = *state;
	void *flow = session_connect(fixture, 50000, 4222, false);
	session_handshake(fixture, &flow, "x");
	session_hole(fixture, &flow, TAP_ORIGINATOR, 20);
	for (int i = 0; i < 9; i++)
		session_push(fixture, &flow, TAP_ORIGINATOR, "PUB real 10\r\nPUB x 13\r\n\r\n");
	session_end(fixture, &flow, TAP_END_CAPTURE);
	expect(fixture, "connect 1 10.0.0.1:50000 name=x\n"
			"gap 1 bytes=220: not in the capture\n"
			"message 1 real [PUB x 13\r\n]\n");
}

static void after_the_longest_payload_the_only_alignment_left_is_believed(void **state)
{
	struct session_fixture *fixture = *state;
	void *flow = session_connect(fixture, 50000, 4222, false);
	session_server(fixture, &flow, "INFO {\"max_payload\":1000}\r\n");
	session_client(fixture, &flow, "CONNECT {}\r\n");
	session_hole(fixture, &flow, TAP_ORIGINATOR, 20);
	for (int i = 0; i < 10000; i++)
		session_client(fixture, &flow, "PUB a 1\r\n1\r\n");
	session_end(fixture, &flow, TAP_END_CAPTURE);
	char *heard = session_take(fixture, true);
	assert_non_null(strstr(heard, "gap 1 bytes=66584: not in the capture\nmessage 1 a [1]\n"));
	free(heard);
}

static void a_client_may_not_send_the_verbs_of_a_server(void **state)
{
	struct session_fixture *fixture = *state;
	void *flow = session_connect(fixture, 50000, 4222, false);
	session_handshake(fixture, &flow, "x");
	session_client(fixture, &flow, "SUB a 1\r\n");
	session_hole(fixture, &flow, TAP_ORIGINATOR, 20);
	for (int i = 0; i < 20; i++)
		session_push(fixture, &flow, TAP_ORIGINATOR, "MSG false 1 1\r\n_\r\n");
	session_end(fixture, &flow, TAP_END_CAPTURE);
	expect(fixture, "connect 1 10.0.0.1:50000 name=x\n"
			"subscribe 1 subject=a sid=1\n"
			"gap 1 bytes=380: not in the capture\n");
}

static void an_end_inside_a_message_makes_it_partial(void **state)
{
	struct session_fixture *fixture = *state;
	void *flow = session_connect(fixture, 50000, 4222, false);
	session_handshake(fixture, &flow, "x");
	session_client(fixture, &flow, "PUB a 10\r\n012");
	session_end(fixture, &flow, TAP_END_RESET);
	expect(fixture, "connect 1 10.0.0.1:50000 name=x\n"
			"message 1 a [012] of 10 partial\n"
			"disconnect 1: reset\n");
}

static void bytes_that_are_no_operation_are_counted(void **state)
{
	struct session_fixture *fixture = *state;
	void *flow = session_connect(fixture, 50000, 4222, false);
	session_handshake(fixture, &flow, "x");
	session_client(fixture, &flow,
		       "PUB a 2\r\nhi!\r\nFOO bar\r\nPUB b 1\r\n1\r\nPUB c 1\r\n2\r\nPUB d 0\r\n\r\n");
	session_end(fixture, &flow, TAP_END_CAPTURE);
	expect(fixture, "connect 1 10.0.0.1:50000 name=x\n"
			"gap 1 bytes=58: not decodable\n");
}

/* ---- who and what ---- */

static void credentials_never_come_out(void **state)
{
	struct session_fixture *fixture = *state;
	void *token = session_connect(fixture, 50000, 4222, false);
	void *password = session_connect(fixture, 50001, 4222, false);
	session_client(fixture, &token, "CONNECT {\"user\":\"s3cret\",\"name\":\"a\"}\r\n");
	session_client(fixture, &password,
		       "CONNECT {\"user\":\"me\",\"pass\":\"s3cret\",\"jwt\":\"s3cret\"}\r\n");
	session_end(fixture, &token, TAP_END_CAPTURE);
	session_end(fixture, &password, TAP_END_CAPTURE);
	expect(fixture, "connect 1 10.0.0.1:50000 name=a\n"
			"connect 2 10.0.0.1:50001 user=me\n");
}

static void a_jwt_shows_the_public_keys_of_user_and_account(void **state)
{
	struct session_fixture *fixture = *state;
	void *jwt = session_connect(fixture, 50000, 4222, false),
	     *nkey = session_connect(fixture, 50001, 4222, false);
	session_client(fixture, &jwt,
		       "CONNECT {\"nkey\":\"UKEY\",\"sig\":\"s3cret\",\"jwt\":\"e30."
		       "eyJpc3MiOiJBT1dORVIiLCJzdWIiOiJVVVNFUiJ9.s3cret\"}\r\n");
	session_client(fixture, &nkey, "CONNECT {\"nkey\":\"UKEY\",\"sig\":\"s3cret\"}\r\n");
	session_end(fixture, &jwt, TAP_END_CAPTURE);
	session_end(fixture, &nkey, TAP_END_CAPTURE);
	expect(fixture, "connect 1 10.0.0.1:50000 user=UUSER account=AOWNER\n"
			"connect 2 10.0.0.1:50001 user=UKEY\n");
}

static void the_account_of_a_later_info_is_added_once_to_what_connect_said(void **state)
{
	struct session_fixture *fixture = *state;
	void *flow = session_connect(fixture, 50000, 4222, false);
	session_server(fixture, &flow, "INFO {\"server_id\":\"S\",\"remote_account\":\"early\"}\r\n");
	session_client(fixture, &flow, "CONNECT {\"name\":\"n\",\"user\":\"me\",\"pass\":\"s3cret\"}\r\n");
	session_server(fixture, &flow, "INFO {\"server_id\":\"S\",\"remote_account\":\"ORDERS\"}\r\n");
	session_server(fixture, &flow, "INFO {\"server_id\":\"S\",\"remote_account\":\"ORDERS\"}\r\n");
	session_end(fixture, &flow, TAP_END_CAPTURE);
	expect(fixture, "connect 1 10.0.0.1:50000 name=n user=me\n"
			"connect 1 10.0.0.1:50000 name=n user=me account=ORDERS\n");
}

static void the_end_says_who_closed_when_the_source_knows(void **state)
{
	struct session_fixture *fixture = *state;
	void *flow = session_connect(fixture, 50000, 4222, false);
	session_handshake(fixture, &flow, "x");
	session_end(fixture, &flow, TAP_END_RESET_BY_SERVER);
	expect(fixture, "connect 1 10.0.0.1:50000 name=x\n"
			"disconnect 1: reset by the server\n");
}

static void errors_are_events(void **state)
{
	struct session_fixture *fixture = *state;
	void *flow = session_connect(fixture, 50000, 4222, false);
	session_handshake(fixture, &flow, "x");
	session_server(fixture, &flow, "PING\r\n+OK\r\n-ERR 'Unknown Protocol Operation'\r\n");
	session_end(fixture, &flow, TAP_END_CLOSED);
	expect(fixture, "connect 1 10.0.0.1:50000 name=x\n"
			"error 1: Unknown Protocol Operation\n"
			"disconnect 1: closed\n");
}

static void a_sid_stands_for_its_first_subscription_until_it_is_over(void **state)
{
	struct session_fixture *fixture = *state;
	void *flow = session_connect(fixture, 50000, 4222, false);
	session_handshake(fixture, &flow, "x");
	session_client(fixture, &flow, "SUB a.* workers 1\r\nSUB b 1\r\nUNSUB 1 2\r\n");
	session_client(fixture, &flow, "PUB a.b 1\r\n1\r\nPUB a.b 1\r\n2\r\n");
	session_server(fixture, &flow, "MSG a.b 1 1\r\n1\r\nMSG a.b 1 1\r\n2\r\n");
	session_client(fixture, &flow, "SUB c 1\r\nPUB c 1\r\n3\r\n");
	session_server(fixture, &flow, "MSG c 1 1\r\n3\r\n");
	session_client(fixture, &flow, "UNSUB 1\r\nUNSUB 9\r\n");
	session_end(fixture, &flow, TAP_END_CAPTURE);
	expect(fixture, "connect 1 10.0.0.1:50000 name=x\n"
			"subscribe 1 subject=a.* sid=1 queue=workers\n"
			"unsubscribe 1 subject=a.* sid=1 queue=workers\n"
			"message 1 a.b [1] -> 1/1(workers)\n"
			"message 1 a.b [2] -> 1/1(workers)\n"
			"subscribe 1 subject=c sid=1\n"
			"message 1 c [3] -> 1/1\n"
			"unsubscribe 1 subject=c sid=1\n"
			"unsubscribe 1 sid=9\n");
}

static void the_payload_limit_is_that_of_info(void **state)
{
	struct session_fixture *fixture = *state;
	void *flow = session_connect(fixture, 50000, 4222, false);
	session_server(fixture, &flow, "INFO {\"max_payload\":4}\r\n");
	session_client(fixture, &flow, "CONNECT {}\r\nPUB a 4\r\n1234\r\nPUB a 5\r\n12345\r\n");
	session_end(fixture, &flow, TAP_END_CAPTURE);
	expect(fixture, "connect 1 10.0.0.1:50000\n"
			"message 1 a [1234]\n"
			"gap 1 bytes=16: not decodable\n");
}

/* ---- splits ---- */

struct piece {
	enum tap_peer from;
	const char *text;
	size_t hole; /* bytes missing after it */
};

static const struct piece conversation[] = {
    {TAP_RESPONDER, "INFO {\"server_id\":\"S\"} \r\n", 0},
    {TAP_ORIGINATOR, "CONNECT {\"name\":\"x\",\"headers\":true}\r\nPING\r\n", 0},
    {TAP_RESPONDER, "PONG\r\n", 0},
    {TAP_ORIGINATOR, "SUB a.> 1\r\nsub q grp 2\r\nPUB\ta.b r.1 5\r\nPUB q\r\n", 0},
    {TAP_RESPONDER, "MSG a.b 1 r.1 5\r\nPUB q\r\n", 0},
    {TAP_ORIGINATOR, "HPUB q 12 14\r\nNATS/1.0\r\n\r\nhi\r\nPUB e 0\r\n\r\nPUB a.c 30\r\n01234", 7},
    {TAP_ORIGINATOR, "PUB no 1\r\n_\r\n67890\r\nPUB a.d 1\r\n1\r\n", 0},
    {TAP_RESPONDER, "HMSG q 2 12 14\r\nNATS/1.0\r\n\r\nhi\r\nMSG a.d 1 1\r\n1\r\nMSG lo", 9},
    {TAP_RESPONDER,
     "st 1 1\r\n1\r\nMSG v 1 1\r\n1\r\nMSG a.x 1 2\r\nxx\r\nMSG a.y 1 2\r\nyy\r\n-ERR 'Stale'\r\n", 0},
    {TAP_ORIGINATOR, "UNSUB 1 5\r\nPUB end 3\r\nen", 0},
};

/* Replay the conversation in steps of `step` bytes, the first one of `first`. */
static char *hold(size_t first, size_t step, uint64_t memory_bytes)
{
	struct session_fixture fixture;
	session_open(&fixture, memory_bytes, NULL, 0);
	void *flow = session_connect(&fixture, 50000, 4222, false);
	for (size_t i = 0; i < sizeof conversation / sizeof *conversation; i++) {
		const struct piece *piece = &conversation[i];
		size_t len = strlen(piece->text), at = 0;
		for (size_t next = first; at < len; next = step) {
			size_t some = next < len - at ? next : len - at;
			session_bytes(&fixture, &flow, piece->from, piece->text + at, some);
			at += some;
		}
		if (piece->hole > 0)
			session_hole(&fixture, &flow, piece->from, piece->hole);
	}
	session_end(&fixture, &flow, TAP_END_RESET);
	char *heard = session_take(&fixture, true);
	session_close(&fixture);
	return heard;
}

static void events_do_not_depend_on_how_bytes_were_split(void **state)
{
	char *whole = hold(SIZE_MAX, SIZE_MAX, MEMORY);
	(void)state;
	assert_non_null(strstr(whole, "message 1 a.b reply=r.1 [PUB q] -> 1/1\n"));
	assert_non_null(strstr(whole, "message 1 q headers=12 [hi] -> 1/2(grp)\n"));
	assert_non_null(strstr(whole, "message 1 a.c [01234] of 30 partial\n"));
	assert_null(strstr(whole, "a.y"));
	assert_null(strstr(whole, "no [_]"));
	for (size_t first = 1; first < 120; first++)
		for (size_t step = 1; step < 120; step += step < 4 ? 1 : 29) {
			char *heard = hold(first, step, MEMORY);
			assert_string_equal(heard, whole);
			free(heard);
		}
	free(whole);
}

/* Under any memory limit nothing is invented and all memory is given back. */
static void any_memory_limit_is_survived(void **state)
{
	(void)state;
	for (uint64_t bytes = 0; bytes < 400000; bytes += 977) {
		char *heard = hold(7, 5, bytes);
		assert_null(strstr(heard, "no [_]"));
		free(heard);
	}
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    CASE(a_connection_is_recognised_by_info_on_any_port),
	    CASE(a_connection_is_recognised_by_connect_when_only_the_client_is_seen),
	    CASE(other_protocols_are_given_up_at_their_first_line),
	    CASE(weak_operations_alone_are_not_nats),
	    CASE(midstream_eight_packets_that_end_with_operations_are_needed),
	    CASE(midstream_whole_operations_are_no_evidence_where_packets_end_inside_others),
	    CASE(midstream_after_a_silence_the_first_operation_is_understood),
	    CASE(midstream_the_verbs_show_who_is_the_client),
	    CASE(midstream_another_protocol_is_given_up_after_four_mebibytes),
	    CASE(tls_after_info_is_named_and_counted),
	    CASE(a_websocket_is_recognised_by_its_info),
	    CASE(a_web_page_is_given_up),
	    CASE(links_between_servers_are_not_decoded),
	    CASE(a_given_port_is_never_given_up),
	    CASE(bytes_never_understood_are_a_gap_where_nats_is_expected),
	    CASE(lower_case_verbs_without_a_greeting_are_understood_where_nats_is_expected),
	    CASE(unrecognised_connections_on_other_ports_are_counted),
	    CASE(bytes_of_no_connection_are_gaps),
	    CASE(a_hole_inside_a_payload_costs_that_message),
	    CASE(a_hole_that_ends_with_a_payload_keeps_the_stream_in_sync),
	    CASE(after_a_hole_over_a_control_line_eight_packets_are_needed),
	    CASE(after_a_hole_and_a_silence_the_next_operation_is_understood),
	    CASE(a_payload_that_shows_many_operations_is_not_believed),
	    CASE(chained_payloads_are_not_believed),
	    CASE(packet_ends_distinguish_chained_payloads_from_operations),
	    CASE(after_the_longest_payload_the_only_alignment_left_is_believed),
	    CASE(a_client_may_not_send_the_verbs_of_a_server),
	    CASE(an_end_inside_a_message_makes_it_partial),
	    CASE(bytes_that_are_no_operation_are_counted),
	    CASE(credentials_never_come_out),
	    CASE(a_jwt_shows_the_public_keys_of_user_and_account),
	    CASE(the_account_of_a_later_info_is_added_once_to_what_connect_said),
	    CASE(the_end_says_who_closed_when_the_source_knows),
	    CASE(errors_are_events),
	    CASE(a_sid_stands_for_its_first_subscription_until_it_is_over),
	    CASE(the_payload_limit_is_that_of_info),
	    CASE(events_do_not_depend_on_how_bytes_were_split),
	    CASE(any_memory_limit_is_survived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
