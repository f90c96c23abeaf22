/* One difference of each kind, and what is unverifiable. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/replay/diff_fixture.h"

/* ---- one difference of each kind ---- */

static void empty_recordings_are_equal(void **state)
{
	diff_expect_equal(*state);
}

static void the_same_messages_are_equal(void **state)
{
	struct diff_fixture *fixture = *state;
	diff_fill_numbers(fixture);
	diff_expect_equal(fixture);
	assert_int_equal(fixture->summary.total.equal, 10);
	assert_int_equal(fixture->summary.total.messages[REPLAY_B], 10);
	assert_int_equal(fixture->summary.subjects_len, 1);
}

static void a_message_in_a_only_is_missing(void **state)
{
	struct diff_fixture *fixture = *state;
	diff_fill_numbers(fixture);
	traffic_remove(&fixture->b, 4);
	diff_expect_one(fixture, REPLAY_DIFF_MISSING, 5, 0);
}

static void a_message_in_b_only_is_extra(void **state)
{
	struct diff_fixture *fixture = *state;
	diff_fill_numbers(fixture);
	traffic_remove(&fixture->a, 9);
	diff_expect_one(fixture, REPLAY_DIFF_EXTRA, 0, 10);
}

static void another_payload_at_the_same_place_is_a_change(void **state)
{
	struct diff_fixture *fixture = *state;
	diff_fill_numbers(fixture);
	traffic_remove(&fixture->b, 2);
	traffic_set_payload(&fixture->b.events[6], "another");
	diff_compare(fixture);
	assert_int_equal(fixture->count, 2);
	assert_int_equal(fixture->reported[0].kind, REPLAY_DIFF_MISSING);
	assert_int_equal(fixture->reported[0].seq[REPLAY_A], 3);
	assert_int_equal(fixture->reported[1].kind, REPLAY_DIFF_CHANGED);
	assert_int_equal(fixture->reported[1].seq[REPLAY_A], 8);
	assert_int_equal(fixture->reported[1].seq[REPLAY_B], 7);
}

static void a_missing_and_an_extra_message_at_different_places_are_not_a_change(void **state)
{
	struct diff_fixture *fixture = *state;
	diff_fill_numbers(fixture);
	traffic_remove(&fixture->b, 2);
	traffic_message(&fixture->b, 5, "numbers", "", "new");
	diff_compare(fixture);
	assert_int_equal(fixture->count, 2);
	assert_int_equal(fixture->summary.total.differences[REPLAY_DIFF_MISSING], 1);
	assert_int_equal(fixture->summary.total.differences[REPLAY_DIFF_EXTRA], 1);
}

static void other_headers_are_a_change(void **state)
{
	struct diff_fixture *fixture = *state;
	diff_fill_numbers(fixture);
	snprintf(fixture->a.events[3].headers, 96, "NATS/1.0\r\nTrace: 1\r\n\r\n");
	snprintf(fixture->b.events[3].headers, 96, "NATS/1.0\r\nTrace: 2\r\n\r\n");
	diff_expect_one(fixture, REPLAY_DIFF_CHANGED, 4, 4);
}

static void an_ignored_header_may_differ_or_be_missing(void **state)
{
	static const char *const ignored[] = {"Trace", NULL};
	struct diff_fixture *fixture = *state;
	diff_fill_numbers(fixture);
	fixture->options.ignore_headers = ignored;
	snprintf(fixture->a.events[3].headers, 96, "NATS/1.0\r\nTrace: 1\r\n\r\n");
	snprintf(fixture->a.events[4].headers, 96, "NATS/1.0\r\nTrace: 1\r\nKind: x\r\n\r\n");
	snprintf(fixture->b.events[4].headers, 96, "NATS/1.0\r\nKind: x\r\nTrace: 2\r\n\r\n");
	diff_expect_equal(fixture);
	snprintf(fixture->b.events[4].headers, 96, "NATS/1.0\r\nKind: y\r\nTrace: 2\r\n\r\n");
	diff_expect_one(fixture, REPLAY_DIFF_CHANGED, 5, 5);
}

static void json_payloads_may_be_compared_by_value(void **state)
{
	struct diff_fixture *fixture = *state;
	struct wire_fault fault;
	struct replay_compare *compare = replay_compare_open();
	diff_fill_numbers(fixture);
	fixture->options.compare = compare;
	traffic_set_payload(&fixture->a.events[3], "{\"id\":1,\"at\":\"07:57\"}");
	traffic_set_payload(&fixture->b.events[3], "{\"at\": \"08:00\", \"id\": 1}");
	diff_expect_one(fixture, REPLAY_DIFF_CHANGED, 4, 4);
	assert_int_equal(replay_compare_ignore(compare, "$.at", &fault), 0);
	diff_expect_equal(fixture);
	traffic_set_payload(&fixture->b.events[3], "{\"id\": 2}");
	diff_expect_one(fixture, REPLAY_DIFF_CHANGED, 4, 4);
	replay_compare_close(compare);
}

static void more_receivers_are_a_difference_where_both_logs_know_them(void **state)
{
	struct diff_fixture *fixture = *state;
	diff_fill_numbers(fixture);
	fixture->b.events[6].event.receiver_count = 2;
	diff_expect_one(fixture, REPLAY_DIFF_DELIVERIES, 7, 7);
	fixture->options.receivers = REPLAY_RECEIVERS_IGNORE;
	diff_expect_equal(fixture);
	fixture->options.receivers = REPLAY_RECEIVERS_COUNT;
	fixture->b.events[6].event.flags |= WIRE_EVENT_RECEIVERS_UNKNOWN;
	diff_expect_equal(fixture);
}

/* ---- unverifiable ---- */

static void a_message_that_may_be_lost_in_a_gap_is_unverifiable(void **state)
{
	struct diff_fixture *fixture = *state;
	diff_fill_numbers(fixture);
	traffic_remove(&fixture->b, 4);
	traffic_gap(&fixture->b, 1);
	traffic_move(&fixture->b, fixture->b.count - 1, 4);
	fixture->b.events[4].event.time_ns = fixture->b.events[3].event.time_ns + 1;
	diff_expect_equal(fixture);
	assert_int_equal(fixture->summary.total.unverifiable, 1);
	/* A gap of one message does not explain a second one, … */
	traffic_remove(&fixture->b, 5);
	diff_compare(fixture);
	assert_int_equal(fixture->summary.total.unverifiable, 1);
	assert_int_equal(fixture->summary.total.differences[REPLAY_DIFF_MISSING], 1);
	/* … a gap of unknown size does. */
	fixture->b.events[4].event.lost_messages = 0;
	diff_expect_equal(fixture);
	assert_int_equal(fixture->summary.total.unverifiable, 2);
}

static void a_gap_elsewhere_does_not_explain_a_missing_message(void **state)
{
	struct diff_fixture *fixture = *state;
	diff_fill_numbers(fixture);
	traffic_gap(&fixture->b, 5);
	traffic_remove(&fixture->b, 4);
	diff_expect_one(fixture, REPLAY_DIFF_MISSING, 5, 0);
}

static void a_masked_message_is_neither_equal_nor_changed(void **state)
{
	struct diff_fixture *fixture = *state;
	diff_fill_numbers(fixture);
	fixture->a.events[3].event.flags |= WIRE_EVENT_MASKED;
	traffic_set_payload(&fixture->a.events[3], "****");
	diff_expect_equal(fixture);
	assert_int_equal(fixture->summary.total.masked, 1);
	assert_int_equal(fixture->summary.total.equal, 9);
	traffic_set_payload(&fixture->b.events[3], "****"); /* the same bytes prove nothing */
	diff_expect_equal(fixture);
	assert_int_equal(fixture->summary.total.masked, 1);
	fixture->a.events[3].event.flags &= ~(uint32_t)WIRE_EVENT_MASKED;
	diff_expect_equal(fixture);
	assert_int_equal(fixture->summary.total.masked, 0);
}

static void a_cut_payload_whose_recorded_part_is_equal_is_unverifiable(void **state)
{
	struct diff_fixture *fixture = *state;
	diff_fill_numbers(fixture);
	fixture->b.events[4].payload[3] = '\0';
	fixture->b.events[4].event.size = strlen("number 4");
	fixture->b.events[4].event.flags = WIRE_EVENT_CUT;
	diff_expect_equal(fixture);
	assert_int_equal(fixture->summary.total.unverifiable, 1);
	fixture->b.events[4].payload[2] = 'X';
	diff_expect_one(fixture, REPLAY_DIFF_CHANGED, 5, 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, diff_fixture_setup, diff_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(empty_recordings_are_equal),
	    TEST(the_same_messages_are_equal),
	    TEST(a_message_in_a_only_is_missing),
	    TEST(a_message_in_b_only_is_extra),
	    TEST(another_payload_at_the_same_place_is_a_change),
	    TEST(a_missing_and_an_extra_message_at_different_places_are_not_a_change),
	    TEST(other_headers_are_a_change),
	    TEST(an_ignored_header_may_differ_or_be_missing),
	    TEST(json_payloads_may_be_compared_by_value),
	    TEST(more_receivers_are_a_difference_where_both_logs_know_them),
	    TEST(a_message_that_may_be_lost_in_a_gap_is_unverifiable),
	    TEST(a_gap_elsewhere_does_not_explain_a_missing_message),
	    TEST(a_cut_payload_whose_recorded_part_is_equal_is_unverifiable),
	    TEST(a_masked_message_is_neither_equal_nor_changed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
