/* Finding where the clock of a recording was set, from times alone and from marks. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "store/read/steps.h"

#define MS     INT64_C(1000000)
#define SECOND (1000 * MS)
#define HOUR   (3600 * SECOND)
#define YEAR   (365 * 24 * HOUR)
#define START  (INT64_C(1700000000) * SECOND)

static const int64_t SIZES[] = {SECOND, HOUR, YEAR};

enum { SIZES_LEN = sizeof SIZES / sizeof *SIZES };

/* Times 100 ms apart, on a clock that is set. */
struct recording {
	struct store_steps steps;
	uint64_t at;
	int64_t true_ns, set_ns;
};

static void pass(struct recording *recording, int times, int64_t every_ns)
{
	for (int i = 0; i < times; i++) {
		recording->true_ns += every_ns;
		assert_int_equal(store_steps_see(&recording->steps, ++recording->at,
						 START + recording->true_ns + recording->set_ns),
				 0);
	}
}

/* How long the recording takes without steps. */
static int64_t length(const struct recording *recording)
{
	int64_t last_ns = START + recording->true_ns + recording->set_ns;
	return store_steps_steady(&recording->steps, recording->at, last_ns) - START - 100 * MS;
}

static void assert_near(int64_t got_ns, int64_t wanted_ns, int64_t by_ns)
{
	if (got_ns < wanted_ns - by_ns || got_ns > wanted_ns + by_ns)
		fail_msg("%" PRId64 " ns instead of %" PRId64, got_ns, wanted_ns);
}

static void a_steady_clock_has_no_steps(void **state)
{
	struct recording recording = {0};
	(void)state;
	pass(&recording, 30, 100 * MS);
	pass(&recording, 3, HOUR);
	assert_int_equal(recording.steps.count, 0);
	assert_int_equal(length(&recording), recording.true_ns - 100 * MS);
	store_steps_fini(&recording.steps);
}

static void disorder_is_no_step(void **state)
{
	struct recording recording = {0};
	(void)state;
	for (int i = 0; i < 20; i++) {
		pass(&recording, 1, 400 * MS);
		pass(&recording, 1, -300 * MS);
	}
	assert_int_equal(recording.steps.count, 0);
	store_steps_fini(&recording.steps);
}

static void a_step_back_is_left_out(void **state)
{
	(void)state;
	for (int i = 0; i < SIZES_LEN; i++) {
		struct recording recording = {0};
		pass(&recording, 10, 100 * MS);
		recording.set_ns = -SIZES[i];
		pass(&recording, 20, 100 * MS);
		assert_int_equal(recording.steps.count, 1);
		assert_int_equal(recording.steps.list[0].at, 11);
		assert_near(length(&recording), 2900 * MS, 100 * MS);
		store_steps_fini(&recording.steps);
	}
}

static void a_step_ahead_is_left_out_once_it_is_corrected(void **state)
{
	(void)state;
	for (int i = 0; i < SIZES_LEN; i++) {
		struct recording recording = {0};
		pass(&recording, 10, 100 * MS);
		recording.set_ns = SIZES[i];
		pass(&recording, 10, 100 * MS);
		recording.set_ns = 0;
		pass(&recording, 10, 100 * MS);
		assert_int_equal(recording.steps.count, 2);
		assert_int_equal(recording.steps.list[0].at, 11);
		assert_int_equal(recording.steps.list[1].at, 21);
		assert_near(length(&recording), 2900 * MS, MS);
		assert_int_equal(store_steps_total(&recording.steps, 30), 0);
		store_steps_fini(&recording.steps);
	}
}

static void a_step_back_that_is_corrected_is_left_out(void **state)
{
	(void)state;
	for (int i = 1; i < SIZES_LEN; i++) {
		struct recording recording = {0};
		pass(&recording, 10, 100 * MS);
		recording.set_ns = -SIZES[i];
		pass(&recording, 10, 100 * MS);
		recording.set_ns = 0;
		pass(&recording, 10, 100 * MS);
		assert_int_equal(recording.steps.count, 2);
		assert_near(length(&recording), 2900 * MS, MS);
		store_steps_fini(&recording.steps);
	}
}

static void a_silence_unlike_the_step_stays(void **state)
{
	struct recording recording = {0};
	(void)state;
	pass(&recording, 10, 100 * MS);
	pass(&recording, 1, 3 * HOUR);
	pass(&recording, 10, 100 * MS);
	recording.set_ns = -HOUR;
	pass(&recording, 10, 100 * MS);
	assert_int_equal(recording.steps.count, 1);
	assert_near(length(&recording), 3 * HOUR + 2900 * MS, 100 * MS);
	store_steps_fini(&recording.steps);
}

static void a_mark_shows_a_step_that_times_do_not_show(void **state)
{
	(void)state;
	for (int i = 0; i < 2 * SIZES_LEN; i++) {
		struct recording recording = {0};
		int64_t by_ns = i % 2 ? -SIZES[i / 2] : SIZES[i / 2];
		pass(&recording, 10, 100 * MS);
		recording.set_ns = by_ns;
		recording.true_ns += 100 * MS;
		store_steps_mark(&recording.steps, ++recording.at, START + recording.true_ns + by_ns, by_ns);
		pass(&recording, 19, 100 * MS);
		assert_int_equal(recording.steps.count, 1);
		assert_int_equal(length(&recording), 2900 * MS);
		store_steps_fini(&recording.steps);
	}
}

static void a_mark_without_amount_takes_no_time(void **state)
{
	struct recording recording = {0};
	(void)state;
	pass(&recording, 10, 100 * MS);
	recording.set_ns = YEAR;
	recording.true_ns += 100 * MS;
	store_steps_mark(&recording.steps, ++recording.at, START + recording.true_ns + YEAR, 0);
	pass(&recording, 19, 100 * MS);
	assert_int_equal(length(&recording), 2800 * MS);
	store_steps_fini(&recording.steps);
}

static void steps_are_counted_between_positions(void **state)
{
	struct recording recording = {0};
	struct wire_steps found = {0}, none = {0};
	(void)state;
	pass(&recording, 10, 100 * MS);
	recording.set_ns = -HOUR;
	pass(&recording, 10, 100 * MS);
	store_steps_between(&recording.steps, 11, 20, &none);
	assert_int_equal(none.count, 0);
	store_steps_between(&recording.steps, 10, 11, &found);
	assert_int_equal(found.count, 1);
	assert_int_equal(found.largest_ns, -HOUR + 100 * MS);
	store_steps_fini(&recording.steps);
}

static void two_clocks_that_take_turns_do_not_add_up(void **state)
{
	struct recording recording = {0};
	(void)state;
	for (int i = 0; i < 1000; i++) {
		recording.set_ns = i % 2 ? -HOUR : 0;
		pass(&recording, 1, MS);
	}
	assert_near(length(&recording), SECOND, 2 * SECOND);
	store_steps_fini(&recording.steps);
}

/* A malicious log may have any times. */
static void any_times_are_taken(void **state)
{
	static const int64_t times[] = {0, INT64_MIN, INT64_MAX, -1, INT64_MIN, 1, INT64_MAX, INT64_MIN + 1};
	struct store_steps steps = {0};
	(void)state;
	for (uint64_t at = 1; at <= 3 * STORE_STEPS_MAX; at++) {
		int64_t time_ns = times[at * 2654435761 % 8];
		assert_int_equal(at % 3 ? store_steps_see(&steps, at, time_ns)
					: store_steps_mark(&steps, at, time_ns, times[at % 8]),
				 0);
		store_steps_steady(&steps, at, time_ns);
	}
	assert_true(steps.count <= STORE_STEPS_MAX);
	store_steps_fini(&steps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_steady_clock_has_no_steps),
	    cmocka_unit_test(disorder_is_no_step),
	    cmocka_unit_test(a_step_back_is_left_out),
	    cmocka_unit_test(a_step_ahead_is_left_out_once_it_is_corrected),
	    cmocka_unit_test(a_step_back_that_is_corrected_is_left_out),
	    cmocka_unit_test(a_silence_unlike_the_step_stays),
	    cmocka_unit_test(a_mark_shows_a_step_that_times_do_not_show),
	    cmocka_unit_test(a_mark_without_amount_takes_no_time),
	    cmocka_unit_test(steps_are_counted_between_positions),
	    cmocka_unit_test(two_clocks_that_take_turns_do_not_add_up),
	    cmocka_unit_test(any_times_are_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
