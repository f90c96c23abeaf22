/* Differences of order, and what may interleave differently. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/replay/diff_fixture.h"

static void a_message_that_its_publisher_sent_later_is_reordered(void **state)
{
	struct diff_fixture *fixture = *state;
	diff_fill_numbers(fixture);
	traffic_move(&fixture->b, 2, 8);
	diff_expect_one(fixture, REPLAY_DIFF_REORDERED, 3, 9);
	fixture->options.order = REPLAY_ORDER_NONE;
	diff_expect_equal(fixture);
}

static void expect_move(struct diff_fixture *fixture, int count, size_t from, size_t to)
{
	char text[20];
	for (int i = 0; i < count; i++) {
		snprintf(text, sizeof text, "number %d", i);
		traffic_message(&fixture->a, 1, "numbers", "", text);
		traffic_message(&fixture->b, 5, "numbers", "", text);
	}
	traffic_move(&fixture->b, from, to);
	diff_expect_one(fixture, REPLAY_DIFF_REORDERED, from + 1, to + 1);
	traffic_fini(&fixture->a);
	traffic_fini(&fixture->b);
}

/* Pairs are judged in groups. Wherever the boundary is, one message moved and not those around it. */
static void a_move_across_the_boundary_of_two_groups_is_reported_once(void **state)
{
	struct diff_fixture *fixture = *state;
	fixture->options.window = 16;
	for (size_t at = 0; at < 60; at++) {
		expect_move(fixture, 80, at, at + 5);
		expect_move(fixture, 80, at + 5, at);
	}
}

static void order_across_subjects_is_compared_on_request(void **state)
{
	struct diff_fixture *fixture = *state;
	diff_fill_numbers(fixture);
	traffic_message(&fixture->a, 1, "letters", "", "x");
	traffic_message(&fixture->b, 5, "letters", "", "x");
	traffic_move(&fixture->b, 10, 3);
	diff_expect_equal(fixture);
	fixture->options.order = REPLAY_ORDER_PUBLISHER;
	diff_expect_one(fixture, REPLAY_DIFF_REORDERED, 11, 4);
}

static void publishers_may_interleave_differently(void **state)
{
	struct diff_fixture *fixture = *state;
	char text[20];
	fixture->options.order = REPLAY_ORDER_PUBLISHER;
	for (int i = 0; i < 20; i++) {
		snprintf(text, sizeof text, "number %d", i);
		traffic_message(&fixture->a, 1 + (uint64_t)i % 2, "numbers", "", text);
	}
	for (int i = 0; i < 20; i++) {
		int number = i < 10 ? 2 * i : 2 * (i - 10) + 1;
		snprintf(text, sizeof text, "number %d", number);
		traffic_message(&fixture->b, 9, "numbers", "", text);
	}
	diff_expect_equal(fixture);
}

/* The place on a subject is not exact then: the counterpart may be a few places away. */
static void a_change_is_found_when_publishers_interleave_differently(void **state)
{
	struct diff_fixture *fixture = *state;
	static const int order[] = {0, 2, 4, 1, 3, 5};
	char text[20];
	for (int i = 0; i < 30; i++) {
		snprintf(text, sizeof text, "number %d", i);
		traffic_message(&fixture->a, 1 + (uint64_t)i % 2, "numbers", "", text);
		int number = i / 6 * 6 + order[i % 6];
		snprintf(text, sizeof text, number == 16 ? "changed" : "number %d", number);
		traffic_message(&fixture->b, 1 + (uint64_t)number % 2, "numbers", "", text);
	}
	diff_expect_one(fixture, REPLAY_DIFF_CHANGED, 17, 15);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, diff_fixture_setup, diff_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_message_that_its_publisher_sent_later_is_reordered),
	    TEST(a_move_across_the_boundary_of_two_groups_is_reported_once),
	    TEST(order_across_subjects_is_compared_on_request),
	    TEST(publishers_may_interleave_differently),
	    TEST(a_change_is_found_when_publishers_interleave_differently),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
