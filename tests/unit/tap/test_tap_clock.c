/* The clock of a capture: steady inside, the time of day outside, one mark per step. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tap/capture/clock.h"

#define MS     INT64_C(1000000)
#define SECOND (1000 * MS)
#define HOUR   (3600 * SECOND)
#define YEAR   (365 * 24 * HOUR)
#define START  (INT64_C(1700000000) * SECOND)

static const int64_t SIZES[] = {SECOND, HOUR, YEAR};

enum { SIZES_LEN = sizeof SIZES / sizeof *SIZES };

/* Take a frame and check that its time of day is restored. Returns its steady time. */
static int64_t frame(struct tap__clock *clock, int64_t time_ns)
{
	int64_t steady_ns = tap__clock_frame(clock, time_ns);
	if (tap__clock_time(clock, steady_ns) != time_ns)
		fail_msg("%" PRId64 " became %" PRId64, time_ns, tap__clock_time(clock, steady_ns));
	return steady_ns;
}

static unsigned marks_until(struct tap__clock *clock, int64_t steady_ns)
{
	unsigned count = 0;
	while (tap__clock_next_mark(clock, steady_ns))
		count++;
	return count;
}

static void without_a_step_times_stay(void **state)
{
	struct tap__clock clock = {0};
	(void)state;
	assert_int_equal(frame(&clock, START), START);
	assert_int_equal(frame(&clock, START + HOUR), START + HOUR);
	assert_int_equal(frame(&clock, START + HOUR - 400 * MS), START + HOUR - 400 * MS);
	assert_true(tap__clock_is_settled(&clock));
	assert_int_equal(marks_until(&clock, INT64_MAX), 0);
}

static void steady_time_goes_on_over_a_step_back(void **state)
{
	(void)state;
	for (int i = 0; i < SIZES_LEN; i++) {
		struct tap__clock clock = {0};
		int64_t before_ns = 0, steady_ns = 0;
		for (int n = 0; n < 10; n++)
			before_ns = frame(&clock, START + n * 10 * MS);
		for (int n = 10; n < 40; n++) {
			steady_ns = frame(&clock, START - SIZES[i] + n * 10 * MS);
			assert_true(steady_ns > before_ns);
			assert_true(steady_ns <= START + n * 10 * MS + MS);
		}
		assert_true(tap__clock_is_settled(&clock));
		assert_int_equal(marks_until(&clock, before_ns), 0);
		assert_int_equal(marks_until(&clock, steady_ns), 1);
		assert_int_equal(marks_until(&clock, steady_ns), 0);
		assert_int_equal(tap__clock_time(&clock, before_ns), START + 90 * MS);
	}
}

static void a_step_settles_with_the_frames_that_follow(void **state)
{
	struct tap__clock clock = {0};
	(void)state;
	frame(&clock, START);
	for (int n = 0; n < TAP__CLOCK_SETTLED; n++) {
		frame(&clock, START - HOUR + n * MS);
		assert_false(tap__clock_is_settled(&clock));
	}
	frame(&clock, START - HOUR + TAP__CLOCK_SETTLED * MS);
	assert_true(tap__clock_is_settled(&clock));
}

static void a_step_settles_when_no_frame_comes(void **state)
{
	struct tap__clock clock = {0};
	(void)state;
	frame(&clock, START);
	int64_t steady_ns = frame(&clock, START - HOUR);
	assert_int_equal(tap__clock_idle(&clock, 5 * SECOND), steady_ns + 5 * SECOND);
	assert_true(tap__clock_is_settled(&clock));
	assert_int_equal(marks_until(&clock, steady_ns), 1);
}

static void frames_that_stray_to_another_clock_get_no_mark(void **state)
{
	struct tap__clock clock = {0};
	int64_t last_ns = 0;
	(void)state;
	for (int n = 0; n < 1000; n++)
		last_ns = frame(&clock, START + n * MS - (n % 2 ? HOUR : 0));
	assert_true(last_ns - START < 2 * SECOND);
	assert_true(marks_until(&clock, INT64_MAX) <= 1);
}

static void a_silence_after_a_step_of_a_second_is_no_return(void **state)
{
	struct tap__clock clock = {0};
	(void)state;
	frame(&clock, START);
	frame(&clock, START - SECOND + 100 * MS);
	frame(&clock, START - SECOND + 700 * MS);
	tap__clock_idle(&clock, 0);
	assert_int_equal(marks_until(&clock, INT64_MAX), 1);
}

static void known_steps_are_followed_both_ways(void **state)
{
	(void)state;
	for (int i = 0; i < SIZES_LEN; i++) {
		struct store_steps steps = {0};
		struct tap__clock clock = {.known = &steps};
		store_steps_see(&steps, 1, START);
		store_steps_mark(&steps, 3, START + SIZES[i] + 200 * MS, SIZES[i]);
		store_steps_mark(&steps, 5, START + 400 * MS, -SIZES[i]);
		for (int n = 0; n < 6; n++) {
			int64_t set_ns = n == 2 || n == 3 ? SIZES[i] : 0;
			assert_int_equal(frame(&clock, START + n * 100 * MS + set_ns), START + n * 100 * MS);
		}
		assert_int_equal(marks_until(&clock, INT64_MAX), 2);
		store_steps_fini(&steps);
	}
}

static void an_expected_step_is_known_exactly(void **state)
{
	(void)state;
	for (int i = 0; i < 2 * SIZES_LEN; i++) {
		struct tap__clock clock = {0};
		int64_t by_ns = i % 2 ? -SIZES[i / 2] : SIZES[i / 2];
		frame(&clock, START);
		tap__clock_expect(&clock, by_ns);
		assert_int_equal(frame(&clock, START + 100 * MS), START + 100 * MS); /* delayed on its way */
		assert_int_equal(frame(&clock, START + 200 * MS + by_ns), START + 200 * MS);
		assert_int_equal(frame(&clock, START + 300 * MS + by_ns), START + 300 * MS);
		tap__clock_idle(&clock, 0);
		assert_int_equal(marks_until(&clock, INT64_MAX), 1);
	}
}

static void extreme_times_are_accepted(void **state)
{
	static const int64_t times[] = {0, INT64_MIN, INT64_MAX, -1, INT64_MIN, 1, INT64_MAX, INT64_MIN + 1};
	struct tap__clock clock = {0};
	(void)state;
	for (uint64_t n = 1; n < 100000; n++) {
		tap__clock_time(&clock, tap__clock_frame(&clock, times[n * 2654435761 % 8]));
		marks_until(&clock, times[n % 8]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_a_step_times_stay),
	    cmocka_unit_test(steady_time_goes_on_over_a_step_back),
	    cmocka_unit_test(a_step_settles_with_the_frames_that_follow),
	    cmocka_unit_test(a_step_settles_when_no_frame_comes),
	    cmocka_unit_test(frames_that_stray_to_another_clock_get_no_mark),
	    cmocka_unit_test(a_silence_after_a_step_of_a_second_is_no_return),
	    cmocka_unit_test(known_steps_are_followed_both_ways),
	    cmocka_unit_test(an_expected_step_is_known_exactly),
	    cmocka_unit_test(extreme_times_are_accepted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
