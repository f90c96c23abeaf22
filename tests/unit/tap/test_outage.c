/* Losses of a subscriber's connection become gap events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tap/subscriber/outage.h"

#define MS INT64_C(1000000)

static struct tap__notices notices;
static struct tap__outage outage;

static int start(void **state)
{
	(void)state;
	tap__notices_init(&notices);
	tap__outage_init(&outage, &notices);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	tap__outage_fini(&outage);
	tap__notices_fini(&notices);
	return 0;
}

/* The one notice is a gap with these times and this text. */
static void expect_gap(int64_t from_ns, int64_t to_ns, const char *text)
{
	char found[1024];
	const struct wire_event *gap = tap__notices_first(&notices);
	assert_non_null(gap);
	assert_int_equal(gap->kind, WIRE_EVENT_GAP);
	assert_int_equal(gap->from_ns, from_ns);
	assert_int_equal(gap->to_ns, to_ns);
	assert_int_equal(gap->time_ns, to_ns);
	assert_int_equal(gap->lost_messages, 0); /* unknown */
	snprintf(found, sizeof found, "%.*s", (int)gap->text.len, gap->text.data);
	assert_string_equal(found, text);
	tap__notices_remove(&notices);
	assert_true(tap__notices_are_empty(&notices));
}

static void an_outage_is_a_gap_from_the_last_byte_to_the_return(void **state)
{
	(void)state;
	tap__outage_begin(&outage, 1, 100 * MS, "Connection Closed");
	assert_true(tap__notices_are_empty(&notices));
	assert_true(tap__outage_end(&outage, 1, 1350 * MS, "nats://b:4222"));
	expect_gap(100 * MS, 1350 * MS,
		   "not connected for 1.250 s: Connection Closed; reconnected to nats://b:4222");
	assert_int_equal(outage.count, 1);
	assert_int_equal(outage.total_ns, 1250 * MS);
}

static void losses_before_the_subscriptions_are_back_are_one_outage(void **state)
{
	(void)state;
	tap__outage_begin(&outage, 1, 100 * MS, "first");
	tap__outage_begin(&outage, 2, 200 * MS, "second");
	assert_false(tap__outage_end(&outage, 1, 300 * MS, "nats://a:4222")); /* it was lost again */
	assert_true(tap__notices_are_empty(&notices));
	assert_true(tap__outage_end(&outage, 2, 400 * MS, "nats://a:4222"));
	expect_gap(100 * MS, 400 * MS,
		   "not connected for 0.300 s: first; lost 2 times meanwhile; reconnected to nats://a:4222");
	assert_int_equal(outage.count, 1);
}

static void the_end_of_the_recording_ends_any_outage(void **state)
{
	(void)state;
	assert_false(tap__outage_end(&outage, 0, 50 * MS, ""));
	tap__outage_begin(&outage, 7, 100 * MS, "Connection Closed");
	assert_true(tap__outage_end(&outage, 0, 200 * MS, ""));
	expect_gap(100 * MS, 200 * MS,
		   "not connected for 0.100 s: Connection Closed; not reconnected until the recording ended");
	assert_false(tap__outage_end(&outage, 7, 300 * MS, "nats://a:4222"));
	assert_true(tap__notices_are_empty(&notices));
}

static void a_server_that_is_silent_at_the_end_is_an_outage(void **state)
{
	(void)state;
	tap__outage_note(&outage, 100 * MS, "the server does not answer");
	assert_true(tap__outage_end(&outage, 0, 3100 * MS, ""));
	expect_gap(100 * MS, 3100 * MS,
		   "not connected for 3.000 s: the server does not answer; not reconnected until the "
		   "recording ended");
	tap__outage_begin(&outage, 1, 100 * MS, "Connection Closed");
	tap__outage_note(&outage, 200 * MS, "the server does not answer"); /* that is known */
	assert_true(tap__outage_end(&outage, 0, 300 * MS, ""));
	expect_gap(100 * MS, 300 * MS,
		   "not connected for 0.200 s: Connection Closed; not reconnected until the recording ended");
}

static void the_servers_reason_is_added_to_the_loss_that_it_explains(void **state)
{
	(void)state;
	for (uint64_t is_early = 0; is_early < 2; is_early++) {
		if (is_early)
			tap__outage_explain(&outage, "Slow Consumer (Pending Bytes)");
		tap__outage_begin(&outage, 1 + is_early, 0, "Connection Closed");
		if (!is_early)
			tap__outage_explain(&outage, "Slow Consumer (Pending Bytes)");
		assert_true(tap__outage_end(&outage, 1 + is_early, 500 * MS, "nats://a:4222"));
		expect_gap(0, 500 * MS,
			   "not connected for 0.500 s: Connection Closed, server: Slow Consumer (Pending "
			   "Bytes); reconnected to nats://a:4222");
	}
	tap__outage_begin(&outage, 2, 0, "first");
	tap__outage_begin(&outage, 3, 0, "second");
	tap__outage_explain(&outage, "of which one?");
	assert_true(tap__outage_end(&outage, 3, 500 * MS, "nats://a:4222"));
	expect_gap(0, 500 * MS,
		   "not connected for 0.500 s: first; lost 2 times meanwhile; reconnected to nats://a:4222");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
	    CASE(an_outage_is_a_gap_from_the_last_byte_to_the_return),
	    CASE(losses_before_the_subscriptions_are_back_are_one_outage),
	    CASE(the_end_of_the_recording_ends_any_outage),
	    CASE(a_server_that_is_silent_at_the_end_is_an_outage),
	    CASE(the_servers_reason_is_added_to_the_loss_that_it_explains),
	};
	return cmocka_run_group_tests_name("outage", tests, NULL, NULL);
}
