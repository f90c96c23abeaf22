/* Excerpts: a new log has the chosen events as they were, and all that is needed to read them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "store/care/excerpt.h"
#include "store/care/same_event.h"
#include "store/care/verify.h"
#include "store/read/merge.h"
#include "store/read/reader.h"
#include "support/tempdir.h"
#include "tests/unit/store/log_builder.h"

struct fixture {
	struct support_tempdir dir;
	char log[300], made[300];
	struct log_builder builder;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	support_tempdir_open(&fixture->dir);
	support_tempdir_path(&fixture->dir, "log", fixture->log, sizeof fixture->log);
	support_tempdir_path(&fixture->dir, "made", fixture->made, sizeof fixture->made);
	assert_int_equal(mkdir(fixture->log, 0700), 0);
	builder_open(&fixture->builder, fixture->log, 5);
	builder_fill(&fixture->builder, 3, 4, 200);
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

static struct store_reader *open_reader(const char *path, const struct store_filter *filter)
{
	const struct store_reader_options options = {.filter = filter, .payloads = true};
	struct store_reader *reader;
	struct wire_fault fault;
	if (store_reader_open(&reader, path, &options, &fault) != 0)
		fail_msg("%s", fault.text);
	return reader;
}

/* Hand all events of the log to the excerpt; with a filter, note the connections first. */
static void take_all(struct store_excerpt *excerpt, const char *log, const struct store_filter *filter)
{
	struct wire_event event;
	struct wire_fault fault;
	struct store_reader *reader = filter ? open_reader(log, filter) : NULL;
	while (reader && store_reader_next(reader, &event, &fault) > 0)
		assert_int_equal(store_excerpt_note(excerpt, &event, store_reader_source(reader)), 0);
	store_reader_close(reader);
	reader = open_reader(log, NULL);
	while (store_reader_next(reader, &event, &fault) > 0)
		assert_int_equal(store_excerpt_take(excerpt, &event, store_reader_source(reader), &fault), 0);
	store_reader_close(reader);
}

/* Make an excerpt, in segments of a block each, so that each has to describe its connections. */
static void make(struct fixture *fixture, const struct store_filter *filter)
{
	const struct store_new_log_options options = {.written_by = "test", .level = 1, .segment_bytes = 1};
	const char *const inputs[] = {fixture->log};
	const bool reads_earlier[] = {true};
	struct store_new_log *log;
	struct wire_fault fault;
	if (store_new_log_open(&log, fixture->made, &options, &fault) != 0)
		fail_msg("%s", fault.text);
	const struct store_excerpt_options how = {.log = log,
						  .sink = store_new_log_sink(log),
						  .filter = filter,
						  .inputs = inputs,
						  .reads_earlier = reads_earlier,
						  .inputs_len = 1};
	struct store_excerpt *excerpt = store_excerpt_open(&how);
	take_all(excerpt, fixture->log, filter);
	if (store_new_log_finish(log, &fault) != 0)
		fail_msg("%s", fault.text);
	store_excerpt_close(excerpt);
	store_new_log_close(log);
}

/* The next message. */
static bool next(struct store_reader *reader, struct wire_event *event)
{
	struct wire_fault fault;
	int status;
	while ((status = store_reader_next(reader, event, &fault)) > 0)
		if (event->kind == WIRE_EVENT_MESSAGE)
			return true;
	assert_int_equal(status, 0);
	return false;
}

static void assert_same_client(struct store_reader *a, struct store_reader *b, uint64_t conn)
{
	const struct wire_client *x = store_reader_client(a, conn), *y = store_reader_client(b, conn);
	assert_int_equal(x != NULL, y != NULL);
	if (x)
		assert_true(wire_slice_equal(x->name, y->name) && wire_slice_equal(x->address, y->address));
}

/* Both have the same messages, from the same clients to the same clients. Returns how many. */
static uint64_t compare(const char *log, const struct store_filter *filter, const char *made)
{
	struct store_reader *a = open_reader(log, filter), *b = open_reader(made, NULL);
	struct wire_event x, y;
	uint64_t count = 0;
	for (; next(a, &x); count++) {
		assert_true(next(b, &y));
		y.seq = x.seq;
		y.refers_to = x.refers_to;
		assert_true(store__same_event(&x, &y));
		assert_same_client(a, b, x.conn);
		for (uint32_t i = 0; x.receivers && i < x.receivers_len; i++)
			assert_same_client(a, b, x.receivers[i].conn);
	}
	assert_false(next(b, &y));
	store_reader_close(a);
	store_reader_close(b);
	return count;
}

static void assert_whole(const char *log)
{
	struct store_verify_report report;
	assert_int_equal(store_verify(log, false, &report, NULL, NULL, NULL, NULL), 0);
	assert_true(report.segments > 0);
}

static void a_copy_of_everything_has_the_same_messages(void **state)
{
	struct fixture *fixture = *state;
	make(fixture, NULL);
	assert_whole(fixture->made);
	assert_true(compare(fixture->log, NULL, fixture->made) > 100);
}

static void a_period_has_its_messages_and_their_clients(void **state)
{
	struct fixture *fixture = *state;
	struct store_filter *filter = store_filter_open();
	assert_int_equal(store_filter_seq(filter, "300..900", NULL), 0);
	assert_int_equal(store_filter_kinds(filter, "message", NULL), 0);
	make(fixture, filter);
	assert_whole(fixture->made);
	assert_true(compare(fixture->log, filter, fixture->made) > 100);
	store_filter_close(filter);
}

static void a_log_is_not_written_over_another(void **state)
{
	struct fixture *fixture = *state;
	const struct store_new_log_options options = {
	    .written_by = "test", .level = 1, .segment_bytes = 1000};
	struct store_new_log *log;
	struct wire_fault fault;
	assert_int_equal(store_new_log_open(&log, fixture->log, &options, &fault), -EEXIST);
}

static void a_log_that_is_not_finished_does_not_appear(void **state)
{
	struct fixture *fixture = *state;
	const struct store_new_log_options options = {
	    .written_by = "test", .level = 1, .segment_bytes = 1000};
	const struct wire_event mark = {.kind = WIRE_EVENT_MARK, .time_ns = 1, .text = WIRE_LITERAL("here")};
	struct store_new_log *log;
	struct wire_fault fault;
	struct stat info;
	char temporary[310];
	assert_int_equal(store_new_log_open(&log, fixture->made, &options, &fault), 0);
	store_new_log_sink(log)->event(store_new_log_sink(log), &mark);
	store_new_log_close(log);
	snprintf(temporary, sizeof temporary, "%s.tmp", fixture->made);
	assert_int_equal(stat(fixture->made, &info), -1);
	assert_int_equal(stat(temporary, &info), -1);
}

/* The temporary directory of `made`. */
static void temporary_path(const struct fixture *fixture, char path[310])
{
	snprintf(path, 310, "%s.tmp", fixture->made);
}

static void a_log_with_the_name_of_the_temporary_directory_is_left_alone(void **state)
{
	struct fixture *fixture = *state;
	const struct store_new_log_options options = {
	    .written_by = "test", .level = 1, .segment_bytes = 1000};
	struct store_new_log *log;
	struct wire_fault fault;
	char temporary[310];
	temporary_path(fixture, temporary);
	assert_int_equal(rename(fixture->log, temporary), 0);
	assert_int_equal(store_new_log_open(&log, fixture->made, &options, &fault), -EEXIST);
	assert_non_null(strstr(fault.text, "move it away"));
	assert_whole(temporary);
}

static void an_attempt_that_was_killed_is_removed_by_the_next(void **state)
{
	struct fixture *fixture = *state;
	char temporary[310], marker[330];
	struct stat info;
	temporary_path(fixture, temporary);
	make(fixture, NULL);
	assert_int_equal(rename(fixture->made, temporary), 0);
	snprintf(marker, sizeof marker, "%s/.unfinished", temporary);
	fclose(fopen(marker, "w"));
	make(fixture, NULL);
	assert_whole(fixture->made);
	assert_true(compare(fixture->log, NULL, fixture->made) > 100);
	snprintf(marker, sizeof marker, "%s/.unfinished", fixture->made);
	assert_int_equal(stat(marker, &info), -1);
	assert_int_equal(stat(temporary, &info), -1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(a_copy_of_everything_has_the_same_messages),
	    CASE(a_period_has_its_messages_and_their_clients),
	    CASE(a_log_is_not_written_over_another),
	    CASE(a_log_that_is_not_finished_does_not_appear),
	    CASE(a_log_with_the_name_of_the_temporary_directory_is_left_alone),
	    CASE(an_attempt_that_was_killed_is_removed_by_the_next),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
