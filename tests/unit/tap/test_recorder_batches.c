/* A source records batches: wherever a block ends, every message is in the log once, in order and whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tap/recorder/recorder.h"
#include "tests/unit/store/log_fixture.h"
#include "wire/batch.h"

enum { BATCH_MAX = 4096, DATA_BYTES = 256 * 1024, NUMBER_BYTES = 8 };

enum { WANTED, SECRET, OTHER, SUBJECTS };
static const char *const subjects[SUBJECTS] = {"a.b", "a.secret", "b"};

static struct {
	struct tap_recording_options options;
	struct tap_recording *recording;
	struct tap_recorder *recorder;
	struct wire_sink *sink;
	struct wire_intern_hint subject_hints[SUBJECTS], receivers_hints[SUBJECTS];
	uint32_t published;
	uint32_t size, size_span; /* of payloads: from size to size + size_span, as their numbers say */
	/* Of the log, as read: */
	uint32_t messages, events, cut, largest_payload;
	uint64_t receivers_seen, deliveries;
} tape;

static int begin(void **state)
{
	memset(&tape, 0, sizeof tape);
	tape.size = NUMBER_BYTES;
	tap_recording_options_init(&tape.options);
	return log_fixture_setup(state);
}

static void start(const struct log_fixture *log)
{
	struct wire_fault fault;
	if (tap_recording_open(&tape.recording, log->log, &tape.options, &fault) != 0)
		fail_msg("%s", fault.text);
	assert_int_equal(tap_recorder_open(&tape.recorder, tape.recording, NULL, NULL), 0);
	tape.sink = tap_recorder_sink(tape.recorder);
}

static uint32_t size_of(uint32_t number)
{
	return tape.size + number * 7919 % (tape.size_span + 1);
}

static void write_payload(char *out, uint32_t number)
{
	char digits[NUMBER_BYTES + 1];
	snprintf(digits, sizeof digits, "%0*u", NUMBER_BYTES, number);
	memset(out, 'a' + (int)(number % 26), size_of(number));
	memcpy(out, digits, NUMBER_BYTES);
}

/* The next messages, at most `count`, as one batch. */
static void publish_batch(unsigned subject, uint32_t count)
{
	static char data[DATA_BYTES];
	static struct wire_batch_entry entries[BATCH_MAX];
	static const struct wire_receiver receivers[] = {{.conn = 2, .sid = {"1", 1}},
							 {.conn = 3, .sid = {"1", 1}}};
	struct wire_batch batch = {.data = data, .entries = entries};
	size_t at = 0;
	for (; batch.count < count && at + size_of(tape.published) <= DATA_BYTES; batch.count++) {
		uint32_t size = size_of(tape.published);
		entries[batch.count] =
		    (struct wire_batch_entry){.payload = (uint32_t)at, .payload_len = size};
		write_payload(data + at, tape.published++);
		batch.payload_bytes += size;
		at += size;
	}
	const struct wire_event template = {.kind = WIRE_EVENT_MESSAGE,
					    .time_ns = LOG_TIME_NS + tape.published,
					    .conn = 1,
					    .subject = wire_slice_str(subjects[subject]),
					    .receiver_count = 2,
					    .receivers_len = 2,
					    .receivers = receivers,
					    .subject_hint = &tape.subject_hints[subject],
					    .receivers_hint = &tape.receivers_hints[subject]};
	tape.sink->batch(tape.sink, &template, &batch);
}

static void see(void *context, const struct wire_event *event)
{
	char want[DATA_BYTES];
	(void)context;
	tape.events++;
	if (event->kind != WIRE_EVENT_MESSAGE)
		return;
	assert_true(size_of(tape.messages) <= sizeof want);
	write_payload(want, tape.messages);
	if (event->payload.len > size_of(tape.messages) ||
	    memcmp(event->payload.data, want, event->payload.len) != 0)
		fail_msg("message %u is \"%.*s\"", tape.messages, NUMBER_BYTES, event->payload.data);
	if (!(event->flags & WIRE_EVENT_CUT))
		assert_int_equal(event->payload.len, size_of(tape.messages));
	assert_int_equal(event->size, size_of(tape.messages));
	tape.messages++;
	tape.cut += (event->flags & WIRE_EVENT_CUT) != 0;
	tape.receivers_seen += event->receivers_len;
	tape.deliveries += event->receiver_count;
	if (event->payload.len > tape.largest_payload)
		tape.largest_payload = (uint32_t)event->payload.len;
}

/* Close and read: all that was published is there, and the two marks. */
static void expect_all(const struct log_fixture *log)
{
	tap_recorder_close(tape.recorder);
	tap_recording_close(tape.recording);
	log_visit(log->log, see, NULL);
	assert_int_equal(tape.messages, tape.published);
	assert_int_equal(tape.events, tape.messages + 2);
	assert_int_equal(tape.deliveries, 2 * (uint64_t)tape.messages);
}

static void publish_batchs(uint32_t batches, uint32_t count)
{
	for (uint32_t i = 0; i < batches; i++)
		publish_batch(WANTED, count);
}

static void batches_cross_the_number_of_events_of_a_block(void **state)
{
	start(*state);
	publish_batchs(40, BATCH_MAX - 5);
	expect_all(*state);
	assert_true(tape.published > 2 * STORE_BLOCK_EVENTS_MAX);
	assert_int_equal(tape.receivers_seen, 2 * (uint64_t)tape.messages);
}

static void batches_cross_the_bytes_of_a_block(void **state)
{
	tape.size_span = 1000;
	start(*state);
	publish_batchs(30, BATCH_MAX);
	expect_all(*state);
	assert_true(tape.published > 10000);
}

/* Four of these are 1 MiB: the first event of the next does not fit. */
static void batches_fill_blocks_exactly(void **state)
{
	tape.size = 64;
	start(*state);
	publish_batchs(13, BATCH_MAX);
	expect_all(*state);
	assert_int_equal(tape.published, 13 * BATCH_MAX);
}

static void batches_of_large_messages_cross_blocks(void **state)
{
	tape.size_span = 200000;
	start(*state);
	publish_batchs(60, 3);
	expect_all(*state);
	assert_true(tape.published >= 60);
}

static void included_batches_are_recorded_and_excluded_ones_are_not(void **state)
{
	const char *include[] = {"a.>", NULL}, *exclude[] = {"a.secret", NULL};
	tape.options.include = include;
	tape.options.exclude = exclude;
	start(*state);
	for (int i = 0; i < 3; i++) {
		uint32_t before = tape.published;
		publish_batch(SECRET, 500);
		publish_batch(OTHER, 500);
		tape.published = before;
		publish_batch(WANTED, 500);
	}
	expect_all(*state);
	assert_int_equal(tape.messages, 1500);
}

static void payloads_of_batches_are_cut_at_the_limit(void **state)
{
	tape.size_span = 100;
	tape.options.max_payload = 50;
	start(*state);
	publish_batchs(3, 1000);
	expect_all(*state);
	assert_int_equal(tape.largest_payload, 50);
	assert_in_range(tape.cut, 1000, 2000);
}

static void batches_keep_no_receivers_with_detail_messages(void **state)
{
	tape.options.detail = TAP_DETAIL_MESSAGES;
	start(*state);
	publish_batchs(3, 1000);
	expect_all(*state);
	assert_int_equal(tape.receivers_seen, 0);
}

static void single_events_between_batches_keep_their_place(void **state)
{
	start(*state);
	for (int i = 0; i < 200; i++) {
		publish_batch(WANTED, 1 + (uint32_t)i % 7);
		const struct wire_event mark = {
		    .kind = WIRE_EVENT_MARK, .time_ns = LOG_TIME_NS, .text = WIRE_LITERAL("here")};
		tape.sink->event(tape.sink, &mark);
		tape.events--;
	}
	expect_all(*state);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, log_fixture_teardown)
	const struct CMUnitTest tests[] = {
	    CASE(batches_cross_the_number_of_events_of_a_block),
	    CASE(batches_cross_the_bytes_of_a_block),
	    CASE(batches_fill_blocks_exactly),
	    CASE(batches_of_large_messages_cross_blocks),
	    CASE(included_batches_are_recorded_and_excluded_ones_are_not),
	    CASE(payloads_of_batches_are_cut_at_the_limit),
	    CASE(batches_keep_no_receivers_with_detail_messages),
	    CASE(single_events_between_batches_keep_their_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
