/* Requests and replies in two recordings with different inboxes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/replay/diff_fixture.h"

/* Add `count` requests, each with a reply `ns` later. */
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
	struct diff_fixture *fixture = *state;
	fill_requests(&fixture->a, 10, 500, "first");
	fill_requests(&fixture->b, 10, 500, "second");
	diff_expect_equal(fixture);
	assert_int_equal(fixture->summary.subjects_len, 2);
	fixture->options.replies = REPLAY_REPLIES_EXACT;
	diff_compare(fixture);
	assert_int_equal(fixture->count, 20);
}

static void replies_given_to_the_wrong_requests_are_changes(void **state)
{
	struct diff_fixture *fixture = *state;
	fill_requests(&fixture->a, 10, 500, "first");
	fill_requests(&fixture->b, 10, 500, "second");
	traffic_set_payload(&fixture->b.events[3], "2");
	traffic_set_payload(&fixture->b.events[5], "1");
	diff_compare(fixture);
	assert_int_equal(fixture->count, 2);
	assert_int_equal(fixture->summary.total.differences[REPLAY_DIFF_CHANGED], 2);
}

/* Requests and replies, by their letter and number: "q1 q2 r1 r2". */
static void fill_conversation(struct traffic *traffic, const char *inbox, const char *conversation)
{
	for (const char *at = conversation; *at; at += at[2] ? 3 : 2) {
		const char number[] = {at[1], '\0'};
		bool is_request = at[0] == 'q';
		traffic_message(traffic, is_request ? 1 : 2, is_request ? "ask" : inbox,
				is_request ? inbox : "", number);
	}
}

/* It cannot be known then which request a reply answers: that depends on what was recorded first. */
static void an_inbox_may_be_reused(void **state)
{
	struct diff_fixture *fixture = *state;
	fill_conversation(&fixture->a, "_INBOX.one", "q1 q2 r1 q3 r2 r3");
	fill_conversation(&fixture->b, "_INBOX.two", "q1 r1 q2 r2 q3 r3");
	diff_expect_equal(fixture);
}

static void a_changed_reply_is_reported_under_the_subject_of_its_request(void **state)
{
	struct diff_fixture *fixture = *state;
	fill_requests(&fixture->a, 10, 500, "first");
	fill_requests(&fixture->b, 10, 500, "second");
	traffic_set_payload(&fixture->b.events[7], "wrong");
	diff_expect_one(fixture, REPLAY_DIFF_CHANGED, 8, 8);
	assert_true(fixture->reported[0].is_reply);
	assert_string_equal(fixture->reported[0].subject, "ask");
}

static void slower_replies_are_a_difference_on_request(void **state)
{
	struct diff_fixture *fixture = *state;
	fill_requests(&fixture->a, 20, 100000, "first");
	fill_requests(&fixture->b, 20, 300000, "second");
	diff_expect_equal(fixture);
	const struct replay_diff_subject *replies = &fixture->summary.subjects[1];
	assert_true(replies->is_reply);
	assert_int_equal(replies->latency[REPLAY_A].count, 20);
	assert_in_range(replies->latency[REPLAY_A].p50_ns, 94000, 106000);
	assert_in_range(replies->latency[REPLAY_B].p99_ns, 282000, 318000);
	fixture->options.slower = 4;
	diff_expect_equal(fixture);
	fixture->options.slower = 2;
	diff_expect_one(fixture, REPLAY_DIFF_SLOWER, 0, 0);
}

static void a_clock_that_was_set_does_not_change_latencies(void **state)
{
	static const int64_t year_ns = INT64_C(365) * 24 * 3600 * 1000000000;
	struct diff_fixture *fixture = *state;
	fill_requests(&fixture->a, 20, 100000, "first");
	fill_requests(&fixture->b, 20, 100000, "second");
	for (size_t i = 1; i < fixture->b.count; i++) {
		fixture->b.events[i].set_ns = i % 4 < 2 ? year_ns : -year_ns;
		fixture->b.events[i].event.time_ns += fixture->b.events[i].set_ns;
	}
	fixture->options.slower = 1.5;
	diff_expect_equal(fixture);
	assert_in_range(fixture->summary.subjects[1].latency[REPLAY_B].max_ns, 94000, 106000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, diff_fixture_setup, diff_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(inboxes_have_other_names_in_each_run),
	    TEST(replies_given_to_the_wrong_requests_are_changes),
	    TEST(an_inbox_may_be_reused),
	    TEST(a_changed_reply_is_reported_under_the_subject_of_its_request),
	    TEST(slower_replies_are_a_difference_on_request),
	    TEST(a_clock_that_was_set_does_not_change_latencies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
