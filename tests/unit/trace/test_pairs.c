/* A value for each pair of numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trace/pairs.h"

static void a_pair_keeps_its_number_and_value(void **state)
{
	struct trace_memory memory = {.max = 1 << 20};
	struct trace_pairs pairs;
	(void)state;
	trace_pairs_init(&pairs, sizeof(uint64_t), &memory);
	for (int round = 0; round < 2; round++)
		for (uint32_t i = 0; i < 1000; i++) {
			uint32_t number = trace_pairs_number(&pairs, i % 10, i / 10);
			assert_int_equal(number, i);
			assert_int_equal(*(uint64_t *)trace_pairs_value(&pairs, number), (uint64_t)round * i);
			*(uint64_t *)trace_pairs_value(&pairs, number) += i;
		}
	assert_int_equal(pairs.len, 1000);
	memory.max = memory.used;
	for (uint32_t i = 0; i < 2000; i++)
		trace_pairs_number(&pairs, 11, i);
	assert_int_equal(trace_pairs_number(&pairs, 12, 0), TRACE_NO_PAIR);
	assert_int_equal(trace_pairs_number(&pairs, 3, 7), 73);
	trace_pairs_fini(&pairs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_pair_keeps_its_number_and_value),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
