/* Runs appended at once are what their messages are one by one; stages that pass their tables on lose nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/read/decode_event.h"
#include "tests/unit/store/store_fixture.h"

enum { RUN_MAX = 70000, DATA_BYTES = 4 << 20 };

/* A run of messages whose texts are not there: a stage looks at payloads only. */
struct made {
	struct wire_run run;
	struct wire_alike alike[RUN_MAX];
	char data[DATA_BYTES];
	size_t data_len;
};

static void make_empty(struct made *made)
{
	made->data_len = 0;
	made->run = (struct wire_run){.data = made->data, .alike = made->alike};
}

/* Payloads tell which they are, and overlap with nothing else. */
static void make_one(struct made *made, uint32_t payload_bytes)
{
	uint32_t index = made->run.count++;
	assert_true(index < RUN_MAX && made->data_len + payload_bytes <= DATA_BYTES);
	made->alike[index] = (struct wire_alike){.size_text = (uint32_t)made->data_len,
						 .payload = (uint32_t)made->data_len,
						 .payload_len = payload_bytes};
	for (uint32_t i = 0; i < payload_bytes; i++)
		made->data[made->data_len++] = (char)(index * 31 + i * 7 + (index >> 8));
	made->run.payload_bytes += payload_bytes;
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

enum { KINDS_OF_LIKE = 6 };

static struct wire_memo subject_memos[KINDS_OF_LIKE], receivers_memos[KINDS_OF_LIKE];
static const struct wire_receiver receivers[] = {
    {.conn = 7, .sid = {"1", 1}},
    {.conn = 300, .sid = {"2", 1}},
    {.conn = 7, .sid = {"3", 1}, .outcome = WIRE_DROPPED_SLOW},
};

/* One receiver, several, none; known, and only by number; and with what makes a message no plain one. */
static struct wire_event like_of(uint32_t kind)
{
	static const char *const subjects[KINDS_OF_LIKE] = {"one",    "three",   "none",
							    "number", "nothing", "cut"};
	struct wire_event event = {.time_ns = 5,
				   .conn = 1,
				   .subject = wire_slice_str(subjects[kind]),
				   .subject_memo = &subject_memos[kind],
				   .receivers_memo = &receivers_memos[kind]};
	event.receivers = kind < 3 || kind == 5 ? receivers : NULL;
	event.receivers_len = kind == 0 || kind == 5 ? 1 : kind == 1 ? 3 : 0;
	event.receiver_count = kind == 1 ? 2 : kind == 3 ? 4 : event.receivers_len;
	if (kind == 5)
		event.flags = WIRE_EVENT_PARTIAL;
	return event;
}

/* Append as the recorder does. Returns how many fitted; *at_once of them in runs. */
static uint32_t append_run(struct store_stage *stage, const struct wire_event *like,
			   const struct wire_run *run, uint32_t *at_once)
{
	uint32_t at = 0;
	while (at < run->count) {
		struct wire_event event = *like;
		uint32_t appended = store_stage_append_run(stage, like, run, at);
		at += appended;
		*at_once += appended;
		if (appended > 0)
			continue;
		wire_run_event(run, at, &event);
		int error = store_stage_append(stage, &event);
		if (error) {
			assert_int_equal(error, STORE_EFULL);
			break;
		}
		at++;
	}
	return at;
}

/* Append one by one, without memos. */
static uint32_t append_each(struct store_stage *stage, const struct wire_event *like,
			    const struct wire_run *run)
{
	uint32_t at = 0;
	for (; at < run->count; at++) {
		struct wire_event event = *like;
		event.subject_memo = event.receivers_memo = NULL;
		wire_run_event(run, at, &event);
		if (store_stage_append(stage, &event) != 0)
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

/* Encode both stages and compare everything that can be read from their blocks. */
static void assert_same_blocks(struct store_fixture *fixture, struct store_fixture *other)
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

static struct store_fixture *open_other(void)
{
	void *other;
	assert_int_equal(store_fixture_setup(&other), 0);
	return other;
}

static void close_other(struct store_fixture *other)
{
	void *state = other;
	store_fixture_teardown(&state);
}

/* Runs of all kinds in turn; time and connection change now and then. Returns the messages that were appended at once. */
static uint32_t append_random_runs(struct store_fixture *fixture, struct store_fixture *other, uint64_t seed)
{
	struct random random = {.state = seed};
	uint32_t at_once = 0, most = 1 + random_below(&random, 1u << (1 + random_below(&random, 12))),
		 payload_most = 1 + random_below(&random, 1u << random_below(&random, 11));
	int64_t time_ns = -100;
	for (int i = 0; i < 60; i++) {
		struct wire_event like = like_of(random_below(&random, KINDS_OF_LIKE));
		time_ns += random_below(&random, 3) ? 0 : (int64_t)random_below(&random, 50) - 20;
		like.time_ns = time_ns;
		like.conn = 1 + random_below(&random, 2);
		make_empty(&made);
		for (uint32_t j = random_below(&random, most) + 1; j > 0; j--)
			make_one(&made, random_below(&random, payload_most));
		uint32_t appended = append_run(fixture->stage, &like, &made.run, &at_once);
		assert_int_equal(append_each(other->stage, &like, &made.run), appended);
		if (appended < made.run.count)
			break;
	}
	return at_once;
}

static void a_run_at_once_is_its_messages_one_by_one(void **state)
{
	struct store_fixture *fixture = *state, *other = open_other();
	uint64_t at_once = 0;
	for (uint64_t seed = 0; seed < 60; seed++) {
		at_once += append_random_runs(fixture, other, seed);
		assert_same_blocks(fixture, other);
	}
	assert_true(at_once > 10000);
	close_other(other);
}

static void what_is_not_plain_is_not_appended_at_once(void **state)
{
	struct store_stage *stage = ((struct store_fixture *)*state)->stage;
	make(&made, 10, 3);
	for (uint32_t kind = 0; kind < KINDS_OF_LIKE; kind++) {
		struct wire_event like = like_of(kind), event = like;
		/* Without numbers in this stage, in no case. */
		assert_int_equal(store_stage_append_run(stage, &like, &made.run, 0), 0);
		wire_run_event(&made.run, 0, &event);
		assert_int_equal(store_stage_append(stage, &event), 0);
		/* Their mere number is stored message by message, and so are flags. */
		assert_int_equal(store_stage_append_run(stage, &like, &made.run, 1),
				 kind == 3 || kind == 5 ? 0 : 9);
	}
	struct wire_event like = like_of(0);
	like.reply = WIRE_LITERAL("r");
	assert_int_equal(store_stage_append_run(stage, &like, &made.run, 0), 0);
	like = like_of(0);
	like.headers = WIRE_LITERAL("NATS/1.0\r\n\r\n");
	assert_int_equal(store_stage_append_run(stage, &like, &made.run, 0), 0);
	like = like_of(0);
	like.receivers_memo = NULL;
	assert_int_equal(store_stage_append_run(stage, &like, &made.run, 0), 0);
	store_stage_reset(stage);
	like = like_of(0);
	assert_int_equal(store_stage_append_run(stage, &like, &made.run, 0), 0);
}

/* ---- limits ---- */

/* A stage that holds one message without payload and knows its numbers. */
static struct wire_event begin(struct store_stage *stage, uint32_t kind)
{
	struct wire_event like = like_of(kind);
	assert_int_equal(store_stage_append(stage, &like), 0);
	return like;
}

static void a_run_fills_a_stage_up_to_65536_events(void **state)
{
	struct store_fixture *fixture = *state;
	struct wire_event like = begin(fixture->stage, 0);
	make(&made, RUN_MAX, 2);
	assert_int_equal(store_stage_append_run(fixture->stage, &like, &made.run, 60000), RUN_MAX - 60000);
	uint32_t left = STORE_BLOCK_EVENTS_MAX - 1 - (RUN_MAX - 60000);
	assert_int_equal(store_stage_append_run(fixture->stage, &like, &made.run, 0), left);
	assert_int_equal(store_stage_append_run(fixture->stage, &like, &made.run, left), 0);
	assert_int_equal(store_stage_append(fixture->stage, &like), STORE_EFULL);
	assert_int_equal(store_stage_events(fixture->stage), STORE_BLOCK_EVENTS_MAX);
	fixture_encode(fixture, 1, 1);
	for (uint32_t i = 1; i < STORE_BLOCK_EVENTS_MAX; i++) {
		struct wire_event got;
		uint32_t from = i < 1 + RUN_MAX - 60000 ? 60000 + i - 1 : i - 1 - (RUN_MAX - 60000);
		store_block_event(fixture->block, i, &got);
		assert_true(wire_slice_equal(got.payload, wire_run_payload(&made.run, from)));
	}
}

static void a_run_fills_a_stage_up_to_one_mib_exactly(void **state)
{
	struct store_stage *stage = ((struct store_fixture *)*state)->stage;
	struct wire_event like = begin(stage, 2);
	make(&made, 2000, 1024);
	assert_int_equal(store_stage_append_run(stage, &like, &made.run, 100), 1024);
	assert_int_equal(store_stage_bytes(stage), STORE_BLOCK_PAYLOAD_BYTES);
	assert_int_equal(store_stage_append_run(stage, &like, &made.run, 1124), 0);
	make(&made, 5, 0);
	assert_int_equal(store_stage_append_run(stage, &like, &made.run, 0), 5);
}

static void a_run_of_exactly_one_mib_fits_and_one_of_a_byte_more_does_not(void **state)
{
	for (uint32_t more = 0; more < 2; more++) {
		struct store_stage *stage = ((struct store_fixture *)*state)->stage;
		struct wire_event like = begin(stage, 0);
		make(&made, 1023, 1024);
		make_one(&made, 1024 + more);
		assert_int_equal(store_stage_append_run(stage, &like, &made.run, 0), 1024 - more);
		assert_int_equal(store_stage_append_run(stage, &like, &made.run, 1023), 0);
		store_stage_reset(stage);
	}
}

/* An empty stage takes one event of any size; nothing is appended at once to that. */
static void a_run_is_not_appended_to_a_stage_that_is_more_than_full(void **state)
{
	struct store_stage *stage = ((struct store_fixture *)*state)->stage;
	struct wire_event like = like_of(0), large = like;
	large.payload = wire_slice(made.data, STORE_BLOCK_PAYLOAD_BYTES + 1);
	large.size = large.payload.len;
	assert_int_equal(store_stage_append(stage, &large), 0);
	make(&made, 3, 0);
	assert_int_equal(store_stage_append_run(stage, &like, &made.run, 0), 0);
}

/* ---- moments ---- */

/* `count` events whose time changes every `time_every` and whose connection every `conn_every`. */
static void assert_moments_come_back(struct store_fixture *fixture, uint32_t count, uint32_t time_every,
				     uint32_t conn_every)
{
	struct wire_event like = like_of(0);
	for (uint32_t i = 0; i < count; i++) {
		like.time_ns = 1000 + i / time_every;
		like.conn = 1 + i / conn_every % 3;
		fixture_append(fixture, &like);
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
	/* Around 64 and around an average of 64, runs become the way of writing. */
	static const uint32_t paces[] = {1, 2, 3, 63, 64, 65, 1000, UINT32_MAX};
	static const uint32_t counts[] = {1, 2, 64, 127, 128, 129, 4096, 4225};
	enum { PACES = sizeof paces / sizeof *paces };
	for (size_t count = 0; count < sizeof counts / sizeof *counts; count++)
		for (size_t pair = 0; pair < PACES * PACES; pair++)
			assert_moments_come_back(*state, counts[count], paces[pair % PACES],
						 paces[pair / PACES]);
	for (size_t i = 0; i < PACES; i++)
		assert_moments_come_back(*state, STORE_BLOCK_EVENTS_MAX, paces[i], paces[PACES - 1 - i]);
}

/* ---- tables that are passed on ---- */

static void append_subjects(struct store_stage *stage, uint32_t from, uint32_t count)
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
		assert_int_equal(store_stage_append(stage, &event), 0);
	}
}

static void assert_subjects(struct store_fixture *fixture, uint32_t from, uint32_t count)
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
static void a_stage_that_passed_its_tables_on_encodes_and_the_next_numbers_anew(void **state)
{
	static const uint32_t counts[] = {1, 3000, 3000, 20, 60000, 7, 65536, 65536, 500};
	struct store_fixture *full = *state, *next = open_other(), *first = next;
	append_subjects(full->stage, 0, 1);
	for (uint32_t i = 0; i + 1 < sizeof counts / sizeof *counts; i++) {
		struct store_fixture *before = full;
		store_stage_pass_on(full->stage, next->stage);
		/* The same subjects again, in another order: they are new here. */
		append_subjects(next->stage, i + 1, counts[i + 1]);
		assert_subjects(full, i, counts[i]);
		full = next;
		next = before;
	}
	close_other(first);
}

static void memos_of_the_full_stage_mean_nothing_in_the_next(void **state)
{
	struct store_fixture *fixture = *state, *other = open_other();
	make(&made, 10, 3);
	append_subjects(other->stage, 0, 5); /* numbers that the next stage could mistake for its own */
	struct wire_event like = begin(other->stage, 0), got;
	store_stage_pass_on(other->stage, fixture->stage);
	assert_int_equal(store_stage_append_run(fixture->stage, &like, &made.run, 0), 0);
	uint32_t at_once = 0;
	assert_int_equal(append_run(fixture->stage, &like, &made.run, &at_once), 10);
	assert_int_equal(at_once, 9);
	fixture_encode(fixture, 1, 1);
	assert_int_equal(store_block_subjects(fixture->block), 1);
	store_block_event(fixture->block, 9, &got);
	assert_true(wire_slice_equal(got.subject, like.subject));
	assert_int_equal(got.receivers[0].conn, receivers[0].conn);
	close_other(other);
}

int main(void)
{
#define RUN_TEST(name) cmocka_unit_test_setup_teardown(name, store_fixture_setup, store_fixture_teardown)
	const struct CMUnitTest tests[] = {
	    RUN_TEST(a_run_at_once_is_its_messages_one_by_one),
	    RUN_TEST(what_is_not_plain_is_not_appended_at_once),
	    RUN_TEST(a_run_fills_a_stage_up_to_65536_events),
	    RUN_TEST(a_run_fills_a_stage_up_to_one_mib_exactly),
	    RUN_TEST(a_run_of_exactly_one_mib_fits_and_one_of_a_byte_more_does_not),
	    RUN_TEST(a_run_is_not_appended_to_a_stage_that_is_more_than_full),
	    RUN_TEST(times_and_connections_that_change_at_any_pace_come_back),
	    RUN_TEST(a_stage_that_passed_its_tables_on_encodes_and_the_next_numbers_anew),
	    RUN_TEST(memos_of_the_full_stage_mean_nothing_in_the_next),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
