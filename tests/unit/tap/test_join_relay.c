/* The join of a proxy: messages leave as soon as they are complete, and late deliveries show that a server is behind. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tap/session/delays.h"
#include "tests/unit/tap/session_fixture.h"

enum { MEMORY = 16 << 20 };

/* Two publishers and two subscribers, relayed from their first byte: connections 1 to 4. */
struct bus {
	struct session_fixture fixture;
	void *a, *b, *first, *second;
};

#define say(bus, who, text)    session_client(&(bus)->fixture, &(bus)->who, text)
#define answer(bus, who, text) session_server(&(bus)->fixture, &(bus)->who, text)

static void pass(struct bus *bus, int64_t ns)
{
	bus->fixture.now_ns += ns;
	tap_join_tick(bus->fixture.join, bus->fixture.now_ns);
}

static int setup(void **state)
{
	struct bus *bus = calloc(1, sizeof *bus);
	struct session_fixture *fixture = &bus->fixture;
	void **flows[] = {&bus->a, &bus->b, &bus->first, &bus->second};
	session_open(fixture, MEMORY, NULL, 0);
	tap_join_assume_unseen_subs(fixture->join);
	tap_join_expect_relay(fixture->join);
	for (uint16_t i = 0; i < 4; i++) {
		*flows[i] = session_connect(fixture, (uint16_t)(50000 + i), 4222, false);
		session_handshake(fixture, flows[i], "x");
	}
	say(bus, first, "SUB x.> 7\r\nPING\r\n");
	answer(bus, first, "PONG\r\n");
	say(bus, second, "SUB x.both 8\r\nPING\r\n");
	answer(bus, second, "PONG\r\n");
	pass(bus, 2 * TAP_JOIN_WINDOW_NS);
	free(session_take(fixture, false));
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

/* The events that may leave now. */
static void expect(struct bus *bus, const char *events)
{
	char *left = session_take(&bus->fixture, false);
	assert_string_equal(left, events);
	free(left);
}

static void a_message_leaves_as_soon_as_all_have_received_it(void **state)
{
	struct bus *bus = *state;
	say(bus, a, "PUB x.both 2\r\nhi\r\n");
	answer(bus, first, "MSG x.both 7 2\r\nhi\r\n");
	expect(bus, "");
	answer(bus, second, "MSG x.both 8 2\r\nhi\r\n");
	expect(bus, "message 1 x.both [hi] -> 3/7 4/8\n");
}

static void messages_leave_in_order(void **state)
{
	struct bus *bus = *state;
	say(bus, a, "PUB x.both 1\r\n1\r\nPUB x.one 1\r\n2\r\n");
	answer(bus, first, "MSG x.both 7 1\r\n1\r\nMSG x.one 7 1\r\n2\r\n");
	expect(bus, "");
	answer(bus, second, "MSG x.both 8 1\r\n1\r\n");
	expect(bus, "message 1 x.both [1] -> 3/7 4/8\nmessage 1 x.one [2] -> 3/7\n");
}

static void a_message_that_a_subscription_lacks_waits_for_the_window(void **state)
{
	struct bus *bus = *state;
	say(bus, a, "PUB x.both 2\r\nhi\r\n");
	answer(bus, first, "MSG x.both 7 2\r\nhi\r\n");
	pass(bus, TAP_JOIN_WINDOW_NS / 2);
	expect(bus, "");
	pass(bus, TAP_JOIN_WINDOW_NS);
	expect(bus, "message 1 x.both [hi] -> 3/7\n");
}

static void a_message_to_nobody_leaves_when_a_later_one_of_its_publisher_was_delivered(void **state)
{
	struct bus *bus = *state;
	say(bus, a, "PUB nobody 0\r\n\r\n");
	say(bus, b, "PUB x.one 1\r\nb\r\n");
	answer(bus, first, "MSG x.one 7 1\r\nb\r\n");
	expect(bus, "");
	say(bus, a, "PUB x.one 1\r\na\r\n");
	answer(bus, first, "MSG x.one 7 1\r\na\r\n");
	expect(bus, "message 1 nobody []\nmessage 2 x.one [b] -> 3/7\nmessage 1 x.one [a] -> 3/7\n");
}

static void a_message_to_nobody_leaves_when_an_answer_proves_that_it_was_processed(void **state)
{
	struct bus *bus = *state;
	say(bus, a, "PUB nobody 0\r\n\r\nPING\r\n");
	expect(bus, "");
	answer(bus, a, "PONG\r\n");
	expect(bus, "message 1 nobody []\n");
}

/* Which of the two was delivered is not known: the server may not have processed the first yet. */
static void equal_messages_of_two_publishers_prove_nothing(void **state)
{
	struct bus *bus = *state;
	say(bus, a, "PUB x.one 0\r\n\r\n");
	say(bus, b, "PUB x.one 0\r\n\r\n");
	answer(bus, first, "MSG x.one 7 0\r\n\r\n");
	expect(bus, "");
	answer(bus, first, "MSG x.one 7 0\r\n\r\n");
	pass(bus, 2 * TAP_JOIN_WINDOW_NS);
	expect(bus, "message 1 x.one [] -> 3/7\nmessage 2 x.one [] -> 3/7\n");
}

static void equal_messages_of_one_publisher_leave_one_by_one(void **state)
{
	struct bus *bus = *state;
	say(bus, a, "PUB x.one 0\r\n\r\nPUB x.one 0\r\n\r\n");
	answer(bus, first, "MSG x.one 7 0\r\n\r\n");
	expect(bus, "message 1 x.one [] -> 3/7\n");
	answer(bus, first, "MSG x.one 7 0\r\n\r\n");
	expect(bus, "message 1 x.one [] -> 3/7\n");
}

/* The server may process the SUB before the message. What its client then receives may also come from another client of
 * the server. */
static void near_a_subscription_messages_wait_for_the_window(void **state)
{
	struct bus *bus = *state;
	say(bus, a, "PUB x.one 2\r\nhi\r\n");
	say(bus, b, "SUB x.one 1\r\n");
	answer(bus, first, "MSG x.one 7 2\r\nhi\r\n");
	answer(bus, b, "MSG x.one 1 2\r\nhi\r\n");
	expect(bus, "");
	pass(bus, TAP_JOIN_WINDOW_NS);
	expect(bus,
	       "message 1 x.one [hi] -> 3/7\nsubscribe 2 subject=x.one sid=1\ndelivery 2/1 x.one [hi]\n");
}

static void a_delivery_without_a_message_does_not_wait(void **state)
{
	struct bus *bus = *state;
	answer(bus, first, "MSG x.one 7 2\r\nhi\r\n");
	expect(bus, "delivery 3/7 x.one [hi]\n");
}

/* A long queue needs a large ring, which stays. What leaves early then is not more than before. */
static void a_queue_that_was_long_once_is_not_crowded_for_ever(void **state)
{
	struct bus *bus = *state;
	char operation[64];
	for (int i = 0; i < 40000; i++) {
		int len = snprintf(operation, sizeof operation, "PUB x.one 8\r\n%08d\r\n", i);
		session_bytes(&bus->fixture, &bus->a, TAP_ORIGINATOR, operation, (size_t)len);
	}
	pass(bus, 2 * TAP_JOIN_WINDOW_NS);
	for (struct wire_event event; tap_join_next(bus->fixture.join, &event);)
		continue;
	uint64_t early = tap_join_stats(bus->fixture.join)->released_early;
	say(bus, a, "PUB x.one 2\r\nhi\r\n");
	expect(bus, "");
	answer(bus, first, "MSG x.one 7 2\r\nhi\r\n");
	expect(bus, "message 1 x.one [hi] -> 3/7\n");
	assert_int_equal(tap_join_stats(bus->fixture.join)->released_early, early);
}

/* ---- a server that is behind ---- */

static bool is_behind(struct bus *bus)
{
	return tap_sessions_is_behind(bus->fixture.sessions, bus->a, bus->fixture.now_ns);
}

static void publish_and_deliver(struct bus *bus, int64_t delay_ns)
{
	say(bus, a, "PUB x.one 2\r\nhi\r\n");
	pass(bus, delay_ns);
	answer(bus, first, "MSG x.one 7 2\r\nhi\r\n");
}

static void a_server_that_delivers_later_than_before_is_behind(void **state)
{
	struct bus *bus = *state;
	publish_and_deliver(bus, SESSION_MS);
	assert_false(is_behind(bus));
	publish_and_deliver(bus, 10 * SESSION_MS);
	assert_true(is_behind(bus));
	publish_and_deliver(bus, 4 * SESSION_MS);
	assert_false(is_behind(bus));
}

static void a_server_that_is_far_away_is_not_behind(void **state)
{
	struct bus *bus = *state;
	for (int i = 0; i < 3; i++) {
		publish_and_deliver(bus, 30 * SESSION_MS);
		assert_false(is_behind(bus));
	}
}

static void a_receiver_that_is_slow_to_read_does_not_make_its_server_be_behind(void **state)
{
	struct bus *bus = *state;
	publish_and_deliver(bus, SESSION_MS);
	tap_sessions_note_held(bus->first, bus->fixture.now_ns);
	publish_and_deliver(bus, 20 * SESSION_MS);
	assert_false(is_behind(bus));
}

/* And that messages must wait longer. */
static void a_delivery_that_misses_its_message_shows_that_the_server_is_behind(void **state)
{
	struct bus *bus = *state;
	say(bus, a, "PUB x.one 2\r\nhi\r\n");
	pass(bus, 2 * TAP_JOIN_WINDOW_NS);
	expect(bus, "message 1 x.one [hi]\n");
	answer(bus, first, "MSG x.one 7 2\r\nhi\r\n");
	assert_true(is_behind(bus));
	expect(bus, "delivery 3/7 x.one [hi]\n");
	publish_and_deliver(bus, 3 * TAP_JOIN_WINDOW_NS);
	expect(bus, "message 1 x.one [hi] -> 3/7\n");
}

static void a_longer_way_is_learned_within_two_periods(void **state)
{
	struct tap__delays delays;
	(void)state;
	tap__delays_init(&delays);
	int64_t now_ns = 0;
	tap__delays_add(&delays, SESSION_MS, now_ns);
	for (int i = 0; i < 3; i++)
		tap__delays_add(&delays, 20 * SESSION_MS, now_ns += INT64_C(11000000000));
	assert_false(tap__delays_are_behind(&delays, now_ns));
}

#define RELAY_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RELAY_TEST(a_message_leaves_as_soon_as_all_have_received_it),
	    RELAY_TEST(messages_leave_in_order),
	    RELAY_TEST(a_message_that_a_subscription_lacks_waits_for_the_window),
	    RELAY_TEST(a_message_to_nobody_leaves_when_a_later_one_of_its_publisher_was_delivered),
	    RELAY_TEST(a_message_to_nobody_leaves_when_an_answer_proves_that_it_was_processed),
	    RELAY_TEST(equal_messages_of_two_publishers_prove_nothing),
	    RELAY_TEST(equal_messages_of_one_publisher_leave_one_by_one),
	    RELAY_TEST(near_a_subscription_messages_wait_for_the_window),
	    RELAY_TEST(a_delivery_without_a_message_does_not_wait),
	    RELAY_TEST(a_queue_that_was_long_once_is_not_crowded_for_ever),
	    RELAY_TEST(a_server_that_delivers_later_than_before_is_behind),
	    RELAY_TEST(a_server_that_is_far_away_is_not_behind),
	    RELAY_TEST(a_receiver_that_is_slow_to_read_does_not_make_its_server_be_behind),
	    RELAY_TEST(a_delivery_that_misses_its_message_shows_that_the_server_is_behind),
	    cmocka_unit_test(a_longer_way_is_learned_within_two_periods),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
