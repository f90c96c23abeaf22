/* Speeds, rates and the like, as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/options/replay_values.h"

typedef int parser(void *member, const char *text, struct wire_fault *fault);

static struct replay_plan plan_of(parser *parse, const char *text)
{
	struct cli_replay_plan plan = {0};
	struct wire_fault fault;

	if (parse(&plan, text, &fault) != 0)
		fail_msg("\"%s\" %s", text, fault.text);
	assert_int_equal(cli_replay_plan_settle(&plan, &fault), 0);
	return plan.plan;
}

static void speeds_are_factors_or_max(void **state)
{
	(void)state;
	assert_int_equal(plan_of(cli_replay_speed, "1").speed, REPLAY_SPEED_ONE);
	assert_int_equal(plan_of(cli_replay_speed, "2.5x").speed, 2500000);
	assert_int_equal(plan_of(cli_replay_speed, "0.01X").speed, REPLAY_SPEED_MIN);
	assert_int_equal(plan_of(cli_replay_speed, "1000x").speed, REPLAY_SPEED_MAX);
	assert_int_equal(plan_of(cli_replay_speed, "max").pacing, REPLAY_FASTEST);
	assert_int_equal(plan_of(cli_replay_speed, "1x").pacing, REPLAY_AS_RECORDED);
}

static void rates_may_be_fractions_and_thousands(void **state)
{
	(void)state;
	assert_int_equal(plan_of(cli_replay_rate, "1000").rate, 1000 * REPLAY_RATE_ONE);
	assert_int_equal(plan_of(cli_replay_rate, "0.5/s").rate, REPLAY_RATE_ONE / 2);
	assert_int_equal(plan_of(cli_replay_rate, "2.5k").rate, 2500 * REPLAY_RATE_ONE);
	assert_int_equal(plan_of(cli_replay_rate, "3M/s").rate, 3000000LL * REPLAY_RATE_ONE);
	assert_int_equal(plan_of(cli_replay_rate, "1").pacing, REPLAY_AT_RATE);
	assert_int_equal(plan_of(cli_replay_bandwidth, "10MB/s").bytes_per_second, 10000000);
	assert_int_equal(plan_of(cli_replay_bandwidth, "512").pacing, REPLAY_AT_BANDWIDTH);
}

static void ramps_have_two_rates_and_a_duration(void **state)
{
	struct replay_plan plan = plan_of(cli_replay_ramp, "100..5k/1m30s");

	(void)state;
	assert_int_equal(plan.pacing, REPLAY_RAMPED);
	assert_int_equal(plan.rate, 100 * REPLAY_RATE_ONE);
	assert_int_equal(plan.ramp_to, 5000 * REPLAY_RATE_ONE);
	assert_int_equal(plan.ramp_ns, 90000000000);
	assert_int_equal(plan_of(cli_replay_ramp, "0..1/1s").rate, 0);
}

static void loops_shards_and_factors(void **state)
{
	struct cli_replay_shard shard;
	struct wire_fault fault;
	uint64_t passes = 7;
	double factor;

	(void)state;
	assert_int_equal(cli_replay_loop(&passes, "forever", &fault), 0);
	assert_int_equal(passes, 0);
	assert_int_equal(cli_replay_loop(&passes, "12", &fault), 0);
	assert_int_equal(passes, 12);
	assert_int_equal(cli_replay_shard(&shard, "4/4", &fault), 0);
	assert_int_equal(shard.shard, 3);
	assert_int_equal(shard.shards, 4);
	assert_int_equal(cli_replay_factor(&factor, "1.5x", &fault), 0);
	assert_true(factor > 1.49 && factor < 1.51);
}

static void durations_reach_from_nanoseconds_to_decades(void **state)
{
	struct wire_fault fault;
	int64_t ns;

	(void)state;
	assert_int_equal(cli_replay_duration(&ns, "500us", &fault), 0);
	assert_int_equal(ns, 500000);
	assert_int_equal(cli_replay_duration(&ns, "1ms250ns", &fault), 0);
	assert_int_equal(ns, 1000250);
	assert_int_equal(cli_replay_duration(&ns, "3650d", &fault), 0);
	assert_int_equal(ns, 3650LL * 86400 * 1000000000);
	assert_true(cli_replay_duration(&ns, "36500d", &fault) < 0);
	assert_int_equal(cli_replay_duration(&ns, "0s", &fault), 0);
	assert_int_equal(ns, 0);
	assert_true(cli_replay_positive_duration(&ns, "0s", &fault) < 0);
	assert_string_equal(fault.text, "must be more than 0");
	assert_true(plan_of(cli_replay_max_gap, "0s").shortens_gaps);
}

static void nonsense_is_refused_with_an_example(void **state)
{
	static const struct {
		parser *parse;
		const char *text;
	} rows[] = {
	    {cli_replay_speed, "0"},          {cli_replay_speed, "-1"},        {cli_replay_speed, "1001"},
	    {cli_replay_speed, "0.009"},      {cli_replay_speed, "fast"},      {cli_replay_speed, ""},
	    {cli_replay_speed, "1xx"},        {cli_replay_speed, "1e3"},       {cli_replay_speed, "nan"},
	    {cli_replay_rate, "0"},           {cli_replay_rate, "0.0001"},     {cli_replay_rate, "1/m"},
	    {cli_replay_rate, "9999999999M"}, {cli_replay_rate, "-5"},         {cli_replay_bandwidth, "0"},
	    {cli_replay_bandwidth, "x"},      {cli_replay_bandwidth, "1MB/h"}, {cli_replay_ramp, "1..2"},
	    {cli_replay_ramp, "1..0/5s"},     {cli_replay_ramp, "1..2/0s"},    {cli_replay_ramp, "1-2/5s"},
	    {cli_replay_ramp, "1..2/x"},      {cli_replay_loop, "0"},          {cli_replay_loop, "-1"},
	    {cli_replay_loop, "often"},       {cli_replay_shard, "0/4"},       {cli_replay_shard, "5/4"},
	    {cli_replay_shard, "1/0"},        {cli_replay_shard, "1"},         {cli_replay_shard, "-1/4"},
	    {cli_replay_shard, "1/4x"},       {cli_replay_factor, "0"},        {cli_replay_factor, "x"},
	};
	union {
		struct cli_replay_plan plan;
		struct cli_replay_shard shard;
		uint64_t count;
		double factor;
	} member;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wire_fault fault = {0};
		memset(&member, 0, sizeof(member));
		if (rows[i].parse(&member, rows[i].text, &fault) == 0)
			fail_msg("\"%s\" was taken", rows[i].text);
		assert_true(strlen(fault.text) > 0);
	}
}

static void two_schedules_exclude_each_other(void **state)
{
	struct cli_replay_plan plan = {0};
	struct wire_fault fault;

	(void)state;
	assert_int_equal(cli_replay_speed(&plan, "max", &fault), 0);
	assert_int_equal(cli_replay_rate(&plan, "5", &fault), 0);
	assert_true(cli_replay_plan_settle(&plan, &fault) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(speeds_are_factors_or_max),
	    cmocka_unit_test(rates_may_be_fractions_and_thousands),
	    cmocka_unit_test(ramps_have_two_rates_and_a_duration),
	    cmocka_unit_test(loops_shards_and_factors),
	    cmocka_unit_test(durations_reach_from_nanoseconds_to_decades),
	    cmocka_unit_test(nonsense_is_refused_with_an_example),
	    cmocka_unit_test(two_schedules_exclude_each_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
