/* diff_fixture.h - two recordings to compare, and the differences that are reported. */
#ifndef TESTS_DIFF_FIXTURE_H
#define TESTS_DIFF_FIXTURE_H

#include "replay/diff/summary.h"
#include "tests/unit/replay/traffic.h"

/* A reported difference, in short. */
struct reported {
	enum replay_difference_kind kind;
	bool is_reply;
	uint64_t seq[REPLAY_SIDES]; /* 0: none */
	char subject[48];
};

/* A test's state: two empty recordings and default options. */
struct diff_fixture {
	struct traffic a, b;
	struct replay_diff_options options;
	struct reported reported[2000];
	size_t count;
	struct replay_diff *diff;
	struct replay_diff_summary summary;
};

int diff_fixture_setup(void **state);
int diff_fixture_teardown(void **state);

/* Add ten numbered messages on one subject to both recordings. */
void diff_fill_numbers(struct diff_fixture *fixture);

/* Compare the recordings from the beginning: fills `reported` and the summary, which must agree with each other. */
void diff_compare(struct diff_fixture *fixture);
/* Compare, and expect only this difference. A number is 0 where a side has no message. */
void diff_expect_one(struct diff_fixture *fixture, enum replay_difference_kind kind, uint64_t seq_a,
		     uint64_t seq_b);
/* Compare, and expect no difference. */
void diff_expect_equal(struct diff_fixture *fixture);

#endif
