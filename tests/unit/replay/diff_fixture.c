#include "tests/unit/replay/diff_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

int diff_fixture_setup(void **state)
{
	*state = calloc(1, sizeof(struct diff_fixture));
	return *state ? 0 : -1;
}

int diff_fixture_teardown(void **state)
{
	struct diff_fixture *fixture = *state;
	traffic_fini(&fixture->a);
	traffic_fini(&fixture->b);
	replay_diff_close(fixture->diff);
	free(fixture);
	return 0;
}

static void note(void *context, const struct replay_difference *difference)
{
	struct diff_fixture *fixture = context;
	assert_true(fixture->count < sizeof fixture->reported / sizeof fixture->reported[0]);
	struct reported *reported = &fixture->reported[fixture->count++];
	*reported = (struct reported){.kind = difference->kind, .is_reply = difference->is_reply};
	reported->seq[REPLAY_A] = difference->a ? difference->a->seq : 0;
	reported->seq[REPLAY_B] = difference->b ? difference->b->seq : 0;
	snprintf(reported->subject, sizeof reported->subject, "%.*s", (int)difference->subject.len,
		 difference->subject.data);
}

void diff_compare(struct diff_fixture *fixture)
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

void diff_expect_one(struct diff_fixture *fixture, enum replay_difference_kind kind, uint64_t seq_a,
		     uint64_t seq_b)
{
	diff_compare(fixture);
	for (size_t i = 0; i < fixture->count; i++)
		if (i > 0 || fixture->reported[i].kind != kind ||
		    fixture->reported[i].seq[REPLAY_A] != seq_a ||
		    fixture->reported[i].seq[REPLAY_B] != seq_b)
			print_message("%s %lu %lu %s\n", replay_difference_name(fixture->reported[i].kind),
				      (unsigned long)fixture->reported[i].seq[REPLAY_A],
				      (unsigned long)fixture->reported[i].seq[REPLAY_B],
				      fixture->reported[i].subject);
	assert_int_equal(fixture->count, 1);
	assert_int_equal(fixture->reported[0].kind, kind);
	assert_int_equal(fixture->reported[0].seq[REPLAY_A], seq_a);
	assert_int_equal(fixture->reported[0].seq[REPLAY_B], seq_b);
}

void diff_expect_equal(struct diff_fixture *fixture)
{
	diff_compare(fixture);
	assert_int_equal(fixture->count, 0);
}

void diff_fill_numbers(struct diff_fixture *fixture)
{
	char text[20];
	for (int i = 0; i < 10; i++) {
		snprintf(text, sizeof text, "number %d", i);
		traffic_message(&fixture->a, 1, "numbers", "", text);
		traffic_message(&fixture->b, 5, "numbers", "", text);
	}
}
