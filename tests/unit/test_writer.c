#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/log.h"
#include "support/deadline.h"
#include "tests/unit/log_fixture.h"

/* ---- a disk that fails when told to ---- */

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

/* ---- the ordinary ---- */

static void what_is_submitted_is_in_the_log(void **state)
{
	struct log_fixture *fixture = *state;
	struct log_contents contents;
	log_write(fixture->log, &fixture->options, 1, 20, 1000);
	log_read(fixture->log, &contents);
	assert_int_equal(contents.messages, 20000);
	assert_int_equal(contents.number_jumps, 0);
	assert_int_equal(contents.first_seq, 1);
	assert_int_equal(contents.last_seq, 20000);
	assert_int_equal(contents.open_segments, 0);
}

static void a_log_that_is_opened_again_goes_on_with_the_next_numbers(void **state)
{
	struct log_fixture *fixture = *state;
	struct log_contents contents;
	for (uint64_t i = 0; i < 4; i++)
		log_write(fixture->log, &fixture->options, 1 + i * 30, 3, 10);
	log_read(fixture->log, &contents);
	assert_int_equal(contents.segments, 4);
	assert_int_equal(contents.last_seq, 120);
	assert_int_equal(contents.missing, 0);
	assert_int_equal(contents.number_jumps, 0);
}

static void opening_and_closing_alone_leaves_no_segment(void **state)
{
	struct log_fixture *fixture = *state;
	store_writer_close(log_open(fixture->log, &fixture->options));
	assert_int_equal(log_count_files(fixture->log, ".seg"), 0);
	assert_int_equal(log_count_files(fixture->log, "lock"), 1);
}

static void files_and_folder_are_for_the_owner_only(void **state)
{
	struct log_fixture *fixture = *state;
	struct stat info;
	char path[512];
	mode_t before = umask(0);
	log_write(fixture->log, &fixture->options, 1, 1, 1);
	umask(before);
	assert_int_equal(stat(fixture->log, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0700);
	log_segment_path(fixture->log, 0, path, sizeof path);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
}

static void connection_numbers_are_never_used_twice(void **state)
{
	struct log_fixture *fixture = *state;
	struct store_writer *writer = log_open(fixture->log, &fixture->options);
	assert_int_equal(store_writer_next_conn(writer), 1);
	log_submit(writer, 1, 10);
	store_writer_close(writer);
	writer = log_open(fixture->log, &fixture->options);
	assert_int_equal(store_writer_next_conn(writer), 4);
	store_writer_close(writer);
}

static void stages_are_bounded_and_come_back(void **state)
{
	struct log_fixture *fixture = *state;
	struct store_stage *stages[8];
	fixture->options.stages = 3;
	struct store_writer *writer = log_open(fixture->log, &fixture->options);
	for (int i = 0; i < 3; i++)
		assert_non_null(stages[i] = store_writer_stage(writer));
	assert_null(store_writer_stage(writer));
	for (int i = 0; i < STORE_SPARE_STAGES; i++)
		assert_non_null(stages[3 + i] = store_writer_spare_stage(writer));
	assert_null(store_writer_spare_stage(writer));
	for (int i = 0; i < 3 + STORE_SPARE_STAGES; i++)
		store_writer_submit(writer, stages[i]);
	log_submit(writer, 1, 5);
	store_writer_close(writer);
}

static void count_wake(void *context)
{
	atomic_fetch_add((_Atomic int *)context, 1);
}

static void await(_Atomic int *counter, int wanted)
{
	struct support_deadline deadline = support_deadline_in(10000);
	while (atomic_load(counter) < wanted)
		if (!support_deadline_retry(deadline))
			fail_msg("counted %d, wanted %d", atomic_load(counter), wanted);
}

static void who_went_without_a_stage_is_woken(void **state)
{
	struct log_fixture *fixture = *state;
	_Atomic int wakes = 0;
	fixture->options.stages = 2;
	fixture->options.wake = count_wake;
	fixture->options.context = &wakes;
	struct store_writer *writer = log_open(fixture->log, &fixture->options);
	struct store_stage *first = store_writer_stage(writer), *second = store_writer_stage(writer);
	assert_null(store_writer_stage(writer));
	log_append(first, 1);
	store_writer_submit(writer, first);
	await(&wakes, 1);
	first = store_writer_stage(writer);
	assert_non_null(first);
	assert_null(store_writer_stage(writer));
	store_writer_submit(writer, second); /* empty: given back */
	await(&wakes, 2);
	store_writer_submit(writer, first);
	store_writer_close(writer);
}

static void status_tells_what_was_written(void **state)
{
	struct log_fixture *fixture = *state;
	struct store_writer_status status;
	struct log_contents contents;
	struct store_writer *writer = log_open(fixture->log, &fixture->options);
	log_submit(writer, 1, 100);
	store_writer_flush(writer);
	store_writer_status(writer, &status);
	log_read(fixture->log, &contents);
	assert_int_equal(status.events, 100);
	assert_int_equal(status.messages, 100);
	assert_int_equal(status.next_seq, 101);
	assert_int_equal(status.synced_seq, 101);
	assert_int_equal(status.segments, 1);
	assert_int_equal(status.log_bytes, contents.bytes);
	assert_int_equal(status.queued_bytes, 0);
	assert_false(status.degraded);
	store_writer_close(writer);
}

/* ---- who may write ---- */

static void a_second_writer_is_told_who_holds_the_log(void **state)
{
	struct log_fixture *fixture = *state;
	struct store_writer *writer = log_open(fixture->log, &fixture->options), *second;
	struct wire_fault fault;
	char pid[32];
	snprintf(pid, sizeof pid, "process %ld", (long)getpid());
	assert_int_equal(store_writer_open(&second, fixture->log, &fixture->options, &fault), STORE_ELOCKED);
	assert_non_null(strstr(fault.text, pid));
	assert_true(store_log_is_locked(fixture->log));
	store_writer_close(writer);
	assert_false(store_log_is_locked(fixture->log));
	store_writer_close(log_open(fixture->log, &fixture->options));
}

static void the_lock_of_a_process_that_died_is_free(void **state)
{
	struct log_fixture *fixture = *state;
	pid_t child = fork();
	if (child == 0) {
		struct store_writer *writer;
		struct wire_fault fault;
		_exit(store_writer_open(&writer, fixture->log, &fixture->options, &fault) == 0 ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	store_writer_close(log_open(fixture->log, &fixture->options));
}

static void a_log_of_a_newer_version_is_not_touched(void **state)
{
	struct log_fixture *fixture = *state;
	struct store_writer *writer;
	struct wire_fault fault;
	unsigned char bytes[STORE_FILE_HEADER_BYTES];
	char path[512];
	size_t len;
	struct store_file_header header = {.major = STORE_VERSION_MAJOR + 1, .first_seq = 11};
	log_write(fixture->log, &fixture->options, 1, 1, 10);
	store_file_header_put(bytes, &header);
	snprintf(path, sizeof path, "%s/00000000000000000011.seg", fixture->log);
	support_write_file(path, bytes, sizeof bytes);
	assert_int_equal(store_writer_open(&writer, fixture->log, &fixture->options, &fault), STORE_EVERSION);
	char *after = support_read_file(path, &len);
	assert_int_equal(len, sizeof bytes);
	assert_memory_equal(after, bytes, sizeof bytes);
	free(after);
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

static void an_interval_ends_without_another_block(void **state)
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

/* ---- rotation, retention, compression ---- */

static void a_segment_ends_at_its_size(void **state)
{
	struct log_fixture *fixture = *state;
	struct log_contents contents;
	fixture->options.segment_bytes = 5000;
	log_write(fixture->log, &fixture->options, 1, 40, 500);
	log_read(fixture->log, &contents);
	assert_true(contents.segments > 3);
	assert_int_equal(contents.open_segments, 0);
	assert_int_equal(contents.messages, 20000);
	assert_int_equal(contents.number_jumps, 0);
	assert_int_equal(contents.missing, 0);
}

static void a_segment_ends_at_its_age_but_not_when_empty(void **state)
{
	struct log_fixture *fixture = *state;
	struct store_writer_status status;
	fixture->options.segment_age_ms = 20;
	fixture->options.sync_interval_ms = 5;
	struct store_writer *writer = log_open(fixture->log, &fixture->options);
	struct support_deadline deadline = support_deadline_in(10000);
	log_submit(writer, 0, 10);
	do
		log_submit(writer, 10, 1), store_writer_status(writer, &status);
	while (status.segments < 3 && support_deadline_retry(deadline));
	assert_true(status.segments >= 3);
	store_writer_close(writer);
	assert_true(log_count_files(fixture->log, ".seg") <= status.segments + 1);
}

static void the_oldest_segments_go_when_the_log_is_too_large(void **state)
{
	struct log_fixture *fixture = *state;
	struct log_contents contents;
	fixture->options.segment_bytes = 10000;
	fixture->options.retain_bytes = 50000;
	log_write(fixture->log, &fixture->options, 1, 100, 500);
	log_read(fixture->log, &contents);
	assert_true(contents.bytes <= 50000);
	assert_true(contents.bytes > 20000);
	assert_int_equal(contents.last_number, 50000);
	assert_int_equal(contents.number_jumps, 0);
	assert_int_equal(contents.missing, 0);
}

/* A file beside the first segment. */
static void put_aside(const struct log_fixture *fixture, const char *suffix)
{
	char path[400], aside[420];
	log_segment_path(fixture->log, 0, path, sizeof path);
	snprintf(aside, sizeof aside, "%s%s", path, suffix);
	support_write_file(aside, "aside", 5);
}

static void segments_whose_last_event_is_too_old_go(void **state)
{
	struct log_fixture *fixture = *state;
	struct log_contents contents;
	log_write(fixture->log, &fixture->options, 1, 1, 500); /* of the year 2023 */
	log_write(fixture->log, &fixture->options, 501, 1, 500);
	put_aside(fixture, ".torn");
	put_aside(fixture, ".torn.2");
	put_aside(fixture, ".damaged");
	fixture->options.retain_age_ms = INT64_C(3600) * 1000;
	log_write(fixture->log, &fixture->options, 1001, 1, 500);
	log_read(fixture->log, &contents);
	assert_int_equal(contents.segments, 1);
	assert_int_equal(contents.first_number, 1001);
	assert_int_equal(log_count_files(fixture->log, ".torn") + log_count_files(fixture->log, ".torn.2") +
			     log_count_files(fixture->log, ".damaged"),
			 0);
}

static void what_a_crash_left_half_rewritten_is_removed(void **state)
{
	struct log_fixture *fixture = *state;
	struct log_contents contents;
	log_write(fixture->log, &fixture->options, 1, 1, 10);
	put_aside(fixture, ".tmp");
	log_read(fixture->log, &contents);
	assert_int_equal(contents.messages, 10);
	log_write(fixture->log, &fixture->options, 11, 1, 10);
	assert_int_equal(log_count_files(fixture->log, ".tmp"), 0);
}

static void every_segment_describes_who_is_connected(void **state)
{
	struct log_fixture *fixture = *state;
	struct log_contents contents;
	const struct wire_client client = {.address = WIRE_LITERAL("10.0.0.7:53122"),
					   .name = WIRE_LITERAL("orders")};
	struct wire_event event = {.kind = WIRE_EVENT_CONNECT, .conn = 1, .client = &client};
	fixture->options.segment_bytes = 1;
	struct store_writer *writer = log_open(fixture->log, &fixture->options);
	struct store_stage *stage = store_writer_stage(writer);
	for (event.conn = 1; event.conn <= 3; event.conn++)
		assert_int_equal(store_stage_append(stage, &event), 0);
	store_writer_submit(writer, stage);
	log_submit(writer, 1, 1); /* describes 1, 2, 3 again */
	stage = store_writer_stage(writer);
	event = (struct wire_event){.kind = WIRE_EVENT_DISCONNECT, .conn = 2};
	assert_int_equal(store_stage_append(stage, &event), 0);
	store_writer_submit(writer, stage); /* again 1, 2, 3 */
	log_submit(writer, 2, 1);           /* 1, 3 */
	store_writer_close(writer);
	log_read(fixture->log, &contents);
	assert_int_equal(contents.segments, 4);
	assert_int_equal(contents.repeated, 3 + 3 + 2);
	assert_int_equal(contents.connects, 3 + contents.repeated);
	assert_int_equal(contents.missing, 0);
}

static void auto_compresses_more_while_idle(void **state)
{
	struct log_fixture *fixture = *state;
	struct store_writer_status status;
	fixture->options.sync = STORE_SYNC_NONE;
	struct store_writer *writer = log_open(fixture->log, &fixture->options);
	store_writer_status(writer, &status);
	assert_int_equal(status.level, 1);
	for (uint64_t i = 0; i < 200; i++) {
		log_submit(writer, i, 1);
		store_writer_flush(writer);
	}
	store_writer_status(writer, &status);
	assert_int_equal(status.level, 3);
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

struct lines {
	_Atomic int count;
	char last[1000];
};

static void note_line(void *context, const char *line)
{
	struct lines *lines = context;
	snprintf(lines->last, sizeof lines->last, "%s", line);
	atomic_fetch_add(&lines->count, 1);
}

/* Write, fail, lose two blocks, work again, write: the log has a gap where the blocks were lost, and no number is
 * missing. */
static void lose_and_recover(struct log_fixture *fixture, _Atomic int *fault, int error, const char *reason)
{
	struct store_writer_status status;
	struct log_contents contents;
	struct lines lines = {0};
	fixture->options.report = note_line;
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
	await(&lines.count, 2);
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

static void a_full_disk_costs_a_gap_and_nothing_else(void **state)
{
	disk.is_short = true;
	lose_and_recover(*state, &disk.write_error, ENOSPC, "No space left");
}

static void a_write_error_costs_a_gap_and_nothing_else(void **state)
{
	lose_and_recover(*state, &disk.write_error, EIO, "Input/output");
}

static void a_segment_that_cannot_be_made_costs_a_gap_and_nothing_else(void **state)
{
	struct log_fixture *fixture = *state;
	fixture->options.segment_bytes = 1;
	lose_and_recover(fixture, &disk.open_error, EACCES, "Permission denied");
}

static void a_failed_sync_is_told_and_begins_a_new_segment(void **state)
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

static void closing_a_degraded_writer_tries_a_last_time(void **state)
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

static void a_disk_that_stays_full_does_not_keep_a_writer_from_closing(void **state)
{
	struct log_fixture *fixture = *state;
	struct lines lines = {0};
	fixture->options.report = note_line;
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

/* A crash tore the last block: the next writer cuts it off, keeps it, says so, and goes on. */
static void a_torn_end_is_cut_off_kept_and_told(void **state)
{
	struct log_fixture *fixture = *state;
	struct lines lines = {0};
	struct log_contents contents;
	char path[400];
	size_t len;
	log_write(fixture->log, &fixture->options, 1, 2, 10);
	log_segment_path(fixture->log, 0, path, sizeof path);
	char *bytes = support_read_file(path, &len);
	const char *second = memmem(bytes + STORE_FILE_HEADER_BYTES + 1, len - STORE_FILE_HEADER_BYTES - 1,
				    STORE_BLOCK_MAGIC, STORE_MAGIC_BYTES);
	assert_non_null(second);
	support_write_file(path, bytes, (size_t)(second - bytes) + 200);
	free(bytes);
	fixture->options.report = note_line;
	fixture->options.context = &lines;
	log_write(fixture->log, &fixture->options, 11, 1, 10);
	assert_non_null(strstr(lines.last, ".seg.torn"));
	assert_int_equal(log_count_files(fixture->log, ".torn"), 1);
	log_read(fixture->log, &contents);
	assert_int_equal(contents.messages, 20);
	assert_int_equal(contents.missing + contents.number_jumps + contents.torn_bytes, 0);
}

/* In a process of its own: the limit holds for all of it. */
static void a_limit_on_file_size_does_not_end_the_program(void **state)
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
	    CASE(what_is_submitted_is_in_the_log),
	    CASE(a_log_that_is_opened_again_goes_on_with_the_next_numbers),
	    CASE(opening_and_closing_alone_leaves_no_segment),
	    CASE(files_and_folder_are_for_the_owner_only),
	    CASE(connection_numbers_are_never_used_twice),
	    CASE(stages_are_bounded_and_come_back),
	    CASE(who_went_without_a_stage_is_woken),
	    CASE(status_tells_what_was_written),
	    CASE(a_second_writer_is_told_who_holds_the_log),
	    CASE(the_lock_of_a_process_that_died_is_free),
	    CASE(a_log_of_a_newer_version_is_not_touched),
	    CASE(sync_always_syncs_each_block),
	    CASE(sync_interval_syncs_once_in_an_interval),
	    CASE(sync_none_never_syncs),
	    CASE(an_interval_ends_without_another_block),
	    CASE(a_segment_ends_at_its_size),
	    CASE(a_segment_ends_at_its_age_but_not_when_empty),
	    CASE(the_oldest_segments_go_when_the_log_is_too_large),
	    CASE(segments_whose_last_event_is_too_old_go),
	    CASE(what_a_crash_left_half_rewritten_is_removed),
	    CASE(every_segment_describes_who_is_connected),
	    CASE(auto_compresses_more_while_idle),
	    CASE(a_full_disk_costs_a_gap_and_nothing_else),
	    CASE(a_write_error_costs_a_gap_and_nothing_else),
	    CASE(a_segment_that_cannot_be_made_costs_a_gap_and_nothing_else),
	    CASE(a_failed_sync_is_told_and_begins_a_new_segment),
	    CASE(closing_a_degraded_writer_tries_a_last_time),
	    CASE(a_disk_that_stays_full_does_not_keep_a_writer_from_closing),
	    CASE(a_torn_end_is_cut_off_kept_and_told),
	    CASE(a_limit_on_file_size_does_not_end_the_program),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
