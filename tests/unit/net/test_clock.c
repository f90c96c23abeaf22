/* The clock of events: which differences of the two clocks are a step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/clock.h"

#define MS INT64_C(1000000)

/* Monotonic 0 is this moment. */
enum { START_NS = 500 };

static struct net_clock anchored(void)
{
	return (struct net_clock){.anchor_ns = START_NS};
}

static void clocks_may_differ_by_a_tenth_of_a_second(void **state)
{
	struct net_clock clock = anchored();
	(void)state;
	assert_int_equal(net_clock_compare(&clock, 1000 * MS, START_NS + 1000 * MS), 0);
	assert_int_equal(net_clock_compare(&clock, 1000 * MS, START_NS + 1100 * MS), 0);
	assert_int_equal(net_clock_compare(&clock, 1000 * MS, START_NS + 900 * MS), 0);
	assert_int_equal(clock.anchor_ns, START_NS);
}

static void a_clock_that_was_set_is_a_step_once(void **state)
{
	static const int64_t steps[] = {100 * MS + 1, -100 * MS - 1, 3600 * 1000 * MS, -3600 * 1000 * MS};
	(void)state;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct net_clock clock = anchored();
		int64_t real_ns = START_NS + 1000 * MS + steps[i];
		assert_int_equal(net_clock_compare(&clock, 1000 * MS, real_ns), steps[i]);
		assert_int_equal(clock.anchor_ns, START_NS + steps[i]);
		assert_int_equal(net_clock_compare(&clock, 1100 * MS, real_ns + 100 * MS), 0);
	}
}

static void clocks_are_compared_every_tenth_of_a_second(void **state)
{
	struct net_clock clock = anchored();
	(void)state;
	net_clock_compare(&clock, 1000 * MS, START_NS + 1000 * MS);
	assert_int_equal(clock.check_at_ns, 1100 * MS);
}

static void time_starts_at_the_realtime_clock(void **state)
{
	struct net_clock clock;
	int64_t step_ns, before, after;
	(void)state;
	net_clock_init(&clock);
	before = net_clock_now(&clock, &step_ns);
	after = net_clock_now(&clock, &step_ns);
	assert_true(before > 0 && after >= before);
	assert_int_equal(step_ns, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(clocks_may_differ_by_a_tenth_of_a_second),
	    cmocka_unit_test(a_clock_that_was_set_is_a_step_once),
	    cmocka_unit_test(clocks_are_compared_every_tenth_of_a_second),
	    cmocka_unit_test(time_starts_at_the_realtime_clock),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
