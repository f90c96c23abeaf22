/* Differences of order: what counts as sent later, and what may lie otherwise. */
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

/* Pairs are judged some at a time; wherever the cut lies, one message moved and not those around it. */
static void what_moves_across_a_cut_is_told_once(void **state)
{
	struct diff_fixture *fixture = *state;
	fixture->options.window = 16;
	for (size_t at = 0; at < 60; at++) {
		expect_move(fixture, 80, at, at + 5);
		expect_move(fixture, 80, at + 5, at);
	}
}

static void order_across_subjects_counts_when_asked_for(void **state)
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

static void publishers_may_interleave_otherwise(void **state)
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

/* A place on a subject is not exact then: what is there on the other side may lie a few places off. */
static void a_change_is_found_although_publishers_interleave_otherwise(void **state)
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
	    TEST(what_moves_across_a_cut_is_told_once),
	    TEST(order_across_subjects_counts_when_asked_for),
	    TEST(publishers_may_interleave_otherwise),
	    TEST(a_change_is_found_although_publishers_interleave_otherwise),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
