/* The segments of a log: where one ends, what the next one begins with, when the oldest are deleted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "store/write/append.h"
#include "support/deadline.h"
#include "tests/unit/store/log_fixture.h"

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
	store_writer_flush(writer);
	store_writer_status(writer, &status);
	store_writer_close(writer);
	assert_true(log_count_files(fixture->log, ".seg") <= status.segments + 1);
}

static void every_segment_describes_the_open_connections(void **state)
{
	struct log_fixture *fixture = *state;
	struct log_contents contents;
	const struct wire_client client = {.address = WIRE_LITERAL("10.0.0.7:53122"),
					   .name = WIRE_LITERAL("orders")};
	struct wire_event event = {.kind = WIRE_EVENT_CONNECT, .conn = 1, .client = &client};
	fixture->options.segment_bytes = 1;
	struct store_writer *writer = log_open(fixture->log, &fixture->options);
	struct store_producer *producer = log_producer(writer);
	struct store_batch *batch = store_producer_batch(producer);
	for (event.conn = 1; event.conn <= 3; event.conn++)
		assert_int_equal(store_batch_append(batch, &event), 0);
	store_producer_submit(producer, batch);
	log_submit(writer, 1, 1); /* describes 1, 2, 3 again */
	batch = store_producer_batch(producer);
	event = (struct wire_event){.kind = WIRE_EVENT_DISCONNECT, .conn = 2};
	assert_int_equal(store_batch_append(batch, &event), 0);
	store_producer_submit(producer, batch); /* again 1, 2, 3 */
	log_submit(writer, 2, 1);               /* 1, 3 */
	store_producer_close(producer);
	store_writer_close(writer);
	log_read(fixture->log, &contents);
	assert_int_equal(contents.segments, 4);
	assert_int_equal(contents.repeated, 3 + 3 + 2);
	assert_int_equal(contents.connects, 3 + contents.repeated);
	assert_int_equal(contents.missing, 0);
}

static void the_oldest_segments_are_deleted_when_the_log_is_too_large(void **state)
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

/* Segments that were there when the writer began are at least as old as it has been running. */
static void segments_that_are_too_old_are_deleted_with_their_quarantined_files(void **state)
{
	struct log_fixture *fixture = *state;
	struct store_writer_status status;
	struct support_deadline deadline = support_deadline_in(20000);
	log_write(fixture->log, &fixture->options, 1, 1, 500);
	log_write(fixture->log, &fixture->options, 501, 1, 500);
	put_aside(fixture, ".torn");
	put_aside(fixture, ".torn.2");
	put_aside(fixture, ".damaged");
	fixture->options.retain_age_ms = 300;
	struct store_writer *writer = log_open(fixture->log, &fixture->options);
	log_submit(writer, 1001, 500);
	store_writer_flush(writer);
	do
		store_writer_status(writer, &status);
	while (status.segments > 1 && support_deadline_retry(deadline));
	assert_int_equal(status.segments, 1);
	assert_int_equal(log_count_files(fixture->log, ".torn") + log_count_files(fixture->log, ".torn.2") +
			     log_count_files(fixture->log, ".damaged"),
			 0);
	store_writer_close(writer);
}

static void a_half_rewritten_segment_is_removed_after_a_crash(void **state)
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

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, log_fixture_setup, log_fixture_teardown)
	const struct CMUnitTest tests[] = {
	    CASE(a_segment_ends_at_its_size),
	    CASE(a_segment_ends_at_its_age_but_not_when_empty),
	    CASE(every_segment_describes_the_open_connections),
	    CASE(the_oldest_segments_are_deleted_when_the_log_is_too_large),
	    CASE(segments_that_are_too_old_are_deleted_with_their_quarantined_files),
	    CASE(a_half_rewritten_segment_is_removed_after_a_crash),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
