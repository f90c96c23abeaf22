/* Comparing within a window and within bounds of memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/replay/diff_fixture.h"

static void a_run_of_missing_messages_may_be_longer_than_the_window(void **state)
{
	struct diff_fixture *fixture = *state;
	char text[20];
	fixture->options.window = 16;
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof text, "%d", i);
		if (i < 500)
			traffic_message(&fixture->a, 1, "extra", "", text);
		traffic_message(&fixture->b, 1, "common", "", text);
	}
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof text, "%d", i);
		traffic_message(&fixture->a, 1, "common", "", text);
	}
	diff_compare(fixture);
	assert_int_equal(fixture->count, 500);
	assert_int_equal(fixture->summary.total.differences[REPLAY_DIFF_MISSING], 500);
	assert_int_equal(fixture->summary.short_of_memory, 0);
}

/* Every tenth message is missing. Neither paired messages nor those that were given up use memory. */
static void memory_does_not_grow_with_the_recording(void **state)
{
	struct diff_fixture *fixture = *state;
	char text[20];
	fixture->options.memory_bytes = 20000;
	fixture->options.window = 20;
	for (int i = 0; i < 5000; i++) {
		snprintf(text, sizeof text, "%d", i);
		traffic_message(&fixture->a, 1, "numbers", "", text);
		if (i % 10 != 7)
			traffic_message(&fixture->b, 1, "numbers", "", text);
	}
	diff_compare(fixture);
	assert_int_equal(fixture->summary.short_of_memory, 0);
	assert_int_equal(fixture->summary.total.differences[REPLAY_DIFF_MISSING], 500);
	assert_int_equal(fixture->count, 500);
}

static void giving_up_early_for_memory_is_counted(void **state)
{
	struct diff_fixture *fixture = *state;
	char text[20];
	fixture->options.memory_bytes = 10000;
	for (int i = 0; i < 500; i++) {
		snprintf(text, sizeof text, "%d", i);
		traffic_message(&fixture->a, 1, "a", "", text);
		traffic_message(&fixture->b, 1, "b", "", text);
	}
	diff_compare(fixture);
	assert_int_equal(fixture->count, 1000);
	assert_true(fixture->summary.short_of_memory > 800);
}

/* One recording has `count` messages before those that both have, far more than memory holds. */
static void fill_late_start(struct traffic *early, struct traffic *late, int count)
{
	char text[20];
	for (int i = 0; i < 2 * count; i++) {
		snprintf(text, sizeof text, "%d", i);
		struct traffic_event *event = traffic_message(early, 1, "common", "", text);
		int64_t time_ns = event->event.time_ns;
		if (i >= count)
			traffic_message(late, 1, "common", "", text)->event.time_ns = time_ns;
	}
}

static void a_recording_that_began_later_is_compared_from_its_beginning(void **state)
{
	struct diff_fixture *fixture = *state;
	fixture->options.memory_bytes = 20000;
	fixture->options.same_clock = true;
	fill_late_start(&fixture->b, &fixture->a, 900);
	diff_compare(fixture);
	assert_int_equal(fixture->summary.total.differences[REPLAY_DIFF_EXTRA], 900);
	assert_int_equal(fixture->summary.total.equal, 900);
	assert_true(fixture->summary.short_of_memory > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, diff_fixture_setup, diff_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_run_of_missing_messages_may_be_longer_than_the_window),
	    TEST(memory_does_not_grow_with_the_recording),
	    TEST(giving_up_early_for_memory_is_counted),
	    TEST(a_recording_that_began_later_is_compared_from_its_beginning),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
