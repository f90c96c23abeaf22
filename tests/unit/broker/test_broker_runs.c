/* One write with hundreds of similar messages: every receiver gets each one, in order and complete, and the events
 * agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/broker/broker_fixture.h"

static struct broker_fixture fixture;
static struct speech speech;

static int end(void **state)
{
	(void)state;
	speech_fini(&speech);
	broker_fixture_fini(&fixture);
	return 0;
}

/* ---- sizes of payloads ---- */

static uint32_t always_16(uint32_t number)
{
	(void)number;
	return 16;
}

/* Sequences of equal sizes, and lines of different lengths. */
static uint32_t varying(uint32_t number)
{
	return FIXTURE_NUMBER_BYTES + (number / 3) * 7919 % 400;
}

/* A few of these exceed several chunks of output; others fill almost one. */
static uint32_t large(uint32_t number)
{
	return FIXTURE_NUMBER_BYTES + number * 7919 % 65536;
}

static void publish_numbers(uint32_t from, uint32_t count, uint32_t (*size_of)(uint32_t number))
{
	for (uint32_t i = from; i < from + count; i++)
		speech_publish(&speech, "run", i, size_of(i));
}

static void hear_numbers(struct caller *caller, const char *sid, uint32_t from, uint32_t count,
			 uint32_t (*size_of)(uint32_t number))
{
	for (uint32_t i = from; i < from + count; i++)
		caller_hear_message(caller, "run", sid, i, size_of(i));
}

/* Check that nothing more has arrived. */
static void hear_no_more(struct caller *caller)
{
	caller_say(caller, "PING\r\n");
	caller_hear_pong(caller);
}

/* Check that the events are of messages 0, 1, 2, …, each with this many receivers that all got it. */
static void expect_events(uint32_t count, uint32_t receivers)
{
	assert_int_equal(fixture.messages_len, count);
	for (uint32_t i = 0; i < count; i++) {
		assert_int_equal(fixture.messages[i].number, i);
		assert_int_equal(fixture.messages[i].receiver_count, receivers);
		assert_int_equal(fixture.messages[i].receivers_len, receivers);
	}
}

/* ---- every receiver gets all messages ---- */

static void expect_delivery(uint32_t receivers, uint32_t count, uint32_t (*size_of)(uint32_t number))
{
	struct caller publisher, readers[FIXTURE_RECEIVERS];
	broker_fixture_start(&fixture, NULL, NULL);
	for (uint32_t i = 0; i < receivers; i++)
		caller_join(&fixture, &readers[i], HELLO "SUB run 7\r\n");
	caller_join(&fixture, &publisher, HELLO);
	publish_numbers(0, count, size_of);
	speech_add(&speech, "PING\r\n");
	caller_speak(&publisher, &speech);
	caller_hear_pong(&publisher);
	for (uint32_t i = 0; i < receivers; i++) {
		hear_numbers(&readers[i], "7", 0, count, size_of);
		hear_no_more(&readers[i]);
		caller_leave(&readers[i]);
	}
	caller_leave(&publisher);
	broker_fixture_stop(&fixture);
	expect_events(count, receivers);
	/* How many large messages are complete in one read depends on how the bytes arrive. */
	uint64_t least = size_of == large ? 1 : count / 2;
	assert_in_range(fixture.messages_in_batches, least, count - fixture.batches);
	broker_fixture_fini(&fixture);
}

static void a_run_reaches_every_subscriber_in_order(void **state)
{
	static const uint32_t receivers[] = {0, 1, 3, 7, 8, 13};
	(void)state;
	for (size_t i = 0; i < sizeof receivers / sizeof *receivers; i++) {
		expect_delivery(receivers[i], 20000, always_16);
		expect_delivery(receivers[i], 3000, varying);
		expect_delivery(receivers[i], 250, large);
	}
}

/* No other message comes between the two deliveries of one message to a client. */
static void a_client_with_two_subscriptions_gets_each_message_on_both_before_the_next(void **state)
{
	enum { COUNT = 1000 };
	struct caller publisher, reader;
	struct wire_op op;
	(void)state;
	broker_fixture_start(&fixture, NULL, NULL);
	caller_join(&fixture, &reader, HELLO "SUB run 1\r\nSUB * 2\r\n");
	caller_join(&fixture, &publisher, HELLO);
	publish_numbers(0, COUNT, varying);
	caller_speak(&publisher, &speech);
	for (uint32_t i = 0; i < 2 * COUNT; i++) {
		assert_true(caller_hear(&reader, &op));
		assert_int_equal(payload_number(op.payload), i / 2);
	}
	caller_leave(&reader);
	caller_leave(&publisher);
	broker_fixture_stop(&fixture);
	expect_events(COUNT, 2);
}

static void a_publisher_without_echo_gets_nothing_of_its_own_run(void **state)
{
	struct caller publisher, reader;
	(void)state;
	broker_fixture_start(&fixture, NULL, NULL);
	caller_join(&fixture, &reader, HELLO "SUB run 1\r\n");
	caller_join(&fixture, &publisher,
		    "CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":false}\r\nSUB run 1\r\n");
	publish_numbers(0, 1000, varying);
	caller_speak(&publisher, &speech);
	hear_no_more(&publisher);
	hear_numbers(&reader, "1", 0, 1000, varying);
	caller_leave(&publisher);
	caller_leave(&reader);
	broker_fixture_stop(&fixture);
	expect_events(1000, 1);
	assert_true(fixture.batches > 0);
}

static void each_message_of_a_run_goes_to_one_member_of_a_queue_group(void **state)
{
	enum { MEMBERS = 3, COUNT = 3000 };
	static uint8_t got[COUNT];
	struct caller publisher, plain, members[MEMBERS];
	(void)state;
	memset(got, 0, sizeof got);
	broker_fixture_start(&fixture, NULL, NULL);
	caller_join(&fixture, &plain, HELLO "SUB run 1\r\n");
	for (int i = 0; i < MEMBERS; i++)
		caller_join(&fixture, &members[i], HELLO "SUB run group 1\r\n");
	caller_join(&fixture, &publisher, HELLO);
	publish_numbers(0, COUNT, varying);
	caller_speak(&publisher, &speech);
	hear_no_more(&publisher);
	hear_numbers(&plain, "1", 0, COUNT, varying);
	for (int i = 0; i < MEMBERS; i++) {
		struct wire_op op;
		uint32_t before = 0, taken = 0;
		caller_say(&members[i], "PING\r\n");
		for (; caller_hear(&members[i], &op) && op.verb == WIRE_MSG; taken++) {
			uint32_t number = payload_number(op.payload);
			assert_true(number < COUNT && (taken == 0 || number > before));
			got[number]++;
			before = number;
		}
		assert_in_range(taken, COUNT / MEMBERS / 2, COUNT / MEMBERS * 2);
		caller_leave(&members[i]);
	}
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(got[i], 1);
	caller_leave(&plain);
	caller_leave(&publisher);
	broker_fixture_stop(&fixture);
	expect_events(COUNT, 2);
}

/* ---- what happens in the middle ---- */

static void a_subscription_with_a_maximum_gets_that_many_messages_of_a_run(void **state)
{
	enum { COUNT = 2000, MAX = 777 };
	struct caller publisher, some, all;
	(void)state;
	broker_fixture_start(&fixture, NULL, NULL);
	caller_join(&fixture, &all, HELLO "SUB run 1\r\n");
	caller_join(&fixture, &some, HELLO "SUB run 5\r\nUNSUB 5 777\r\n");
	caller_join(&fixture, &publisher, HELLO);
	publish_numbers(0, COUNT, varying);
	caller_speak(&publisher, &speech);
	hear_numbers(&all, "1", 0, COUNT, varying);
	hear_numbers(&some, "5", 0, MAX, varying);
	hear_no_more(&some);
	caller_leave(&some);
	caller_leave(&all);
	caller_leave(&publisher);
	broker_fixture_stop(&fixture);
	assert_int_equal(fixture.messages_len, COUNT);
	for (uint32_t i = 0; i < COUNT; i++)
		assert_int_equal(fixture.messages[i].receiver_count, i < MAX ? 2 : 1);
	assert_true(fixture.batches > 0); /* after the maximum was reached */
}

/* The publisher is its own subscriber: the operations of its write take effect in order. */
static void operations_between_messages_take_effect_in_order(void **state)
{
	struct caller publisher;
	struct wire_op op;
	(void)state;
	broker_fixture_start(&fixture, NULL, NULL);
	caller_join(&fixture, &publisher, HELLO);
	publish_numbers(0, 300, varying);
	speech_add(&speech, "SUB run 1\r\n");
	publish_numbers(300, 300, varying);
	speech_add(&speech, "PING\r\nPUB run reply 8\r\n00000600\r\n");
	publish_numbers(601, 300, varying);
	speech_add(&speech, "HPUB run 12 20\r\nNATS/1.0\r\n\r\n00000901\r\n");
	publish_numbers(902, 300, varying);
	speech_add(&speech, "UNSUB 1\r\n");
	publish_numbers(1202, 300, varying);
	speech_add(&speech, "PING\r\n");
	caller_speak(&publisher, &speech);
	hear_numbers(&publisher, "1", 300, 300, varying);
	caller_hear_pong(&publisher);
	assert_true(caller_hear(&publisher, &op));
	assert_int_equal(payload_number(op.payload), 600);
	assert_true(wire_slice_equal(op.reply, WIRE_LITERAL("reply")));
	hear_numbers(&publisher, "1", 601, 300, varying);
	assert_true(caller_hear(&publisher, &op));
	assert_int_equal(payload_number(op.payload), 901);
	assert_int_equal(op.headers.len, 12);
	hear_numbers(&publisher, "1", 902, 300, varying);
	caller_hear_pong(&publisher);
	caller_leave(&publisher);
	broker_fixture_stop(&fixture);
	assert_int_equal(fixture.messages_len, 1502);
	for (uint32_t i = 0; i < 1502; i++)
		assert_int_equal(fixture.messages[i].number, i);
	assert_true(fixture.batches >= 5);
}

static void a_run_before_a_malformed_message_is_delivered(void **state)
{
	struct caller publisher, reader;
	struct wire_op op;
	(void)state;
	broker_fixture_start(&fixture, NULL, NULL);
	caller_join(&fixture, &reader, HELLO "SUB run 1\r\n");
	caller_join(&fixture, &publisher, HELLO);
	publish_numbers(0, 500, always_16);
	speech_add(&speech, "PUB run 16\r\n0000050012345678!!\r\n");
	publish_numbers(501, 500, always_16);
	caller_speak(&publisher, &speech);
	hear_numbers(&reader, "1", 0, 500, always_16);
	assert_true(caller_hear(&publisher, &op));
	assert_int_equal(op.verb, WIRE_ERR);
	assert_false(caller_hear(&publisher, &op));
	hear_no_more(&reader);
	caller_leave(&publisher);
	caller_leave(&reader);
	broker_fixture_stop(&fixture);
	expect_events(500, 1);
}

/* ---- an answer for each message ---- */

static void a_verbose_publisher_is_answered_for_each_message(void **state)
{
	enum { COUNT = 1000 };
	struct caller publisher;
	struct wire_op op;
	(void)state;
	broker_fixture_start(&fixture, NULL, NULL);
	caller_join(&fixture, &publisher, "CONNECT {\"verbose\":true,\"pedantic\":false}\r\nSUB run 1\r\n");
	publish_numbers(0, COUNT, varying);
	caller_speak(&publisher, &speech);
	for (uint32_t i = 0; i < COUNT; i++) {
		assert_true(caller_hear(&publisher, &op));
		assert_int_equal(op.verb, WIRE_OK);
		caller_hear_message(&publisher, "run", "1", i, varying(i));
	}
	hear_no_more(&publisher);
	caller_leave(&publisher);
	broker_fixture_stop(&fixture);
	expect_events(COUNT, 1);
}

/* User u may not publish to `run`; user r may not receive from it. */
static void forbid(struct broker_options *options)
{
	static const char *const names[] = {"u", "r", "o"};
	options->users = calloc(3, sizeof *options->users);
	options->users_len = 3;
	for (int i = 0; i < 3; i++) {
		options->users[i].name = strdup(names[i]);
		options->users[i].password = strdup("p");
	}
	for (int i = 0; i < 2; i++) {
		struct broker_permissions *permissions = calloc(1, sizeof *permissions);
		struct broker_permission *denied = i == 0 ? &permissions->publish : &permissions->subscribe;
		denied->deny = calloc(1, sizeof(char *));
		denied->deny[0] = strdup("run");
		denied->deny_len = 1;
		options->users[i].permissions = permissions;
	}
}

#define HELLO_OF(user) \
	"CONNECT {\"verbose\":false,\"pedantic\":false,\"user\":\"" user "\",\"pass\":\"p\"}\r\n"

static void a_publisher_without_permission_gets_an_error_for_each_message(void **state)
{
	enum { COUNT = 500 };
	struct caller publisher, reader;
	struct wire_op op;
	(void)state;
	broker_fixture_start(&fixture, forbid, NULL);
	caller_join(&fixture, &reader, HELLO_OF("o") "SUB > 1\r\n");
	caller_join(&fixture, &publisher, HELLO_OF("u"));
	publish_numbers(0, COUNT, varying);
	caller_speak(&publisher, &speech);
	for (uint32_t i = 0; i < COUNT; i++) {
		assert_true(caller_hear(&publisher, &op));
		assert_int_equal(op.verb, WIRE_ERR);
	}
	hear_no_more(&publisher);
	hear_no_more(&reader);
	caller_leave(&publisher);
	caller_leave(&reader);
	broker_fixture_stop(&fixture);
	expect_events(COUNT, 0);
	assert_int_equal(fixture.errors, COUNT);
}

static void a_receiver_without_permission_gets_nothing_of_a_run(void **state)
{
	enum { COUNT = 500 };
	struct caller publisher, denied, reader;
	(void)state;
	broker_fixture_start(&fixture, forbid, NULL);
	caller_join(&fixture, &reader, HELLO_OF("o") "SUB > 1\r\n");
	caller_join(&fixture, &denied, HELLO_OF("r") "SUB > 1\r\n");
	caller_join(&fixture, &publisher, HELLO_OF("o"));
	publish_numbers(0, COUNT, varying);
	caller_speak(&publisher, &speech);
	hear_numbers(&reader, "1", 0, COUNT, varying);
	hear_no_more(&denied);
	caller_leave(&publisher);
	caller_leave(&denied);
	caller_leave(&reader);
	broker_fixture_stop(&fixture);
	assert_int_equal(fixture.outcomes[WIRE_DROPPED_PERMISSION], COUNT);
	assert_int_equal(fixture.outcomes[WIRE_SENT], COUNT);
}

int main(void)
{
#define RUN(name) cmocka_unit_test_teardown(name, end)
	const struct CMUnitTest tests[] = {
	    RUN(a_run_reaches_every_subscriber_in_order),
	    RUN(a_client_with_two_subscriptions_gets_each_message_on_both_before_the_next),
	    RUN(a_publisher_without_echo_gets_nothing_of_its_own_run),
	    RUN(each_message_of_a_run_goes_to_one_member_of_a_queue_group),
	    RUN(a_subscription_with_a_maximum_gets_that_many_messages_of_a_run),
	    RUN(operations_between_messages_take_effect_in_order),
	    RUN(a_run_before_a_malformed_message_is_delivered),
	    RUN(a_verbose_publisher_is_answered_for_each_message),
	    RUN(a_publisher_without_permission_gets_an_error_for_each_message),
	    RUN(a_receiver_without_permission_gets_nothing_of_a_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
