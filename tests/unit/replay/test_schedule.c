/* When messages are due. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "replay/play/schedule.h"

static const int64_t SECOND = 1000000000, RECORDED = 1795420639123456789;
static const int64_t YEAR = 366LL * 86400 * 1000000000;

static struct replay_schedule begin(struct replay_plan plan, int64_t recorded_ns)
{
	struct replay_schedule schedule;

	if (plan.speed == 0)
		plan.speed = REPLAY_SPEED_ONE;
	replay_schedule_init(&schedule, &plan, recorded_ns, 0);
	return schedule;
}

static void at_speed_one_messages_are_due_as_recorded(void **state)
{
	struct replay_schedule schedule = begin((struct replay_plan){0}, RECORDED);

	(void)state;
	assert_int_equal(replay_schedule_next(&schedule, RECORDED, 1), 0);
	assert_int_equal(replay_schedule_next(&schedule, RECORDED + 1, 1), 1);
	assert_int_equal(replay_schedule_next(&schedule, RECORDED + 3 * YEAR, 1), 3 * YEAR);
}

static void a_speed_divides_recorded_times(void **state)
{
	static const struct {
		uint64_t speed;
		int64_t recorded_ns, due_ns;
	} rows[] = {
	    {2 * REPLAY_SPEED_ONE, 7, 3},
	    {2500000, 5 * 1000000000LL, 2 * 1000000000LL},
	    {REPLAY_SPEED_MAX, 10 * 366LL * 86400 * 1000000000, 10 * 366LL * 86400 * 1000000},
	    {REPLAY_SPEED_MIN, 86400 * 1000000000LL, 100 * 86400 * 1000000000LL},
	    {REPLAY_SPEED_MIN, 10 * 366LL * 86400 * 1000000000, REPLAY_NEVER_NS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct replay_schedule schedule =
		    begin((struct replay_plan){.speed = rows[i].speed}, RECORDED - RECORDED);
		assert_int_equal(replay_schedule_next(&schedule, rows[i].recorded_ns, 0), rows[i].due_ns);
	}
}

/* A million steps of a third of a nanosecond end where one step of their sum ends. */
static void rounding_errors_do_not_add_up(void **state)
{
	struct replay_schedule schedule = begin((struct replay_plan){.speed = 3 * REPLAY_SPEED_ONE}, 0);
	int64_t due_ns = 0;

	(void)state;
	for (int64_t i = 1; i <= 1000000; i++)
		due_ns = replay_schedule_next(&schedule, i, 0);
	assert_int_equal(due_ns, 333333);
}

static void a_recorded_step_back_is_due_with_the_message_before(void **state)
{
	struct replay_schedule schedule = begin((struct replay_plan){0}, RECORDED);

	(void)state;
	assert_int_equal(replay_schedule_next(&schedule, RECORDED + 100, 0), 100);
	assert_int_equal(replay_schedule_next(&schedule, RECORDED + 40, 0), 100);
	assert_int_equal(replay_schedule_next(&schedule, RECORDED + 130, 0), 130);
}

static void due_times_saturate_for_any_recorded_times(void **state)
{
	static const int64_t times[] = {INT64_MIN, INT64_MAX, 0, -1, INT64_MAX, INT64_MIN};
	static const uint64_t speeds[] = {REPLAY_SPEED_MIN, REPLAY_SPEED_ONE, REPLAY_SPEED_MAX};

	(void)state;
	for (size_t speed = 0; speed < 3; speed++) {
		for (size_t start = 0; start < 4; start++) {
			struct replay_schedule schedule = begin((struct replay_plan){.speed = speeds[speed],
										     .shortens_gaps = true,
										     .max_gap_ns = 7},
								times[start]);
			int64_t last_ns = 0;
			for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
				int64_t due_ns = replay_schedule_next(&schedule, times[i], UINT64_MAX);
				assert_in_range(due_ns, last_ns, REPLAY_NEVER_NS);
				last_ns = due_ns;
			}
			replay_schedule_shift(&schedule, REPLAY_NEVER_NS);
			replay_schedule_shift(&schedule, REPLAY_NEVER_NS);
			assert_int_equal(replay_schedule_next(&schedule, INT64_MAX, 0), REPLAY_NEVER_NS);
		}
	}
}

static void silences_are_shortened_to_max_gap(void **state)
{
	struct replay_schedule schedule =
	    begin((struct replay_plan){.shortens_gaps = true, .max_gap_ns = SECOND}, RECORDED);

	(void)state;
	assert_int_equal(replay_schedule_next(&schedule, RECORDED + YEAR, 0), SECOND);
	assert_int_equal(replay_schedule_next(&schedule, RECORDED + YEAR + 5, 0), SECOND + 5);
	assert_int_equal(replay_schedule_next(&schedule, RECORDED + YEAR + 5 + SECOND, 0), 2 * SECOND + 5);
	assert_int_equal(replay_schedule_next(&schedule, RECORDED + 3 * YEAR, 0), 3 * SECOND + 5);
	schedule = begin((struct replay_plan){.shortens_gaps = true, .max_gap_ns = 0}, RECORDED);
	assert_int_equal(replay_schedule_next(&schedule, RECORDED + YEAR, 0), 0);
	assert_int_equal(replay_schedule_next(&schedule, RECORDED + 2 * YEAR, 0), 0);
}

static void a_rate_spreads_messages_evenly(void **state)
{
	struct replay_schedule schedule =
	    begin((struct replay_plan){.pacing = REPLAY_AT_RATE, .rate = 3 * REPLAY_RATE_ONE}, RECORDED);

	(void)state;
	assert_int_equal(replay_schedule_next(&schedule, RECORDED, 0), 0);
	assert_int_equal(replay_schedule_next(&schedule, RECORDED, 0), 333333333);
	assert_int_equal(replay_schedule_next(&schedule, 0, 0), 666666666);
	assert_int_equal(replay_schedule_next(&schedule, 0, 0), SECOND);
	schedule.messages = 3ULL * 86400 * 3650; /* after ten years */
	assert_int_equal(replay_schedule_next(&schedule, 0, 0), 3650LL * 86400 * SECOND);
}

static void a_bandwidth_counts_the_bytes_sent_before(void **state)
{
	struct replay_schedule schedule =
	    begin((struct replay_plan){.pacing = REPLAY_AT_BANDWIDTH, .bytes_per_second = 1000}, RECORDED);

	(void)state;
	assert_int_equal(replay_schedule_next(&schedule, 0, 500), 0);
	assert_int_equal(replay_schedule_next(&schedule, 0, 1), SECOND / 2);
	assert_int_equal(replay_schedule_next(&schedule, 0, 1ULL << 62), SECOND / 2 + SECOND / 1000);
	assert_int_equal(replay_schedule_next(&schedule, 0, 1), REPLAY_NEVER_NS);
}

/* (r + s) / 2 · d messages while the rate changes from r to s per second in d seconds, then s per second. */
static void a_ramp_reaches_its_rate_and_keeps_it(void **state)
{
	static const uint64_t ramps[][2] = {{0, 100}, {100, 0}, {10, 1000}, {1000, 10}, {50, 50}};

	(void)state;
	for (size_t i = 0; i < sizeof(ramps) / sizeof(ramps[0]); i++) {
		uint64_t from = ramps[i][0], to = ramps[i][1] ? ramps[i][1] : 1;
		struct replay_schedule schedule = begin((struct replay_plan){.pacing = REPLAY_RAMPED,
									     .rate = from * REPLAY_RATE_ONE,
									     .ramp_to = to * REPLAY_RATE_ONE,
									     .ramp_ns = 10 * SECOND},
							RECORDED);
		int64_t last_ns = -1, due_ns = 0;
		assert_int_equal(replay_schedule_next(&schedule, 0, 0), 0);
		for (uint64_t n = 1; n <= (from + to) * 5; n++) {
			due_ns = replay_schedule_next(&schedule, 0, 0);
			assert_true(due_ns > last_ns);
			last_ns = due_ns;
		}
		assert_in_range(due_ns, 10 * SECOND - SECOND / (int64_t)to, 10 * SECOND + 1);
		int64_t next_ns = replay_schedule_next(&schedule, 0, 0);
		assert_in_range(next_ns - due_ns, SECOND / (int64_t)to / 2, SECOND / (int64_t)to + 1);
	}
}

static void a_new_speed_applies_from_that_moment_on(void **state)
{
	struct replay_schedule schedule = begin((struct replay_plan){0}, 0);

	(void)state;
	assert_int_equal(replay_schedule_next(&schedule, 10 * SECOND, 0), 10 * SECOND);
	replay_schedule_set_speed(&schedule, 2 * REPLAY_SPEED_ONE, 12 * SECOND);
	assert_int_equal(replay_schedule_next(&schedule, 20 * SECOND, 0), 16 * SECOND);
	replay_schedule_set_speed(&schedule, REPLAY_SPEED_ONE / 2, 16 * SECOND);
	assert_int_equal(replay_schedule_next(&schedule, 21 * SECOND, 0), 18 * SECOND);
}

static void a_pause_delays_all_that_follows(void **state)
{
	struct replay_schedule schedule = begin((struct replay_plan){.speed = 2 * REPLAY_SPEED_ONE}, 0);

	(void)state;
	assert_int_equal(replay_schedule_next(&schedule, 2 * SECOND, 0), SECOND);
	replay_schedule_shift(&schedule, 5 * SECOND);
	assert_int_equal(replay_schedule_next(&schedule, 4 * SECOND, 0), 7 * SECOND);
}

static void an_iteration_begins_where_the_previous_one_ended(void **state)
{
	struct replay_schedule schedule = begin((struct replay_plan){0}, RECORDED);
	int64_t end_ns;

	(void)state;
	replay_schedule_next(&schedule, RECORDED, 0);
	end_ns = replay_schedule_next(&schedule, RECORDED + SECOND, 0);
	replay_schedule_seek(&schedule, RECORDED, end_ns);
	assert_int_equal(replay_schedule_next(&schedule, RECORDED, 0), SECOND);
	assert_int_equal(replay_schedule_next(&schedule, RECORDED + 7, 0), SECOND + 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(at_speed_one_messages_are_due_as_recorded),
	    cmocka_unit_test(a_speed_divides_recorded_times),
	    cmocka_unit_test(rounding_errors_do_not_add_up),
	    cmocka_unit_test(a_recorded_step_back_is_due_with_the_message_before),
	    cmocka_unit_test(due_times_saturate_for_any_recorded_times),
	    cmocka_unit_test(silences_are_shortened_to_max_gap),
	    cmocka_unit_test(a_rate_spreads_messages_evenly),
	    cmocka_unit_test(a_bandwidth_counts_the_bytes_sent_before),
	    cmocka_unit_test(a_ramp_reaches_its_rate_and_keeps_it),
	    cmocka_unit_test(a_new_speed_applies_from_that_moment_on),
	    cmocka_unit_test(a_pause_delays_all_that_follows),
	    cmocka_unit_test(an_iteration_begins_where_the_previous_one_ended),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
