/* An event is found by its number, with the time that enough events around it take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/read/locate.h"
#include "tests/unit/store/builder_fixture.h"

enum { APART_NS = 1000 };

/* A message every microsecond. */
static void add_block(struct log_builder *builder, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct wire_event event = {.kind = WIRE_EVENT_MESSAGE,
						 .time_ns = (int64_t)builder->next_seq * APART_NS,
						 .conn = 1,
						 .subject = WIRE_LITERAL("tick")};
		builder_add(builder, &event);
	}
	builder_end_block(builder);
}

static struct store_location locate(const struct builder_fixture *fixture, uint64_t seq)
{
	struct store_location location;
	struct wire_damage damage = {0};
	struct wire_fault fault = {0};
	assert_int_equal(store_locate(&location, fixture->log, seq, &damage, &fault), 1);
	assert_int_equal(location.kind, WIRE_EVENT_MESSAGE);
	assert_int_equal(location.time_ns, (int64_t)seq * APART_NS);
	assert_int_equal(damage.places, 0);
	return location;
}

static void expect_events(const struct store_location *location, uint64_t first_seq, uint64_t last_seq)
{
	assert_int_equal(location->events, last_seq - first_seq + 1);
	assert_int_equal(location->earliest_ns, (int64_t)first_seq * APART_NS);
	assert_int_equal(location->latest_ns, (int64_t)last_seq * APART_NS);
}

static void a_large_block_tells_the_rate_alone(void **state)
{
	struct builder_fixture *fixture = *state;
	add_block(&fixture->builder, 100);
	add_block(&fixture->builder, STORE_LOCATION_EVENTS);
	add_block(&fixture->builder, 100);
	builder_end_segment(&fixture->builder, true);
	struct store_location location = locate(fixture, 200);
	expect_events(&location, 101, 100 + STORE_LOCATION_EVENTS);
}

static void the_blocks_before_a_small_last_one_tell_the_rate(void **state)
{
	struct builder_fixture *fixture = *state;
	add_block(&fixture->builder, 10);
	add_block(&fixture->builder, STORE_LOCATION_EVENTS - 20);
	add_block(&fixture->builder, 15);
	add_block(&fixture->builder, 5);
	builder_end_segment(&fixture->builder, true);
	struct store_location location = locate(fixture, STORE_LOCATION_EVENTS + 10);
	expect_events(&location, 11, STORE_LOCATION_EVENTS + 10);
}

static void the_blocks_after_a_small_first_one_tell_the_rate(void **state)
{
	struct builder_fixture *fixture = *state;
	add_block(&fixture->builder, 10);
	add_block(&fixture->builder, STORE_LOCATION_EVENTS);
	add_block(&fixture->builder, 10);
	builder_end_segment(&fixture->builder, true);
	struct store_location location = locate(fixture, 3);
	expect_events(&location, 1, STORE_LOCATION_EVENTS + 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_large_block_tells_the_rate_alone, builder_fixture_setup,
					    builder_fixture_teardown),
	    cmocka_unit_test_setup_teardown(the_blocks_before_a_small_last_one_tell_the_rate,
					    builder_fixture_setup, builder_fixture_teardown),
	    cmocka_unit_test_setup_teardown(the_blocks_after_a_small_first_one_tell_the_rate,
					    builder_fixture_setup, builder_fixture_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
