#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/tap/receivers_fixture.h"

/* All messages on x have the same content: which of them was delivered? */

static void a_late_delivery_is_not_taken_for_that_of_the_next_message(void **state)
{
	struct bus *bus = *state;
	say(bus, first, "SUB x 1\r\n");
	pass(bus, TAP_JOIN_WINDOW_NS);
	say(bus, a, "PUB x 0\r\n\r\n");
	expect(bus, "message 1 x [] ?\n");
	say(bus, a, "PUB x 0\r\n\r\n");
	answer(bus, first, "MSG x 1 0\r\n\r\n");
	expect(bus, "message 1 x [] ?\ndelivery 3/1 x []\n");
}

static void a_late_delivery_is_not_taken_for_that_of_a_message_just_after_it(void **state)
{
	struct bus *bus = *state;
	say(bus, first, "SUB x 1\r\n");
	pass(bus, TAP_JOIN_WINDOW_NS);
	say(bus, a, "PUB x 0\r\n\r\n");
	expect(bus, "message 1 x [] ?\n");
	answer(bus, first, "MSG x 1 0\r\n\r\n");
	say(bus, a, "PUB x 0\r\n\r\n");
	expect(bus, "delivery 3/1 x []\nmessage 1 x [] ?\n");
}

static void a_queue_groups_equal_messages_are_told_apart_one_by_one(void **state)
{
	struct bus *bus = *state;
	say(bus, first, "SUB x q 1\r\nPING\r\n");
	say(bus, second, "SUB x q 1\r\nPING\r\n");
	answer(bus, first, "PONG\r\n");
	answer(bus, second, "PONG\r\n");
	say(bus, a, "PUB x 0\r\n\r\n");
	answer(bus, second, "MSG x 1 0\r\n\r\n");
	say(bus, a, "PUB x 0\r\n\r\n");
	answer(bus, first, "MSG x 1 0\r\n\r\n");
	expect(bus, "message 1 x [] -> 4/1(q)\nmessage 1 x [] -> 3/1(q)\n");
}

static void a_queue_groups_equal_messages_at_once_are_not_guessed(void **state)
{
	struct bus *bus = *state;
	say(bus, first, "SUB x q 1\r\nPING\r\n");
	say(bus, second, "SUB x q 1\r\nPING\r\n");
	answer(bus, first, "PONG\r\n");
	answer(bus, second, "PONG\r\n");
	say(bus, a, "PUB x 0\r\n\r\nPUB x 0\r\n\r\n");
	answer(bus, second, "MSG x 1 0\r\n\r\n");
	answer(bus, first, "MSG x 1 0\r\n\r\n");
	say(bus, a, "PUB x 0\r\n\r\n"); /* all earlier messages have their delivery */
	answer(bus, first, "MSG x 1 0\r\n\r\n");
	expect(bus, "message 1 x [] ?\nmessage 1 x [] ?\ndelivery 4/1 x []\ndelivery 3/1 x []\n"
		    "message 1 x [] -> 3/1(q)\n");
}

static void between_messages_of_two_publishers_close_to_the_subscription_none_is_guessed(void **state)
{
	struct bus *bus = *state;
	say(bus, a, "PUB x 0\r\n\r\n");
	say(bus, b, "PUB x 0\r\n\r\n");
	say(bus, first, "SUB x 1\r\n");
	answer(bus, first, "MSG x 1 0\r\n\r\n");
	expect(bus, "message 1 x [] ?\nmessage 2 x [] ?\ndelivery 3/1 x []\n");
}

static void of_messages_close_to_the_sub_of_one_that_ends_by_itself_none_is_guessed(void **state)
{
	struct bus *bus = *state;
	say(bus, first, "SUB x 1\r\nUNSUB 1 1\r\n");
	say(bus, a, "PUB x 0\r\n\r\nPUB x 0\r\n\r\nPING\r\n");
	answer(bus, a, "PONG\r\n");
	answer(bus, first, "MSG x 1 0\r\n\r\n");
	expect(bus, "message 1 x [] ?\nmessage 1 x [] ?\ndelivery 3/1 x []\n");
}

static void the_last_delivery_of_one_that_ends_by_itself_may_be_of_its_own_message(void **state)
{
	struct bus *bus = *state;
	say(bus, first, "SUB x 1\r\nUNSUB 1 1\r\nPING\r\n");
	answer(bus, first, "PONG\r\n");
	say(bus, a, "PUB x 0\r\n\r\n");
	say(bus, first, "PUB x 0\r\n\r\nPING\r\n");
	answer(bus, first, "MSG x 1 0\r\n\r\nPONG\r\n");
	expect(bus, "message 1 x [] ?\nmessage 3 x [] ?\ndelivery 3/1 x []\n");
}

static void a_delivery_after_the_first_may_belong_to_an_earlier_message(void **state)
{
	struct bus *bus = *state;
	say(bus, first, "SUB x 1\r\n");
	say(bus, a, "PUB x 0\r\n\r\n");
	say(bus, first, "PUB x 0\r\n\r\nUNSUB 1\r\n");
	say(bus, b, "PUB x 0\r\n\r\n");
	answer(bus, first, "MSG x 1 0\r\n\r\nMSG x 1 0\r\n\r\n");
	expect(bus, "message 1 x [] ?\nmessage 3 x [] -> 3/1\nmessage 2 x [] ?\ndelivery 3/1 x []\n");
}

static void a_delivery_left_open_by_an_unsub_may_belong_to_each_earlier_message(void **state)
{
	struct bus *bus = *state;
	say(bus, first, "SUB x 1\r\nPING\r\n");
	say(bus, a, "PUB x 0\r\n\r\n");
	say(bus, b, "PUB x 0\r\n\r\n");
	answer(bus, first, "PONG\r\n");
	say(bus, a, "PUB x 0\r\n\r\n");
	answer(bus, first, "MSG x 1 0\r\n\r\n");
	say(bus, first, "UNSUB 1\r\nPING\r\n");
	answer(bus, first, "PONG\r\n");
	expect(bus, "message 1 x [] ?\nmessage 2 x [] ?\nmessage 1 x [] ?\ndelivery 3/1 x []\n");
}

static void a_delivery_is_left_open_when_the_ring_of_waiting_events_is_full(void **state)
{
	struct bus *bus = *state;
	struct wire_event event;
	for (int others = 0; others < 300; others++) {
		int unknown = 0;
		say(bus, first, "SUB x 1\r\nSUB y 2\r\n");
		say(bus, a, "PUB x 0\r\n\r\n");
		say(bus, b, "PUB y 0\r\n\r\n");
		answer(bus, first, "MSG y 2 0\r\n\r\n");
		say(bus, a, "PUB x 0\r\n\r\n");
		answer(bus, first, "MSG x 1 0\r\n\r\n");
		say(bus, first, "UNSUB 1\r\nUNSUB 2\r\n");
		for (int i = 0; i < others; i++)
			say(bus, b, "PUB z 0\r\n\r\n");
		pass(bus, TAP_JOIN_WINDOW_NS);
		while (tap_join_next(bus->fixture.join, &event))
			unknown += (event.flags & WIRE_EVENT_RECEIVERS_UNKNOWN) != 0;
		assert_int_equal(unknown, 2);
		say(bus, first, "PING\r\n");
		answer(bus, first, "PONG\r\n");
	}
}

static void another_member_may_receive_what_one_member_cannot(void **state)
{
	struct bus *bus = *state;
	say(bus, first, "CONNECT {\"echo\":false}\r\nSUB x q 1\r\nPING\r\n");
	say(bus, second, "SUB x q 1\r\nPING\r\n");
	answer(bus, first, "PONG\r\n");
	answer(bus, second, "PONG\r\n");
	say(bus, first, "PUB x 0\r\n\r\n");
	say(bus, a, "PUB x 0\r\n\r\n");
	answer(bus, first, "MSG x 1 0\r\n\r\n");
	say(bus, b, "PUB x 0\r\n\r\n");
	answer(bus, second, "MSG x 1 0\r\n\r\n");
	expect(bus, "message 3 x [] ?\nmessage 1 x [] -> 3/1(q)\nmessage 2 x [] ?\ndelivery 4/1 x []\n");
}

static void when_one_members_delivery_is_left_open_another_member_may_have_its_message(void **state)
{
	struct bus *bus = *state;
	say(bus, first, "SUB x q 1\r\nPING\r\n");
	answer(bus, first, "PONG\r\n");
	say(bus, a, "PUB x 0\r\n\r\n");
	say(bus, b, "PUB x 0\r\n\r\nPING\r\n");
	answer(bus, b, "PONG\r\n");
	answer(bus, first, "MSG x 1 0\r\n\r\n");
	say(bus, first, "UNSUB 1\r\n");
	say(bus, second, "SUB x q 1\r\n");
	say(bus, b, "PUB x 0\r\n\r\n");
	answer(bus, second, "MSG x 1 0\r\n\r\n");
	expect(bus, "message 1 x [] ?\nmessage 2 x [] ?\nmessage 2 x [] ?\n"
		    "delivery 3/1 x []\ndelivery 4/1 x []\n");
}

static void a_message_may_belong_to_a_delivery_that_seems_late(void **state)
{
	struct bus *bus = *state;
	say(bus, first, "SUB x q 1\r\nPING\r\n");
	say(bus, b, "CONNECT {\"echo\":false}\r\nSUB x q 1\r\nPING\r\n");
	answer(bus, first, "PONG\r\n");
	answer(bus, b, "PONG\r\n");
	say(bus, a, "PUB x 0\r\n\r\n");
	expect(bus, "message 1 x [] ?\n");
	say(bus, first, "UNSUB 1\r\nPING\r\n");
	answer(bus, first, "PONG\r\n");
	say(bus, b, "PUB x 0\r\n\r\n");
	say(bus, second, "SUB x q 1\r\n");
	answer(bus, second, "MSG x 1 0\r\n\r\n");
	expect(bus, "message 2 x [] ?\ndelivery 4/1 x []\n");
}

/* As many late deliveries may come as messages have left without one. */
static void the_second_of_two_late_deliveries_is_not_taken_for_that_of_the_next_message(void **state)
{
	struct bus *bus = *state;
	say(bus, first, "SUB x q 1\r\nPING\r\n");
	say(bus, second, "SUB x q 1\r\nPING\r\n");
	answer(bus, first, "PONG\r\n");
	answer(bus, second, "PONG\r\n");
	say(bus, a, "PUB x 0\r\n\r\n");
	say(bus, a, "PUB x 0\r\n\r\n");
	expect(bus, "message 1 x [] ?\nmessage 1 x [] ?\n");
	answer(bus, first, "MSG x 1 0\r\n\r\n");
	say(bus, a, "PUB x 0\r\n\r\n");
	answer(bus, first, "MSG x 1 0\r\n\r\n");
	answer(bus, second, "MSG x 1 0\r\n\r\n");
	expect(bus, "delivery 3/1 x []\nmessage 1 x [] ?\ndelivery 3/1 x []\ndelivery 4/1 x []\n");
}

/* The group's place among the messages on x is remembered; those that have left must not be looked at again, nor their
 * publisher, which is forgotten. */
static void a_late_delivery_is_compared_with_no_message_that_has_left(void **state)
{
	struct bus *bus = *state;
	say(bus, first, "SUB x q 1\r\nPING\r\n");
	say(bus, second, "SUB x q 1\r\nPING\r\n");
	answer(bus, first, "PONG\r\n");
	answer(bus, second, "PONG\r\n");
	say(bus, a, "PUB x 0\r\n\r\nPUB x 0\r\n\r\n");
	answer(bus, second, "MSG x 1 0\r\n\r\n");
	answer(bus, first, "MSG x 1 0\r\n\r\n");
	expect(bus, "message 1 x [] ?\nmessage 1 x [] ?\ndelivery 4/1 x []\ndelivery 3/1 x []\n");
	say(bus, a, "PUB x 0\r\n\r\n");
	expect(bus, "message 1 x [] ?\n");
	session_end(&bus->fixture, &bus->a, TAP_END_CLOSED);
	answer(bus, first, "MSG x 1 0\r\n\r\n");
	expect(bus, "delivery 3/1 x []\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RECEIVERS_TEST(a_late_delivery_is_not_taken_for_that_of_the_next_message),
	    RECEIVERS_TEST(a_late_delivery_is_not_taken_for_that_of_a_message_just_after_it),
	    RECEIVERS_TEST(a_queue_groups_equal_messages_are_told_apart_one_by_one),
	    RECEIVERS_TEST(a_queue_groups_equal_messages_at_once_are_not_guessed),
	    RECEIVERS_TEST(between_messages_of_two_publishers_close_to_the_subscription_none_is_guessed),
	    RECEIVERS_TEST(of_messages_close_to_the_sub_of_one_that_ends_by_itself_none_is_guessed),
	    RECEIVERS_TEST(the_last_delivery_of_one_that_ends_by_itself_may_be_of_its_own_message),
	    RECEIVERS_TEST(a_delivery_after_the_first_may_belong_to_an_earlier_message),
	    RECEIVERS_TEST(a_delivery_left_open_by_an_unsub_may_belong_to_each_earlier_message),
	    RECEIVERS_TEST(a_delivery_is_left_open_when_the_ring_of_waiting_events_is_full),
	    RECEIVERS_TEST(another_member_may_receive_what_one_member_cannot),
	    RECEIVERS_TEST(when_one_members_delivery_is_left_open_another_member_may_have_its_message),
	    RECEIVERS_TEST(a_message_may_belong_to_a_delivery_that_seems_late),
	    RECEIVERS_TEST(the_second_of_two_late_deliveries_is_not_taken_for_that_of_the_next_message),
	    RECEIVERS_TEST(a_late_delivery_is_compared_with_no_message_that_has_left),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
