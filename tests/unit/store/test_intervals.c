/* Messages by intervals of time: from headers and dictionaries as from every single event. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/read/intervals.h"
#include "support/tempdir.h"
#include "tests/unit/store/log_builder.h"

#define SECOND INT64_C(1000000000)

struct fixture {
	struct support_tempdir dir;
	struct log_builder builder;
	char log[300];
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	support_tempdir_open(&fixture->dir);
	support_tempdir_path(&fixture->dir, "log", fixture->log, sizeof fixture->log);
	builder_open(&fixture->builder, fixture->log, 7);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	builder_close(&fixture->builder);
	support_tempdir_close(&fixture->dir);
	free(fixture);
	return 0;
}

/* ---- the fast way and the slow way ---- */

static void read_events(struct store_intervals *intervals, const char *log, const struct store_filter *filter)
{
	const struct store_reader_options options = {.filter = filter, .payloads = true, .steady = true};
	struct store_reader *reader;
	struct wire_event event;
	struct wire_fault fault;
	int status;
	assert_int_equal(store_reader_open(&reader, log, &options, &fault), 0);
	while ((status = store_reader_next(reader, &event, &fault)) > 0)
		assert_int_equal(store_intervals_add(intervals, &event), 0);
	assert_int_equal(status, 0);
	store_reader_close(reader);
}

/* The interval that begins at a time. Before and after the list there are no messages. */
static struct store_interval at(const struct store_intervals *intervals, int64_t begin_ns)
{
	int64_t number = (begin_ns - intervals->base_ns) / intervals->every_ns;
	bool is_listed =
	    begin_ns >= intervals->base_ns && intervals->has_base && (size_t)number < intervals->len;
	return is_listed ? intervals->list[number] : (struct store_interval){0};
}

static void assert_same(const struct store_intervals *fast, const struct store_intervals *slow)
{
	for (size_t i = 0; i < slow->len; i++) {
		struct store_interval wanted = slow->list[i];
		struct store_interval found = at(fast, store_interval_begin(slow, i));
		assert_int_equal(found.messages, wanted.messages);
		assert_int_equal(found.bytes, wanted.bytes);
		assert_int_equal(found.errors, wanted.errors);
		assert_int_equal(found.gaps, wanted.gaps);
		assert_int_equal(found.gap_messages, wanted.gap_messages);
	}
}

static uint64_t messages_of(const struct store_intervals *intervals)
{
	uint64_t messages = 0;
	for (size_t i = 0; i < intervals->len; i++)
		messages += intervals->list[i].messages;
	return messages;
}

static void compare(const char *log, const struct store_filter *filter, int64_t every_ns)
{
	struct store_intervals fast, slow;
	struct wire_fault fault;
	store_intervals_init(&fast, every_ns, NULL);
	store_intervals_init(&slow, every_ns, NULL);
	assert_int_equal(store_intervals_read(&fast, log, filter, NULL, &fault), 0);
	read_events(&slow, log, filter);
	assert_same(&fast, &slow);
	assert_int_equal(messages_of(&fast), messages_of(&slow));
	assert_int_equal(fast.total.messages, messages_of(&slow));
	store_intervals_fini(&fast);
	store_intervals_fini(&slow);
}

static void any_log_filter_and_length_give_the_counts_of_the_single_events(void **state)
{
	struct fixture *fixture = *state;
	struct log_builder *builder = &fixture->builder;
	struct random random = {11};
	builder_fill(builder, 3, 8, 200);
	int64_t span_ns = builder->events[builder->count - 1].time_ns - builder->events[0].time_ns;
	compare(fixture->log, NULL, span_ns / 40 + 1);
	for (int i = 0; i < 24; i++) {
		struct store_filter *filter = builder_random_filter(builder, &random);
		compare(fixture->log, filter, span_ns / (1 << i % 8) + 1);
		store_filter_close(filter);
	}
}

/* ---- bounds ---- */

static void add_message(struct fixture *fixture, int64_t time_ns)
{
	const struct wire_event event = {.kind = WIRE_EVENT_MESSAGE,
					 .time_ns = time_ns,
					 .conn = 1,
					 .subject = WIRE_LITERAL("a"),
					 .payload = WIRE_LITERAL("xyz"),
					 .size = 3};
	builder_add(&fixture->builder, &event);
}

static void intervals_between_two_messages_are_empty(void **state)
{
	struct fixture *fixture = *state;
	struct store_intervals intervals;
	struct wire_fault fault;
	add_message(fixture, 100 * SECOND + 5);
	builder_end_block(&fixture->builder);
	add_message(fixture, 103 * SECOND);
	builder_end_segment(&fixture->builder, true);
	store_intervals_init(&intervals, SECOND, NULL);
	assert_int_equal(store_intervals_read(&intervals, fixture->log, NULL, NULL, &fault), 0);
	assert_int_equal(intervals.base_ns, 100 * SECOND);
	assert_int_equal(intervals.len, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(intervals.list[i].messages, i % 3 == 0);
	assert_int_equal(intervals.list[0].up_ns, SECOND - 5);
	assert_int_equal(intervals.list[1].up_ns, SECOND);
	assert_int_equal(intervals.list[3].up_ns, 0);
	assert_int_equal(intervals.total.bytes, 6);
	store_intervals_fini(&intervals);
}

static int read_two(struct fixture *fixture, int64_t between_ns)
{
	struct store_intervals intervals;
	struct wire_fault fault;
	add_message(fixture, 0);
	add_message(fixture, between_ns);
	builder_end_segment(&fixture->builder, true);
	store_intervals_init(&intervals, SECOND, NULL);
	int error = store_intervals_read(&intervals, fixture->log, NULL, NULL, &fault);
	store_intervals_fini(&intervals);
	return error;
}

static void as_many_intervals_as_allowed_are_counted(void **state)
{
	assert_int_equal(read_two(*state, (STORE_INTERVALS_MAX - 1) * SECOND), 0);
}

static void one_interval_more_is_refused(void **state)
{
	assert_int_equal(read_two(*state, STORE_INTERVALS_MAX * SECOND), -E2BIG);
}

static void times_at_the_ends_of_the_range_are_refused_and_do_no_harm(void **state)
{
	assert_int_equal(read_two(*state, INT64_MAX), -E2BIG);
}

static int64_t one_hour_ahead(int64_t ns)
{
	(void)ns;
	return 3600 * SECOND;
}

static void days_begin_at_local_midnight(void **state)
{
	const struct wire_event event = {.kind = WIRE_EVENT_MESSAGE, .steady_ns = 86400 * SECOND};
	struct store_intervals intervals;
	(void)state;
	store_intervals_init(&intervals, 86400 * SECOND, one_hour_ahead);
	assert_int_equal(store_intervals_add(&intervals, &event), 0);
	assert_int_equal(intervals.base_ns, (86400 - 3600) * SECOND);
	store_intervals_fini(&intervals);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(any_log_filter_and_length_give_the_counts_of_the_single_events),
	    TEST(intervals_between_two_messages_are_empty),
	    TEST(as_many_intervals_as_allowed_are_counted),
	    TEST(one_interval_more_is_refused),
	    TEST(times_at_the_ends_of_the_range_are_refused_and_do_no_harm),
	    cmocka_unit_test(days_begin_at_local_midnight),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
