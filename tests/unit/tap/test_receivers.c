#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/tap/receivers_fixture.h"

static void a_message_without_subscriptions_is_known_to_reach_nobody(void **state)
{
	struct bus *bus = *state;
	say(bus, a, "PUB x 0\r\n\r\n");
	expect(bus, "message 1 x []\n");
}

static void a_message_that_reached_all_subscriptions_has_known_receivers(void **state)
{
	struct bus *bus = *state;
	say(bus, first, "SUB x 1\r\nPING\r\n");
	answer(bus, first, "PONG\r\n");
	say(bus, a, "PUB x 0\r\n\r\n");
	answer(bus, first, "MSG x 1 0\r\n\r\n");
	expect(bus, "message 1 x [] -> 3/1\n");
}

static void a_message_that_did_not_reach_a_subscription_has_unknown_receivers(void **state)
{
	struct bus *bus = *state;
	say(bus, first, "SUB x 1\r\nSUB > 2\r\nPING\r\n");
	answer(bus, first, "PONG\r\n");
	say(bus, a, "PUB x 0\r\n\r\n");
	answer(bus, first, "MSG x 1 0\r\n\r\n");
	expect(bus, "message 1 x [] -> 3/1 ?\n");
}

static void receivers_are_unknown_until_a_connection_that_was_there_before_has_ended(void **state)
{
	struct bus *bus = *state;
	void *older = session_connect(&bus->fixture, 50010, 4222, true);
	session_say_eight(&bus->fixture, &older, TAP_ORIGINATOR);
	session_client(&bus->fixture, &older, "PUB y 1\r\n1\r\n");
	say(bus, a, "PUB x 0\r\n\r\n");
	expect(bus, "message 5 y [1] ?\nmessage 1 x [] ?\n");
	session_end(&bus->fixture, &older, TAP_END_CLOSED);
	say(bus, a, "PUB x 0\r\n\r\n");
	expect(bus, "message 1 x []\n");
}

static void a_connection_that_is_not_understood_yet_may_have_subscriptions(void **state)
{
	struct bus *bus = *state;
	void *older = session_connect(&bus->fixture, 50010, 4222, true);
	session_server(&bus->fixture, &older, "lo\r\nMSG y 1 0\r\n\r\n");
	say(bus, a, "PUB x 0\r\n\r\n");
	expect(bus, "message 1 x [] ?\n");
	session_end(&bus->fixture, &older, TAP_END_CLOSED);
	say(bus, a, "PUB x 0\r\n\r\n");
	expect(bus, "message 1 x []\n");
}

static void the_server_of_an_older_connection_is_where_nats_is_expected(void **state)
{
	struct bus *bus = *state;
	/* its client has the lower port and is taken for the server */
	const struct tap_flow_info info = {
	    .ends = {{.address = {10, 0, 0, 9}, .port = 4222}, {.address = {10, 0, 0, 1}, .port = 1234}},
	    .is_midstream = true};
	void *older = bus->fixture.handler->open(bus->fixture.handler, &info, bus->fixture.now_ns);
	say(bus, a, "PUB x 0\r\n\r\n");
	expect(bus, "message 1 x [] ?\n");
	session_end(&bus->fixture, &older, TAP_END_CLOSED);
}

static void receivers_are_unknown_while_a_connection_is_encrypted(void **state)
{
	struct bus *bus = *state;
	void *hidden = session_connect(&bus->fixture, 50010, 4222, false);
	session_server(&bus->fixture, &hidden, "INFO {\"server_id\":\"S\"}\r\n");
	session_client(&bus->fixture, &hidden, "\x16\x03\x01");
	say(bus, a, "PUB x 0\r\n\r\n");
	expect(bus, "message 1 x [] ?\n");
	session_end(&bus->fixture, &hidden, TAP_END_CLOSED);
}

static void a_connection_that_found_no_memory_may_have_subscriptions(void **state)
{
	struct bus *bus = *state;
	struct tap_budget *budget = &bus->fixture.budget;
	budget->max_bytes = budget->used_bytes;
	assert_null(session_connect(&bus->fixture, 50010, 4222, false));
	budget->max_bytes = RECEIVERS_MEMORY;
	say(bus, a, "PUB x 0\r\n\r\n");
	expect(bus, "message 1 x [] ?\n");
}

static void a_hole_that_may_hold_a_subscription_makes_receivers_unknown(void **state)
{
	struct bus *bus = *state;
	session_hole(&bus->fixture, &bus->first, TAP_ORIGINATOR, 20);
	say(bus, a, "PUB x 0\r\n\r\n");
	expect(bus, "message 1 x [] ?\n");
}

static void a_hole_inside_a_payload_holds_no_subscription(void **state)
{
	struct bus *bus = *state;
	say(bus, b, "PUB y 4\r\nhi");
	session_hole(&bus->fixture, &bus->b, TAP_ORIGINATOR, 4);
	say(bus, a, "PUB x 0\r\n\r\n");
	expect(bus, "message 2 y [hi] of 4 partial\nmessage 1 x []\n");
}

static void a_subscription_does_not_receive_what_its_connection_published_before_it(void **state)
{
	struct bus *bus = *state;
	say(bus, a, "PUB x 0\r\n\r\nSUB x 1\r\nPUB x 0\r\n\r\n");
	answer(bus, a, "MSG x 1 0\r\n\r\n");
	expect(bus, "message 1 x []\nmessage 1 x [] -> 1/1\n");
}

static void a_subscription_does_not_receive_what_was_processed_before_it(void **state)
{
	struct bus *bus = *state;
	say(bus, a, "PUB x 0\r\n\r\nPING\r\n");
	answer(bus, a, "PONG\r\n");
	say(bus, first, "SUB x 1\r\n");
	say(bus, b, "PUB x 0\r\n\r\n");
	answer(bus, first, "MSG x 1 0\r\n\r\n");
	expect(bus, "message 1 x []\nmessage 2 x [] -> 3/1\n");
}

static void a_message_sent_close_to_the_subscription_may_be_received(void **state)
{
	struct bus *bus = *state;
	say(bus, a, "PUB x 0\r\n\r\n");
	say(bus, first, "SUB x 1\r\n");
	answer(bus, first, "MSG x 1 0\r\n\r\n");
	expect(bus, "message 1 x [] -> 3/1\n");
}

static void nothing_is_joined_beyond_the_window(void **state)
{
	struct bus *bus = *state;
	say(bus, first, "SUB x 1\r\n");
	pass(bus, TAP_JOIN_WINDOW_NS);
	say(bus, a, "PUB x 0\r\n\r\n");
	bus->fixture.now_ns += TAP_JOIN_WINDOW_NS;
	answer(bus, first, "MSG x 1 0\r\n\r\n");
	expect(bus, "message 1 x [] ?\ndelivery 3/1 x []\n");
}

/* The second message waits for its own delivery. The delivery that comes belongs to the first message, which
 * has left. */
static void a_delivery_captured_just_before_its_message_is_joined(void **state)
{
	struct bus *bus = *state;
	say(bus, first, "SUB x 1\r\nPING\r\n");
	answer(bus, first, "PONG\r\n");
	answer(bus, first, "MSG x 1 0\r\n\r\n");
	say(bus, a, "PUB x 0\r\n\r\n");
	expect(bus, "message 1 x [] -> 3/1\n");
}

static void a_delivery_captured_long_before_a_message_is_not_of_it(void **state)
{
	struct bus *bus = *state;
	say(bus, first, "SUB x 1\r\nPING\r\n");
	answer(bus, first, "PONG\r\n");
	answer(bus, first, "MSG x 1 0\r\n\r\n");
	pass(bus, SESSION_MS);
	say(bus, a, "PUB x 0\r\n\r\n");
	expect(bus, "delivery 3/1 x []\nmessage 1 x [] ?\n");
}

static void a_delivery_captured_just_before_a_message_is_not_of_it_when_the_server_is_slow(void **state)
{
	struct bus *bus = *state;
	say(bus, first, "SUB x 1\r\nPING\r\n");
	answer(bus, first, "PONG\r\n");
	say(bus, b, "PING\r\n");
	pass(bus, TAP_JOIN_WINDOW_NS * 3 / 4);
	answer(bus, b, "PONG\r\n");
	answer(bus, first, "MSG x 1 0\r\n\r\n");
	say(bus, a, "PUB x 0\r\n\r\n");
	expect(bus, "delivery 3/1 x []\nmessage 1 x [] ?\n");
}

static void after_a_missed_message_a_delivery_joins_no_later_one(void **state)
{
	struct bus *bus = *state;
	say(bus, first, "SUB x 1\r\nPING\r\n");
	answer(bus, first, "PONG\r\n");
	say(bus, b, "PUB x 1\r\n");
	session_hole(&bus->fixture, &bus->b, TAP_ORIGINATOR, 3);
	answer(bus, first, "MSG x 1 1\r\n1\r\n");
	say(bus, a, "PUB x 1\r\n1\r\n");
	expect(bus, "message 2 x [] of 1 partial ?\ndelivery 3/1 x [1]\nmessage 1 x [1] ?\n");
}

static void groups_of_one_name_on_several_subjects_are_one(void **state)
{
	struct bus *bus = *state;
	say(bus, first, "SUB x q 1\r\nSUB > q 2\r\nPING\r\n");
	answer(bus, first, "PONG\r\n");
	say(bus, a, "PUB x 0\r\n\r\n");
	answer(bus, first, "MSG x 2 0\r\n\r\n");
	expect(bus, "message 1 x [] -> 3/2(q)\n");
}

static void a_used_up_subscription_receives_no_more(void **state)
{
	struct bus *bus = *state;
	say(bus, first, "SUB x 1\r\nUNSUB 1 1\r\nPING\r\n");
	answer(bus, first, "PONG\r\n");
	say(bus, a, "PUB x 1\r\n1\r\n");
	say(bus, b, "PUB x 1\r\n2\r\n");
	answer(bus, first, "MSG x 1 1\r\n1\r\n");
	expect(bus, "message 1 x [1] -> 3/1\nmessage 2 x [2]\n");
}

static void deliveries_after_unsub_are_its_subscriptions(void **state)
{
	struct bus *bus = *state;
	say(bus, first, "SUB x q 1\r\nPING\r\n");
	answer(bus, first, "PONG\r\n");
	say(bus, a, "PUB x 0\r\n\r\n");
	say(bus, first, "UNSUB 1\r\nPING\r\n");
	answer(bus, first, "MSG x 1 0\r\n\r\nPONG\r\n");
	say(bus, a, "PUB x 0\r\n\r\n");
	expect(bus, "message 1 x [] -> 3/1(q)\nmessage 1 x []\n");
}

static void without_echo_a_publisher_does_not_receive_its_own(void **state)
{
	struct bus *bus = *state;
	say(bus, a, "CONNECT {\"echo\":false}\r\nSUB x 1\r\nPUB x 0\r\n\r\n");
	expect(bus, "message 1 x []\n");
}

static void a_refused_subscription_receives_nothing(void **state)
{
	struct bus *bus = *state;
	say(bus, first, "SUB x 1\r\n");
	answer(bus, first, "-ERR 'Permissions Violation for Subscription to \"x\"'\r\n");
	say(bus, a, "PUB x 0\r\n\r\n");
	expect(bus, "message 1 x []\n");
}

static void receivers_are_unknown_while_the_server_does_not_answer(void **state)
{
	struct bus *bus = *state;
	say(bus, b, "PING\r\n");
	say(bus, a, "PUB x 0\r\n\r\n");
	expect(bus, "message 1 x [] ?\n");
	answer(bus, b, "PONG\r\n");
	say(bus, a, "PUB x 0\r\n\r\n");
	expect(bus, "message 1 x []\n");
}

static void receivers_are_unknown_when_the_server_answered_late(void **state)
{
	struct bus *bus = *state;
	say(bus, first, "SUB x 1\r\n");
	say(bus, a, "PUB x 0\r\n\r\nPING\r\n");
	pass(bus, TAP_JOIN_WINDOW_NS * 3 / 4);
	answer(bus, a, "PONG\r\n");
	expect(bus, "message 1 x [] ?\n");
	answer(bus, first, "MSG x 1 0\r\n\r\n");
	expect(bus, "delivery 3/1 x []\n");
}

static void connections_to_other_servers_do_not_matter(void **state)
{
	struct bus *bus = *state;
	void *other = session_connect(&bus->fixture, 50010, 4333, true);
	session_say_eight(&bus->fixture, &other, TAP_ORIGINATOR);
	session_client(&bus->fixture, &other, "SUB x 1\r\n");
	say(bus, a, "PUB x 0\r\n\r\n");
	expect(bus, "message 1 x []\n");
	session_end(&bus->fixture, &other, TAP_END_CAPTURE);
}

/* The subjects differ in one bit, the servers in one number: hashes of both together may be equal. */
static void messages_of_two_servers_do_not_share_receivers(void **state)
{
	struct bus *bus = *state;
	void *other = session_connect(&bus->fixture, 50009, 4223, false);
	session_server(&bus->fixture, &other, "INFO {\"server_id\":\"T\"} \r\n");
	session_client(&bus->fixture, &other, "CONNECT {}\r\n");
	say(bus, first, "SUB > 1\r\nPING\r\n");
	answer(bus, first, "PONG\r\n");
	say(bus, a, "PUB a.b 0\r\n\r\n");
	answer(bus, first, "MSG a.b 1 0\r\n\r\n");
	session_client(&bus->fixture, &other, "PUB a.c 0\r\n\r\n");
	say(bus, a, "PUB a.c 0\r\n\r\n");
	answer(bus, first, "MSG a.c 1 0\r\n\r\n");
	session_client(&bus->fixture, &other, "PUB a.b 0\r\n\r\n");
	session_end(&bus->fixture, &other, TAP_END_CAPTURE);
	expect(bus, "message 1 a.b [] -> 3/1\nmessage 5 a.c []\nmessage 1 a.c [] -> 3/1\nmessage 5 a.b []\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RECEIVERS_TEST(a_message_without_subscriptions_is_known_to_reach_nobody),
	    RECEIVERS_TEST(a_message_that_reached_all_subscriptions_has_known_receivers),
	    RECEIVERS_TEST(a_message_that_did_not_reach_a_subscription_has_unknown_receivers),
	    RECEIVERS_TEST(receivers_are_unknown_until_a_connection_that_was_there_before_has_ended),
	    RECEIVERS_TEST(a_connection_that_is_not_understood_yet_may_have_subscriptions),
	    RECEIVERS_TEST(the_server_of_an_older_connection_is_where_nats_is_expected),
	    RECEIVERS_TEST(receivers_are_unknown_while_a_connection_is_encrypted),
	    RECEIVERS_TEST(a_connection_that_found_no_memory_may_have_subscriptions),
	    RECEIVERS_TEST(a_hole_that_may_hold_a_subscription_makes_receivers_unknown),
	    RECEIVERS_TEST(a_hole_inside_a_payload_holds_no_subscription),
	    RECEIVERS_TEST(a_subscription_does_not_receive_what_its_connection_published_before_it),
	    RECEIVERS_TEST(a_subscription_does_not_receive_what_was_processed_before_it),
	    RECEIVERS_TEST(a_message_sent_close_to_the_subscription_may_be_received),
	    RECEIVERS_TEST(nothing_is_joined_beyond_the_window),
	    RECEIVERS_TEST(a_delivery_captured_just_before_its_message_is_joined),
	    RECEIVERS_TEST(a_delivery_captured_long_before_a_message_is_not_of_it),
	    RECEIVERS_TEST(a_delivery_captured_just_before_a_message_is_not_of_it_when_the_server_is_slow),
	    RECEIVERS_TEST(after_a_missed_message_a_delivery_joins_no_later_one),
	    RECEIVERS_TEST(groups_of_one_name_on_several_subjects_are_one),
	    RECEIVERS_TEST(a_used_up_subscription_receives_no_more),
	    RECEIVERS_TEST(deliveries_after_unsub_are_its_subscriptions),
	    RECEIVERS_TEST(without_echo_a_publisher_does_not_receive_its_own),
	    RECEIVERS_TEST(a_refused_subscription_receives_nothing),
	    RECEIVERS_TEST(receivers_are_unknown_while_the_server_does_not_answer),
	    RECEIVERS_TEST(receivers_are_unknown_when_the_server_answered_late),
	    RECEIVERS_TEST(connections_to_other_servers_do_not_matter),
	    RECEIVERS_TEST(messages_of_two_servers_do_not_share_receivers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
