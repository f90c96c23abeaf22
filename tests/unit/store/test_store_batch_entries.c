/* Messages that are appended at once equal messages that are appended one by one; a batch that passed its tables on loses
 * nothing. */
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

enum { BATCH_MAX = 70000, DATA_BYTES = 4 << 20 };

/* Messages without their texts: only payloads are read. */
struct made {
	struct wire_batch batch;
	struct wire_batch_entry entries[BATCH_MAX];
	char data[DATA_BYTES];
	size_t data_len;
};

static void make_empty(struct made *made)
{
	made->data_len = 0;
	made->batch = (struct wire_batch){.data = made->data, .entries = made->entries};
}

/* Payloads contain their number and do not overlap. */
static void make_one(struct made *made, uint32_t payload_bytes)
{
	uint32_t index = made->batch.count++;
	assert_true(index < BATCH_MAX && made->data_len + payload_bytes <= DATA_BYTES);
	made->entries[index] = (struct wire_batch_entry){.size_text = (uint32_t)made->data_len,
							 .payload = (uint32_t)made->data_len,
							 .payload_len = payload_bytes};
	for (uint32_t i = 0; i < payload_bytes; i++)
		made->data[made->data_len++] = (char)(index * 31 + i * 7 + (index >> 8));
	made->batch.payload_bytes += payload_bytes;
}

static struct made *make(struct made *made, uint32_t count, uint32_t payload_bytes)
{
	make_empty(made);
	for (uint32_t i = 0; i < count; i++)
		make_one(made, payload_bytes);
	return made;
}

static struct made made;

/* ---- what messages have in common ---- */

enum { KINDS_OF_TEMPLATE = 6 };

static struct wire_intern_hint subject_hints[KINDS_OF_TEMPLATE], receivers_hints[KINDS_OF_TEMPLATE];
static const struct wire_receiver receivers[] = {
    {.conn = 7, .sid = {"1", 1}},
    {.conn = 300, .sid = {"2", 1}},
    {.conn = 7, .sid = {"3", 1}, .outcome = WIRE_DROPPED_SLOW},
};

/* One receiver, several, none; known, or only their number; and messages that are not plain. */
static struct wire_event template_of(uint32_t kind)
{
	static const char *const subjects[KINDS_OF_TEMPLATE] = {"one",    "three",   "none",
								"number", "nothing", "cut"};
	struct wire_event event = {.time_ns = 5,
				   .conn = 1,
				   .subject = wire_slice_str(subjects[kind]),
				   .subject_hint = &subject_hints[kind],
				   .receivers_hint = &receivers_hints[kind]};
	event.receivers = kind < 3 || kind == 5 ? receivers : NULL;
	event.receivers_len = kind == 0 || kind == 5 ? 1 : kind == 1 ? 3 : 0;
	event.receiver_count = kind == 1 ? 2 : kind == 3 ? 4 : event.receivers_len;
	if (kind == 5)
		event.flags = WIRE_EVENT_PARTIAL;
	return event;
}

/* Append as the recorder does. Returns how many fitted; *at_once counts those appended at once. */
static uint32_t append_batch(struct store_batch *batch, const struct wire_event *template,
			     const struct wire_batch *messages, uint32_t *at_once)
{
	uint32_t at = 0;
	while (at < messages->count) {
		struct wire_event event = *template;
		uint32_t appended = store_batch_append_entries(batch, template, messages, at);
		at += appended;
		*at_once += appended;
		if (appended > 0)
			continue;
		wire_batch_event(messages, at, &event);
		int error = store_batch_append(batch, &event);
		if (error) {
			assert_int_equal(error, STORE_EFULL);
			break;
		}
		at++;
	}
	return at;
}

/* Append one by one, without hints. */
static uint32_t append_each(struct store_batch *batch, const struct wire_event *template,
			    const struct wire_batch *messages)
{
	uint32_t at = 0;
	for (; at < messages->count; at++) {
		struct wire_event event = *template;
		event.subject_hint = event.receivers_hint = NULL;
		wire_batch_event(messages, at, &event);
		if (store_batch_append(batch, &event) != 0)
			break;
	}
	return at;
}

/* ---- at once and one by one ---- */

static void assert_same_header(const struct store_block_header *a, const struct store_block_header *b)
{
	assert_int_equal(a->events, b->events);
	assert_int_equal(a->messages, b->messages);
	assert_int_equal(a->min_time_ns, b->min_time_ns);
	assert_int_equal(a->max_time_ns, b->max_time_ns);
	assert_int_equal(a->kinds, b->kinds);
	assert_int_equal(a->payload_bytes, b->payload_bytes);
	assert_int_equal(a->deliveries, b->deliveries);
	assert_int_equal(a->max_conn, b->max_conn);
}

/* Encode both batches and compare everything that can be read from their blocks. */
static void assert_same_blocks(struct block_fixture *fixture, struct block_fixture *other)
{
	fixture_encode(fixture, 1, 1);
	fixture_encode(other, 1, 1);
	assert_same_header(&fixture->header, &other->header);
	assert_int_equal(fixture->bytes_len, other->bytes_len);
	assert_memory_equal(fixture->bytes, other->bytes, (size_t)fixture->bytes_len);
	for (uint32_t i = 0; i < fixture->header.events; i++) {
		struct wire_event got, want;
		store_block_event(fixture->block, i, &got);
		store_block_event(other->block, i, &want);
		assert_event(&got, &want, 1 + i);
	}
}

static struct block_fixture *open_other(void)
{
	void *other;
	assert_int_equal(block_fixture_setup(&other), 0);
	return other;
}

static void close_other(struct block_fixture *other)
{
	void *state = other;
	block_fixture_teardown(&state);
}

/* Batches of all kinds in turn; time and connection change now and then. Returns the messages that were appended at once. */
static uint32_t append_random_batches(struct block_fixture *fixture, struct block_fixture *other,
				      uint64_t seed)
{
	struct random random = {.state = seed};
	uint32_t at_once = 0, most = 1 + random_below(&random, 1u << (1 + random_below(&random, 12))),
		 payload_most = 1 + random_below(&random, 1u << random_below(&random, 11));
	int64_t time_ns = -100;
	for (int i = 0; i < 60; i++) {
		struct wire_event template = template_of(random_below(&random, KINDS_OF_TEMPLATE));
		time_ns += random_below(&random, 3) ? 0 : (int64_t)random_below(&random, 50) - 20;
		template.time_ns = time_ns;
		template.conn = 1 + random_below(&random, 2);
		make_empty(&made);
		for (uint32_t j = random_below(&random, most) + 1; j > 0; j--)
			make_one(&made, random_below(&random, payload_most));
		uint32_t appended = append_batch(fixture->batch, &template, &made.batch, &at_once);
		assert_int_equal(append_each(other->batch, &template, &made.batch), appended);
		if (appended < made.batch.count)
			break;
	}
	return at_once;
}

static void messages_appended_at_once_equal_messages_appended_one_by_one(void **state)
{
	struct block_fixture *fixture = *state, *other = open_other();
	uint64_t at_once = 0;
	for (uint64_t seed = 0; seed < 60; seed++) {
		at_once += append_random_batches(fixture, other, seed);
		assert_same_blocks(fixture, other);
	}
	assert_true(at_once > 10000);
	close_other(other);
}

static void messages_that_are_not_plain_are_not_appended_at_once(void **state)
{
	struct store_batch *batch = ((struct block_fixture *)*state)->batch;
	make(&made, 10, 3);
	for (uint32_t kind = 0; kind < KINDS_OF_TEMPLATE; kind++) {
		struct wire_event template = template_of(kind), event = template;
		/* Without numbers in this batch, in no case. */
		assert_int_equal(store_batch_append_entries(batch, &template, &made.batch, 0), 0);
		wire_batch_event(&made.batch, 0, &event);
		assert_int_equal(store_batch_append(batch, &event), 0);
		/* Their mere number is stored message by message, and so are flags. */
		assert_int_equal(store_batch_append_entries(batch, &template, &made.batch, 1),
				 kind == 3 || kind == 5 ? 0 : 9);
	}
	struct wire_event template = template_of(0);
	template.reply = WIRE_LITERAL("r");
	assert_int_equal(store_batch_append_entries(batch, &template, &made.batch, 0), 0);
	template = template_of(0);
	template.headers = WIRE_LITERAL("NATS/1.0\r\n\r\n");
	assert_int_equal(store_batch_append_entries(batch, &template, &made.batch, 0), 0);
	template = template_of(0);
	template.receivers_hint = NULL;
	assert_int_equal(store_batch_append_entries(batch, &template, &made.batch, 0), 0);
	store_batch_reset(batch);
	template = template_of(0);
	assert_int_equal(store_batch_append_entries(batch, &template, &made.batch, 0), 0);
}

/* ---- limits ---- */

/* A batch that holds one message without payload and knows its numbers. */
static struct wire_event begin(struct store_batch *batch, uint32_t kind)
{
	struct wire_event template = template_of(kind);
	assert_int_equal(store_batch_append(batch, &template), 0);
	return template;
}

static void messages_at_once_fill_a_batch_up_to_65536_events(void **state)
{
	struct block_fixture *fixture = *state;
	struct wire_event template = begin(fixture->batch, 0);
	make(&made, BATCH_MAX, 2);
	assert_int_equal(store_batch_append_entries(fixture->batch, &template, &made.batch, 60000),
			 BATCH_MAX - 60000);
	uint32_t left = STORE_BLOCK_EVENTS_MAX - 1 - (BATCH_MAX - 60000);
	assert_int_equal(store_batch_append_entries(fixture->batch, &template, &made.batch, 0), left);
	assert_int_equal(store_batch_append_entries(fixture->batch, &template, &made.batch, left), 0);
	assert_int_equal(store_batch_append(fixture->batch, &template), STORE_EFULL);
	assert_int_equal(store_batch_events(fixture->batch), STORE_BLOCK_EVENTS_MAX);
	fixture_encode(fixture, 1, 1);
	for (uint32_t i = 1; i < STORE_BLOCK_EVENTS_MAX; i++) {
		struct wire_event got;
		uint32_t from = i < 1 + BATCH_MAX - 60000 ? 60000 + i - 1 : i - 1 - (BATCH_MAX - 60000);
		store_block_event(fixture->block, i, &got);
		assert_true(wire_slice_equal(got.payload, wire_batch_payload(&made.batch, from)));
	}
}

static void messages_at_once_fill_a_batch_up_to_exactly_one_mib(void **state)
{
	struct store_batch *batch = ((struct block_fixture *)*state)->batch;
	struct wire_event template = begin(batch, 2);
	make(&made, 2000, 1024);
	assert_int_equal(store_batch_append_entries(batch, &template, &made.batch, 100), 1024);
	assert_int_equal(store_batch_bytes(batch), STORE_BLOCK_PAYLOAD_BYTES);
	assert_int_equal(store_batch_append_entries(batch, &template, &made.batch, 1124), 0);
	make(&made, 5, 0);
	assert_int_equal(store_batch_append_entries(batch, &template, &made.batch, 0), 5);
}

static void messages_of_exactly_one_mib_fit_and_one_byte_more_does_not(void **state)
{
	for (uint32_t more = 0; more < 2; more++) {
		struct store_batch *batch = ((struct block_fixture *)*state)->batch;
		struct wire_event template = begin(batch, 0);
		make(&made, 1023, 1024);
		make_one(&made, 1024 + more);
		assert_int_equal(store_batch_append_entries(batch, &template, &made.batch, 0), 1024 - more);
		assert_int_equal(store_batch_append_entries(batch, &template, &made.batch, 1023), 0);
		store_batch_reset(batch);
	}
}

/* An empty batch takes one event of any size; nothing is appended at once to that. */
static void no_message_is_appended_at_once_to_a_batch_that_is_more_than_full(void **state)
{
	struct store_batch *batch = ((struct block_fixture *)*state)->batch;
	struct wire_event template = template_of(0), large = template;
	large.payload = wire_slice(made.data, STORE_BLOCK_PAYLOAD_BYTES + 1);
	large.size = large.payload.len;
	assert_int_equal(store_batch_append(batch, &large), 0);
	make(&made, 3, 0);
	assert_int_equal(store_batch_append_entries(batch, &template, &made.batch, 0), 0);
}

/* ---- origins ---- */

/* `count` events whose time changes every `time_every` and whose connection every `conn_every`. */
static void assert_origins_come_back(struct block_fixture *fixture, uint32_t count, uint32_t time_every,
				     uint32_t conn_every)
{
	struct wire_event template = template_of(0);
	for (uint32_t i = 0; i < count; i++) {
		template.time_ns = 1000 + i / time_every;
		template.conn = 1 + i / conn_every % 3;
		fixture_append(fixture, &template);
	}
	fixture_encode(fixture, 1, 1);
	assert_int_equal(fixture->header.min_time_ns, 1000);
	assert_int_equal(fixture->header.max_time_ns, 1000 + (count - 1) / time_every);
	for (uint32_t i = 0; i < count; i++) {
		struct wire_event got;
		store_block_event(fixture->block, i, &got);
		if (got.time_ns != 1000 + i / time_every || got.conn != 1 + i / conn_every % 3)
			fail_msg("event %u of %u, every %u and %u: time %ld, connection %lu", i, count,
				 time_every, conn_every, (long)got.time_ns, (unsigned long)got.conn);
	}
}

static void times_and_connections_that_change_at_any_pace_come_back(void **state)
{
	/* Around 64, and around an average of 64, columns are written as runs. */
	static const uint32_t paces[] = {1, 2, 3, 63, 64, 65, 1000, UINT32_MAX};
	static const uint32_t counts[] = {1, 2, 64, 127, 128, 129, 4096, 4225};
	enum { PACES = sizeof paces / sizeof *paces };
	for (size_t count = 0; count < sizeof counts / sizeof *counts; count++)
		for (size_t pair = 0; pair < PACES * PACES; pair++)
			assert_origins_come_back(*state, counts[count], paces[pair % PACES],
						 paces[pair / PACES]);
	for (size_t i = 0; i < PACES; i++)
		assert_origins_come_back(*state, STORE_BLOCK_EVENTS_MAX, paces[i], paces[PACES - 1 - i]);
}

/* ---- tables that are passed on ---- */

static void append_subjects(struct store_batch *batch, uint32_t from, uint32_t count)
{
	for (uint32_t i = from; i < from + count; i++) {
		char subject[20], sid[20];
		snprintf(subject, sizeof subject, "subject.%u", i);
		snprintf(sid, sizeof sid, "%u", i);
		struct wire_receiver two[] = {{.conn = 1 + i, .sid = wire_slice_str(sid)}, {.conn = 900}};
		const struct wire_event event = {.time_ns = 1,
						 .conn = 1,
						 .subject = wire_slice_str(subject),
						 .receivers = two,
						 .receivers_len = 1 + i % 2,
						 .receiver_count = 1 + i % 2};
		assert_int_equal(store_batch_append(batch, &event), 0);
	}
}

static void assert_subjects(struct block_fixture *fixture, uint32_t from, uint32_t count)
{
	fixture_encode(fixture, 1, 1);
	assert_int_equal(store_block_subjects(fixture->block), count);
	for (uint32_t i = 0; i < count; i++) {
		struct wire_event got;
		char subject[20];
		snprintf(subject, sizeof subject, "subject.%u", from + i);
		store_block_event(fixture->block, i, &got);
		assert_true(wire_slice_equal(got.subject, wire_slice_str(subject)));
		assert_int_equal(got.receivers_len, 1 + (from + i) % 2);
		assert_int_equal(got.receivers[0].conn, 1 + from + i);
		assert_int_equal(store_block_subject_of(fixture->block, i), i);
	}
}

/* To and fro, with more and with fewer subjects, so that tables are large, small and made small. */
static void a_batch_that_passed_its_tables_on_can_be_encoded_and_the_next_one_numbers_again(void **state)
{
	static const uint32_t counts[] = {1, 3000, 3000, 20, 60000, 7, 65536, 65536, 500};
	struct block_fixture *full = *state, *next = open_other(), *first = next;
	append_subjects(full->batch, 0, 1);
	for (uint32_t i = 0; i + 1 < sizeof counts / sizeof *counts; i++) {
		struct block_fixture *before = full;
		store_batch_pass_on(full->batch, next->batch);
		/* The same subjects again, in another order: they are new here. */
		append_subjects(next->batch, i + 1, counts[i + 1]);
		assert_subjects(full, i, counts[i]);
		full = next;
		next = before;
	}
	close_other(first);
}

static void hints_of_the_full_batch_are_invalid_in_the_next_one(void **state)
{
	struct block_fixture *fixture = *state, *other = open_other();
	make(&made, 10, 3);
	append_subjects(other->batch, 0, 5); /* numbers that the next batch could mistake for its own */
	struct wire_event template = begin(other->batch, 0), got;
	store_batch_pass_on(other->batch, fixture->batch);
	assert_int_equal(store_batch_append_entries(fixture->batch, &template, &made.batch, 0), 0);
	uint32_t at_once = 0;
	assert_int_equal(append_batch(fixture->batch, &template, &made.batch, &at_once), 10);
	assert_int_equal(at_once, 9);
	fixture_encode(fixture, 1, 1);
	assert_int_equal(store_block_subjects(fixture->block), 1);
	store_block_event(fixture->block, 9, &got);
	assert_true(wire_slice_equal(got.subject, template.subject));
	assert_int_equal(got.receivers[0].conn, receivers[0].conn);
	close_other(other);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, block_fixture_setup, block_fixture_teardown)
	const struct CMUnitTest tests[] = {
	    CASE(messages_appended_at_once_equal_messages_appended_one_by_one),
	    CASE(messages_that_are_not_plain_are_not_appended_at_once),
	    CASE(messages_at_once_fill_a_batch_up_to_65536_events),
	    CASE(messages_at_once_fill_a_batch_up_to_exactly_one_mib),
	    CASE(messages_of_exactly_one_mib_fit_and_one_byte_more_does_not),
	    CASE(no_message_is_appended_at_once_to_a_batch_that_is_more_than_full),
	    CASE(times_and_connections_that_change_at_any_pace_come_back),
	    CASE(a_batch_that_passed_its_tables_on_can_be_encoded_and_the_next_one_numbers_again),
	    CASE(hints_of_the_full_batch_are_invalid_in_the_next_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
