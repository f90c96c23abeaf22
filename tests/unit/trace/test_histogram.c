/* Durations counted in buckets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "trace/histogram.h"

static struct trace_histogram *histogram_of(void **state)
{
	return *state;
}

static int open_histogram(void **state)
{
	*state = calloc(1, sizeof(struct trace_histogram));
	return *state ? 0 : -1;
}

static int close_histogram(void **state)
{
	trace_histogram_fini(*state);
	free(*state);
	return 0;
}

static void add(struct trace_histogram *histogram, int64_t ns)
{
	assert_int_equal(trace_histogram_add(histogram, ns), 0);
}

static void percentiles_of_nothing_are_zero(void **state)
{
	assert_int_equal(trace_histogram_percentile(histogram_of(state), 50), 0);
	assert_int_equal(trace_histogram_percentile(histogram_of(state), 100), 0);
}

/* One value at a time: every power of two, one below and one above. */
static void a_percentile_is_at_most_a_64th_above_the_value(void **state)
{
	struct trace_histogram *histogram = histogram_of(state);

	for (int bit = 0; bit < 63; bit++) {
		for (int64_t off = -1; off <= 1; off++) {
			int64_t ns = (int64_t)((1ULL << bit) + (uint64_t)off);
			trace_histogram_fini(histogram);
			add(histogram, ns);
			add(histogram, INT64_MAX);
			int64_t got = trace_histogram_percentile(histogram, 50);
			assert_true(got >= ns && got - ns <= ns / 64);
			assert_int_equal(histogram->max_ns, INT64_MAX);
		}
	}
}

static void percentiles_of_a_thousand_known_values(void **state)
{
	struct trace_histogram *histogram = histogram_of(state);

	for (int64_t i = 1; i <= 1000; i++)
		add(histogram, i * 1000);
	assert_in_range(trace_histogram_percentile(histogram, 50), 500000, 507812);
	assert_in_range(trace_histogram_percentile(histogram, 99), 990000, 1000000);
	assert_in_range(trace_histogram_percentile(histogram, 99.9), 999000, 1000000);
	assert_int_equal(trace_histogram_percentile(histogram, 100), 1000000);
}

static void percentiles_are_durations_that_were_counted(void **state)
{
	struct trace_histogram *histogram = histogram_of(state), other = {0};

	for (int i = 0; i < 9; i++)
		add(histogram, 8000000);
	add(histogram, 900000000);
	assert_int_equal(trace_histogram_percentile(histogram, 50), 8000000);
	assert_int_equal(trace_histogram_merge(&other, histogram), 0);
	assert_int_equal(trace_histogram_percentile(&other, 90), 8000000);
	assert_int_equal(trace_histogram_percentile(&other, 99), 900000000);
	trace_histogram_fini(&other);
}

static void a_negative_duration_counts_as_zero(void **state)
{
	add(histogram_of(state), -5);
	add(histogram_of(state), INT64_MIN);
	assert_int_equal(trace_histogram_percentile(histogram_of(state), 100), 0);
	assert_int_equal(histogram_of(state)->count, 2);
}

static void merged_histograms_equal_one_that_counted_everything(void **state)
{
	struct trace_histogram *merged = histogram_of(state), parts[2] = {0}, whole = {0};

	for (int64_t i = 1; i <= 2000; i++) {
		int64_t ns = i * i * i;
		add(&parts[i % 2], ns);
		add(&whole, ns);
	}
	for (int i = 0; i < 2; i++)
		assert_int_equal(trace_histogram_merge(merged, &parts[i]), 0);
	assert_int_equal(merged->count, 2000);
	assert_int_equal(merged->max_ns, whole.max_ns);
	for (int percent = 0; percent <= 100; percent++)
		assert_int_equal(trace_histogram_percentile(merged, percent),
				 trace_histogram_percentile(&whole, percent));
	trace_histogram_fini(&parts[0]);
	trace_histogram_fini(&parts[1]);
	trace_histogram_fini(&whole);
}

/* So that a report may hold a histogram. */
static void a_histogram_made_of_the_buckets_of_others_equals_one_that_counted_everything(void **state)
{
	struct trace_histogram *made = histogram_of(state), parts[2] = {0}, whole = {0};
	int64_t longest, expected;

	for (int64_t i = 1; i <= 2000; i++) {
		add(&parts[i % 3 == 0], i * i * i);
		add(&whole, i * i * i);
	}
	for (uint32_t bucket = 0; bucket < 2 * TRACE_HISTOGRAM_BUCKETS; bucket++) {
		uint64_t times = trace_histogram_bucket(&parts[bucket % 2], bucket / 2, &longest);
		if (times > 0)
			assert_int_equal(trace_histogram_add_times(made, longest, times), 0);
	}
	for (uint32_t bucket = 0; bucket < TRACE_HISTOGRAM_BUCKETS; bucket++) {
		assert_int_equal(trace_histogram_bucket(made, bucket, &longest),
				 trace_histogram_bucket(&whole, bucket, &expected));
		assert_int_equal(longest, expected);
	}
	assert_int_equal(made->max_ns, whole.max_ns);
	for (int i = 0; i < 2; i++)
		trace_histogram_fini(&parts[i]);
	trace_histogram_fini(&whole);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_histogram, close_histogram)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(percentiles_of_nothing_are_zero),
	    TEST(a_percentile_is_at_most_a_64th_above_the_value),
	    TEST(percentiles_of_a_thousand_known_values),
	    TEST(percentiles_are_durations_that_were_counted),
	    TEST(a_negative_duration_counts_as_zero),
	    TEST(merged_histograms_equal_one_that_counted_everything),
	    TEST(a_histogram_made_of_the_buckets_of_others_equals_one_that_counted_everything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
