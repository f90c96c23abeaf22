/* Events that are appended to a batch come back from its block. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/read/decode_event.h"
#include "store/write/append.h"
#include "tests/unit/store/block_fixture.h"

static struct wire_event message(const char *subject, const char *payload)
{
	return (struct wire_event){.time_ns = 5,
				   .conn = 1,
				   .subject = wire_slice_str(subject),
				   .payload = wire_slice_str(payload),
				   .size = strlen(payload)};
}

/* Encode the events as one block and compare each. */
static void assert_round_trip(struct block_fixture *fixture, const struct wire_event *events, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		fixture_append(fixture, &events[i]);
	fixture_encode(fixture, 100, 1);
	assert_int_equal(fixture->header.events, count);
	for (uint32_t i = 0; i < count; i++) {
		struct wire_event got;
		store_block_event(fixture->block, i, &got);
		assert_event(&got, &events[i], 100 + i);
	}
}

static void every_field_of_every_kind_comes_back(void **state)
{
	struct wire_client client = {.address = WIRE_LITERAL("10.0.0.7:53122"),
				     .name = WIRE_LITERAL("billing"),
				     .lang = WIRE_LITERAL("go"),
				     .version = WIRE_LITERAL("1.31"),
				     .user = WIRE_LITERAL("alice")};
	struct wire_client unknown = {0};
	struct wire_receiver receivers[] = {
	    {.conn = 3, .sid = WIRE_LITERAL("1"), .outcome = WIRE_SENT},
	    {.conn = 0, .sid = WIRE_LITERAL("2"), .queue = WIRE_LITERAL("q"), .outcome = WIRE_DROPPED_SLOW},
	    {.conn = UINT64_MAX, .outcome = WIRE_DROPPED_PERMISSION},
	    {.conn = 5, .sid = WIRE_LITERAL("x"), .outcome = WIRE_DROPPED_CLOSED}};
	const struct wire_event events[] = {
	    {.kind = WIRE_EVENT_MARK, .time_ns = INT64_MIN, .text = WIRE_LITERAL("start")},
	    {.kind = WIRE_EVENT_CONNECT, .conn = 1, .client = &client, .flags = WIRE_EVENT_REPEATED},
	    {.kind = WIRE_EVENT_CONNECT, .conn = 2, .client = &unknown},
	    {.kind = WIRE_EVENT_SUBSCRIBE,
	     .conn = 2,
	     .subject = WIRE_LITERAL("a.>"),
	     .sid = WIRE_LITERAL("7"),
	     .queue = WIRE_LITERAL("q")},
	    {.kind = WIRE_EVENT_MESSAGE,
	     .time_ns = 17,
	     .conn = 1,
	     .subject = WIRE_LITERAL("a.b"),
	     .reply = WIRE_LITERAL("_INBOX.1"),
	     .headers = WIRE_LITERAL("NATS/1.0\r\nA: b\r\n\r\n"),
	     .payload = WIRE_LITERAL("hel"),
	     .size = 5,
	     .flags = WIRE_EVENT_CUT,
	     .receivers = receivers,
	     .receivers_len = 4,
	     .receiver_count = 1},
	    {.kind = WIRE_EVENT_DELIVERY,
	     .conn = 9,
	     .subject = WIRE_LITERAL("a.b"),
	     .reply = WIRE_LITERAL("r"),
	     .payload = WIRE_LITERAL("hi"),
	     .size = 2,
	     .sid = WIRE_LITERAL("4"),
	     .queue = WIRE_LITERAL("workers"),
	     .outcome = WIRE_DROPPED_CLOSED,
	     .refers_to = 99},
	    {.kind = WIRE_EVENT_DELIVERY, .refers_to = 0},
	    {.kind = WIRE_EVENT_UNSUBSCRIBE, .conn = 2, .sid = WIRE_LITERAL("7"), .max = UINT64_MAX},
	    {.kind = WIRE_EVENT_ERROR, .conn = 2, .text = WIRE_LITERAL("Unknown Protocol Operation")},
	    {.kind = WIRE_EVENT_DISCONNECT,
	     .conn = 2,
	     .text = WIRE_LITERAL("slow consumer"),
	     .lost_messages = 12,
	     .lost_bytes = UINT64_MAX},
	    {.kind = WIRE_EVENT_GAP,
	     .time_ns = INT64_MAX,
	     .flags = WIRE_EVENT_DAMAGE,
	     .text = WIRE_LITERAL("disk full"),
	     .lost_messages = 1,
	     .from_ns = INT64_MIN,
	     .to_ns = INT64_MAX,
	     .from_seq = 3,
	     .to_seq = UINT64_MAX}};
	assert_round_trip(*state, events, sizeof events / sizeof *events);
}

static void each_event_alone_comes_back(void **state)
{
	struct events source;
	struct wire_event event;
	events_init(&source, 42);
	for (int i = 0; i < 500; i++) {
		events_next(&source, &event);
		assert_round_trip(*state, &event, 1);
	}
}

/* Fill a block with events of a source, then compare them with those of an equal source. */
static void assert_random_block(struct block_fixture *fixture, struct events *written, struct events *wanted,
				uint32_t count, int level)
{
	struct wire_event event, got;
	while (store_batch_events(fixture->batch) < count) {
		struct events before = *written;
		events_next(written, &event);
		int error = store_batch_append(fixture->batch, &event);
		if (error == STORE_EFULL) {
			*written = before;
			break;
		}
		assert_int_equal(error, 0);
	}
	fixture_encode(fixture, 1, level);
	for (uint32_t i = 0; i < fixture->header.events; i++) {
		events_next(wanted, &event);
		store_block_event(fixture->block, i, &got);
		assert_event(&got, &event, 1 + i);
	}
}

static uint64_t seed_of_run(void)
{
	const char *text = getenv("TAPEDECK_TEST_SEED");
	return text ? strtoull(text, NULL, 10) : 20240601;
}

static void random_events_come_back(void **state)
{
	uint64_t seed = seed_of_run();
	print_message("TAPEDECK_TEST_SEED=%lu\n", (unsigned long)seed);
	struct random random = {.state = seed};
	for (int round = 0; round < 60; round++) {
		static struct events written, wanted;
		events_init(&written, random_next(&random));
		written.subjects = 1 + random_below(&random, EVENTS_SUBJECTS);
		written.sets = 1 + random_below(&random, EVENTS_SETS);
		wanted = written;
		written.lends_hints = round % 2 == 0;
		uint32_t count = 1 + random_below(&random, round % 8 == 7 ? 20000 : 300);
		int level = (int)random_below(&random, 12) - 7;
		assert_random_block(*state, &written, &wanted, count, level);
		assert_random_block(*state, &written, &wanted, count, level);
	}
}

static void every_encoding_of_a_column_comes_back(void **state)
{
	struct block_fixture *fixture = *state;
	enum { COUNT = 6000 };
	/* The times take each pattern in turn. */
	for (int pattern = 0; pattern < 8; pattern++) {
		struct random random = {.state = 3};
		static int64_t times[COUNT];
		for (int i = 0; i < COUNT; i++) {
			const int64_t shapes[] = {
			    77,
			    i,
			    i / 100,
			    i % 2 * 1000 + i / 500,
			    (int64_t)random_next(&random),
			    (int64_t)(random_next(&random) >> random_below(&random, 64)),
			    1000 + random_below(&random, 200),
			    (int64_t)1 << 60 | random_below(&random, 70000)};
			times[i] = shapes[pattern];
			struct wire_event event = message("a", "");
			event.time_ns = times[i];
			fixture_append(fixture, &event);
		}
		fixture_encode(fixture, 1, 1);
		for (uint32_t i = 0; i < COUNT; i++)
			if (store_block_time_ns(fixture->block, i) != times[i])
				fail_msg("pattern %d, event %u: %ld, wanted %ld", pattern, i,
					 (long)store_block_time_ns(fixture->block, i), (long)times[i]);
	}
}

static void a_full_block_of_distinct_subjects_comes_back(void **state)
{
	struct block_fixture *fixture = *state;
	char subject[20], payload[20];
	for (uint32_t i = 0; i < STORE_BLOCK_EVENTS_MAX; i++) {
		snprintf(subject, sizeof subject, "subject.%u", i * 7919);
		snprintf(payload, sizeof payload, "%u", i);
		struct wire_event event = message(subject, payload);
		fixture_append(fixture, &event);
	}
	fixture_encode(fixture, 1, 1);
	assert_int_equal(store_block_subjects(fixture->block), STORE_BLOCK_EVENTS_MAX);
	for (uint32_t i = 0; i < STORE_BLOCK_EVENTS_MAX; i++) {
		struct wire_event got;
		snprintf(subject, sizeof subject, "subject.%u", i * 7919);
		snprintf(payload, sizeof payload, "%u", i);
		store_block_event(fixture->block, i, &got);
		assert_true(wire_slice_equal(got.subject, wire_slice_str(subject)));
		assert_true(wire_slice_equal(got.payload, wire_slice_str(payload)));
		assert_int_equal(store_block_subject(fixture->block, i)->messages, 1);
	}
}

static void every_set_of_receivers_comes_back(void **state)
{
	enum { SETS = 3000, SUBSCRIBERS = 200 };
	struct block_fixture *fixture = *state;
	struct wire_receiver receivers[SUBSCRIBERS];
	for (uint32_t i = 0; i < SUBSCRIBERS; i++)
		receivers[i] = (struct wire_receiver){.conn = i, .sid = WIRE_LITERAL("1")};
	struct wire_event event = message("a", "x"), got;
	uint64_t deliveries = 0;
	for (uint32_t i = 0; i < SETS; i++) {
		event.receivers = &receivers[i % SUBSCRIBERS];
		event.receivers_len = event.receiver_count = i * 31 % (SUBSCRIBERS - i % SUBSCRIBERS + 1);
		deliveries += event.receiver_count;
		fixture_append(fixture, &event);
	}
	fixture_encode(fixture, 1, 1);
	assert_int_equal(fixture->header.deliveries, deliveries);
	for (uint32_t i = 0; i < SETS; i++) {
		event.receivers = &receivers[i % SUBSCRIBERS];
		event.receivers_len = event.receiver_count = i * 31 % (SUBSCRIBERS - i % SUBSCRIBERS + 1);
		store_block_event(fixture->block, i, &got);
		assert_event(&got, &event, 1 + i);
	}
}

static void no_receivers_and_unknown_receivers_differ(void **state)
{
	struct wire_receiver nobody[1];
	struct wire_event events[] = {message("a", ""), message("a", ""), message("a", "")};
	events[0].receivers = nobody;
	events[1].receiver_count = UINT32_MAX;
	assert_round_trip(*state, events, 3);
}

static void only_the_number_of_too_many_receivers_is_kept(void **state)
{
	enum { MANY = 1 << 20 };
	struct block_fixture *fixture = *state;
	struct wire_receiver *receivers = calloc(MANY + 1, sizeof *receivers);
	struct wire_event event = message("a", ""), got;
	assert_non_null(receivers);
	for (uint32_t i = 0; i <= MANY; i++)
		receivers[i].conn = i;
	for (uint32_t more = 0; more < 2; more++) {
		event.receivers = receivers;
		event.receivers_len = event.receiver_count = MANY + more;
		fixture_append(fixture, &event);
		fixture_encode(fixture, 1, 1);
		store_block_event(fixture->block, 0, &got);
		assert_int_equal(got.receiver_count, MANY + more);
		assert_int_equal(got.receivers_len, more ? 0 : MANY);
		assert_int_equal(fixture->header.deliveries, MANY + more);
	}
	free(receivers);
}

static void a_payload_of_64_mib_comes_back(void **state)
{
	enum { LEN = 64 << 20 };
	char *bytes = malloc(LEN);
	assert_non_null(bytes);
	for (size_t i = 0; i < LEN; i++)
		bytes[i] = (char)(i * i >> 8);
	struct wire_event event = message("big", "");
	event.payload = wire_slice(bytes, LEN);
	event.size = LEN;
	assert_round_trip(*state, &event, 1);
	free(bytes);
}

static void header_and_dictionary_have_the_totals(void **state)
{
	struct block_fixture *fixture = *state;
	struct wire_receiver receivers[] = {{.conn = 900, .sid = WIRE_LITERAL("1")},
					    {.conn = 2, .outcome = WIRE_DROPPED_SLOW}};
	struct wire_event first = message("a", "12345"), second = message("b", "1");
	first.receivers = receivers;
	first.receivers_len = 2;
	first.receiver_count = 1;
	first.headers = WIRE_LITERAL("NATS/1.0\r\n\r\n");
	first.time_ns = 50;
	second.size = 1000;
	second.flags = WIRE_EVENT_CUT;
	second.receiver_count = 7;
	second.time_ns = 20;
	struct wire_event delivery = {.kind = WIRE_EVENT_DELIVERY, .time_ns = 30, .subject = first.subject};
	fixture_append(fixture, &first);
	fixture_append(fixture, &second);
	fixture_append(fixture, &delivery);
	fixture_encode(fixture, 8, 1);
	const struct store_block_header *header = &fixture->header;
	assert_int_equal(header->first_seq, 8);
	assert_int_equal(header->events, 3);
	assert_int_equal(header->messages, 2);
	assert_int_equal(header->min_time_ns, 20);
	assert_int_equal(header->max_time_ns, 50);
	assert_int_equal(header->kinds, 1 << WIRE_EVENT_MESSAGE | 1 << WIRE_EVENT_DELIVERY);
	assert_int_equal(header->payload_bytes, 5 + 12 + 1000);
	assert_int_equal(header->deliveries, 1 + 7 + 1);
	assert_int_equal(header->max_conn, 900);
	assert_int_equal(store_block_subjects(fixture->block), 2);
	const struct store_block_subject *a = store_block_subject(fixture->block, 0);
	const struct store_block_subject *b = store_block_subject(fixture->block, 1);
	assert_true(wire_slice_equal(a->subject, WIRE_LITERAL("a")));
	assert_int_equal(a->events, 2);
	assert_int_equal(a->messages, 1);
	assert_int_equal(a->payload_bytes, 17);
	assert_int_equal(b->events, 1);
	assert_int_equal(b->payload_bytes, 1000);
	assert_int_equal(store_block_size(fixture->block, 1), 1000);
	assert_int_equal(store_block_subject_of(fixture->block, 2), 0);
}

static void an_event_without_a_subject_has_none(void **state)
{
	struct block_fixture *fixture = *state;
	struct wire_event events[] = {message("", "no subject"), message("a", "with"), message("", "again")};
	assert_round_trip(fixture, events, 3);
	assert_int_equal(store_block_subject_of(fixture->block, 0), UINT32_MAX);
	assert_int_equal(store_block_subject_of(fixture->block, 1), 0);
}

/* The example of docs/format.md, byte by byte: a change here is a new version of the format. */
static void a_block_has_the_bytes_that_the_format_documents(void **state)
{
	static const unsigned char documented[] = {
	    0x54, 0x44, 0x42, 0x4c, 0x4f, 0x43, 0x4b, 0x0a, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	    0x01, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	    0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	    0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	    0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x19, 0x00, 0x00, 0x00, 0x19, 0x00, 0x00, 0x00,
	    0xb8, 0x32, 0xde, 0xa4, 0x73, 0x1c, 0x7b, 0xc3, 0x37, 0x00, 0x00, 0x00, 0x37, 0x00, 0x00, 0x00,
	    0xbc, 0x40, 0xd3, 0x49, 0x22, 0x40, 0xb4, 0xce, 0x02, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00,
	    0x9a, 0x6e, 0xea, 0xd7, 0xbb, 0x00, 0x23, 0x2a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x51, 0x14, 0x28, 0x86, 0xaf, 0x6f, 0xf8, 0xb4,
	    0x01, 0x00, 0x01, 0x01, 0x01, 0x02, 0x00, 0x01, 0x01, 0x01, 0x03, 0x00, 0x01, 0x01, 0x01, 0x04,
	    0x00, 0x01, 0x01, 0x02, 0x05, 0x06, 0x01, 0x01, 0x61, 0x03, 0x00, 0x01, 0x01, 0x05, 0x04, 0x00,
	    0x01, 0x01, 0x01, 0x05, 0x00, 0x01, 0x01, 0x01, 0x06, 0x00, 0x01, 0x01, 0x02, 0x0a, 0x00, 0x01,
	    0x01, 0x01, 0x12, 0x00, 0x01, 0x01, 0x02, 0x13, 0x00, 0x01, 0x01, 0x01, 0x14, 0x00, 0x01, 0x01,
	    0x00, 0x15, 0x06, 0x01, 0x01, 0x31, 0x16, 0x00, 0x01, 0x01, 0x01, 0x17, 0x00, 0x01, 0x01, 0x00,
	    0x68, 0x69,
	};
	struct block_fixture *fixture = *state;
	struct wire_receiver receiver = {.conn = 2, .sid = WIRE_LITERAL("1")};
	struct wire_event event = message("a", "hi");
	event.receivers = &receiver;
	event.receivers_len = event.receiver_count = 1;
	fixture_append(fixture, &event);
	fixture_encode(fixture, 1, 1);
	assert_int_equal(fixture->bytes_len, sizeof documented);
	assert_memory_equal(fixture->bytes, documented, sizeof documented);
}

int main(void)
{
#define BLOCK_TEST(name) cmocka_unit_test_setup_teardown(name, block_fixture_setup, block_fixture_teardown)
	const struct CMUnitTest tests[] = {
	    BLOCK_TEST(every_field_of_every_kind_comes_back),
	    BLOCK_TEST(each_event_alone_comes_back),
	    BLOCK_TEST(random_events_come_back),
	    BLOCK_TEST(every_encoding_of_a_column_comes_back),
	    BLOCK_TEST(a_full_block_of_distinct_subjects_comes_back),
	    BLOCK_TEST(every_set_of_receivers_comes_back),
	    BLOCK_TEST(no_receivers_and_unknown_receivers_differ),
	    BLOCK_TEST(only_the_number_of_too_many_receivers_is_kept),
	    BLOCK_TEST(a_payload_of_64_mib_comes_back),
	    BLOCK_TEST(header_and_dictionary_have_the_totals),
	    BLOCK_TEST(an_event_without_a_subject_has_none),
	    BLOCK_TEST(a_block_has_the_bytes_that_the_format_documents),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
