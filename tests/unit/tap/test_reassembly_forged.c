/* Reassembly: control segments and far data that TCP ignores have no effect; those that it obeys have theirs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/tap/reassembly_steps.h"

enum { WINDOW = 65535 }; /* of both ends */

/* A forged segment of an end, `ahead` of its next byte. */
static void forge(unsigned who, unsigned flags, uint32_t ahead, const char *text)
{
	struct support_packet packet = {.from = connection.ends[who],
					.to = connection.ends[!who],
					.seq = connection.next[who] + ahead,
					.ack = connection.next[!who],
					.flags = (uint8_t)flags,
					.payload = wire_slice_str(text)};
	take(packet);
}

/* The server acknowledges all it has. */
static void acknowledge(void)
{
	send(SERVER, 0, "");
}

static void begin(void)
{
	shake_hands();
	send(CLIENT, 0, "one ");
	acknowledge();
}

static void go_on(void)
{
	for (int i = 0; i < 20; i++) {
		fixture.time_ns += INT64_C(1000000000);
		send(CLIENT, 0, ".");
		acknowledge();
	}
}

/* Check that the forged segments had no effect. */
static void check_nothing_happened(void)
{
	go_on();
	finish();
	assert_int_equal(fixture.flows_len, 1);
	check_emitted(0, TAP_ORIGINATOR, "one ....................");
	check_end(0, TAP_END_CAPTURE);
}

/* ---- RST ---- */

static void a_reset_outside_the_window_is_ignored(void **state)
{
	(void)state;
	static const uint32_t distances[] = {WINDOW + 1000, 100000000, 0x80000000, (uint32_t) - (17 << 20)};
	begin();
	for (size_t i = 0; i < sizeof distances / sizeof *distances; i++) {
		forge(CLIENT, SUPPORT_RST, distances[i], "");
		forge(SERVER, SUPPORT_RST | SUPPORT_ACK, distances[i], "");
	}
	assert_int_equal(stats()->ignored_controls, 8);
	check_nothing_happened();
}

static void a_reset_in_the_window_is_doubtful_and_refuted_by_what_follows(void **state)
{
	(void)state;
	begin();
	forge(CLIENT, SUPPORT_RST, 1000, "");
	assert_false(fixture.flows[0]->is_closed);
	send(CLIENT, 0, "");
	forge(SERVER, SUPPORT_RST, 1, "");
	send(SERVER, 0, "");
	forge(CLIENT, SUPPORT_RST, (uint32_t)-2, "");
	check_nothing_happened();
	assert_int_equal(stats()->ignored_controls, 3);
}

static void a_doubtful_reset_counts_after_a_long_silence(void **state)
{
	(void)state;
	begin();
	forge(CLIENT, SUPPORT_RST, 1000, "");
	tap_reassembly_expire(fixture.reassembly, fixture.time_ns + fixture.options.silence_ns - 10000);
	assert_false(fixture.flows[0]->is_closed);
	tap_reassembly_expire(fixture.reassembly, fixture.time_ns + fixture.options.silence_ns);
	check_end(0, TAP_END_RESET);
}

static void a_doubtful_reset_counts_when_the_right_one_follows(void **state)
{
	(void)state;
	begin();
	forge(CLIENT, SUPPORT_RST, 1000, "");
	send(SERVER, 0, ""); /* the answer to a challenge ACK */
	forge(CLIENT, SUPPORT_RST, 0, "");
	check_end(0, TAP_END_RESET);
}

/* The capture missed bytes that the server has. */
static void a_reset_at_what_was_acknowledged_counts(void **state)
{
	(void)state;
	begin();
	prepare(CLIENT, 0, "lost");
	acknowledge();
	forge(CLIENT, SUPPORT_RST, 0, "");
	check_emitted(0, TAP_ORIGINATOR, "one <4>");
	check_end(0, TAP_END_RESET);
}

static void a_connection_that_goes_on_after_its_reset_is_another_one(void **state)
{
	(void)state;
	begin();
	forge(CLIENT, SUPPORT_RST, 0, "");
	check_end(0, TAP_END_RESET);
	send(CLIENT, 0, "two ");
	acknowledge();
	send(CLIENT, 0, "three");
	finish();
	check_emitted(1, TAP_ORIGINATOR, "three");
	assert_int_equal(stats()->ended_bytes, 4);
	assert_int_equal(fixture.left_bytes[TAP_LEFT_ENDED], 4);
}

static void a_forged_reset_does_not_undo_a_handshake(void **state)
{
	(void)state;
	shake_hands();
	forge(CLIENT, SUPPORT_RST, 500, "");
	forge(SERVER, SUPPORT_RST, 500, "");
	send(CLIENT, 0, "one ");
	check_emitted(0, TAP_ORIGINATOR, "one ");
	assert_false(fixture.flows[0]->info.is_midstream);
}

/* ---- SYN ---- */

static void a_syn_that_nobody_answers_is_ignored(void **state)
{
	(void)state;
	begin();
	forge(CLIENT, SUPPORT_SYN, 100000000, "");
	forge(SERVER, SUPPORT_SYN, 100, "");
	forge(SERVER, SUPPORT_SYN | SUPPORT_ACK, 200000000, "");
	forge(CLIENT, SUPPORT_SYN, 0xc0000000, "data in it");
	check_nothing_happened();
}

static void a_forged_syn_does_not_undo_a_handshake(void **state)
{
	(void)state;
	shake_hands();
	forge(CLIENT, SUPPORT_SYN, 100000000, "");
	forge(SERVER, SUPPORT_SYN, 100000000, "");
	send(CLIENT, 0, "one ");
	check_emitted(0, TAP_ORIGINATOR, "one ");
	assert_false(fixture.flows[0]->info.is_midstream);
}

static void begin_another(void)
{
	connection.next[CLIENT] += 300000000;
	connection.next[SERVER] += 400000000;
	connection.has_begun[CLIENT] = connection.has_begun[SERVER] = false;
}

static void check_replaced(const char *text)
{
	check_end(0, TAP_END_REPLACED);
	assert_int_equal(fixture.flows_len, 2);
	check_emitted(0, TAP_ORIGINATOR, "one ");
	check_emitted(1, TAP_ORIGINATOR, text);
}

static void a_syn_that_is_answered_begins_another_connection(void **state)
{
	(void)state;
	begin();
	begin_another();
	shake_hands();
	check_end(0, TAP_END_REPLACED);
	send(CLIENT, 0, "two");
	check_replaced("two");
	assert_false(fixture.flows[1]->info.is_midstream);
}

/* The capture missed the answer. */
static void a_syn_whose_connection_shows_begins_another_one(void **state)
{
	(void)state;
	begin();
	begin_another();
	send(CLIENT, SUPPORT_SYN, "");
	prepare(SERVER, SUPPORT_SYN, "");
	send(SERVER, 0, "INFO");
	send(CLIENT, 0, "two");
	check_replaced("two");
	check_emitted(1, TAP_RESPONDER, "INFO");
}

/* The capture missed both SYNs, and the end of the first connection. */
static void a_connection_without_syns_on_the_same_ports_is_followed(void **state)
{
	(void)state;
	static const uint32_t distances[][2] = {
	    {300000000, 400000000},
	    {0x90000000, 0x20000000},
	    {0x30000000, 0xf0000000},
	    {78000000, 78000500}, /* by the same clock, five seconds later */
	    {0x90000000, 0x90000000}};
	for (size_t i = 0; i < sizeof distances / sizeof *distances; i++) {
		reassembly_fixture_open(&fixture);
		support_connection_init(&connection, 50000, 4222);
		begin();
		connection.next[CLIENT] += distances[i][0];
		connection.next[SERVER] += distances[i][1];
		send(SERVER, 0, "INFO");
		send(CLIENT, 0, "two");
		send(SERVER, 0, "");
		check_replaced("two");
		check_emitted(1, TAP_RESPONDER, "INFO");
	}
}

/* ---- FIN ---- */

static void a_fin_that_bytes_follow_is_ignored(void **state)
{
	(void)state;
	begin();
	forge(CLIENT, SUPPORT_FIN, 0, "");
	forge(CLIENT, SUPPORT_FIN | SUPPORT_ACK, 10, "");
	forge(CLIENT, SUPPORT_FIN | SUPPORT_ACK, 40000, "");
	forge(CLIENT, SUPPORT_FIN | SUPPORT_ACK, 100000000, "");
	check_nothing_happened();
}

static void forged_fins_of_both_sides_do_not_end_what_goes_on(void **state)
{
	(void)state;
	begin();
	forge(CLIENT, SUPPORT_FIN | SUPPORT_ACK, 1000, "");
	forge(SERVER, SUPPORT_FIN | SUPPORT_ACK, 1000, "");
	check_nothing_happened();
}

static void a_forged_fin_does_not_keep_the_right_one_out(void **state)
{
	(void)state;
	begin();
	forge(CLIENT, SUPPORT_FIN | SUPPORT_ACK, 30000, "");
	go_on();
	send(CLIENT, SUPPORT_FIN, "");
	send(SERVER, SUPPORT_FIN, "");
	send(CLIENT, 0, "");
	check_emitted(0, TAP_ORIGINATOR, "one ....................");
	check_end(0, TAP_END_CLOSED);
}

static void a_forged_fin_does_not_end_a_capture_of_one_direction(void **state)
{
	(void)state;
	send(CLIENT, SUPPORT_SYN, "");
	send(CLIENT, 0, "one ");
	forge(CLIENT, SUPPORT_FIN, 0, "");
	for (int i = 0; i < 20; i++)
		send(CLIENT, 0, ".");
	finish();
	check_emitted(0, TAP_ORIGINATOR, "one ....................");
	check_end(0, TAP_END_CAPTURE);
}

/* ---- data ---- */

static void data_far_from_its_stream_is_ignored(void **state)
{
	(void)state;
	static const uint32_t distances[] = {WINDOW + 1000, 500000000, 0x7fffffff, 0x80000000,
					     (uint32_t) - (17 << 20)};
	begin();
	for (size_t i = 0; i < sizeof distances / sizeof *distances; i++) {
		forge(CLIENT, SUPPORT_ACK, distances[i], "x");
		forge(SERVER, SUPPORT_ACK, distances[i], "forged");
	}
	go_on();
	finish();
	check_emitted(0, TAP_ORIGINATOR, "one ....................");
	assert_int_equal(stats()->stray_bytes, 35);
	assert_int_equal(stats()->strays, 10);
}

/* A capture of one direction has no window, and no acknowledgement that refutes the data. */
static void data_far_ahead_of_a_lone_direction_is_ignored(void **state)
{
	(void)state;
	send(CLIENT, SUPPORT_SYN, "");
	send(CLIENT, 0, "one ");
	for (int i = 0; i < 100; i++) {
		fixture.time_ns += INT64_C(1000000000);
		if (i < 90)
			forge(CLIENT, SUPPORT_ACK, i % 2 ? 500000000 : 1000000, "x");
		send(CLIENT, 0, ".");
	}
	finish();
	assert_int_equal(fixture.flows[0]->streams[TAP_ORIGINATOR].spans_len, 1);
	assert_int_equal(fixture.flows[0]->streams[TAP_ORIGINATOR].total, 104);
}

/* TCP would keep the data. The stream continues before it, and nothing is missing. */
static void data_ahead_in_the_window_does_not_make_a_hole(void **state)
{
	(void)state;
	begin();
	forge(CLIENT, SUPPORT_ACK, 30000, "x");
	check_nothing_happened();
}

static void many_forged_segments_in_a_row_are_ignored(void **state)
{
	(void)state;
	begin();
	for (uint32_t i = 0; i < 200; i++) {
		forge(CLIENT, SUPPORT_ACK, 500000000 + i, "x");
		if (i % 5 == 0)
			acknowledge();
	}
	check_nothing_happened();
}

static void segments_with_old_timestamps_are_ignored(void **state)
{
	(void)state;
	begin();
	fixture.timestamp = 100000;
	send(CLIENT, 0, "two ");
	fixture.timestamp = 90000;
	forge(CLIENT, SUPPORT_ACK, 0, "old!");
	fixture.timestamp = 99990; /* out of order, but not old */
	send(CLIENT, 0, "three");
	check_emitted(0, TAP_ORIGINATOR, "one two three");
	assert_int_equal(stats()->stray_bytes, 4);
}

static void a_timestamp_clock_that_was_reset_is_believed(void **state)
{
	(void)state;
	begin();
	fixture.timestamp = 100000;
	send(CLIENT, 0, "two ");
	fixture.timestamp = 5;
	struct support_packet packet = prepare(CLIENT, 0, "three");
	for (int i = 0; i < 20; i++)
		take(packet);
	check_emitted(0, TAP_ORIGINATOR, "one two three");
}

/* ---- acknowledgements ---- */

/* A retransmission fills the hole although a forged segment acknowledged it. */
static void a_forged_acknowledgement_does_not_give_up_a_hole(void **state)
{
	(void)state;
	static const uint32_t distances[] = {100, 50000, 500000000, 0xc0000000};
	for (size_t i = 0; i < sizeof distances / sizeof *distances; i++) {
		reassembly_fixture_open(&fixture);
		support_connection_init(&connection, 50000, 4222);
		begin();
		struct support_packet lost = prepare(CLIENT, 0, "two ");
		struct support_packet dup = prepare(SERVER, 0, ""), forged = dup;
		dup.ack = lost.seq;
		forged.ack = lost.seq + distances[i];
		take(forged);
		send(CLIENT, 0, "three");
		take(dup);
		fixture.time_ns += 2 * fixture.options.acked_patience_ns;
		take(dup);
		take(lost);
		acknowledge();
		finish();
		check_emitted(0, TAP_ORIGINATOR, "one two three");
	}
}

static void a_forged_acknowledgement_declares_no_hole(void **state)
{
	(void)state;
	begin();
	struct support_packet forged = prepare(SERVER, 0, "");
	forged.ack += 500000000;
	take(forged);
	forged.ack -= 499999000;
	take(forged);
	check_nothing_happened();
}

/* ---- what the capture has missed ---- */

static void a_long_loss_is_an_exact_hole_once_the_other_side_confirms_it(void **state)
{
	(void)state;
	for (int acks_first = 0; acks_first < 2; acks_first++) {
		reassembly_fixture_open(&fixture);
		support_connection_init(&connection, 50000, 4222);
		begin();
		connection.next[CLIENT] += 50000000;
		if (acks_first)
			acknowledge();
		send(CLIENT, 0, "two ");
		acknowledge();
		send(CLIENT, 0, "three");
		check_emitted(0, TAP_ORIGINATOR, "one <50000000>two three");
		assert_int_equal(stats()->strays, 0);
	}
}

static void a_long_loss_of_both_sides_is_a_hole_in_each(void **state)
{
	(void)state;
	begin();
	connection.next[CLIENT] += 90000000;
	connection.next[SERVER] += 20000000;
	send(CLIENT, 0, "two ");
	send(SERVER, 0, "MSG");
	send(CLIENT, 0, "three");
	check_emitted(0, TAP_ORIGINATOR, "one <90000000>two three");
	check_emitted(0, TAP_RESPONDER, "<20000000>MSG");
}

static void segments_in_a_row_confirm_a_long_loss_of_a_lone_direction(void **state)
{
	(void)state;
	send(CLIENT, SUPPORT_SYN, "");
	send(CLIENT, 0, "one ");
	connection.next[CLIENT] += 50000000;
	for (int i = 0; i < 20; i++)
		send(CLIENT, 0, ".");
	check_emitted(0, TAP_ORIGINATOR, "one <50000000>....................");
}

/* ---- beginnings ---- */

static void the_first_segments_of_a_capture_may_be_out_of_order(void **state)
{
	(void)state;
	struct support_packet packets[3] = {prepare(CLIENT, 0, "one "), prepare(CLIENT, 0, "two "),
					    prepare(CLIENT, 0, "three ")};
	take(packets[2]);
	take(packets[0]);
	take(packets[1]);
	check_emitted(0, TAP_ORIGINATOR, "");
	acknowledge();
	check_emitted(0, TAP_ORIGINATOR, "one two three ");
	assert_int_equal(stats()->early_bytes, 0);
}

static void a_beginning_is_emitted_after_a_moment(void **state)
{
	(void)state;
	send(CLIENT, 0, "one");
	check_emitted(0, TAP_ORIGINATOR, "");
	tap_reassembly_expire(fixture.reassembly, fixture.time_ns + fixture.options.settling_ns);
	check_emitted(0, TAP_ORIGINATOR, "one");
}

static void a_beginning_is_emitted_after_some_segments(void **state)
{
	(void)state;
	for (int i = 0; i < 17; i++)
		send(CLIENT, 0, ".");
	check_emitted(0, TAP_ORIGINATOR, ".................");
}

static void bytes_before_an_emitted_beginning_are_counted(void **state)
{
	(void)state;
	struct support_packet first = prepare(CLIENT, 0, "ear"), second = prepare(CLIENT, 0, "ly");
	send(CLIENT, 0, "one");
	acknowledge();
	take(second);
	take(first);
	take(second); /* retransmitted, and counted once */
	check_emitted(0, TAP_ORIGINATOR, "one");
	assert_int_equal(stats()->early_bytes, 5);
	finish();
	assert_int_equal(fixture.left_bytes[TAP_LEFT_EARLY], 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    REASSEMBLY_TEST(a_reset_outside_the_window_is_ignored),
	    REASSEMBLY_TEST(a_reset_in_the_window_is_doubtful_and_refuted_by_what_follows),
	    REASSEMBLY_TEST(a_doubtful_reset_counts_after_a_long_silence),
	    REASSEMBLY_TEST(a_doubtful_reset_counts_when_the_right_one_follows),
	    REASSEMBLY_TEST(a_reset_at_what_was_acknowledged_counts),
	    REASSEMBLY_TEST(a_connection_that_goes_on_after_its_reset_is_another_one),
	    REASSEMBLY_TEST(a_forged_reset_does_not_undo_a_handshake),
	    REASSEMBLY_TEST(a_syn_that_nobody_answers_is_ignored),
	    REASSEMBLY_TEST(a_forged_syn_does_not_undo_a_handshake),
	    REASSEMBLY_TEST(a_syn_that_is_answered_begins_another_connection),
	    REASSEMBLY_TEST(a_syn_whose_connection_shows_begins_another_one),
	    REASSEMBLY_TEST(a_connection_without_syns_on_the_same_ports_is_followed),
	    REASSEMBLY_TEST(a_fin_that_bytes_follow_is_ignored),
	    REASSEMBLY_TEST(forged_fins_of_both_sides_do_not_end_what_goes_on),
	    REASSEMBLY_TEST(a_forged_fin_does_not_keep_the_right_one_out),
	    REASSEMBLY_TEST(a_forged_fin_does_not_end_a_capture_of_one_direction),
	    REASSEMBLY_TEST(data_far_from_its_stream_is_ignored),
	    REASSEMBLY_TEST(data_far_ahead_of_a_lone_direction_is_ignored),
	    REASSEMBLY_TEST(data_ahead_in_the_window_does_not_make_a_hole),
	    REASSEMBLY_TEST(many_forged_segments_in_a_row_are_ignored),
	    REASSEMBLY_TEST(segments_with_old_timestamps_are_ignored),
	    REASSEMBLY_TEST(a_timestamp_clock_that_was_reset_is_believed),
	    REASSEMBLY_TEST(a_forged_acknowledgement_does_not_give_up_a_hole),
	    REASSEMBLY_TEST(a_forged_acknowledgement_declares_no_hole),
	    REASSEMBLY_TEST(a_long_loss_is_an_exact_hole_once_the_other_side_confirms_it),
	    REASSEMBLY_TEST(a_long_loss_of_both_sides_is_a_hole_in_each),
	    REASSEMBLY_TEST(segments_in_a_row_confirm_a_long_loss_of_a_lone_direction),
	    REASSEMBLY_TEST(the_first_segments_of_a_capture_may_be_out_of_order),
	    REASSEMBLY_TEST(a_beginning_is_emitted_after_a_moment),
	    REASSEMBLY_TEST(a_beginning_is_emitted_after_some_segments),
	    REASSEMBLY_TEST(bytes_before_an_emitted_beginning_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
