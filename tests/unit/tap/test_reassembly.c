/* Reassembly, one feature of TCP at a time: the life of a connection, and order. test_reassembly_holes.c tests
 * missing bytes and memory, test_reassembly_random.c everything together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/tap/reassembly_steps.h"

/* ---- lives of a connection ---- */

static void both_streams_are_emitted_from_the_first_byte_to_the_fin(void **state)
{
	(void)state;
	shake_hands();
	assert_int_equal(fixture.flows_len, 0); /* nothing to emit yet */
	send(SERVER, 0, "INFO {}\r\n");
	send(CLIENT, 0, "CONNECT {}\r\n");
	send(CLIENT, 0, "PING\r\n");
	send(SERVER, SUPPORT_FIN, "PONG\r\n");
	send(CLIENT, SUPPORT_FIN, "");
	send(SERVER, 0, "");
	check_emitted(0, TAP_ORIGINATOR, "CONNECT {}\r\nPING\r\n");
	check_emitted(0, TAP_RESPONDER, "INFO {}\r\nPONG\r\n");
	check_end(0, TAP_END_CLOSED);
	assert_false(fixture.flows[0]->info.is_midstream);
	assert_int_equal(fixture.flows[0]->info.ends[TAP_ORIGINATOR].port, 50000);
	assert_int_equal(fixture.flows[0]->info.ends[TAP_RESPONDER].port, 4222);
}

static void who_sent_the_syn_is_the_originator_whatever_the_ports(void **state)
{
	(void)state;
	support_connection_init(&connection, 1024, 4222);
	shake_hands();
	send(SERVER, 0, "INFO {}\r\n");
	assert_int_equal(fixture.flows[0]->info.ends[TAP_ORIGINATOR].port, 1024);
}

static void the_answer_to_a_lost_syn_suffices(void **state)
{
	(void)state;
	support_connection_init(&connection, 1024, 4222);
	prepare(CLIENT, SUPPORT_SYN, "");
	send(SERVER, SUPPORT_SYN, "");
	struct support_packet first = prepare(CLIENT, 0, "one ");
	send(CLIENT, 0, "two");
	take(first);
	check_emitted(0, TAP_ORIGINATOR, "one two");
	assert_int_equal(fixture.flows[0]->info.ends[TAP_ORIGINATOR].port, 1024);
	assert_false(fixture.flows[0]->info.is_midstream);
}

static void in_mid_stream_the_lower_port_accepted(void **state)
{
	(void)state;
	prepare(CLIENT, SUPPORT_SYN, "");
	prepare(SERVER, SUPPORT_SYN, "");
	send(CLIENT, 0, ""); /* no data yet */
	assert_int_equal(fixture.flows_len, 0);
	send(SERVER, 0, "MSG");
	send(CLIENT, 0, "PUB");
	assert_true(fixture.flows[0]->info.is_midstream);
	check_emitted(0, TAP_ORIGINATOR, "PUB");
	check_emitted(0, TAP_RESPONDER, "MSG");
	finish();
	check_end(0, TAP_END_CAPTURE);
}

/* The other direction is not in the capture, so its end will not be seen. */
static void a_capture_of_one_direction_ends_with_its_fin(void **state)
{
	(void)state;
	send(CLIENT, SUPPORT_SYN, "");
	send(CLIENT, 0, "PUB");
	send(CLIENT, SUPPORT_FIN, "");
	check_emitted(0, TAP_ORIGINATOR, "PUB");
	assert_false(fixture.flows[0]->is_closed); /* its data may still continue */
	tap_reassembly_expire(fixture.reassembly, fixture.time_ns + fixture.options.silence_ns);
	check_end(0, TAP_END_CLOSED);
}

static void a_syn_may_carry_data(void **state)
{
	(void)state;
	send(CLIENT, SUPPORT_SYN, "early ");
	send(SERVER, SUPPORT_SYN, "too ");
	send(CLIENT, 0, "data");
	send(SERVER, 0, "late");
	check_emitted(0, TAP_ORIGINATOR, "early data");
	check_emitted(0, TAP_RESPONDER, "too late");
	assert_false(fixture.flows[0]->info.is_midstream);
}

/* A capture may have the answer after the data that follows it. */
static void a_syn_that_comes_late_belongs_to_its_connection(void **state)
{
	(void)state;
	send(CLIENT, SUPPORT_SYN, "");
	struct support_packet answer = prepare(SERVER, SUPPORT_SYN, ""), info = prepare(SERVER, 0, "INFO");
	send(SERVER, 0, " {}");
	take(answer);
	take(info);
	send(SERVER, 0, "\r\n");
	assert_int_equal(fixture.flows_len, 1);
	check_emitted(0, TAP_RESPONDER, "INFO {}\r\n");
	assert_false(fixture.flows[0]->is_closed);
}

static void a_reset_ends_a_connection_in_the_middle_of_anything(void **state)
{
	(void)state;
	shake_hands();
	send(CLIENT, 0, "PUB a 5\r\nhe");
	prepare(CLIENT, 0, "l");
	send(CLIENT, 0, "lo");
	send(SERVER, SUPPORT_RST, "");
	check_emitted(0, TAP_ORIGINATOR, "PUB a 5\r\nhe<1>lo");
	check_end(0, TAP_END_RESET);
	send(CLIENT, 0, "more");
	check_emitted(0, TAP_ORIGINATOR, "PUB a 5\r\nhe<1>lo");
	assert_int_equal(fixture.flows_len, 1);
	assert_int_equal(stats()->ended_bytes, 4);
}

static void data_after_an_acknowledged_fin_is_not_emitted(void **state)
{
	(void)state;
	shake_hands();
	send(CLIENT, SUPPORT_FIN, "all");
	send(SERVER, 0, "answer");
	struct support_packet more = prepare(CLIENT, 0, "more");
	more.seq--;
	take(more);
	send(SERVER, SUPPORT_FIN, "");
	check_emitted(0, TAP_ORIGINATOR, "all");
	check_emitted(0, TAP_RESPONDER, "answer");
	check_end(0, TAP_END_CLOSED);
	assert_int_equal(stats()->ended_bytes, 4);
}

static void stragglers_of_a_closed_connection_open_none(void **state)
{
	(void)state;
	shake_hands();
	struct support_packet data = prepare(CLIENT, SUPPORT_FIN, "data");
	take(data);
	send(SERVER, SUPPORT_FIN, "");
	check_end(0, TAP_END_CLOSED);
	take(data);
	assert_int_equal(fixture.flows_len, 1);
	fixture.time_ns += INT64_C(60000000000); /* by now another connection has the ports */
	take(data);
	assert_int_equal(fixture.flows_len, 2);
	assert_true(fixture.flows[1]->info.is_midstream);
}

static void a_new_syn_on_the_same_ports_replaces_a_connection(void **state)
{
	(void)state;
	shake_hands();
	send(CLIENT, 0, "old");
	support_connection_init(&connection, 50000, 4222);
	connection.next[CLIENT] = 0xfffffff0;
	shake_hands();
	check_end(0, TAP_END_REPLACED);
	send(CLIENT, 0, "new");
	assert_int_equal(fixture.flows_len, 2);
	check_emitted(0, TAP_ORIGINATOR, "old");
	check_emitted(1, TAP_ORIGINATOR, "new");
}

static void a_syn_that_is_repeated_replaces_nothing(void **state)
{
	(void)state;
	struct support_packet syn = prepare(CLIENT, SUPPORT_SYN, "");
	take(syn);
	take(syn);
	struct support_packet answer = prepare(SERVER, SUPPORT_SYN, "");
	take(answer);
	send(CLIENT, 0, "one ");
	take(syn);
	take(answer);
	send(CLIENT, 0, "two");
	assert_int_equal(fixture.flows_len, 1);
	check_emitted(0, TAP_ORIGINATOR, "one two");
}

/* ---- order ---- */

static void segments_out_of_order_are_put_in_order(void **state)
{
	(void)state;
	shake_hands();
	struct support_packet packets[5];
	for (int i = 0; i < 5; i++)
		packets[i] = prepare(CLIENT, 0, (const char *const[]){"a", "bb", "ccc", "dd", "e"}[i]);
	take(packets[4]);
	take(packets[2]);
	take(packets[3]);
	take(packets[1]);
	check_emitted(0, TAP_ORIGINATOR, "");
	take(packets[0]);
	check_emitted(0, TAP_ORIGINATOR, "abbcccdde");
	assert_int_equal(stats()->out_of_order_segments, 4);
}

static void bytes_that_waited_are_not_emitted_with_an_earlier_time(void **state)
{
	(void)state;
	shake_hands();
	struct support_packet first = prepare(CLIENT, 0, "first");
	send(CLIENT, 0, "second");
	fixture.time_ns += 1000000;
	int64_t time_ns = fixture.time_ns;
	take(first);
	assert_int_equal(fixture.flows[0]->streams[TAP_ORIGINATOR].spans[0].time_ns, time_ns);
}

static void retransmitted_bytes_are_emitted_once(void **state)
{
	(void)state;
	shake_hands();
	struct support_packet packet = prepare(CLIENT, 0, "once");
	take(packet);
	take(packet);
	packet.payload = WIRE_LITERAL("once and more");
	connection.next[CLIENT] += 9;
	take(packet);
	take(packet);
	check_emitted(0, TAP_ORIGINATOR, "once and more");
	assert_int_equal(stats()->retransmitted_bytes, 4 + 4 + 13);
}

/* Every segment is captured twice, as on `any` or a mirrored port. */
static void a_capture_that_has_everything_twice_is_emitted_once(void **state)
{
	(void)state;
	struct support_packet packets[6] = {
	    prepare(CLIENT, SUPPORT_SYN, ""), prepare(SERVER, SUPPORT_SYN, ""),
	    prepare(CLIENT, 0, "ping"),       prepare(SERVER, 0, "pong"),
	    prepare(CLIENT, SUPPORT_FIN, ""), prepare(SERVER, SUPPORT_FIN, "")};
	for (int i = 0; i < 12; i++)
		take(packets[i / 2]);
	assert_int_equal(fixture.flows_len, 1);
	check_emitted(0, TAP_ORIGINATOR, "ping");
	check_emitted(0, TAP_RESPONDER, "pong");
	check_end(0, TAP_END_CLOSED);
}

static void of_two_versions_the_first_counts(void **state)
{
	(void)state;
	shake_hands();
	struct support_packet first = prepare(CLIENT, 0, "0123"), second = prepare(CLIENT, 0, "4567");
	take(second);
	second.payload = WIRE_LITERAL("XXXX");
	take(second);
	assert_int_equal(stats()->conflicts, 1);
	first.payload = WIRE_LITERAL("0123YY");
	take(first);
	assert_int_equal(stats()->conflicts, 2);
	check_emitted(0, TAP_ORIGINATOR, "01234567");
}

static void keep_alives_are_no_data(void **state)
{
	(void)state;
	shake_hands();
	send(CLIENT, 0, "one ");
	struct support_packet probe = prepare(CLIENT, 0, "");
	probe.seq--;
	take(probe);
	probe.payload = WIRE_LITERAL("\0");
	take(probe);
	send(CLIENT, 0, "two");
	check_emitted(0, TAP_ORIGINATOR, "one two");
	assert_int_equal(stats()->keep_alives, 2);
}

/* With a window of zero the receiver refuses the byte, but it is the next byte of the stream. */
static void the_byte_of_a_zero_window_probe_is_data(void **state)
{
	(void)state;
	shake_hands();
	struct support_packet data = prepare(CLIENT, 0, "data"), probe = data;
	probe.payload.len = 1;
	take(probe);
	take(probe);
	take(data);
	check_emitted(0, TAP_ORIGINATOR, "data");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    REASSEMBLY_TEST(both_streams_are_emitted_from_the_first_byte_to_the_fin),
	    REASSEMBLY_TEST(who_sent_the_syn_is_the_originator_whatever_the_ports),
	    REASSEMBLY_TEST(the_answer_to_a_lost_syn_suffices),
	    REASSEMBLY_TEST(in_mid_stream_the_lower_port_accepted),
	    REASSEMBLY_TEST(a_capture_of_one_direction_ends_with_its_fin),
	    REASSEMBLY_TEST(a_syn_may_carry_data),
	    REASSEMBLY_TEST(a_syn_that_comes_late_belongs_to_its_connection),
	    REASSEMBLY_TEST(a_reset_ends_a_connection_in_the_middle_of_anything),
	    REASSEMBLY_TEST(data_after_an_acknowledged_fin_is_not_emitted),
	    REASSEMBLY_TEST(stragglers_of_a_closed_connection_open_none),
	    REASSEMBLY_TEST(a_new_syn_on_the_same_ports_replaces_a_connection),
	    REASSEMBLY_TEST(a_syn_that_is_repeated_replaces_nothing),
	    REASSEMBLY_TEST(segments_out_of_order_are_put_in_order),
	    REASSEMBLY_TEST(bytes_that_waited_are_not_emitted_with_an_earlier_time),
	    REASSEMBLY_TEST(retransmitted_bytes_are_emitted_once),
	    REASSEMBLY_TEST(a_capture_that_has_everything_twice_is_emitted_once),
	    REASSEMBLY_TEST(of_two_versions_the_first_counts),
	    REASSEMBLY_TEST(keep_alives_are_no_data),
	    REASSEMBLY_TEST(the_byte_of_a_zero_window_probe_is_data),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
