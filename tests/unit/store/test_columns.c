/* Columns that are written as runs come back as their values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/format/columns_get.h"
#include "store/format/columns_put.h"
#include "tests/unit/store/block_fixture.h"

enum { RUNS_MAX = 300 };

/* Write them as a column between two others, read the frame, compare. */
static void assert_runs_come_back(const struct store__run *runs, uint32_t len)
{
	static struct store__column columns[STORE__EVENT_COLUMNS];
	struct store__buffer frame = {0};
	uint32_t count = 0, at = 0;
	for (uint32_t i = 0; i < len; i++)
		count += (uint32_t)runs[i].count;
	assert_int_equal(store__column_put_constant(&frame, STORE__FLAGS, 3, count), 0);
	assert_int_equal(store__column_put_runs(&frame, STORE__TIME_NS, runs, len, count), 0);
	assert_int_equal(store__column_put_constant(&frame, STORE__CONN, 9, count), 0);
	assert_int_equal(store__columns_read(columns, STORE__EVENT_COLUMNS, frame.bytes, frame.len), 0);
	assert_int_equal(columns[STORE__TIME_NS].count, count);
	for (uint32_t i = 0; i < len; i++)
		for (uint64_t j = 0; j < runs[i].count; j++, at++)
			if (store__column_at(&columns[STORE__TIME_NS], at) != runs[i].value)
				fail_msg("value %u: %lu, wanted %lu", at,
					 (unsigned long)store__column_at(&columns[STORE__TIME_NS], at),
					 (unsigned long)runs[i].value);
	assert_int_equal(store__column_at(&columns[STORE__FLAGS], 0), 3);
	assert_int_equal(store__column_at(&columns[STORE__CONN], count - 1), 9);
	store__columns_fini(columns, STORE__EVENT_COLUMNS);
	store__buffer_fini(&frame);
}

static void runs_of_any_length_and_value_come_back(void **state)
{
	const struct store__run whole = {.value = 5, .count = STORE_BLOCK_EVENTS_MAX};
	struct random random = {.state = 8};
	(void)state;
	assert_runs_come_back(&whole, 1);
	for (int round = 0; round < 200; round++) {
		struct store__run runs[RUNS_MAX];
		uint32_t len = 1 + random_below(&random, RUNS_MAX);
		for (uint32_t i = 0; i < len; i++)
			runs[i] = (struct store__run){
			    .value = random_next(&random) >> random_below(&random, 64),
			    .count = 1 + random_below(&random, 1u << random_below(&random, 8))};
		assert_runs_come_back(runs, len);
	}
}

static void as_many_runs_of_the_widest_values_as_possible_come_back(void **state)
{
	static struct store__run runs[STORE_BLOCK_EVENTS_MAX];
	(void)state;
	for (uint32_t i = 0; i < STORE_BLOCK_EVENTS_MAX; i++)
		runs[i] = (struct store__run){.value = UINT64_MAX - i % 2, .count = 1};
	assert_runs_come_back(runs, STORE_BLOCK_EVENTS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(runs_of_any_length_and_value_come_back),
	    cmocka_unit_test(as_many_runs_of_the_widest_values_as_possible_come_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
