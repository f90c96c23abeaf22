#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "replay/diff.h"
#include "tests/unit/traffic.h"

/* A difference as it was told, in short. */
struct told {
	enum replay_difference_kind kind;
	bool is_reply;
	uint64_t seq[REPLAY_SIDES]; /* 0: none */
	char subject[48];
};

struct fixture {
	struct traffic a, b;
	struct replay_diff_options options;
	struct told told[2000];
	size_t count;
	struct replay_diff *diff;
	struct replay_diff_summary summary;
};

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	traffic_fini(&fixture->a);
	traffic_fini(&fixture->b);
	replay_diff_close(fixture->diff);
	free(fixture);
	return 0;
}

static void note(void *context, const struct replay_difference *difference)
{
	struct fixture *fixture = context;
	assert_true(fixture->count < sizeof fixture->told / sizeof fixture->told[0]);
	struct told *told = &fixture->told[fixture->count++];
	*told = (struct told){.kind = difference->kind, .is_reply = difference->is_reply};
	told->seq[REPLAY_A] = difference->a ? difference->a->seq : 0;
	told->seq[REPLAY_B] = difference->b ? difference->b->seq : 0;
	snprintf(told->subject, sizeof told->subject, "%.*s", (int)difference->subject.len,
		 difference->subject.data);
}

static void compare(struct fixture *fixture)
{
	struct wire_fault fault;
	replay_diff_close(fixture->diff);
	fixture->count = 0;
	fixture->diff = replay_diff_open(&fixture->options);
	assert_non_null(fixture->diff);
	assert_int_equal(replay_diff_run(fixture->diff, traffic_source(&fixture->a),
					 traffic_source(&fixture->b), note, fixture, &fault),
			 0);
	assert_int_equal(replay_diff_sum_up(fixture->diff, &fixture->summary), 0);
	assert_int_equal(replay_diff_differences(&fixture->summary.total), fixture->count);
}

static void expect_one(struct fixture *fixture, enum replay_difference_kind kind, uint64_t seq_a,
		       uint64_t seq_b)
{
	compare(fixture);
	for (size_t i = 0; i < fixture->count; i++)
		if (i > 0 || fixture->told[i].kind != kind || fixture->told[i].seq[REPLAY_A] != seq_a ||
		    fixture->told[i].seq[REPLAY_B] != seq_b)
			print_message("%s %lu %lu %s\n", replay_difference_name(fixture->told[i].kind),
				      (unsigned long)fixture->told[i].seq[REPLAY_A],
				      (unsigned long)fixture->told[i].seq[REPLAY_B],
				      fixture->told[i].subject);
	assert_int_equal(fixture->count, 1);
	assert_int_equal(fixture->told[0].kind, kind);
	assert_int_equal(fixture->told[0].seq[REPLAY_A], seq_a);
	assert_int_equal(fixture->told[0].seq[REPLAY_B], seq_b);
}

static void expect_equal(struct fixture *fixture)
{
	compare(fixture);
	assert_int_equal(fixture->count, 0);
}

/* Ten numbered messages on one subject, in both. */
static void fill_numbers(struct fixture *fixture)
{
	char text[20];
	for (int i = 0; i < 10; i++) {
		snprintf(text, sizeof text, "number %d", i);
		traffic_message(&fixture->a, 1, "numbers", "", text);
		traffic_message(&fixture->b, 5, "numbers", "", text);
	}
}

/* ---- one difference of each kind ---- */

static void nothing_equals_nothing(void **state)
{
	expect_equal(*state);
}

static void the_same_messages_are_equal(void **state)
{
	struct fixture *fixture = *state;
	fill_numbers(fixture);
	expect_equal(fixture);
	assert_int_equal(fixture->summary.total.equal, 10);
	assert_int_equal(fixture->summary.total.messages[REPLAY_B], 10);
	assert_int_equal(fixture->summary.subjects_len, 1);
}

static void a_message_in_a_only_is_missing(void **state)
{
	struct fixture *fixture = *state;
	fill_numbers(fixture);
	traffic_remove(&fixture->b, 4);
	expect_one(fixture, REPLAY_DIFF_MISSING, 5, 0);
}

static void a_message_in_b_only_is_extra(void **state)
{
	struct fixture *fixture = *state;
	fill_numbers(fixture);
	traffic_remove(&fixture->a, 9);
	expect_one(fixture, REPLAY_DIFF_EXTRA, 0, 10);
}

static void another_payload_at_the_same_place_is_a_change(void **state)
{
	struct fixture *fixture = *state;
	fill_numbers(fixture);
	traffic_remove(&fixture->b, 2);
	traffic_set_payload(&fixture->b.events[6], "another");
	compare(fixture);
	assert_int_equal(fixture->count, 2);
	assert_int_equal(fixture->told[0].kind, REPLAY_DIFF_MISSING);
	assert_int_equal(fixture->told[0].seq[REPLAY_A], 3);
	assert_int_equal(fixture->told[1].kind, REPLAY_DIFF_CHANGED);
	assert_int_equal(fixture->told[1].seq[REPLAY_A], 8);
	assert_int_equal(fixture->told[1].seq[REPLAY_B], 7);
}

static void one_that_is_gone_and_one_that_came_elsewhere_are_no_change(void **state)
{
	struct fixture *fixture = *state;
	fill_numbers(fixture);
	traffic_remove(&fixture->b, 2);
	traffic_message(&fixture->b, 5, "numbers", "", "new");
	compare(fixture);
	assert_int_equal(fixture->count, 2);
	assert_int_equal(fixture->summary.total.differences[REPLAY_DIFF_MISSING], 1);
	assert_int_equal(fixture->summary.total.differences[REPLAY_DIFF_EXTRA], 1);
}

static void other_headers_are_a_change(void **state)
{
	struct fixture *fixture = *state;
	fill_numbers(fixture);
	snprintf(fixture->a.events[3].headers, 96, "NATS/1.0\r\nTrace: 1\r\n\r\n");
	snprintf(fixture->b.events[3].headers, 96, "NATS/1.0\r\nTrace: 2\r\n\r\n");
	expect_one(fixture, REPLAY_DIFF_CHANGED, 4, 4);
}

static void an_ignored_header_may_differ_or_be_missing(void **state)
{
	static const char *const ignored[] = {"Trace", NULL};
	struct fixture *fixture = *state;
	fill_numbers(fixture);
	fixture->options.ignore_headers = ignored;
	snprintf(fixture->a.events[3].headers, 96, "NATS/1.0\r\nTrace: 1\r\n\r\n");
	snprintf(fixture->a.events[4].headers, 96, "NATS/1.0\r\nTrace: 1\r\nKind: x\r\n\r\n");
	snprintf(fixture->b.events[4].headers, 96, "NATS/1.0\r\nKind: x\r\nTrace: 2\r\n\r\n");
	expect_equal(fixture);
	snprintf(fixture->b.events[4].headers, 96, "NATS/1.0\r\nKind: y\r\nTrace: 2\r\n\r\n");
	expect_one(fixture, REPLAY_DIFF_CHANGED, 5, 5);
}

static void json_may_be_compared_by_what_it_says(void **state)
{
	struct fixture *fixture = *state;
	struct wire_fault fault;
	struct replay_compare *compare = replay_compare_open();
	fill_numbers(fixture);
	fixture->options.compare = compare;
	traffic_set_payload(&fixture->a.events[3], "{\"id\":1,\"at\":\"07:57\"}");
	traffic_set_payload(&fixture->b.events[3], "{\"at\": \"08:00\", \"id\": 1}");
	expect_one(fixture, REPLAY_DIFF_CHANGED, 4, 4);
	assert_int_equal(replay_compare_ignore(compare, "$.at", &fault), 0);
	expect_equal(fixture);
	traffic_set_payload(&fixture->b.events[3], "{\"id\": 2}");
	expect_one(fixture, REPLAY_DIFF_CHANGED, 4, 4);
	replay_compare_close(compare);
}

static void a_message_that_its_publisher_sent_later_is_reordered(void **state)
{
	struct fixture *fixture = *state;
	fill_numbers(fixture);
	traffic_move(&fixture->b, 2, 8);
	expect_one(fixture, REPLAY_DIFF_REORDERED, 3, 9);
	fixture->options.order = REPLAY_ORDER_NONE;
	expect_equal(fixture);
}

static void expect_move(struct fixture *fixture, int count, size_t from, size_t to)
{
	char text[20];
	for (int i = 0; i < count; i++) {
		snprintf(text, sizeof text, "number %d", i);
		traffic_message(&fixture->a, 1, "numbers", "", text);
		traffic_message(&fixture->b, 5, "numbers", "", text);
	}
	traffic_move(&fixture->b, from, to);
	expect_one(fixture, REPLAY_DIFF_REORDERED, from + 1, to + 1);
	traffic_fini(&fixture->a);
	traffic_fini(&fixture->b);
}

/* Pairs are judged some at a time; wherever the cut lies, one message moved and not those around it. */
static void what_moves_across_a_cut_is_told_once(void **state)
{
	struct fixture *fixture = *state;
	fixture->options.window = 16;
	for (size_t at = 0; at < 60; at++) {
		expect_move(fixture, 80, at, at + 5);
		expect_move(fixture, 80, at + 5, at);
	}
}

static void order_across_subjects_counts_when_asked_for(void **state)
{
	struct fixture *fixture = *state;
	fill_numbers(fixture);
	traffic_message(&fixture->a, 1, "letters", "", "x");
	traffic_message(&fixture->b, 5, "letters", "", "x");
	traffic_move(&fixture->b, 10, 3);
	expect_equal(fixture);
	fixture->options.order = REPLAY_ORDER_PUBLISHER;
	expect_one(fixture, REPLAY_DIFF_REORDERED, 11, 4);
}

static void publishers_may_interleave_otherwise(void **state)
{
	struct fixture *fixture = *state;
	char text[20];
	fixture->options.order = REPLAY_ORDER_PUBLISHER;
	for (int i = 0; i < 20; i++) {
		snprintf(text, sizeof text, "number %d", i);
		traffic_message(&fixture->a, 1 + (uint64_t)i % 2, "numbers", "", text);
	}
	for (int i = 0; i < 20; i++) {
		int number = i < 10 ? 2 * i : 2 * (i - 10) + 1;
		snprintf(text, sizeof text, "number %d", number);
		traffic_message(&fixture->b, 9, "numbers", "", text);
	}
	expect_equal(fixture);
}

/* A place on a subject is not exact then: what is there on the other side may lie a few places off. */
static void a_change_is_found_although_publishers_interleave_otherwise(void **state)
{
	struct fixture *fixture = *state;
	static const int order[] = {0, 2, 4, 1, 3, 5};
	char text[20];
	for (int i = 0; i < 30; i++) {
		snprintf(text, sizeof text, "number %d", i);
		traffic_message(&fixture->a, 1 + (uint64_t)i % 2, "numbers", "", text);
		int number = i / 6 * 6 + order[i % 6];
		snprintf(text, sizeof text, number == 16 ? "changed" : "number %d", number);
		traffic_message(&fixture->b, 1 + (uint64_t)number % 2, "numbers", "", text);
	}
	expect_one(fixture, REPLAY_DIFF_CHANGED, 17, 15);
}

static void more_receivers_are_a_difference_when_asked_for(void **state)
{
	struct fixture *fixture = *state;
	fill_numbers(fixture);
	fixture->b.events[6].event.receiver_count = 2;
	expect_equal(fixture);
	fixture->options.deliveries = true;
	expect_one(fixture, REPLAY_DIFF_DELIVERIES, 7, 7);
}

/* ---- requests ---- */

/* `count` requests of two clients, each answered `ns` later. */
static void fill_requests(struct traffic *traffic, int count, int64_t ns, const char *run)
{
	char inbox[48], text[20];
	for (int i = 0; i < count; i++) {
		snprintf(inbox, sizeof inbox, "_INBOX.%s.%d", run, i);
		snprintf(text, sizeof text, "%d", i);
		int64_t asked_ns = traffic_message(traffic, 1, "ask", inbox, text)->event.time_ns;
		traffic_message(traffic, 2, inbox, "", text)->event.time_ns = asked_ns + ns;
	}
}

static void inboxes_have_other_names_in_each_run(void **state)
{
	struct fixture *fixture = *state;
	fill_requests(&fixture->a, 10, 500, "first");
	fill_requests(&fixture->b, 10, 500, "second");
	expect_equal(fixture);
	assert_int_equal(fixture->summary.subjects_len, 2);
	fixture->options.replies = REPLAY_REPLIES_EXACT;
	compare(fixture);
	assert_int_equal(fixture->count, 20);
}

static void replies_given_to_the_wrong_requests_are_changes(void **state)
{
	struct fixture *fixture = *state;
	fill_requests(&fixture->a, 10, 500, "first");
	fill_requests(&fixture->b, 10, 500, "second");
	traffic_set_payload(&fixture->b.events[3], "2");
	traffic_set_payload(&fixture->b.events[5], "1");
	compare(fixture);
	assert_int_equal(fixture->count, 2);
	assert_int_equal(fixture->summary.total.differences[REPLAY_DIFF_CHANGED], 2);
}

/* Requests and replies, by their letter and number: "q1 q2 r1 r2". */
static void fill_conversation(struct traffic *traffic, const char *inbox, const char *course)
{
	for (const char *at = course; *at; at += at[2] ? 3 : 2) {
		const char number[] = {at[1], '\0'};
		bool is_request = at[0] == 'q';
		traffic_message(traffic, is_request ? 1 : 2, is_request ? "ask" : inbox,
				is_request ? inbox : "", number);
	}
}

/* Which request is answered cannot be told then, and depends on what the recording saw first. */
static void an_inbox_may_be_used_again(void **state)
{
	struct fixture *fixture = *state;
	fill_conversation(&fixture->a, "_INBOX.one", "q1 q2 r1 q3 r2 r3");
	fill_conversation(&fixture->b, "_INBOX.two", "q1 r1 q2 r2 q3 r3");
	expect_equal(fixture);
}

static void a_changed_reply_is_told_among_those_of_its_request(void **state)
{
	struct fixture *fixture = *state;
	fill_requests(&fixture->a, 10, 500, "first");
	fill_requests(&fixture->b, 10, 500, "second");
	traffic_set_payload(&fixture->b.events[7], "wrong");
	expect_one(fixture, REPLAY_DIFF_CHANGED, 8, 8);
	assert_true(fixture->told[0].is_reply);
	assert_string_equal(fixture->told[0].subject, "ask");
}

static void slower_answers_are_a_difference_when_asked_for(void **state)
{
	struct fixture *fixture = *state;
	fill_requests(&fixture->a, 20, 100000, "first");
	fill_requests(&fixture->b, 20, 300000, "second");
	expect_equal(fixture);
	const struct replay_diff_subject *replies = &fixture->summary.subjects[1];
	assert_true(replies->is_reply);
	assert_int_equal(replies->latency[REPLAY_A].count, 20);
	assert_in_range(replies->latency[REPLAY_A].p50_ns, 94000, 106000);
	assert_in_range(replies->latency[REPLAY_B].p99_ns, 282000, 318000);
	fixture->options.slower = 4;
	expect_equal(fixture);
	fixture->options.slower = 2;
	expect_one(fixture, REPLAY_DIFF_SLOWER, 0, 0);
}

/* ---- what cannot be verified ---- */

static void what_a_gap_may_have_swallowed_is_unverifiable(void **state)
{
	struct fixture *fixture = *state;
	fill_numbers(fixture);
	traffic_remove(&fixture->b, 4);
	traffic_gap(&fixture->b, 1);
	traffic_move(&fixture->b, fixture->b.count - 1, 4);
	fixture->b.events[4].event.time_ns = fixture->b.events[3].event.time_ns + 1;
	expect_equal(fixture);
	assert_int_equal(fixture->summary.total.unverifiable, 1);
	/* A gap of one message explains no second one, … */
	traffic_remove(&fixture->b, 5);
	compare(fixture);
	assert_int_equal(fixture->summary.total.unverifiable, 1);
	assert_int_equal(fixture->summary.total.differences[REPLAY_DIFF_MISSING], 1);
	/* … one that does not know how many it has does. */
	fixture->b.events[4].event.lost_messages = 0;
	expect_equal(fixture);
	assert_int_equal(fixture->summary.total.unverifiable, 2);
}

static void a_gap_explains_nothing_elsewhere(void **state)
{
	struct fixture *fixture = *state;
	fill_numbers(fixture);
	traffic_gap(&fixture->b, 5);
	traffic_remove(&fixture->b, 4);
	expect_one(fixture, REPLAY_DIFF_MISSING, 5, 0);
}

static void a_payload_that_was_cut_is_unverifiable_as_far_as_it_is_the_same(void **state)
{
	struct fixture *fixture = *state;
	fill_numbers(fixture);
	fixture->b.events[4].payload[3] = '\0';
	fixture->b.events[4].event.size = strlen("number 4");
	fixture->b.events[4].event.flags = WIRE_EVENT_CUT;
	expect_equal(fixture);
	assert_int_equal(fixture->summary.total.unverifiable, 1);
	fixture->b.events[4].payload[2] = 'X';
	expect_one(fixture, REPLAY_DIFF_CHANGED, 5, 5);
}

/* ---- bounds ---- */

static void a_run_longer_than_the_window_is_got_over(void **state)
{
	struct fixture *fixture = *state;
	char text[20];
	fixture->options.window = 16;
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof text, "%d", i);
		if (i < 500)
			traffic_message(&fixture->a, 1, "extra", "", text);
		traffic_message(&fixture->b, 1, "common", "", text);
	}
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof text, "%d", i);
		traffic_message(&fixture->a, 1, "common", "", text);
	}
	compare(fixture);
	assert_int_equal(fixture->count, 500);
	assert_int_equal(fixture->summary.total.differences[REPLAY_DIFF_MISSING], 500);
	assert_int_equal(fixture->summary.short_of_memory, 0);
}

/* Every tenth message is missing; neither what has been paired nor what has been passed waits on. */
static void memory_does_not_grow_with_the_recording(void **state)
{
	struct fixture *fixture = *state;
	char text[20];
	fixture->options.memory_bytes = 20000;
	fixture->options.window = 20;
	for (int i = 0; i < 5000; i++) {
		snprintf(text, sizeof text, "%d", i);
		traffic_message(&fixture->a, 1, "numbers", "", text);
		if (i % 10 != 7)
			traffic_message(&fixture->b, 1, "numbers", "", text);
	}
	compare(fixture);
	assert_int_equal(fixture->summary.short_of_memory, 0);
	assert_int_equal(fixture->summary.total.differences[REPLAY_DIFF_MISSING], 500);
	assert_int_equal(fixture->count, 500);
}

static void want_of_memory_is_told(void **state)
{
	struct fixture *fixture = *state;
	char text[20];
	fixture->options.memory_bytes = 10000;
	for (int i = 0; i < 500; i++) {
		snprintf(text, sizeof text, "%d", i);
		traffic_message(&fixture->a, 1, "a", "", text);
		traffic_message(&fixture->b, 1, "b", "", text);
	}
	compare(fixture);
	assert_int_equal(fixture->count, 1000);
	assert_true(fixture->summary.short_of_memory > 800);
}

/* One side has `count` messages ahead of those that both have, far more than memory holds. */
static void fill_late_start(struct traffic *early, struct traffic *late, int count)
{
	char text[20];
	for (int i = 0; i < 2 * count; i++) {
		snprintf(text, sizeof text, "%d", i);
		struct traffic_event *event = traffic_message(early, 1, "common", "", text);
		int64_t time_ns = event->event.time_ns;
		if (i >= count)
			traffic_message(late, 1, "common", "", text)->event.time_ns = time_ns;
	}
}

static void a_recording_that_began_later_is_caught_up_with(void **state)
{
	struct fixture *fixture = *state;
	fixture->options.memory_bytes = 20000;
	fixture->options.same_clock = true;
	fill_late_start(&fixture->b, &fixture->a, 900);
	compare(fixture);
	assert_int_equal(fixture->summary.total.differences[REPLAY_DIFF_EXTRA], 900);
	assert_int_equal(fixture->summary.total.equal, 900);
	assert_true(fixture->summary.short_of_memory > 0);
}

/* ---- at random ---- */

/* What was done to B, by the message of A that it was done to. */
struct edit {
	enum replay_difference_kind kind;
	uint64_t serial;
};

/* The next message of the same publisher and subject at least `skip` of them later, or the count. */
static size_t find_later(const struct traffic *traffic, size_t from, int skip)
{
	const struct traffic_event *own = &traffic->events[from];
	for (size_t i = from + 1; i < traffic->count; i++)
		if (traffic->events[i].event.conn == own->event.conn &&
		    strcmp(traffic->events[i].subject, own->subject) == 0 && skip-- == 0)
			return i;
	return traffic->count;
}

/* Do one thing to B at a message of its own kind; false when it cannot be done there. */
static bool edit(struct fixture *fixture, struct edit *done, size_t at)
{
	struct traffic_event *event = &fixture->b.events[at];
	size_t later = find_later(&fixture->b, at, 2);
	char payload[96];
	snprintf(payload, sizeof payload, "new %lu", (unsigned long)event->serial);
	done->serial = event->serial;
	switch (done->kind) {
	case REPLAY_DIFF_MISSING: traffic_remove(&fixture->b, at); return true;
	case REPLAY_DIFF_CHANGED: traffic_set_payload(event, payload); return true;
	case REPLAY_DIFF_REORDERED:
		if (later < fixture->b.count)
			traffic_move(&fixture->b, at, later);
		return later < fixture->b.count;
	default:
		traffic_message(&fixture->b, event->event.conn, event->subject, event->reply, payload)
		    ->serial = UINT64_MAX - event->serial;
		traffic_move(&fixture->b, fixture->b.count - 1, at);
		return true;
	}
}

static size_t edit_at_random(struct fixture *fixture, struct random *random, struct edit *edits)
{
	static const enum replay_difference_kind kinds[] = {REPLAY_DIFF_MISSING, REPLAY_DIFF_EXTRA,
							    REPLAY_DIFF_CHANGED, REPLAY_DIFF_REORDERED};
	size_t count = 0;
	/* Far enough from each other not to look like one: requests are left alone, for without them their replies
	 * would be another matter. */
	for (size_t at = 20; at + 100 < fixture->b.count; at += 100 + random_below(random, 200)) {
		if (strncmp(fixture->b.events[at].subject, "own.", 4) != 0)
			continue;
		edits[count].kind = kinds[random_below(random, 4)];
		count += edit(fixture, &edits[count], at);
	}
	return count;
}

static void expect_edit(const struct fixture *fixture, const struct edit *edit, unsigned seed)
{
	for (size_t i = 0; i < fixture->count; i++) {
		const struct told *told = &fixture->told[i];
		uint64_t serial = told->seq[REPLAY_A]
				      ? fixture->a.events[told->seq[REPLAY_A] - 1].serial
				      : UINT64_MAX - fixture->b.events[told->seq[REPLAY_B] - 1].serial;
		if (told->kind == edit->kind && serial == edit->serial)
			return;
	}
	fail_msg("seed %u: %s of message %lu was not found", seed, replay_difference_name(edit->kind),
		 (unsigned long)edit->serial);
}

static void random_edits_are_found_exactly(void **state)
{
	struct fixture *fixture = *state;
	for (unsigned seed = 1; seed <= 60; seed++) {
		struct random random = {.state = seed};
		struct edit edits[500];
		traffic_fill(&fixture->a, &random, 200 + random_below(&random, 6000),
			     1 + random_below(&random, 5), 1 + random_below(&random, 3));
		traffic_copy(&fixture->b, &fixture->a, &random, random_below(&random, 20));
		fixture->options.window = 64 + random_below(&random, 2000);
		size_t count = edit_at_random(fixture, &random, edits);
		compare(fixture);
		for (size_t i = 0; i < count; i++)
			expect_edit(fixture, &edits[i], seed);
		if (fixture->count != count)
			fail_msg("seed %u: %zu differences after %zu edits", seed, fixture->count, count);
		traffic_fini(&fixture->a);
		traffic_fini(&fixture->b);
	}
}

static void a_recording_made_anew_is_equal(void **state)
{
	struct fixture *fixture = *state;
	fixture->options.order = REPLAY_ORDER_PUBLISHER;
	for (unsigned seed = 100; seed < 140; seed++) {
		struct random random = {.state = seed};
		traffic_fill(&fixture->a, &random, random_below(&random, 8000), 1 + random_below(&random, 9),
			     1 + random_below(&random, 9));
		traffic_copy(&fixture->b, &fixture->a, &random, random_below(&random, 50));
		fixture->options.window = 100 + random_below(&random, 2000);
		compare(fixture);
		if (fixture->count > 0)
			fail_msg("seed %u: %zu differences", seed, fixture->count);
		assert_int_equal(fixture->summary.total.equal, fixture->a.count);
		traffic_fini(&fixture->a);
		traffic_fini(&fixture->b);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(nothing_equals_nothing),
	    TEST(the_same_messages_are_equal),
	    TEST(a_message_in_a_only_is_missing),
	    TEST(a_message_in_b_only_is_extra),
	    TEST(another_payload_at_the_same_place_is_a_change),
	    TEST(one_that_is_gone_and_one_that_came_elsewhere_are_no_change),
	    TEST(other_headers_are_a_change),
	    TEST(an_ignored_header_may_differ_or_be_missing),
	    TEST(json_may_be_compared_by_what_it_says),
	    TEST(a_message_that_its_publisher_sent_later_is_reordered),
	    TEST(what_moves_across_a_cut_is_told_once),
	    TEST(order_across_subjects_counts_when_asked_for),
	    TEST(publishers_may_interleave_otherwise),
	    TEST(a_change_is_found_although_publishers_interleave_otherwise),
	    TEST(more_receivers_are_a_difference_when_asked_for),
	    TEST(inboxes_have_other_names_in_each_run),
	    TEST(replies_given_to_the_wrong_requests_are_changes),
	    TEST(an_inbox_may_be_used_again),
	    TEST(a_changed_reply_is_told_among_those_of_its_request),
	    TEST(slower_answers_are_a_difference_when_asked_for),
	    TEST(what_a_gap_may_have_swallowed_is_unverifiable),
	    TEST(a_gap_explains_nothing_elsewhere),
	    TEST(a_payload_that_was_cut_is_unverifiable_as_far_as_it_is_the_same),
	    TEST(a_run_longer_than_the_window_is_got_over),
	    TEST(memory_does_not_grow_with_the_recording),
	    TEST(want_of_memory_is_told),
	    TEST(a_recording_that_began_later_is_caught_up_with),
	    TEST(random_edits_are_found_exactly),
	    TEST(a_recording_made_anew_is_equal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
