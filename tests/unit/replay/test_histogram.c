/* Durations counted in steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "replay/histogram.h"

static struct replay_histogram *histogram_of(void **state)
{
	return *state;
}

static int open_histogram(void **state)
{
	*state = calloc(1, sizeof(struct replay_histogram));
	return *state ? 0 : -1;
}

static int close_histogram(void **state)
{
	free(*state);
	return 0;
}

static void nothing_counted_is_nothing_late(void **state)
{
	assert_int_equal(replay_histogram_quantile(histogram_of(state), 0.5), 0);
	assert_int_equal(replay_histogram_above(histogram_of(state), 0), 0);
}

/* One value at a time, from every power of two, one below and one above. */
static void every_value_is_read_back_within_a_step(void **state)
{
	struct replay_histogram *histogram = histogram_of(state);

	for (int bit = 0; bit < 63; bit++) {
		for (int64_t off = -1; off <= 1; off++) {
			int64_t ns = (int64_t)((1ULL << bit) + (uint64_t)off);
			*histogram = (struct replay_histogram){0};
			replay_histogram_add(histogram, ns);
			replay_histogram_add(histogram, INT64_MAX);
			int64_t got = replay_histogram_quantile(histogram, 0.5);
			assert_true(got >= ns && got - ns <= ns / 64);
			assert_int_equal(histogram->max_ns, INT64_MAX);
		}
	}
}

static void percentiles_of_a_thousand_known_values(void **state)
{
	struct replay_histogram *histogram = histogram_of(state);

	for (int64_t i = 1; i <= 1000; i++)
		replay_histogram_add(histogram, i * 1000);
	assert_in_range(replay_histogram_quantile(histogram, 0.5), 500000, 508000);
	assert_in_range(replay_histogram_quantile(histogram, 0.99), 990000, 1000000);
	assert_int_equal(replay_histogram_quantile(histogram, 1), 1000000);
	assert_in_range(replay_histogram_above(histogram, 900000), 90, 100);
	assert_int_equal(replay_histogram_above(histogram, 2000000), 0);
}

static void the_past_counts_as_on_time(void **state)
{
	replay_histogram_add(histogram_of(state), -5);
	replay_histogram_add(histogram_of(state), INT64_MIN);
	assert_int_equal(replay_histogram_quantile(histogram_of(state), 1), 0);
	assert_int_equal(replay_histogram_above(histogram_of(state), 0), 0);
	assert_int_equal(histogram_of(state)->count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(nothing_counted_is_nothing_late, open_histogram, close_histogram),
	    cmocka_unit_test_setup_teardown(every_value_is_read_back_within_a_step, open_histogram,
					    close_histogram),
	    cmocka_unit_test_setup_teardown(percentiles_of_a_thousand_known_values, open_histogram,
					    close_histogram),
	    cmocka_unit_test_setup_teardown(the_past_counts_as_on_time, open_histogram, close_histogram),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
