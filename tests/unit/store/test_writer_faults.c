/* Every system call of a writer fails: the first time, the n-th time, and for a while. When it works again the log
 * continues without help, and every submitted message is either in the log or counted in a gap. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/care/verify.h"
#include "store/write/segment_writer.h"
#include "support/deadline.h"
#include "tests/unit/store/log_fixture.h"

enum call { WRITE, SHORT_WRITE, SYNC, SYNC_DIRECTORY, OPEN, TRUNCATE, CLOSE, UNLINK, CALLS };

static const char *const names[CALLS] = {"write", "short write", "sync",  "sync of the directory",
					 "open",  "truncate",    "close", "unlink"};

/* Calls from number `from` up to `to` of each kind in `kinds` fail. */
static struct {
	_Atomic unsigned kinds;
	_Atomic int from, to;
	_Atomic int count[CALLS];
} faults;

static bool fails(enum call call)
{
	int number = ++faults.count[call];
	errno = EIO;
	return (faults.kinds & 1u << call) && number >= faults.from && number <= faults.to;
}

static int64_t write_or_fail(int fd, const void *bytes, size_t len)
{
	if (fails(WRITE))
		return -1;
	if (len > 1 && fails(SHORT_WRITE))
		return store__system_io.write(fd, bytes, len / 2) < 0 ? -1 : (errno = ENOSPC, -1);
	return store__system_io.write(fd, bytes, len);
}

static int sync_or_fail(int fd)
{
	return fails(SYNC) ? -1 : store__system_io.sync(fd);
}

static int sync_directory_or_fail(int fd)
{
	return fails(SYNC_DIRECTORY) ? -1 : store__system_io.sync_directory(fd);
}

static int open_or_fail(const char *path, int flags, unsigned mode)
{
	return fails(OPEN) ? -1 : store__system_io.open(path, flags, mode);
}

static int truncate_or_fail(int fd, int64_t len)
{
	return fails(TRUNCATE) ? -1 : store__system_io.truncate(fd, len);
}

/* As in the kernel, the descriptor is closed even when close fails. */
static int close_or_fail(int fd)
{
	int result = store__system_io.close(fd);
	return fails(CLOSE) ? -1 : result;
}

static int unlink_or_fail(const char *path)
{
	return fails(UNLINK) ? -1 : store__system_io.unlink(path);
}

static const struct store_io failing_io = {.write = write_or_fail,
					   .sync = sync_or_fail,
					   .sync_directory = sync_directory_or_fail,
					   .open = open_or_fail,
					   .truncate = truncate_or_fail,
					   .close = close_or_fail,
					   .unlink = unlink_or_fail};

static void set_faults(unsigned kinds, int from, int to)
{
	memset(&faults, 0, sizeof faults);
	faults.kinds = kinds;
	faults.from = from;
	faults.to = to;
}

static void await_well(struct store_writer *writer, const char *what)
{
	struct store_writer_status status;
	struct support_deadline deadline = support_deadline_in(60000);
	do
		store_writer_status(writer, &status);
	while (status.degraded && support_deadline_retry(deadline));
	if (status.degraded)
		fail_msg("%s: still degraded: %s", what, status.reason);
}

static void print_finding(void *context, const char *line)
{
	(void)context;
	print_message("%s\n", line);
}

static void expect_all_told(const struct log_fixture *fixture, uint64_t published, const char *what)
{
	struct log_contents contents;
	struct store_verify_report report;
	struct wire_fault fault;
	if (store_verify(fixture->log, false, &report, print_finding, NULL, NULL, &fault) != 0)
		fail_msg("%s: the log does not verify", what);
	log_read(fixture->log, &contents);
	if (contents.messages + contents.gap_messages != published || contents.missing > 0)
		fail_msg("%s: %lu published, %lu logged, %lu in %lu gaps, %lu numbers missing", what,
			 (unsigned long)published, (unsigned long)contents.messages,
			 (unsigned long)contents.gap_messages, (unsigned long)contents.gaps,
			 (unsigned long)contents.missing);
}

/* Write blocks of ten messages; a new segment begins every few blocks. */
static void publish(struct store_writer *writer, uint64_t *published, uint32_t blocks)
{
	for (uint32_t i = 0; i < blocks; i++) {
		log_submit(writer, 1 + *published, 10);
		store_writer_flush(writer);
		*published += 10;
	}
}

/* waits: wait until the writer works again by itself; otherwise closing makes it try again. */
static void run_with_faults(struct log_fixture *fixture, unsigned kinds, int from, int to, bool waits,
			    const char *what)
{
	uint64_t published = 0;
	set_faults(0, 0, 0);
	struct store_writer *writer = log_open(fixture->log, &fixture->options);
	set_faults(kinds, from, to);
	publish(writer, &published, 12);
	set_faults(0, 0, 0);
	if (waits)
		await_well(writer, what);
	publish(writer, &published, 2);
	store_writer_close(writer);
	expect_all_told(fixture, published, what);
}

static void set_options(struct log_fixture *fixture)
{
	fixture->options.io = &failing_io;
	fixture->options.sync = STORE_SYNC_ALWAYS;
	fixture->options.segment_bytes = 2500;
}

static void any_call_that_fails_once_loses_no_more_than_its_block(void **state)
{
	static const int numbers[] = {1, 2, 3, 4, 6, 9};
	struct log_fixture *fixture = *state;
	set_options(fixture);
	for (int call = 0; call < CALLS; call++)
		for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
			char what[100];
			snprintf(what, sizeof what, "%s number %d fails", names[call], numbers[i]);
			snprintf(fixture->log, sizeof fixture->log, "%s/once-%d-%zu", fixture->dir.path, call,
				 i);
			run_with_faults(fixture, 1u << call, numbers[i], numbers[i], false, what);
		}
}

static void any_call_that_fails_for_a_while_is_retried(void **state)
{
	struct log_fixture *fixture = *state;
	set_options(fixture);
	for (int call = 0; call < CALLS; call++)
		for (int from = 1; from <= 4; from += 3) {
			char what[100];
			snprintf(what, sizeof what, "%s fails from number %d on", names[call], from);
			snprintf(fixture->log, sizeof fixture->log, "%s/while-%d-%d", fixture->dir.path, call,
				 from);
			run_with_faults(fixture, 1u << call, from, INT32_MAX, true, what);
		}
}

static void calls_that_fail_together_are_retried(void **state)
{
	static const unsigned pairs[] = {1u << SYNC_DIRECTORY | 1u << UNLINK, 1u << WRITE | 1u << TRUNCATE,
					 1u << SHORT_WRITE | 1u << TRUNCATE, 1u << SYNC | 1u << CLOSE,
					 (1u << CALLS) - 1};
	struct log_fixture *fixture = *state;
	set_options(fixture);
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		for (int from = 1; from <= 3; from += 2) {
			char what[100];
			snprintf(what, sizeof what, "calls %x fail from number %d on", pairs[i], from);
			snprintf(fixture->log, sizeof fixture->log, "%s/pair-%zu-%d", fixture->dir.path, i,
				 from);
			run_with_faults(fixture, pairs[i], from, INT32_MAX, true, what);
		}
}

/* The loss is stated once, however often the sync of its gap event fails. */
static void syncs_that_fail_repeatedly_count_a_loss_once(void **state)
{
	struct log_fixture *fixture = *state;
	uint64_t published = 0;
	set_options(fixture);
	set_faults(0, 0, 0);
	struct store_writer *writer = log_open(fixture->log, &fixture->options);
	for (int i = 0; i < 5; i++) {
		publish(writer, &published, 3);
		set_faults(1u << SYNC, 1 + i % 3, INT32_MAX);
		publish(writer, &published, 10);
		set_faults(1u << SYNC, 2, INT32_MAX); /* the probe works, the sync of the gap event fails */
		struct support_deadline deadline = support_deadline_in(20000);
		while (faults.count[SYNC] < 3 && support_deadline_retry(deadline))
			publish(writer, &published, 1);
		set_faults(0, 0, 0);
		await_well(writer, "sync");
	}
	publish(writer, &published, 2);
	store_writer_close(writer);
	expect_all_told(fixture, published, "syncs that fail");
}

/* Nothing follows the first loss, though the disk works again at once, nor when the log is closed. */
static void a_log_that_ends_at_a_loss_has_no_hole(void **state)
{
	static const enum call calls[] = {WRITE, SHORT_WRITE, SYNC};
	struct log_fixture *fixture = *state;
	struct log_contents contents;
	struct store_writer_status status;
	set_options(fixture);
	fixture->options.ends_at_loss = true;
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		uint64_t published = 0;
		snprintf(fixture->log, sizeof fixture->log, "%s/end-%zu", fixture->dir.path, i);
		set_faults(0, 0, 0);
		struct store_writer *writer = log_open(fixture->log, &fixture->options);
		publish(writer, &published, 3);
		set_faults(1u << calls[i], 1, 1);
		publish(writer, &published, 8);
		store_writer_status(writer, &status);
		assert_true(status.degraded && status.lost_messages >= 70);
		store_writer_close(writer);
		log_read(fixture->log, &contents);
		assert_int_equal(contents.gaps + contents.number_jumps + contents.missing, 0);
		assert_int_equal(contents.messages + status.lost_messages, published);
		log_write(fixture->log, &fixture->options, contents.last_number + 1, 2, 10);
		log_read(fixture->log, &contents);
		assert_int_equal(contents.gaps + contents.number_jumps + contents.missing, 0);
	}
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, log_fixture_setup, log_fixture_teardown)
	const struct CMUnitTest tests[] = {
	    CASE(any_call_that_fails_once_loses_no_more_than_its_block),
	    CASE(any_call_that_fails_for_a_while_is_retried),
	    CASE(calls_that_fail_together_are_retried),
	    CASE(syncs_that_fail_repeatedly_count_a_loss_once),
	    CASE(a_log_that_ends_at_a_loss_has_no_hole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
