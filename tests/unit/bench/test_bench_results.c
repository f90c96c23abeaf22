#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bench/results.h"

static void add(struct bench_results *results, const char *contender, const double *values, int count)
{
	for (int i = 0; i < count; i++)
		bench_results_add(results, "test", contender, BENCH_RATE, values[i]);
}

static const struct bench_series *find(const struct bench_results *results, const char *contender)
{
	return bench_results_find(results, "test", contender, BENCH_RATE);
}

/* The machine was twice as slow in the second round: the ratios of the rounds agree all the same. */
static void ratios_are_taken_round_by_round(void **state)
{
	struct bench_results results = {0};
	(void)state;
	add(&results, "ours", (double[]){300, 150, 310}, 3);
	add(&results, "theirs", (double[]){100, 50, 100}, 3);
	assert_true(bench_series_ratio(find(&results, "ours"), find(&results, "theirs")) == 3);
	bench_results_fini(&results);
}

static void the_median_is_the_middle_or_between_the_two_in_the_middle(void **state)
{
	struct bench_results results = {0};
	(void)state;
	add(&results, "odd", (double[]){9, 1, 5}, 3);
	add(&results, "even", (double[]){9, 1, 5, 7}, 4);
	assert_true(bench_series_median(find(&results, "odd")) == 5);
	assert_true(bench_series_median(find(&results, "even")) == 6);
	assert_true(bench_series_spread(find(&results, "odd")) == 0.8);
	bench_results_fini(&results);
}

static void a_contender_that_is_dropped_leaves_nothing_but_the_others(void **state)
{
	struct bench_results results = {0};
	(void)state;
	add(&results, "ours", (double[]){1}, 1);
	add(&results, "theirs", (double[]){2}, 1);
	bench_results_add(&results, "other test", "ours", BENCH_RATE, 3);
	bench_results_drop(&results, "test", "ours");
	assert_null(find(&results, "ours"));
	assert_true(bench_series_median(find(&results, "theirs")) == 2);
	assert_non_null(bench_results_find(&results, "other test", "ours", BENCH_RATE));
	bench_results_fini(&results);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ratios_are_taken_round_by_round),
	    cmocka_unit_test(the_median_is_the_middle_or_between_the_two_in_the_middle),
	    cmocka_unit_test(a_contender_that_is_dropped_leaves_nothing_but_the_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
