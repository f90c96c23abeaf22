/* The longest of many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trace/examples.h"

static void add(struct trace_examples *examples, int64_t ns, uint64_t seq)
{
	const struct trace_example example = {.ns = ns, .seq = seq, .time_ns = (int64_t)seq};
	assert_int_equal(trace_examples_add(examples, &example), 0);
}

/* 1000 different times in a scattered order. */
static void the_longest_are_kept_in_order(void **state)
{
	struct trace_examples examples;
	(void)state;
	trace_examples_init(&examples, 10);
	for (uint64_t i = 0; i < 1000; i++)
		add(&examples, (int64_t)(i * 7919 % 1000), i);
	trace_examples_sort(&examples);
	assert_int_equal(examples.len, 10);
	assert_int_equal(examples.seen, 1000);
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(examples.list[i].ns, 999 - i);
	trace_examples_fini(&examples);
}

static void of_equal_ones_the_first_are_kept(void **state)
{
	struct trace_examples examples;
	(void)state;
	trace_examples_init(&examples, 3);
	for (uint64_t seq = 1; seq <= 9; seq++)
		add(&examples, 5, seq);
	trace_examples_sort(&examples);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(examples.list[i].seq, i + 1);
	trace_examples_fini(&examples);
}

static void none_are_kept_when_none_are_wanted(void **state)
{
	struct trace_examples examples;
	(void)state;
	trace_examples_init(&examples, 0);
	add(&examples, 5, 1);
	trace_examples_sort(&examples);
	assert_int_equal(examples.len, 0);
	assert_int_equal(examples.seen, 1);
	trace_examples_fini(&examples);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_longest_are_kept_in_order),
	    cmocka_unit_test(of_equal_ones_the_first_are_kept),
	    cmocka_unit_test(none_are_kept_when_none_are_wanted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
