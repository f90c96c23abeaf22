/* Which delivery made a service publish. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trace/causality.h"

enum { SERVICE = 1, ORDER = 10, OTHER = 11, EFFECT = 20 };

#define MS INT64_C(1000000)

static int setup(void **state)
{
	*state = trace_causality_open();
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	trace_causality_close(*state);
	return 0;
}

/* The score of a single candidate. */
static double judge_one(struct trace_causality *causality, uint64_t class, int64_t now_ns, int64_t age_ns,
			enum trace_sharing sharing)
{
	struct trace_candidate candidate = {.class = class, .age_ns = age_ns, .sharing = sharing};
	trace_causality_judge(causality, SERVICE, EFFECT, now_ns, &candidate, 1);
	return candidate.score;
}

/* Every 100 ms an order comes, and its effect 2 ms later. */
static void learn_orders(struct trace_causality *causality, int count)
{
	for (int i = 0; i < count; i++) {
		trace_causality_delivered(causality, SERVICE, ORDER);
		judge_one(causality, ORDER, (100 * i + 2) * MS, 2 * MS, TRACE_SHARING_UNKNOWN);
	}
}

static void a_short_age_is_likely_before_anything_is_learned(void **state)
{
	assert_true(judge_one(*state, ORDER, 0, MS, TRACE_SHARING_UNKNOWN) > 0.8);
	assert_true(judge_one(*state, ORDER, 0, 2000 * MS, TRACE_SHARING_UNKNOWN) < 0.5);
}

static void a_pair_that_recurs_becomes_certain_and_an_unusual_age_does_not(void **state)
{
	learn_orders(*state, 50);
	assert_true(judge_one(*state, ORDER, 5002 * MS, 2 * MS, TRACE_SHARING_UNKNOWN) > 0.99);
	assert_true(judge_one(*state, ORDER, 6000 * MS, 900 * MS, TRACE_SHARING_UNKNOWN) < 0.5);
}

static void the_delivery_of_the_usual_class_wins_over_a_newer_one(void **state)
{
	struct trace_candidate candidates[] = {{.class = OTHER, .age_ns = MS},
					       {.class = ORDER, .age_ns = 2 * MS}};
	learn_orders(*state, 50);
	for (int i = 0; i < 50; i++)
		trace_causality_delivered(*state, SERVICE, OTHER);
	trace_causality_judge(*state, SERVICE, EFFECT, 5002 * MS, candidates, 2);
	assert_true(candidates[1].score > 0.9);
	assert_true(candidates[0].score + candidates[1].score <= 1.0001);
}

static void a_timer_gets_no_cause(void **state)
{
	double last = 1;
	for (int i = 0; i < 400; i++) { /* every 50 ms, and an order now and then */
		struct trace_candidate candidate = {.class = ORDER, .age_ns = (i * 37 % 900) * MS};
		if (i % 18 == 0)
			trace_causality_delivered(*state, SERVICE, ORDER);
		trace_causality_judge(*state, SERVICE, EFFECT, 50 * i * MS, &candidate, 1);
		last = candidate.score;
	}
	assert_true(last < 0.5);
}

static void a_shared_id_tells_two_equal_deliveries_apart(void **state)
{
	struct trace_candidate candidates[] = {
	    {.class = ORDER, .age_ns = 2 * MS, .sharing = TRACE_SHARES_NOTHING},
	    {.class = ORDER, .age_ns = 3 * MS, .sharing = TRACE_SHARES_ID},
	    {.class = ORDER, .age_ns = 4 * MS, .sharing = TRACE_SHARES_NOTHING}};
	trace_causality_judge(*state, SERVICE, EFFECT, 0, candidates, 3);
	assert_true(candidates[1].score > 0.8);
}

static void deliveries_are_taken_in_order_when_nothing_else_tells_them_apart(void **state)
{
	struct trace_candidate candidates[] = {{.class = ORDER, .age_ns = 5 * MS},
					       {.class = ORDER, .age_ns = 6 * MS}};
	trace_causality_judge(*state, SERVICE, EFFECT, 0, candidates, 2);
	assert_true(candidates[1].score > candidates[0].score);
	candidates[1].is_again = true;
	trace_causality_judge(*state, SERVICE, EFFECT, 0, candidates, 2);
	assert_true(candidates[0].score > candidates[1].score);
}

/* A timer publishes every 10 ms, whatever is delivered. */
static void learn_timer(struct trace_causality *causality, int count)
{
	for (int i = 0; i < count; i++)
		trace_causality_judge(causality, SERVICE, EFFECT, 10 * i * MS, NULL, 0);
}

static void reading_the_same_events_again_changes_no_rate(void **state)
{
	struct trace_causality *again = *state, *once = trace_causality_open();
	assert_non_null(once);
	learn_timer(once, 2000);
	for (int i = 0; i < 20; i++) {
		trace_causality_begin_pass(again);
		learn_timer(again, 100);
	}
	double one_pass = judge_one(once, ORDER, 20000 * MS, 50 * MS, TRACE_SHARING_UNKNOWN);
	double many_passes = judge_one(again, ORDER, 1000 * MS, 50 * MS, TRACE_SHARING_UNKNOWN);
	assert_true(many_passes > one_pass * 0.9 && many_passes < one_pass * 1.1);
	trace_causality_close(once);
}

/* More deliveries than a float can count: one by one they stop at 2^24. */
static void a_count_does_not_freeze(void **state)
{
	enum { MANY = 1 << 24 };
	learn_orders(*state, 1000);
	for (int i = 0; i < MANY; i++)
		trace_causality_delivered(*state, SERVICE, ORDER);
	double before = judge_one(*state, ORDER, 100002 * MS, 2 * MS, TRACE_SHARING_UNKNOWN);
	for (int i = 0; i < MANY; i++)
		trace_causality_delivered(*state, SERVICE, ORDER);
	double after = judge_one(*state, ORDER, 100003 * MS, 2 * MS, TRACE_SHARING_UNKNOWN);
	assert_true(after / (1 - after) < 0.7 * before / (1 - before));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(a_short_age_is_likely_before_anything_is_learned),
	    TEST(a_pair_that_recurs_becomes_certain_and_an_unusual_age_does_not),
	    TEST(the_delivery_of_the_usual_class_wins_over_a_newer_one),
	    TEST(a_timer_gets_no_cause),
	    TEST(a_shared_id_tells_two_equal_deliveries_apart),
	    TEST(deliveries_are_taken_in_order_when_nothing_else_tells_them_apart),
	    TEST(reading_the_same_events_again_changes_no_rate),
	    TEST(a_count_does_not_freeze),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
