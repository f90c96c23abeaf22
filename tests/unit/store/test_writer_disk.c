/* The sync policies of a writer, and what it loses when the disk fails. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/deadline.h"
#include "tests/unit/store/log_fixture.h"

/* ---- a disk that fails when asked to ---- */

static struct {
	_Atomic int write_error, sync_error, open_error; /* errno of every call while it is not 0 */
	_Atomic bool is_short;                           /* a failing write writes half before */
	_Atomic uint64_t writes, syncs, opens;
} disk;

static int64_t disk_write(int fd, const void *bytes, size_t len)
{
	disk.writes++;
	if (!disk.write_error)
		return write(fd, bytes, len);
	if (disk.is_short && len > 1) {
		disk.is_short = false;
		return write(fd, bytes, len / 2);
	}
	errno = disk.write_error;
	return -1;
}

static int disk_sync(int fd)
{
	disk.syncs++;
	errno = disk.sync_error;
	return errno ? -1 : fdatasync(fd);
}

static int disk_open(const char *path, int flags, unsigned mode)
{
	disk.opens++;
	errno = disk.open_error;
	return errno ? -1 : open(path, flags, mode);
}

static const struct store_io failing_io = {.write = disk_write, .sync = disk_sync, .open = disk_open};

static int setup(void **state)
{
	memset(&disk, 0, sizeof disk);
	int error = log_fixture_setup(state);
	((struct log_fixture *)*state)->options.io = &failing_io;
	return error;
}

/* ---- syncing ---- */

static uint64_t syncs_of_ten_blocks(struct log_fixture *fixture, enum store_sync sync)
{
	struct store_writer_status status;
	fixture->options.sync = sync;
	fixture->options.sync_interval_ms = 60 * 1000;
	struct store_writer *writer = log_open(fixture->log, &fixture->options);
	for (uint64_t i = 0; i < 10; i++)
		log_submit(writer, i * 10, 10);
	struct support_deadline deadline = support_deadline_in(20000);
	do
		store_writer_status(writer, &status);
	while (status.events < 100 && support_deadline_retry(deadline));
	uint64_t syncs = disk.syncs;
	store_writer_close(writer);
	return syncs;
}

static void sync_always_syncs_each_block(void **state)
{
	assert_int_equal(syncs_of_ten_blocks(*state, STORE_SYNC_ALWAYS), 10);
}

static void sync_interval_syncs_once_in_an_interval(void **state)
{
	assert_int_equal(syncs_of_ten_blocks(*state, STORE_SYNC_INTERVAL), 0);
	assert_int_equal(disk.syncs, 1); /* at closing */
}

static void sync_none_never_syncs(void **state)
{
	assert_int_equal(syncs_of_ten_blocks(*state, STORE_SYNC_NONE), 0);
	assert_int_equal(disk.syncs, 0);
}

static void sync_interval_syncs_without_another_block(void **state)
{
	struct log_fixture *fixture = *state;
	struct store_writer_status status;
	fixture->options.sync_interval_ms = 5;
	struct store_writer *writer = log_open(fixture->log, &fixture->options);
	struct support_deadline deadline = support_deadline_in(10000);
	log_submit(writer, 0, 10);
	do
		store_writer_status(writer, &status);
	while (status.synced_seq < 11 && support_deadline_retry(deadline));
	assert_int_equal(status.synced_seq, 11);
	store_writer_close(writer);
}

/* ---- failing disks ---- */

static void await_degraded(struct store_writer *writer, bool wanted)
{
	struct store_writer_status status;
	struct support_deadline deadline = support_deadline_in(10000);
	do
		store_writer_status(writer, &status);
	while (status.degraded != wanted && support_deadline_retry(deadline));
	assert_int_equal(status.degraded, wanted);
}

/* Write a block, lose two while the disk fails, write again: the log has a gap for the lost blocks, and no sequence number
 * is missing. */
static void lose_and_recover(struct log_fixture *fixture, _Atomic int *fault, int error, const char *reason)
{
	struct store_writer_status status;
	struct log_contents contents;
	struct log_lines lines = {0};
	fixture->options.report = log_note_line;
	fixture->options.context = &lines;
	struct store_writer *writer = log_open(fixture->log, &fixture->options);
	log_submit(writer, 1, 100);
	store_writer_flush(writer);
	*fault = error;
	log_submit(writer, 101, 10);
	log_submit(writer, 111, 10);
	store_writer_flush(writer);
	store_writer_status(writer, &status);
	assert_true(status.degraded);
	assert_non_null(strstr(status.reason, reason));
	assert_int_equal(status.lost_messages, 20);
	assert_non_null(strstr(lines.last, reason));
	*fault = 0;
	await_degraded(writer, false);
	log_await(&lines.count, 2);
	log_submit(writer, 121, 100);
	store_writer_close(writer);
	log_read(fixture->log, &contents);
	assert_int_equal(contents.messages, 200);
	assert_int_equal(contents.gaps, 1);
	assert_int_equal(contents.gap_messages, 20);
	assert_non_null(strstr(contents.gap_text, reason));
	assert_int_equal(contents.last_seq, 201);
	assert_int_equal(contents.missing, 0);
	assert_int_equal(contents.damaged_blocks + contents.damaged_ranges + contents.torn_bytes, 0);
	assert_int_equal(contents.open_segments, 0);
}

static void a_full_disk_leaves_a_gap_and_loses_nothing_else(void **state)
{
	disk.is_short = true;
	lose_and_recover(*state, &disk.write_error, ENOSPC, "No space left");
}

static void a_write_error_leaves_a_gap_and_loses_nothing_else(void **state)
{
	lose_and_recover(*state, &disk.write_error, EIO, "Input/output");
}

static void a_segment_that_cannot_be_created_leaves_a_gap_and_loses_nothing_else(void **state)
{
	struct log_fixture *fixture = *state;
	fixture->options.segment_bytes = 1;
	lose_and_recover(fixture, &disk.open_error, EACCES, "Permission denied");
}

static void a_failed_sync_is_reported_and_begins_a_new_segment(void **state)
{
	struct log_fixture *fixture = *state;
	struct store_writer_status status;
	struct log_contents contents;
	fixture->options.sync = STORE_SYNC_ALWAYS;
	struct store_writer *writer = log_open(fixture->log, &fixture->options);
	log_submit(writer, 1, 100);
	store_writer_flush(writer);
	disk.sync_error = EIO;
	log_submit(writer, 101, 10);
	store_writer_flush(writer);
	store_writer_status(writer, &status);
	assert_true(status.degraded);
	assert_non_null(strstr(status.reason, "fsync of events 101 to 110"));
	assert_int_equal(status.synced_seq, 101);
	disk.sync_error = 0;
	await_degraded(writer, false);
	log_submit(writer, 111, 10);
	store_writer_close(writer);
	log_read(fixture->log, &contents);
	assert_int_equal(contents.segments, 2);
	assert_int_equal(contents.gaps, 1);
	assert_int_equal(contents.messages, 120);
	assert_int_equal(contents.missing, 0);
}

static void closing_a_degraded_writer_tries_once_more(void **state)
{
	struct log_fixture *fixture = *state;
	struct log_contents contents;
	struct store_writer *writer = log_open(fixture->log, &fixture->options);
	disk.write_error = ENOSPC;
	log_submit(writer, 1, 10);
	store_writer_flush(writer);
	disk.write_error = 0;
	store_writer_close(writer);
	log_read(fixture->log, &contents);
	assert_int_equal(contents.gaps, 1);
	assert_int_equal(contents.gap_messages, 10);
}

static void a_writer_can_be_closed_while_the_disk_is_full(void **state)
{
	struct log_fixture *fixture = *state;
	struct log_lines lines = {0};
	fixture->options.report = log_note_line;
	fixture->options.context = &lines;
	struct store_writer *writer = log_open(fixture->log, &fixture->options);
	log_submit(writer, 1, 10);
	store_writer_flush(writer);
	disk.write_error = ENOSPC;
	for (uint64_t i = 0; i < 50; i++)
		log_submit(writer, 11 + i, 1);
	store_writer_close(writer);
	disk.write_error = 0;
	assert_non_null(strstr(lines.last, "ends degraded: 50 messages are not in the log"));
	struct log_contents contents;
	log_write(fixture->log, &fixture->options, 1000, 1, 10);
	log_read(fixture->log, &contents);
	assert_int_equal(contents.messages, 20);
	assert_int_equal(contents.missing, 0);
	assert_int_equal(contents.open_segments, 0);
}

/* In a process of its own, because the limit applies to the whole process. */
static void a_file_size_limit_does_not_end_the_program(void **state)
{
	struct log_fixture *fixture = *state;
	struct log_contents contents;
	pid_t child = fork();
	if (child == 0) {
		const struct rlimit limit = {.rlim_cur = 30000, .rlim_max = 30000};
		struct store_writer_status status;
		setrlimit(RLIMIT_FSIZE, &limit);
		struct store_writer *writer = log_open(fixture->log, &fixture->options);
		for (uint64_t i = 0; i < 100; i++)
			log_submit(writer, i * 500, 500);
		store_writer_flush(writer);
		store_writer_status(writer, &status);
		store_writer_close(writer);
		_exit(status.degraded && strstr(status.reason, "File too large") ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	log_read(fixture->log, &contents);
	assert_true(contents.messages > 0);
	assert_int_equal(contents.damaged_blocks, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, log_fixture_teardown)
	const struct CMUnitTest tests[] = {
	    CASE(sync_always_syncs_each_block),
	    CASE(sync_interval_syncs_once_in_an_interval),
	    CASE(sync_none_never_syncs),
	    CASE(sync_interval_syncs_without_another_block),
	    CASE(a_full_disk_leaves_a_gap_and_loses_nothing_else),
	    CASE(a_write_error_leaves_a_gap_and_loses_nothing_else),
	    CASE(a_segment_that_cannot_be_created_leaves_a_gap_and_loses_nothing_else),
	    CASE(a_failed_sync_is_reported_and_begins_a_new_segment),
	    CASE(closing_a_degraded_writer_tries_once_more),
	    CASE(a_writer_can_be_closed_while_the_disk_is_full),
	    CASE(a_file_size_limit_does_not_end_the_program),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
