/* Logs whose clock was set: their steps, steady times, merging and totals. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/read/log_steps.h"
#include "store/read/merge.h"
#include "store/read/summary.h"
#include "store/write/append.h"
#include "tests/unit/store/log_fixture.h"
#include "wire/mark.h"

#define MS     INT64_C(1000000)
#define SECOND (1000 * MS)
#define HOUR   (3600 * SECOND)
#define YEAR   (365 * 24 * HOUR)
#define START  (INT64_C(1700000000) * SECOND)

static const int64_t SIZES[] = {SECOND, HOUR, YEAR};

enum { SIZES_LEN = sizeof SIZES / sizeof *SIZES, EVENTS = 30 };

/* A log of EVENTS messages, 100 ms apart, on a clock that is set twice. */
struct plan {
	const char *subject;
	int64_t set_ns[3]; /* during each third */
	bool is_marked;    /* marks say so, and by how much; else the recording was stopped meanwhile */
	unsigned per_block;
};

static void submit(struct store_writer *writer, struct store_producer *producer, struct store_batch **batch)
{
	store_producer_submit(producer, *batch);
	store_writer_flush(writer);
	*batch = NULL;
}

static void append(struct store_producer *producer, struct store_batch **batch,
		   const struct wire_event *event)
{
	if (!*batch)
		*batch = store_producer_batch(producer);
	assert_non_null(*batch);
	assert_int_equal(store_batch_append(*batch, event), 0);
}

static void write_log(const struct log_fixture *fixture, const char *dir, const struct plan *plan)
{
	struct store_writer *writer = log_open(dir, &fixture->options);
	struct store_producer *producer = log_producer(writer);
	struct store_batch *batch = NULL;
	char text[WIRE_MARK_TEXT];
	for (int n = 0; n < EVENTS; n++) {
		int third = n * 3 / EVENTS;
		int64_t by_ns = n % 10 == 0 && n > 0 ? plan->set_ns[third] - plan->set_ns[third - 1] : 0;
		struct wire_event event = {
		    .kind = WIRE_EVENT_MARK,
		    .time_ns = START + n * 100 * MS + plan->set_ns[third],
		    .text = wire_slice_str(plan->is_marked ? wire_mark_step(text, by_ns) : "start tapedeck")};
		if (by_ns != 0)
			append(producer, &batch, &event);
		event.kind = WIRE_EVENT_MESSAGE;
		event.text = wire_slice(NULL, 0);
		event.subject = wire_slice_str(plan->subject);
		append(producer, &batch, &event);
		if ((unsigned)n % plan->per_block == plan->per_block - 1)
			submit(writer, producer, &batch);
	}
	if (batch)
		submit(writer, producer, &batch);
	store_producer_close(producer);
	store_writer_close(writer);
}

/* The log's messages come in their order, with the times they were recorded with and steady ones 100 ms apart, but where
 * the clock was set and nothing says by how much. */
static void check_steady(const char *log, bool reverse, int64_t off_ns)
{
	const struct store_reader_options options = {.reverse = reverse, .steady = true};
	struct store_reader *reader;
	struct wire_event event;
	int64_t last_ns = 0;
	int messages = 0;
	assert_int_equal(store_reader_open(&reader, log, &options, NULL), 0);
	while (store_reader_next(reader, &event, NULL) > 0) {
		if (event.kind != WIRE_EVENT_MESSAGE)
			continue;
		int64_t passed_ns = reverse ? last_ns - event.steady_ns : event.steady_ns - last_ns;
		if (messages++ > 0 && (passed_ns < 100 * MS - off_ns || passed_ns > 100 * MS + off_ns))
			fail_msg("message %d comes %" PRId64 " ns after the one before", messages, passed_ns);
		last_ns = event.steady_ns;
	}
	assert_int_equal(messages, EVENTS);
	store_reader_close(reader);
}

static void check_plan(struct log_fixture *fixture, const struct plan *plan, size_t steps, int64_t off_ns)
{
	const struct store_summary_options everything = {0};
	struct store_steps found = {0};
	struct store_summary summary;
	struct wire_fault fault;
	write_log(fixture, fixture->log, plan);
	assert_int_equal(store_log_steps_read(&found, NULL, fixture->log, &fault), 0);
	assert_int_equal(found.count, steps);
	store_steps_fini(&found);
	check_steady(fixture->log, false, off_ns);
	check_steady(fixture->log, true, off_ns);
	assert_int_equal(store_summary_read(&summary, fixture->log, &everything, &fault), 0);
	assert_int_equal(summary.steps.count, steps);
	assert_true(summary.span_ns <= 2900 * MS && summary.span_ns >= 2900 * MS - off_ns * 2);
	assert_int_equal(summary.first_time_ns, START + plan->set_ns[0]);
	assert_int_equal(summary.last_time_ns, START + 2900 * MS + plan->set_ns[2]);
	store_summary_fini(&summary);
	support_remove_tree(fixture->log);
}

/* Each size, in one block and in many. */
static void check_sizes(void **state, const int64_t thirds[3], bool is_marked, size_t steps, int64_t off_ns)
{
	static const unsigned per_block[] = {1, 7, 100};
	for (int i = 0; i < SIZES_LEN * 3; i++) {
		int64_t size_ns = SIZES[i / 3];
		const struct plan plan = {"a",
					  {thirds[0] * size_ns, thirds[1] * size_ns, thirds[2] * size_ns},
					  is_marked,
					  per_block[i % 3]};
		check_plan(*state, &plan, steps, off_ns);
	}
}

static void marked_steps_are_left_out_exactly(void **state)
{
	check_sizes(state, (const int64_t[]){0, -1, -1}, true, 1, 0);
	check_sizes(state, (const int64_t[]){0, 1, 1}, true, 1, 0);
	check_sizes(state, (const int64_t[]){0, 1, 0}, true, 2, 0);
	check_sizes(state, (const int64_t[]){0, -1, 0}, true, 2, 0);
}

static void a_clock_that_was_set_back_between_two_runs_is_left_out(void **state)
{
	const struct plan plan = {"a", {0, -HOUR, -HOUR}, false, 1};
	check_plan(*state, &plan, 1, 100 * MS);
}

static void a_step_ahead_without_a_mark_is_left_out_once_it_is_corrected(void **state)
{
	for (int i = 0; i < SIZES_LEN; i++) {
		const struct plan plan = {"a", {0, SIZES[i], 0}, false, 1};
		check_plan(*state, &plan, 2, 100 * MS);
	}
}

static void a_filter_that_hides_marks_hides_no_step(void **state)
{
	struct log_fixture *fixture = *state;
	const struct plan plan = {"a", {0, YEAR, 0}, true, 7};
	struct store_filter *filter = store_filter_open();
	struct store_reader *reader;
	struct wire_event event = {0};
	struct wire_steps steps = {0};
	write_log(fixture, fixture->log, &plan);
	assert_int_equal(store_filter_subject(filter, "a", NULL), 0);
	const struct store_reader_options options = {.filter = filter, .steady = true};
	assert_int_equal(store_reader_open(&reader, fixture->log, &options, NULL), 0);
	while (store_reader_next(reader, &event, NULL) > 0)
		assert_int_equal(event.kind, WIRE_EVENT_MESSAGE);
	assert_int_equal(event.steady_ns, START + 2900 * MS);
	struct wire_source *source = store_reader_source(reader);
	source->steps(source, &steps);
	assert_int_equal(steps.count, 2);
	assert_int_equal(steps.largest_ns, YEAR);
	store_reader_close(reader);
	store_filter_close(filter);
}

/* ---- merging ---- */

static void merge_two(struct log_fixture *fixture, const struct plan *a, const struct plan *b)
{
	const struct store_reader_options options = {.steady = true};
	struct store_merge *merge = store_merge_open(false);
	struct wire_event event;
	char second[400];
	int messages = 0;
	snprintf(second, sizeof second, "%s.b", fixture->log);
	write_log(fixture, fixture->log, a);
	write_log(fixture, second, b);
	assert_int_equal(store_merge_add_log(merge, fixture->log, &options, NULL), 0);
	assert_int_equal(store_merge_add_log(merge, second, &options, NULL), 0);
	while (store_merge_next(merge, &event, NULL) > 0)
		if (event.kind == WIRE_EVENT_MESSAGE)
			assert_int_equal(event.subject.data[0], "ab"[messages++ % 2]);
	assert_int_equal(messages, 2 * EVENTS);
	store_merge_close(merge);
	support_remove_tree(fixture->log);
	support_remove_tree(second);
}

static void logs_are_merged_by_steady_time_when_a_clock_is_set(void **state)
{
	for (int i = 0; i < SIZES_LEN; i++) {
		int64_t size_ns = SIZES[i];
		const struct plan steady = {"b", {0, 0, 0}, true, 7};
		const struct plan back = {"a", {0, -size_ns, -size_ns}, true, 7};
		const struct plan ahead = {"a", {0, size_ns, size_ns}, true, 7};
		const struct plan corrected = {"a", {0, size_ns, 0}, true, 7};
		const struct plan both = {"b", {0, -size_ns, -size_ns}, true, 3};
		merge_two(*state, &back, &steady);
		merge_two(*state, &ahead, &steady);
		merge_two(*state, &corrected, &steady);
		merge_two(*state, &back, &both);
	}
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, log_fixture_setup, log_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(marked_steps_are_left_out_exactly),
	    CASE(a_clock_that_was_set_back_between_two_runs_is_left_out),
	    CASE(a_step_ahead_without_a_mark_is_left_out_once_it_is_corrected),
	    CASE(a_filter_that_hides_marks_hides_no_step),
	    CASE(logs_are_merged_by_steady_time_when_a_clock_is_set),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
