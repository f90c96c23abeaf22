/* A batch: which events it takes, when it is full, which hints it trusts. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/read/decode_event.h"
#include "store/write/append.h"
#include "tests/unit/store/block_fixture.h"

static char zeros[STORE_BLOCK_PAYLOAD_BYTES + 1];

static struct wire_event message_of(size_t payload_bytes)
{
	return (struct wire_event){.time_ns = 1,
				   .conn = 1,
				   .subject = WIRE_LITERAL("a"),
				   .payload = wire_slice(zeros, payload_bytes),
				   .size = payload_bytes};
}

/* Append until the batch is full. Returns how many events it took. */
static uint32_t fill(struct block_fixture *fixture, const struct wire_event *event)
{
	int error;
	while ((error = store_batch_append(fixture->batch, event)) == 0)
		continue;
	assert_int_equal(error, STORE_EFULL);
	return store_batch_events(fixture->batch);
}

static void a_batch_is_full_at_65536_events(void **state)
{
	struct wire_intern_hint hint = {0};
	struct wire_event event = message_of(0);
	assert_int_equal(fill(*state, &event), STORE_BLOCK_EVENTS_MAX);
	store_batch_reset(((struct block_fixture *)*state)->batch);
	event.subject_hint = &hint;
	assert_int_equal(fill(*state, &event), STORE_BLOCK_EVENTS_MAX);
}

static void a_batch_is_full_at_one_mib_of_payload_and_headers(void **state)
{
	struct block_fixture *fixture = *state;
	struct wire_intern_hint hint = {0};
	struct wire_event event = message_of(1 << 10);
	event.subject_hint = &hint;
	assert_int_equal(fill(fixture, &event), 1 << 10);
	store_batch_reset(fixture->batch);
	event.headers = wire_slice(zeros, 1 << 10);
	assert_int_equal(fill(fixture, &event), 1 << 9);
	store_batch_reset(fixture->batch);
	event = message_of(STORE_BLOCK_PAYLOAD_BYTES);
	assert_int_equal(fill(fixture, &event), 1);
	assert_int_equal(store_batch_bytes(fixture->batch), STORE_BLOCK_PAYLOAD_BYTES);
	event = message_of(0);
	assert_int_equal(store_batch_append(fixture->batch, &event), 0);
}

/* Subjects, replies, details and receivers are limited, too: otherwise they could fill memory. */
static void a_batch_is_full_before_its_side_buffers_grow_large(void **state)
{
	struct block_fixture *fixture = *state;
	struct wire_event event = message_of(0);
	event.reply = wire_slice(zeros, 100000);
	assert_in_range(fill(fixture, &event), 10, 100);
	store_batch_reset(fixture->batch);
	event = (struct wire_event){.kind = WIRE_EVENT_MARK, .text = wire_slice(zeros, 100000)};
	assert_in_range(fill(fixture, &event), 10, 100);
	store_batch_reset(fixture->batch);
	struct wire_receiver receivers[1000] = {0};
	event = message_of(0);
	event.receivers = receivers;
	event.receivers_len = 1000;
	for (int error = 0; error == 0; error = store_batch_append(fixture->batch, &event))
		for (int i = 0; i < 1000; i++)
			receivers[i].conn++;
	assert_in_range(store_batch_events(fixture->batch), 1, 3000);
	assert_in_range(store_batch_memory(fixture->batch), 1, 32 << 20);
}

static void an_empty_batch_takes_an_event_that_is_larger_than_a_block(void **state)
{
	struct block_fixture *fixture = *state;
	struct wire_event event = message_of(STORE_BLOCK_PAYLOAD_BYTES + 1);
	assert_int_equal(fill(fixture, &event), 1);
	event.payload.len = event.size = 0;
	assert_int_equal(store_batch_append(fixture->batch, &event), STORE_EFULL);
}

static void an_event_that_is_too_large_for_any_batch_is_refused(void **state)
{
	struct block_fixture *fixture = *state;
	struct wire_event event = message_of(0);
	/* Untouched pages: only the lengths matter. */
	char *bytes = malloc((128 << 20) + 1);
	assert_non_null(bytes);
	event.payload = wire_slice(bytes, (128 << 20) + 1);
	assert_int_equal(store_batch_append(fixture->batch, &event), -EMSGSIZE);
	event = message_of(0);
	event.reply = wire_slice(bytes, (32 << 20) + 1);
	assert_int_equal(store_batch_append(fixture->batch, &event), -EMSGSIZE);
	event = (struct wire_event){.kind = WIRE_EVENT_ERROR, .text = wire_slice(bytes, (32 << 20) + 1)};
	assert_int_equal(store_batch_append(fixture->batch, &event), -EMSGSIZE);
	assert_int_equal(store_batch_events(fixture->batch), 0);
	free(bytes);
}

static void totals_count_appended_events(void **state)
{
	struct store_batch *batch = ((struct block_fixture *)*state)->batch;
	struct wire_event event = message_of(10), mark = {.kind = WIRE_EVENT_MARK, .time_ns = -7};
	assert_int_equal(store_batch_min_time_ns(batch), 0);
	event.time_ns = 50;
	event.headers = WIRE_LITERAL("abc");
	assert_int_equal(store_batch_append(batch, &event), 0);
	assert_int_equal(store_batch_append(batch, &mark), 0);
	event.conn = 12;
	event.time_ns = 20;
	assert_int_equal(store_batch_append(batch, &event), 0);
	assert_int_equal(store_batch_events(batch), 3);
	assert_int_equal(store_batch_messages(batch), 2);
	assert_int_equal(store_batch_bytes(batch), 26);
	assert_int_equal(store_batch_min_time_ns(batch), -7);
	assert_int_equal(store_batch_max_time_ns(batch), 50);
	assert_int_equal(store_batch_max_conn(batch), 12);
	store_batch_reset(batch);
	assert_int_equal(store_batch_events(batch), 0);
	assert_int_equal(store_batch_bytes(batch), 0);
	assert_int_equal(store_batch_max_conn(batch), 0);
}

/* The subject of the only event of the batch. */
static void assert_stored_subject(struct block_fixture *fixture, const char *subject)
{
	struct wire_event got;
	fixture_encode(fixture, 1, 1);
	store_block_event(fixture->block, 0, &got);
	assert_int_equal(got.subject.len, strlen(subject));
	assert_memory_equal(got.subject.data, subject, got.subject.len);
}

static void a_hint_is_trusted_only_until_the_batch_is_reset(void **state)
{
	struct block_fixture *fixture = *state;
	struct wire_intern_hint hint = {0};
	struct wire_event event = message_of(1);
	event.subject_hint = &hint;
	fixture_append(fixture, &event);
	assert_int_not_equal(hint.stamp, 0);
	/* Only a source that breaks the rule shows that the look-up is skipped. */
	event.subject = WIRE_LITERAL("other");
	fixture_append(fixture, &event);
	fixture_encode(fixture, 1, 1);
	assert_int_equal(store_block_subjects(fixture->block), 1);
	fixture_append(fixture, &event);
	assert_stored_subject(fixture, "other");
}

static void a_hint_of_another_batch_is_not_trusted(void **state)
{
	struct block_fixture *fixture = *state;
	struct wire_intern_hint hint = {0};
	struct wire_event event = message_of(1);
	struct store_batch *other = store_batch_open();
	assert_non_null(other);
	event.subject_hint = &hint;
	assert_int_equal(store_batch_append(other, &event), 0);
	event.subject = WIRE_LITERAL("mine");
	fixture_append(fixture, &event);
	assert_stored_subject(fixture, "mine");
	store_batch_close(other);
}

/* A new batch at the address of a closed one must not trust the old hints. */
static void a_hint_of_a_closed_batch_is_not_trusted_by_its_successor(void **state)
{
	(void)state;
	struct wire_intern_hint hint = {0};
	struct wire_event event = message_of(1);
	event.subject_hint = &hint;
	for (int i = 0; i < 20; i++) {
		struct wire_intern_hint before = hint;
		struct store_batch *batch = store_batch_open();
		assert_non_null(batch);
		assert_int_equal(store_batch_append(batch, &event), 0);
		assert_int_not_equal(hint.stamp, before.stamp);
		store_batch_close(batch);
	}
}

static void a_receivers_hint_is_not_used_where_only_their_number_is_known(void **state)
{
	struct block_fixture *fixture = *state;
	struct wire_intern_hint subject = {0}, hint = {0};
	struct wire_receiver receiver = {.conn = 4};
	struct wire_event event = message_of(1), got;
	event.subject_hint = &subject;
	event.receivers_hint = &hint;
	event.receivers = &receiver;
	event.receivers_len = event.receiver_count = 1;
	fixture_append(fixture, &event);
	event.receivers = NULL;
	event.receivers_len = 0;
	event.receiver_count = 3;
	fixture_append(fixture, &event);
	fixture_encode(fixture, 1, 1);
	store_block_event(fixture->block, 1, &got);
	assert_null(got.receivers);
	assert_int_equal(got.receiver_count, 3);
}

static void an_append_that_fails_leaves_the_batch_as_it_was(void **state)
{
	struct block_fixture *fixture = *state;
	struct wire_event event = message_of(STORE_BLOCK_PAYLOAD_BYTES - 10), other = message_of(11), got;
	fixture_append(fixture, &event);
	other.subject = WIRE_LITERAL("not to be seen");
	other.reply = WIRE_LITERAL("nor this");
	other.conn = 99;
	other.time_ns = 99;
	assert_int_equal(store_batch_append(fixture->batch, &other), STORE_EFULL);
	assert_int_equal(store_batch_max_conn(fixture->batch), 1);
	assert_int_equal(store_batch_max_time_ns(fixture->batch), 1);
	fixture_encode(fixture, 1, 1);
	assert_int_equal(store_block_subjects(fixture->block), 1);
	store_block_event(fixture->block, 0, &got);
	assert_event(&got, &event, 1);
}

static void a_reset_frees_the_memory_of_a_large_event(void **state)
{
	struct block_fixture *fixture = *state;
	char *bytes = calloc(1, 64 << 20);
	assert_non_null(bytes);
	struct wire_event event = message_of(0);
	event.payload = wire_slice(bytes, 64 << 20);
	event.size = 64 << 20;
	event.reply = wire_slice(bytes, 16 << 20);
	fixture_append(fixture, &event);
	assert_in_range(store_batch_memory(fixture->batch), 80 << 20, 200 << 20);
	store_batch_reset(fixture->batch);
	assert_in_range(store_batch_memory(fixture->batch), 1 << 20, 12 << 20);
	free(bytes);
}

int main(void)
{
#define STAGE_TEST(name) cmocka_unit_test_setup_teardown(name, block_fixture_setup, block_fixture_teardown)
	const struct CMUnitTest tests[] = {
	    STAGE_TEST(a_batch_is_full_at_65536_events),
	    STAGE_TEST(a_batch_is_full_at_one_mib_of_payload_and_headers),
	    STAGE_TEST(a_batch_is_full_before_its_side_buffers_grow_large),
	    STAGE_TEST(an_empty_batch_takes_an_event_that_is_larger_than_a_block),
	    STAGE_TEST(an_event_that_is_too_large_for_any_batch_is_refused),
	    STAGE_TEST(totals_count_appended_events),
	    STAGE_TEST(a_hint_is_trusted_only_until_the_batch_is_reset),
	    STAGE_TEST(a_hint_of_another_batch_is_not_trusted),
	    STAGE_TEST(a_hint_of_a_closed_batch_is_not_trusted_by_its_successor),
	    STAGE_TEST(a_receivers_hint_is_not_used_where_only_their_number_is_known),
	    STAGE_TEST(an_append_that_fails_leaves_the_batch_as_it_was),
	    STAGE_TEST(a_reset_frees_the_memory_of_a_large_event),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
