/* Recordings edited at random: the differences that are reported are the edits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/replay/diff_fixture.h"

/* An edit of B, and the message of A that it concerns. */
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

/* Edit B at a message. False when the edit is not possible there. */
static bool edit(struct diff_fixture *fixture, struct edit *done, size_t at)
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

static size_t edit_at_random(struct diff_fixture *fixture, struct random *random, struct edit *edits)
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

static void expect_edit(const struct diff_fixture *fixture, const struct edit *edit, unsigned seed)
{
	for (size_t i = 0; i < fixture->count; i++) {
		const struct reported *reported = &fixture->reported[i];
		uint64_t serial = reported->seq[REPLAY_A]
				      ? fixture->a.events[reported->seq[REPLAY_A] - 1].serial
				      : UINT64_MAX - fixture->b.events[reported->seq[REPLAY_B] - 1].serial;
		if (reported->kind == edit->kind && serial == edit->serial)
			return;
	}
	fail_msg("seed %u: %s of message %lu was not found", seed, replay_difference_name(edit->kind),
		 (unsigned long)edit->serial);
}

static void random_edits_are_found_exactly(void **state)
{
	struct diff_fixture *fixture = *state;
	for (unsigned seed = 1; seed <= 60; seed++) {
		struct random random = {.state = seed};
		struct edit edits[500];
		traffic_fill(&fixture->a, &random, 200 + random_below(&random, 6000),
			     1 + random_below(&random, 5), 1 + random_below(&random, 3));
		traffic_copy(&fixture->b, &fixture->a, &random, random_below(&random, 20));
		fixture->options.window = 64 + random_below(&random, 2000);
		size_t count = edit_at_random(fixture, &random, edits);
		diff_compare(fixture);
		for (size_t i = 0; i < count; i++)
			expect_edit(fixture, &edits[i], seed);
		if (fixture->count != count)
			fail_msg("seed %u: %zu differences after %zu edits", seed, fixture->count, count);
		traffic_fini(&fixture->a);
		traffic_fini(&fixture->b);
	}
}

static void a_second_recording_of_the_same_traffic_is_equal(void **state)
{
	struct diff_fixture *fixture = *state;
	fixture->options.order = REPLAY_ORDER_PUBLISHER;
	for (unsigned seed = 100; seed < 140; seed++) {
		struct random random = {.state = seed};
		traffic_fill(&fixture->a, &random, random_below(&random, 8000), 1 + random_below(&random, 9),
			     1 + random_below(&random, 9));
		traffic_copy(&fixture->b, &fixture->a, &random, random_below(&random, 50));
		fixture->options.window = 100 + random_below(&random, 2000);
		diff_compare(fixture);
		if (fixture->count > 0)
			fail_msg("seed %u: %zu differences", seed, fixture->count);
		assert_int_equal(fixture->summary.total.equal, fixture->a.count);
		traffic_fini(&fixture->a);
		traffic_fini(&fixture->b);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, diff_fixture_setup, diff_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(random_edits_are_found_exactly),
	    TEST(a_second_recording_of_the_same_traffic_is_equal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
