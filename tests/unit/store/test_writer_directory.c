/* The log's directory, or the file being written, is removed or moved while the writer runs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/care/verify.h"
#include "store/read/log.h"
#include "support/deadline.h"
#include "tests/unit/store/log_fixture.h"

static bool has_line(struct log_lines *lines, int *seen, struct support_deadline deadline)
{
	while (atomic_load(&lines->count) <= *seen)
		if (!support_deadline_retry(deadline))
			return false;
	*seen = atomic_load(&lines->count);
	return true;
}

static struct store_writer *open_reporting(struct log_fixture *fixture, struct log_lines *lines)
{
	*lines = (struct log_lines){0};
	fixture->options.report = log_note_line;
	fixture->options.context = lines;
	return log_open(fixture->log, &fixture->options);
}

static void publish(struct store_writer *writer, uint64_t from, uint32_t count)
{
	log_submit(writer, from, count);
	store_writer_flush(writer);
}

/* Two lines are reported: degraded, and recording again. */
static void await_again(struct log_lines *lines, int *seen)
{
	struct support_deadline deadline = support_deadline_in(20000);
	while (!strstr(lines->last, "recording again"))
		if (!has_line(lines, seen, deadline))
			fail_msg("not recording again: %s", lines->last);
}

static void remove_directory(const char *dir)
{
	char command[500];
	snprintf(command, sizeof command, "rm -r '%s'", dir);
	assert_int_equal(system(command), 0);
}

static void assert_whole(const char *log)
{
	struct store_verify_report report;
	struct wire_fault fault;
	assert_int_equal(store_verify(log, false, &report, NULL, NULL, NULL, &fault), 0);
}

static void a_removed_directory_is_made_again_and_the_loss_is_reported(void **state)
{
	struct log_fixture *fixture = *state;
	struct log_contents contents;
	struct log_lines lines;
	int seen = 0;
	fixture->options.segment_bytes = 4000;
	struct store_writer *writer = open_reporting(fixture, &lines);
	for (uint64_t i = 0; i < 10; i++)
		publish(writer, 1 + i * 100, 100);
	remove_directory(fixture->log);
	publish(writer, 1001, 100);
	await_again(&lines, &seen);
	publish(writer, 1101, 100);
	store_writer_close(writer);
	assert_whole(fixture->log);
	log_read(fixture->log, &contents);
	assert_int_equal(contents.messages + contents.gap_messages, 1200);
	assert_true(contents.gap_messages >= 1000);
	assert_true(contents.messages >= 100);
	assert_non_null(strstr(contents.gap_text, "removed"));
	assert_int_equal(contents.missing, 0);
}

/* The moved log is whole in its new place, and nothing is lost. */
static void a_moved_log_is_closed_and_a_new_one_is_begun(void **state)
{
	struct log_fixture *fixture = *state;
	struct log_contents moved, contents;
	struct log_lines lines;
	char elsewhere[320];
	int seen = 0;
	snprintf(elsewhere, sizeof elsewhere, "%s-elsewhere", fixture->log);
	struct store_writer *writer = open_reporting(fixture, &lines);
	publish(writer, 1, 100);
	assert_int_equal(rename(fixture->log, elsewhere), 0);
	await_again(&lines, &seen);
	publish(writer, 101, 100);
	store_writer_close(writer);
	assert_whole(fixture->log);
	assert_whole(elsewhere);
	log_read(elsewhere, &moved);
	log_read(fixture->log, &contents);
	assert_int_equal(moved.open_segments, 0);
	assert_int_equal(moved.messages, 100);
	assert_int_equal(contents.messages + contents.gap_messages, 100);
	assert_int_equal(contents.first_seq, 101);
}

static void a_segment_that_is_removed_while_it_is_written_is_reported(void **state)
{
	struct log_fixture *fixture = *state;
	struct log_contents contents;
	struct log_lines lines;
	char path[400];
	int seen = 0;
	struct store_writer *writer = open_reporting(fixture, &lines);
	publish(writer, 1, 100);
	log_segment_path(fixture->log, 0, path, sizeof path);
	unlink(path);
	await_again(&lines, &seen);
	publish(writer, 101, 100);
	store_writer_close(writer);
	assert_whole(fixture->log);
	log_read(fixture->log, &contents);
	assert_int_equal(contents.messages + contents.gap_messages, 200);
	assert_int_equal(contents.gap_messages, 100);
}

/* The writer does not write into another log. */
static void another_log_in_the_same_place_is_left_alone(void **state)
{
	struct log_fixture *fixture = *state;
	struct store_writer_status status;
	struct log_contents contents;
	struct log_lines lines;
	char other[320];
	int seen = 0;
	snprintf(other, sizeof other, "%s-other", fixture->log);
	log_write(other, &fixture->options, 5000, 1, 10);
	struct store_writer *writer = open_reporting(fixture, &lines);
	publish(writer, 1, 100);
	remove_directory(fixture->log);
	assert_int_equal(rename(other, fixture->log), 0);
	struct support_deadline deadline = support_deadline_in(20000);
	while (!strstr(lines.last, "degraded"))
		if (!has_line(&lines, &seen, deadline))
			fail_msg("not degraded");
	publish(writer, 101, 100);
	store_writer_status(writer, &status);
	assert_true(status.degraded);
	log_read(fixture->log, &contents);
	assert_int_equal(contents.messages, 10);
	assert_int_equal(contents.segments, 1);
	remove_directory(fixture->log);
	await_again(&lines, &seen);
	store_writer_close(writer);
	log_read(fixture->log, &contents);
	assert_int_equal(contents.messages + contents.gap_messages, 200);
}

static void removing_the_lock_file_lets_no_second_writer_in(void **state)
{
	struct log_fixture *fixture = *state;
	struct store_writer *writer = log_open(fixture->log, &fixture->options), *second;
	struct support_deadline deadline = support_deadline_in(20000);
	struct wire_fault fault;
	char path[400];
	snprintf(path, sizeof path, "%s/lock", fixture->log);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(store_writer_open(&second, fixture->log, &fixture->options, &fault), STORE_ELOCKED);
	unlink(path);
	while (!store_log_is_locked(fixture->log)) /* it is made again, for older versions */
		if (!support_deadline_retry(deadline))
			fail_msg("the lock file was not made again");
	store_writer_close(writer);
	store_writer_close(log_open(fixture->log, &fixture->options));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, log_fixture_setup, log_fixture_teardown)
	const struct CMUnitTest tests[] = {
	    CASE(a_removed_directory_is_made_again_and_the_loss_is_reported),
	    CASE(a_moved_log_is_closed_and_a_new_one_is_begun),
	    CASE(a_segment_that_is_removed_while_it_is_written_is_reported),
	    CASE(another_log_in_the_same_place_is_left_alone),
	    CASE(removing_the_lock_file_lets_no_second_writer_in),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
