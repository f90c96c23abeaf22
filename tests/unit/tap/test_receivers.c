#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/tap/session_fixture.h"

enum { MEMORY = 16 << 20 };

/* Two publishers and two subscribers, seen from their first byte: connections 1 to 4. */
struct bus {
	struct session_fixture fixture;
	void *a, *b, *first, *second;
};

static int setup(void **state)
{
	struct bus *bus = calloc(1, sizeof *bus);
	struct session_fixture *fixture = &bus->fixture;
	void **flows[] = {&bus->a, &bus->b, &bus->first, &bus->second};
	session_open(fixture, MEMORY, NULL, 0);
	for (uint16_t i = 0; i < 4; i++) {
		*flows[i] = session_connect(fixture, (uint16_t)(50000 + i), 4222, false);
		session_handshake(fixture, flows[i], "x");
	}
	*state = bus;
	return 0;
}

static int teardown(void **state)
{
	struct bus *bus = *state;
	void **flows[] = {&bus->a, &bus->b, &bus->first, &bus->second};
	for (int i = 0; i < 4; i++)
		session_end(&bus->fixture, flows[i], TAP_END_CAPTURE);
	free(session_take(&bus->fixture, true));
	session_close(&bus->fixture);
	free(bus);
	return 0;
}

#define say(bus, who, text)    session_client(&(bus)->fixture, &(bus)->who, text)
#define answer(bus, who, text) session_server(&(bus)->fixture, &(bus)->who, text)

static void pass(struct bus *bus, int64_t ns)
{
	bus->fixture.now_ns += ns;
	tap_join_tick(bus->fixture.join, bus->fixture.now_ns);
}

/* The messages and deliveries that have left after the join window; " ?" when there may be other receivers. */
static void expect(struct bus *bus, const char *events)
{
	char text[4096] = "", *at = text;
	struct wire_event event;
	pass(bus, TAP_JOIN_WINDOW_NS);
	while (tap_join_next(bus->fixture.join, &event)) {
		if (event.kind > WIRE_EVENT_DELIVERY)
			continue;
		at = session_print(at, (size_t)(text + sizeof text - at), &event);
		if (event.flags & WIRE_EVENT_RECEIVERS_UNKNOWN)
			at = stpcpy(at - 1, " ?\n");
	}
	assert_string_equal(text, events);
}

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
	budget->max_bytes = MEMORY;
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

static void between_messages_of_two_publishers_close_to_the_subscription_none_is_guessed(void **state)
{
	struct bus *bus = *state;
	say(bus, a, "PUB x 0\r\n\r\n");
	say(bus, b, "PUB x 0\r\n\r\n");
	say(bus, first, "SUB x 1\r\n");
	answer(bus, first, "MSG x 1 0\r\n\r\n");
	expect(bus, "message 1 x [] ?\nmessage 2 x [] ?\ndelivery 3/1 x []\n");
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
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    CASE(a_message_without_subscriptions_is_known_to_reach_nobody),
	    CASE(a_message_that_reached_all_subscriptions_has_known_receivers),
	    CASE(a_message_that_did_not_reach_a_subscription_has_unknown_receivers),
	    CASE(receivers_are_unknown_until_a_connection_that_was_there_before_has_ended),
	    CASE(a_connection_that_is_not_understood_yet_may_have_subscriptions),
	    CASE(the_server_of_an_older_connection_is_where_nats_is_expected),
	    CASE(receivers_are_unknown_while_a_connection_is_encrypted),
	    CASE(a_connection_that_found_no_memory_may_have_subscriptions),
	    CASE(a_hole_that_may_hold_a_subscription_makes_receivers_unknown),
	    CASE(a_hole_inside_a_payload_holds_no_subscription),
	    CASE(a_subscription_does_not_receive_what_its_connection_published_before_it),
	    CASE(a_subscription_does_not_receive_what_was_processed_before_it),
	    CASE(a_message_sent_close_to_the_subscription_may_be_received),
	    CASE(between_messages_of_two_publishers_close_to_the_subscription_none_is_guessed),
	    CASE(nothing_is_joined_beyond_the_window),
	    CASE(a_late_delivery_is_not_taken_for_that_of_the_next_message),
	    CASE(a_delivery_captured_just_before_its_message_is_joined),
	    CASE(a_delivery_captured_long_before_a_message_is_not_of_it),
	    CASE(after_a_missed_message_a_delivery_joins_no_later_one),
	    CASE(a_late_delivery_is_not_taken_for_that_of_a_message_just_after_it),
	    CASE(a_queue_groups_equal_messages_are_told_apart_one_by_one),
	    CASE(a_queue_groups_equal_messages_at_once_are_not_guessed),
	    CASE(groups_of_one_name_on_several_subjects_are_one),
	    CASE(a_used_up_subscription_receives_no_more),
	    CASE(deliveries_after_unsub_are_its_subscriptions),
	    CASE(without_echo_a_publisher_does_not_receive_its_own),
	    CASE(a_refused_subscription_receives_nothing),
	    CASE(receivers_are_unknown_while_the_server_does_not_answer),
	    CASE(connections_to_other_servers_do_not_matter),
	    CASE(messages_of_two_servers_do_not_share_receivers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
