/* Lists that grow within a bound on memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "trace/memory.h"

static void a_list_doubles_and_what_it_gains_is_zeroed(void **state)
{
	struct trace_memory memory = {.max = 1 << 20};
	uint32_t *list = NULL, cap = 0;
	(void)state;
	for (uint32_t len = 0; len < 1000; len++) {
		assert_true(trace_grow(&list, &cap, len + 1, sizeof *list, &memory));
		assert_true(cap > len && (cap & (cap - 1)) == 0);
		assert_int_equal(memory.used, cap * sizeof *list);
		assert_int_equal(list[len], 0);
		list[len] = len;
	}
	assert_int_equal(cap, 1024);
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(list[i], i);
	free(list);
}

static void a_list_that_finds_no_room_stays_as_it_is(void **state)
{
	struct trace_memory memory = {.max = 10 * sizeof(uint32_t)};
	uint32_t *list = NULL, cap = 0;
	(void)state;
	assert_true(trace_grow(&list, &cap, 8, sizeof *list, &memory));
	const uint32_t *was = list;
	assert_false(trace_grow(&list, &cap, 9, sizeof *list, &memory));
	assert_false(trace_grow(&list, &cap, UINT64_C(1) << 33, sizeof *list, NULL));
	assert_true(trace_grow(&list, &cap, 8, sizeof *list, &memory));
	assert_ptr_equal(list, was);
	assert_int_equal(cap, 8);
	assert_int_equal(memory.used, 8 * sizeof *list);
	assert_int_equal(memory.refused, 1);
	free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_list_doubles_and_what_it_gains_is_zeroed),
	    cmocka_unit_test(a_list_that_finds_no_room_stays_as_it_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
