/* The last messages that each client got, and the bound on their memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trace/conversation/deliveries.h"

static void add(struct trace__deliveries *deliveries, uint32_t client, int64_t at_ns)
{
	const struct trace__delivery delivery = {.at_ns = at_ns};
	assert_int_equal(trace__deliveries_add(deliveries, client, &delivery), 0);
}

static void the_newest_delivery_comes_first_and_the_oldest_leaves(void **state)
{
	struct trace__deliveries deliveries;
	(void)state;
	trace__deliveries_init(&deliveries, 1 << 20);
	for (int i = 0; i < TRACE__DELIVERIES_MAX + 5; i++)
		add(&deliveries, 3, i);
	for (uint32_t i = 0; i < TRACE__DELIVERIES_MAX; i++)
		assert_int_equal(trace__deliveries_at(&deliveries, 3, i)->at_ns,
				 TRACE__DELIVERIES_MAX + 4 - i);
	assert_null(trace__deliveries_at(&deliveries, 3, TRACE__DELIVERIES_MAX));
	assert_null(trace__deliveries_at(&deliveries, 2, 0));
	trace__deliveries_fini(&deliveries);
}

static void the_ring_that_was_unused_for_longest_makes_room(void **state)
{
	struct trace__deliveries deliveries;
	size_t ring_bytes;
	(void)state;
	trace__deliveries_init(&deliveries, SIZE_MAX);
	add(&deliveries, 0, 1);
	ring_bytes = deliveries.bytes;
	deliveries.bytes_max = 3 * ring_bytes;
	add(&deliveries, 1, 2);
	add(&deliveries, 200, 3);
	add(&deliveries, 0, 4);
	add(&deliveries, 3, 5);
	assert_null(trace__deliveries_at(&deliveries, 1, 0));
	assert_int_equal(trace__deliveries_at(&deliveries, 0, 1)->at_ns, 1);
	assert_int_equal(trace__deliveries_at(&deliveries, 200, 0)->at_ns, 3);
	assert_int_equal(trace__deliveries_at(&deliveries, 3, 0)->at_ns, 5);
	assert_int_equal(deliveries.bytes, 3 * ring_bytes);
	trace__deliveries_fini(&deliveries);
}

static void a_dropped_client_begins_again_without_deliveries(void **state)
{
	struct trace__deliveries deliveries;
	(void)state;
	trace__deliveries_init(&deliveries, 1 << 20);
	add(&deliveries, 1, 1);
	add(&deliveries, 2, 2);
	trace__deliveries_drop(&deliveries, 2);
	trace__deliveries_drop(&deliveries, 2);
	trace__deliveries_drop(&deliveries, TRACE_NO_CLIENT);
	assert_null(trace__deliveries_at(&deliveries, 2, 0));
	add(&deliveries, 2, 3);
	assert_int_equal(trace__deliveries_at(&deliveries, 2, 0)->at_ns, 3);
	assert_null(trace__deliveries_at(&deliveries, 2, 1));
	trace__deliveries_drop(&deliveries, 1);
	trace__deliveries_drop(&deliveries, 2);
	assert_int_equal(deliveries.bytes, 0);
	trace__deliveries_fini(&deliveries);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_newest_delivery_comes_first_and_the_oldest_leaves),
	    cmocka_unit_test(the_ring_that_was_unused_for_longest_makes_room),
	    cmocka_unit_test(a_dropped_client_begins_again_without_deliveries),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
