/* Reassembly: missing bytes, connections that the handler does not want, and memory limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/tap/reassembly_steps.h"

/* ---- holes ---- */

static void a_hole_is_waited_for_and_then_given_up(void **state)
{
	(void)state;
	shake_hands();
	send(CLIENT, 0, "before");
	prepare(CLIENT, 0, "lost");
	send(CLIENT, 0, "behind");
	fixture.time_ns += fixture.options.patience_ns - 2000;
	send(CLIENT, 0, " it");
	check_emitted(0, TAP_ORIGINATOR, "before");
	fixture.time_ns += 1000;
	send(CLIENT, 0, "!");
	check_emitted(0, TAP_ORIGINATOR, "before<4>behind it!");
	assert_int_equal(stats()->holes[TAP_HOLE_LOST], 1);
	assert_int_equal(stats()->hole_bytes[TAP_HOLE_LOST], 4);
}

static void time_alone_gives_up_holes(void **state)
{
	(void)state;
	shake_hands();
	for (int i = 0; i < 3; i++) {
		prepare(CLIENT, 0, "lost");
		send(CLIENT, 0, "seen");
	}
	tap_reassembly_expire(fixture.reassembly, fixture.time_ns + fixture.options.patience_ns - 10000);
	check_emitted(0, TAP_ORIGINATOR, "");
	tap_reassembly_expire(fixture.reassembly, fixture.time_ns + fixture.options.patience_ns);
	check_emitted(0, TAP_ORIGINATOR, "<4>seen<4>seen<4>seen");
}

/* The other end has the bytes that it acknowledged: the capture missed them, and they will not be
 * retransmitted. */
static void an_acknowledged_hole_is_given_up_soon(void **state)
{
	(void)state;
	shake_hands();
	prepare(CLIENT, 0, "lost");
	send(CLIENT, 0, "seen");
	send(SERVER, 0, "");
	check_emitted(0, TAP_ORIGINATOR, "");
	fixture.time_ns += fixture.options.acked_patience_ns;
	send(SERVER, 0, "");
	check_emitted(0, TAP_ORIGINATOR, "<4>seen");
}

static void an_acknowledged_hole_is_given_up_after_some_segments(void **state)
{
	(void)state;
	shake_hands();
	prepare(CLIENT, 0, "lost");
	for (unsigned i = 0; i < fixture.options.acked_patience_segments; i++)
		send(CLIENT, 0, ".");
	send(SERVER, 0, "");
	check_emitted(0, TAP_ORIGINATOR, "");
	send(CLIENT, 0, ".");
	assert_int_equal(stats()->holes[TAP_HOLE_LOST], 1);
	assert_int_equal(fixture.flows[0]->streams[TAP_ORIGINATOR].data.len,
			 fixture.options.acked_patience_segments + 1);
}

/* In a capture of one direction nothing is acknowledged. */
static void a_hole_that_nobody_acknowledged_outlasts_segments(void **state)
{
	(void)state;
	shake_hands();
	struct support_packet late = prepare(CLIENT, 0, "late");
	for (unsigned i = 0; i < 10 * fixture.options.acked_patience_segments; i++)
		send(CLIENT, 0, ".");
	take(late);
	assert_int_equal(stats()->holes[TAP_HOLE_LOST], 0);
	assert_memory_equal(fixture.flows[0]->streams[TAP_ORIGINATOR].data.data, "late....", 8);
}

static void too_many_bytes_behind_a_hole_end_the_waiting(void **state)
{
	(void)state;
	fixture.options.stream_bytes_max = 1000;
	reassembly_fixture_open(&fixture);
	shake_hands();
	prepare(CLIENT, 0, "lost");
	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(stats()->holes[TAP_HOLE_LIMIT], 0);
		struct support_packet packet = prepare(CLIENT, 0, "");
		packet.payload = wire_slice((const char[200]){0}, 200);
		packet.seq += 200 * i;
		take(packet);
	}
	assert_int_equal(stats()->holes[TAP_HOLE_LIMIT], 1);
	assert_int_equal(stats()->hole_bytes[TAP_HOLE_LIMIT], 4);
	assert_int_equal(stats()->data_bytes, 1000);
}

static void too_many_segments_behind_a_hole_end_the_waiting(void **state)
{
	(void)state;
	fixture.options.stream_segments_max = 10;
	reassembly_fixture_open(&fixture);
	shake_hands();
	prepare(CLIENT, 0, "lost");
	for (int i = 0; i < 10; i++)
		send(CLIENT, 0, ".");
	check_emitted(0, TAP_ORIGINATOR, "");
	send(CLIENT, 0, ".");
	check_emitted(0, TAP_ORIGINATOR, "<4 limit>...........");
}

static void a_lost_end_is_known_by_its_fin(void **state)
{
	(void)state;
	shake_hands();
	send(CLIENT, 0, "seen");
	prepare(CLIENT, 0, "lost");
	send(CLIENT, SUPPORT_FIN, "");
	send(SERVER, SUPPORT_FIN, "");
	assert_false(fixture.flows[0]->is_closed);
	fixture.time_ns += fixture.options.acked_patience_ns;
	send(SERVER, 0, "");
	check_emitted(0, TAP_ORIGINATOR, "seen<4>");
	check_end(0, TAP_END_CLOSED);
}

static void a_lost_end_is_known_by_its_acknowledgement(void **state)
{
	(void)state;
	shake_hands();
	send(CLIENT, 0, "seen");
	prepare(CLIENT, 0, "lost");
	send(SERVER, 0, "");
	finish();
	check_emitted(0, TAP_ORIGINATOR, "seen<4>");
}

/* A lost FIN is acknowledged like a byte. */
static void a_lost_fin_is_no_lost_byte(void **state)
{
	(void)state;
	shake_hands();
	send(CLIENT, 0, "seen");
	prepare(CLIENT, SUPPORT_FIN, "");
	send(SERVER, 0, "");
	finish();
	check_emitted(0, TAP_ORIGINATOR, "seen");
}

static void bytes_cut_by_the_snapshot_length_are_a_hole_of_their_own_kind(void **state)
{
	(void)state;
	shake_hands();
	struct support_packet first = prepare(CLIENT, 0, "first"), second = prepare(CLIENT, 0, "second");
	reassembly_fixture_take_cut(&fixture, &second, 2);
	reassembly_fixture_take_cut(&fixture, &first, 3);
	reassembly_fixture_take_cut(&fixture, &first, 3);
	send(CLIENT, 0, "third");
	struct support_packet fourth = prepare(CLIENT, 0, "fourth");
	reassembly_fixture_take_cut(&fixture, &fourth, 0);
	check_emitted(0, TAP_ORIGINATOR, "fir<2 cut>se<4 cut>third<6 cut>");
}

static void a_segment_out_of_reach_is_ignored(void **state)
{
	(void)state;
	shake_hands();
	send(CLIENT, 0, "one ");
	struct support_packet stray = prepare(CLIENT, 0, "");
	stray.payload = WIRE_LITERAL("stray");
	stray.seq += 0x60000000;
	take(stray);
	send(CLIENT, 0, "two");
	finish();
	check_emitted(0, TAP_ORIGINATOR, "one two");
	assert_int_equal(stats()->strays, 1);
}

static void after_a_very_long_loss_the_stream_goes_on(void **state)
{
	(void)state;
	shake_hands();
	send(CLIENT, 0, "before");
	connection.next[CLIENT] += 0x60000000;
	for (int i = 0; i < 16; i++)
		send(CLIENT, 0, ".");
	send(CLIENT, 0, "behind");
	check_emitted(0, TAP_ORIGINATOR, "before<1610612736>................behind");
}

/* ---- interest ---- */

static void a_connection_of_no_interest_gets_no_call(void **state)
{
	(void)state;
	fixture.refuses = true;
	shake_hands();
	uint64_t before = fixture.budget.used_bytes;
	for (int i = 0; i < 1000; i++) {
		prepare(CLIENT, 0, "lost");
		send(CLIENT, 0, "data");
	}
	assert_int_equal(fixture.flows_len, 0);
	assert_true(fixture.budget.used_bytes - before < 1000);
	assert_int_equal(stats()->unwatched_bytes, 4000);
	send(CLIENT, SUPPORT_RST, "");
	assert_int_equal(stats()->uninteresting, 1);
}

static void the_same_ports_may_be_of_interest_later(void **state)
{
	(void)state;
	fixture.refuses = true;
	shake_hands();
	send(CLIENT, 0, "GET / HTTP/1.1");
	fixture.refuses = false;
	support_connection_init(&connection, 50000, 4222);
	connection.next[CLIENT] = 99;
	shake_hands();
	send(CLIENT, 0, "CONNECT");
	check_emitted(0, TAP_ORIGINATOR, "CONNECT");
}

/* At any call: for data in order, for a hole, for data that waited. */
static void interest_may_be_lost_at_any_call(void **state)
{
	(void)state;
	for (uint64_t call = 1; call < 12; call++) {
		fixture.refuses_data = call;
		fixture.calls = 0;
		reassembly_fixture_open(&fixture);
		support_connection_init(&connection, 50000, 4222);
		shake_hands();
		send(SERVER, 0, "INFO");
		struct support_packet first = prepare(CLIENT, 0, "first");
		send(CLIENT, 0, "second");
		prepare(CLIENT, 0, "lost");
		send(CLIENT, 0, "third");
		take(first);
		prepare(CLIENT, 0, "lost");
		send(CLIENT, 0, "fourth");
		fixture.time_ns += fixture.options.patience_ns;
		send(SERVER, 0, "PING");
		finish();
		assert_int_equal(fixture.flows_len, 1);
		assert_int_equal(fixture.calls, call < 8 ? call : 8);
		assert_int_equal(fixture.flows[0]->is_closed, call > 8);
	}
}

/* ---- memory ---- */

static void a_flood_of_syns_does_not_move_the_memory(void **state)
{
	(void)state;
	shake_hands();
	send(CLIENT, 0, "before");
	uint64_t before = fixture.budget.used_bytes;
	for (uint32_t i = 0; i < 1000000; i++) {
		struct support_packet syn = {.from = {(uint8_t)(3 + i / 65536), (uint16_t)i},
					     .to = {2, 4222},
					     .seq = i,
					     .flags = SUPPORT_SYN};
		take(syn);
	}
	assert_int_equal(fixture.budget.used_bytes, before);
	assert_int_equal(stats()->half_open_evicted, 1000000 - fixture.options.half_open_max);
	send(CLIENT, 0, " and after");
	check_emitted(0, TAP_ORIGINATOR, "before and after");
}

static void the_most_recently_used_connection_stays(void **state)
{
	(void)state;
	fixture.options.flows_max = 10;
	reassembly_fixture_open(&fixture);
	struct support_connection others[20];
	shake_hands();
	send(CLIENT, 0, "zero");
	for (uint16_t i = 0; i < 20; i++) {
		support_connection_init(&others[i], (uint16_t)(20000 + i), 4222);
		reassembly_fixture_send(&fixture, &others[i], SUPPORT_CLIENT, 0, "data");
		send(CLIENT, 0, ".");
	}
	assert_int_equal(stats()->ends[TAP_END_EVICTED], 11);
	assert_false(fixture.flows[0]->is_closed);
	for (size_t i = 1; i < fixture.flows_len; i++)
		assert_int_equal(fixture.flows[i]->is_closed, i <= 11);
	check_end(1, TAP_END_EVICTED);
}

static void tombstones_go_before_connections(void **state)
{
	(void)state;
	fixture.options.flows_max = 2;
	reassembly_fixture_open(&fixture);
	struct support_connection other, third;
	support_connection_init(&other, 20001, 4222);
	support_connection_init(&third, 20002, 4222);
	send(CLIENT, 0, "lives");
	reassembly_fixture_send(&fixture, &other, SUPPORT_CLIENT, 0, "ends");
	reassembly_fixture_send(&fixture, &other, SUPPORT_CLIENT, SUPPORT_RST, "");
	reassembly_fixture_send(&fixture, &third, SUPPORT_CLIENT, 0, "new");
	assert_false(fixture.flows[0]->is_closed);
	assert_int_equal(stats()->ends[TAP_END_EVICTED], 0);
	assert_int_equal(stats()->tombstones_evicted, 1);
}

/* The budget holds however many connections keep bytes after holes, and the bytes are emitted. */
static void the_budget_holds_whatever_is_kept(void **state)
{
	(void)state;
	fixture.budget.max_bytes = 8 << 20;
	reassembly_fixture_open(&fixture);
	static const char block[10000];
	for (uint32_t i = 0; i < 20000; i++) {
		struct support_packet packet = {.from = {1, (uint16_t)(10000 + i % 2000)},
						.to = {2, 4222},
						.seq = i / 2000 * 20000,
						.flags = SUPPORT_ACK,
						.payload = wire_slice(block, sizeof block)};
		take(packet);
		assert_true(fixture.budget.used_bytes <= fixture.budget.max_bytes);
	}
	finish();
	assert_int_equal(stats()->data_bytes, 20000 * sizeof block);
	assert_int_equal(stats()->hole_bytes[TAP_HOLE_LIMIT] + stats()->hole_bytes[TAP_HOLE_LOST],
			 2000 * 9 * 10000);
	assert_true(stats()->holes[TAP_HOLE_LIMIT] > 0);
}

static void bytes_without_memory_are_counted(void **state)
{
	(void)state;
	uint64_t taken = fixture.budget.used_bytes;
	fixture.budget.used_bytes = fixture.budget.max_bytes;
	send(CLIENT, 0, "data");
	assert_int_equal(fixture.flows_len, 0);
	assert_int_equal(stats()->refused_bytes, 4);
	assert_int_equal(fixture.budget.used_bytes, fixture.budget.max_bytes);
	fixture.budget.used_bytes = taken;
	finish();
	assert_int_equal(fixture.left_bytes[TAP_LEFT_REFUSED], 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    REASSEMBLY_TEST(a_hole_is_waited_for_and_then_given_up),
	    REASSEMBLY_TEST(time_alone_gives_up_holes),
	    REASSEMBLY_TEST(an_acknowledged_hole_is_given_up_soon),
	    REASSEMBLY_TEST(an_acknowledged_hole_is_given_up_after_some_segments),
	    REASSEMBLY_TEST(a_hole_that_nobody_acknowledged_outlasts_segments),
	    REASSEMBLY_TEST(too_many_bytes_behind_a_hole_end_the_waiting),
	    REASSEMBLY_TEST(too_many_segments_behind_a_hole_end_the_waiting),
	    REASSEMBLY_TEST(a_lost_end_is_known_by_its_fin),
	    REASSEMBLY_TEST(a_lost_end_is_known_by_its_acknowledgement),
	    REASSEMBLY_TEST(a_lost_fin_is_no_lost_byte),
	    REASSEMBLY_TEST(bytes_cut_by_the_snapshot_length_are_a_hole_of_their_own_kind),
	    REASSEMBLY_TEST(a_segment_out_of_reach_is_ignored),
	    REASSEMBLY_TEST(after_a_very_long_loss_the_stream_goes_on),
	    REASSEMBLY_TEST(a_connection_of_no_interest_gets_no_call),
	    REASSEMBLY_TEST(the_same_ports_may_be_of_interest_later),
	    REASSEMBLY_TEST(interest_may_be_lost_at_any_call),
	    REASSEMBLY_TEST(a_flood_of_syns_does_not_move_the_memory),
	    REASSEMBLY_TEST(the_most_recently_used_connection_stays),
	    REASSEMBLY_TEST(tombstones_go_before_connections),
	    REASSEMBLY_TEST(the_budget_holds_whatever_is_kept),
	    REASSEMBLY_TEST(bytes_without_memory_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
