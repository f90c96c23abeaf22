/* The second thread that encodes: alone, and for a writer whose disk is slow or fails. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/write/append.h"
#include "store/write/encode_worker.h"
#include "support/deadline.h"
#include "tests/unit/store/block_fixture.h"
#include "tests/unit/store/log_fixture.h"

/* ---- the worker ---- */

static const uint8_t log_id[16] = "0123456789abcdef";

static struct store_batch *batch_of(uint64_t seed, uint32_t count)
{
	struct store_batch *batch = store_batch_open();
	struct events events;
	assert_non_null(batch);
	events_init(&events, seed);
	for (uint32_t i = 0; i < count; i++) {
		struct wire_event event;
		events_next(&events, &event);
		assert_int_equal(store_batch_append(batch, &event), 0);
	}
	return batch;
}

static void the_worker_makes_the_same_blocks_as_an_encoder(void **state)
{
	struct store__encode_worker *worker = store__encode_worker_open(log_id);
	struct store_encoder *encoder = store_encoder_open();
	(void)state;
	store_encoder_set_log(encoder, log_id);
	for (uint64_t seed = 1; seed <= 20; seed++) {
		const unsigned char *bytes, *wanted;
		struct store_block_header header, wanted_header;
		struct store_batch *batch = batch_of(seed, 50 * (uint32_t)seed);
		assert_null(store__encode_worker_batch(worker));
		store__encode_worker_give(worker, batch, 1);
		assert_ptr_equal(store__encode_worker_batch(worker), batch);
		int64_t len = store__encode_worker_take(worker, 1000 * seed, &bytes, &header);
		int64_t wanted_len = store_encode(encoder, batch, 1000 * seed, 1, &wanted, &wanted_header);
		assert_int_equal(len, wanted_len);
		assert_memory_equal(bytes, wanted, (size_t)len);
		assert_int_equal(header.first_seq, 1000 * seed);
		assert_int_equal(header.events, 50 * seed);
		store_batch_close(batch);
	}
	store_encoder_close(encoder);
	store__encode_worker_close(worker);
}

static void a_worker_can_be_closed_with_a_block_that_was_not_taken(void **state)
{
	struct store_batch *batch = batch_of(1, 1000);
	struct store__encode_worker *worker = store__encode_worker_open(log_id);
	(void)state;
	store__encode_worker_give(worker, batch, 1);
	store__encode_worker_close(worker);
	store_batch_close(batch);
}

/* ---- a writer with two threads ---- */

/* A disk that waits and that can be made to fail. */
static struct {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool is_held, is_waiting;
	_Atomic int error, writes_before; /* that still succeed */
} disk = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void hold_disk(bool is_held)
{
	pthread_mutex_lock(&disk.mutex);
	disk.is_held = is_held;
	pthread_cond_broadcast(&disk.changed);
	pthread_mutex_unlock(&disk.mutex);
}

static void await_writer(void)
{
	pthread_mutex_lock(&disk.mutex);
	while (!disk.is_waiting)
		pthread_cond_wait(&disk.changed, &disk.mutex);
	pthread_mutex_unlock(&disk.mutex);
}

static int64_t disk_write(int fd, const void *bytes, size_t len)
{
	pthread_mutex_lock(&disk.mutex);
	disk.is_waiting = true;
	pthread_cond_broadcast(&disk.changed);
	while (disk.is_held)
		pthread_cond_wait(&disk.changed, &disk.mutex);
	disk.is_waiting = false;
	pthread_mutex_unlock(&disk.mutex);
	errno = disk.error;
	if (errno == 0 || disk.writes_before-- > 0)
		return write(fd, bytes, len);
	return -1;
}

static int disk_open(const char *path, int flags, unsigned mode)
{
	return open(path, flags, mode);
}

static const struct store_io slow_io = {.write = disk_write, .sync = fdatasync, .open = disk_open};

static int setup(void **state)
{
	int error = log_fixture_setup(state);
	struct log_fixture *fixture = *state;
	disk.is_held = disk.is_waiting = false;
	disk.error = 0;
	fixture->options.io = &slow_io;
	fixture->options.threads = 2;
	return error;
}

enum { BLOCKS = 12, BLOCK_EVENTS = 500 };

/* Batches pile up after the first one, so that there is always a next one to encode in advance. */
static struct store_writer *pile_up(struct log_fixture *fixture)
{
	hold_disk(true);
	struct store_writer *writer = log_open(fixture->log, &fixture->options);
	log_submit(writer, 1, BLOCK_EVENTS);
	await_writer();
	for (uint64_t i = 1; i < BLOCKS; i++)
		log_submit(writer, 1 + i * BLOCK_EVENTS, BLOCK_EVENTS);
	return writer;
}

static void the_log_is_whole_and_in_order(void **state)
{
	struct log_fixture *fixture = *state;
	struct log_contents contents;
	fixture->options.segment_bytes = 4000; /* segments begin with numbers of their own in between */
	struct store_writer *writer = pile_up(fixture);
	hold_disk(false);
	store_writer_close(writer);
	log_read(fixture->log, &contents);
	assert_int_equal(contents.messages, BLOCKS * BLOCK_EVENTS);
	assert_int_equal(contents.number_jumps, 0);
	assert_int_equal(contents.missing, 0);
	assert_int_equal(contents.damaged_blocks, 0);
	assert_true(contents.segments > 1);
}

/* Batches are used again: a block that was encoded from a batch before that was lost must be discarded. */
static void events_lost_by_a_failing_disk_are_in_the_gap(void **state)
{
	struct log_fixture *fixture = *state;
	struct log_contents contents;
	struct store_writer_status status = {0};
	struct store_writer *writer = pile_up(fixture);
	disk.writes_before =
	    2; /* the file's header and the first block; the third is being encoded when the second fails */
	disk.error = ENOSPC;
	hold_disk(false);
	struct support_deadline deadline = support_deadline_in(20000);
	while (status.lost_messages < (BLOCKS - 1) * BLOCK_EVENTS && support_deadline_retry(deadline))
		store_writer_status(writer, &status);
	disk.error = 0;
	while (status.degraded && support_deadline_retry(deadline))
		store_writer_status(writer, &status);
	for (uint64_t i = BLOCKS; i < 2 * BLOCKS; i++)
		log_submit(writer, 1 + i * BLOCK_EVENTS, BLOCK_EVENTS);
	store_writer_close(writer);
	log_read(fixture->log, &contents);
	assert_int_equal(contents.gap_messages, (BLOCKS - 1) * BLOCK_EVENTS);
	assert_int_equal(contents.messages, (BLOCKS + 1) * BLOCK_EVENTS);
	assert_int_equal(contents.last_number, 2 * BLOCKS * BLOCK_EVENTS);
	assert_int_equal(contents.number_jumps, 1);
	assert_int_equal(contents.missing, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_worker_makes_the_same_blocks_as_an_encoder),
	    cmocka_unit_test(a_worker_can_be_closed_with_a_block_that_was_not_taken),
	    cmocka_unit_test_setup_teardown(the_log_is_whole_and_in_order, setup, log_fixture_teardown),
	    cmocka_unit_test_setup_teardown(events_lost_by_a_failing_disk_are_in_the_gap, setup,
					    log_fixture_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
