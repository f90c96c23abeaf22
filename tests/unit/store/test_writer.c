/* A writer and its producers: submitted batches are written, and the status shows it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "store/read/log.h"
#include "tests/unit/store/log_fixture.h"

static void submitted_events_are_in_the_log(void **state)
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

static void opening_and_closing_alone_leaves_no_segment(void **state)
{
	struct log_fixture *fixture = *state;
	store_writer_close(log_open(fixture->log, &fixture->options));
	assert_int_equal(log_count_files(fixture->log, ".seg"), 0);
	assert_int_equal(log_count_files(fixture->log, "lock"), 1);
}

/* Left by a cut or merge that was killed: the next one would delete the directory. */
static void a_log_that_is_recorded_is_not_unfinished(void **state)
{
	struct log_fixture *fixture = *state;
	char marker[512];
	log_write(fixture->log, &fixture->options, 1, 1, 1);
	snprintf(marker, sizeof marker, "%s/%s", fixture->log, STORE_LOG_UNFINISHED);
	FILE *file = fopen(marker, "w");
	assert_non_null(file);
	fclose(file);
	log_write(fixture->log, &fixture->options, 2, 1, 1);
	assert_int_equal(log_count_files(fixture->log, STORE_LOG_UNFINISHED), 0);
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

static void batches_are_limited_and_are_reused(void **state)
{
	struct log_fixture *fixture = *state;
	struct store_batch *batches[8];
	fixture->options.batches = 3;
	struct store_writer *writer = log_open(fixture->log, &fixture->options);
	struct store_producer *producer = log_producer(writer);
	for (int i = 0; i < 3; i++)
		assert_non_null(batches[i] = store_producer_batch(producer));
	assert_null(store_producer_batch(producer));
	for (int i = 0; i < STORE_SPARE_BATCHES; i++)
		assert_non_null(batches[3 + i] = store_producer_spare_batch(producer));
	assert_null(store_producer_spare_batch(producer));
	for (int i = 0; i < 3 + STORE_SPARE_BATCHES; i++)
		store_producer_submit(producer, batches[i]);
	store_producer_close(producer);
	log_submit(writer, 1, 5);
	store_writer_close(writer);
}

static void a_producer_gets_two_batches_and_its_spare_ones_whatever_others_hold(void **state)
{
	enum { MOST = 3, OWN = STORE_BATCHES_MIN + STORE_SPARE_BATCHES };
	struct log_fixture *fixture = *state;
	struct store_batch *greedy_batches[MOST + STORE_SPARE_BATCHES], *batches[OWN];
	fixture->options.batches = MOST;
	struct store_writer *writer = log_open(fixture->log, &fixture->options);
	struct store_producer *greedy = log_producer(writer), *modest = log_producer(writer);
	for (int i = 0; i < MOST + STORE_SPARE_BATCHES; i++)
		assert_non_null(greedy_batches[i] = store_producer_spare_batch(greedy));
	for (int i = 0; i < STORE_BATCHES_MIN; i++)
		assert_non_null(batches[i] = store_producer_batch(modest));
	assert_null(store_producer_batch(modest));
	for (int i = STORE_BATCHES_MIN; i < OWN; i++)
		assert_non_null(batches[i] = store_producer_spare_batch(modest));
	assert_null(store_producer_spare_batch(modest));
	for (int i = 0; i < MOST + STORE_SPARE_BATCHES; i++)
		store_producer_submit(greedy, greedy_batches[i]);
	for (int i = 0; i < OWN; i++)
		store_producer_submit(modest, batches[i]);
	store_producer_close(greedy);
	store_producer_close(modest);
	store_writer_close(writer);
}

static void count_wake(void *context)
{
	atomic_fetch_add((_Atomic int *)context, 1);
}

static void a_producer_that_was_refused_a_batch_is_woken(void **state)
{
	struct log_fixture *fixture = *state;
	_Atomic int wakes = 0;
	fixture->options.batches = 2;
	struct store_writer *writer = log_open(fixture->log, &fixture->options);
	struct store_producer *producer = store_producer_open(writer, count_wake, &wakes);
	struct store_batch *first = store_producer_batch(producer), *second = store_producer_batch(producer);
	assert_null(store_producer_batch(producer));
	log_append(first, 1);
	store_producer_submit(producer, first);
	log_await(&wakes, 1);
	first = store_producer_batch(producer);
	assert_non_null(first);
	assert_null(store_producer_batch(producer));
	store_producer_submit(producer, second); /* empty: given back */
	log_await(&wakes, 2);
	store_producer_submit(producer, first);
	store_producer_close(producer);
	store_writer_close(writer);
}

/* The batches of the other producer count, too, but it was not refused one. */
static void only_the_producer_that_was_refused_a_batch_is_woken(void **state)
{
	struct log_fixture *fixture = *state;
	_Atomic int wakes = 0, others = 0;
	fixture->options.batches = 3;
	struct store_writer *writer = log_open(fixture->log, &fixture->options);
	struct store_producer *producer = store_producer_open(writer, count_wake, &wakes);
	struct store_producer *other = store_producer_open(writer, count_wake, &others);
	struct store_batch *batches[3], *its = store_producer_batch(other);
	for (int i = 0; i < 2; i++)
		assert_non_null(batches[i] = store_producer_batch(producer));
	assert_null(store_producer_batch(producer));
	store_producer_submit(other, its);
	log_await(&wakes, 1);
	assert_non_null(batches[2] = store_producer_batch(producer));
	for (int i = 0; i < 3; i++)
		store_producer_submit(producer, batches[i]);
	store_producer_close(producer);
	store_producer_close(other);
	store_writer_close(writer);
	assert_int_equal(atomic_load(&others), 0);
}

static void events_of_a_closed_producer_are_in_the_log(void **state)
{
	struct log_fixture *fixture = *state;
	struct log_contents contents;
	struct store_writer *writer = log_open(fixture->log, &fixture->options);
	for (uint64_t i = 0; i < 100; i++)
		log_submit(writer, i, 1); /* opens and closes one */
	store_writer_close(writer);
	log_read(fixture->log, &contents);
	assert_int_equal(contents.messages, 100);
	assert_int_equal(contents.number_jumps, 0);
}

static void status_shows_what_was_written(void **state)
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

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, log_fixture_setup, log_fixture_teardown)
	const struct CMUnitTest tests[] = {
	    CASE(submitted_events_are_in_the_log),
	    CASE(opening_and_closing_alone_leaves_no_segment),
	    CASE(a_log_that_is_recorded_is_not_unfinished),
	    CASE(files_and_folder_are_for_the_owner_only),
	    CASE(batches_are_limited_and_are_reused),
	    CASE(a_producer_gets_two_batches_and_its_spare_ones_whatever_others_hold),
	    CASE(a_producer_that_was_refused_a_batch_is_woken),
	    CASE(only_the_producer_that_was_refused_a_batch_is_woken),
	    CASE(events_of_a_closed_producer_are_in_the_log),
	    CASE(status_shows_what_was_written),
	    CASE(auto_compresses_more_while_idle),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
