#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/tap/session_fixture.h"

enum { MEMORY = 16 << 20 };

/* A publisher and two subscribers after their handshakes: connections 1 to 3. */
struct bus {
	struct session_fixture fixture;
	void *publisher, *first, *second;
};

static int setup(void **state)
{
	struct bus *bus = calloc(1, sizeof *bus);
	struct session_fixture *fixture = &bus->fixture;
	session_open(fixture, MEMORY, NULL, 0);
	bus->publisher = session_connect(fixture, 50000, 4222, false);
	bus->first = session_connect(fixture, 50001, 4222, false);
	bus->second = session_connect(fixture, 50002, 4222, false);
	session_handshake(fixture, &bus->publisher, "p");
	session_handshake(fixture, &bus->first, "1");
	session_handshake(fixture, &bus->second, "2");
	free(session_take(fixture, false));
	*state = bus;
	return 0;
}

static int teardown(void **state)
{
	struct bus *bus = *state;
	session_end(&bus->fixture, &bus->publisher, TAP_END_CAPTURE);
	session_end(&bus->fixture, &bus->first, TAP_END_CAPTURE);
	session_end(&bus->fixture, &bus->second, TAP_END_CAPTURE);
	free(session_take(&bus->fixture, true));
	session_close(&bus->fixture);
	free(bus);
	return 0;
}

#define publish(bus, text)     session_client(&(bus)->fixture, &(bus)->publisher, text)
#define send_first(bus, text)  session_server(&(bus)->fixture, &(bus)->first, text)
#define send_second(bus, text) session_server(&(bus)->fixture, &(bus)->second, text)

static void expect(struct bus *bus, bool all, const char *events)
{
	char *heard = session_take(&bus->fixture, all);
	assert_string_equal(heard, events);
	free(heard);
}

/* The subscribers subscribe to everything with sids 7 and 8, and the server has processed it. */
static void subscribe(struct bus *bus)
{
	session_client(&bus->fixture, &bus->first, "SUB > 7\r\nPING\r\n");
	session_client(&bus->fixture, &bus->second, "SUB > 8\r\nPING\r\n");
	send_first(bus, "PONG\r\n");
	send_second(bus, "PONG\r\n");
	free(session_take(&bus->fixture, false));
}

static void a_publish_and_its_deliveries_are_one_message(void **state)
{
	struct bus *bus = *state;
	publish(bus, "PUB a 2\r\nhi\r\n");
	send_first(bus, "MSG a 7 2\r\nhi\r\n");
	send_second(bus, "MSG a 8 2\r\nhi\r\nMSG a 9 2\r\nhi\r\n");
	expect(bus, true, "message 1 a [hi] -> 2/7 3/8 3/9\n");
}

static void receivers_have_the_time_at_which_their_delivery_was_seen(void **state)
{
	struct bus *bus = *state;
	struct wire_event event = {0};
	publish(bus, "PUB a 2\r\nhi\r\n");
	int64_t published_ns = bus->fixture.now_ns;
	bus->fixture.now_ns += 5000;
	send_first(bus, "MSG a 7 2\r\nhi\r\n");
	int64_t delay_ns = bus->fixture.now_ns - published_ns;
	bus->fixture.now_ns += 70000;
	send_second(bus, "MSG a 8 2\r\nhi\r\n");
	tap_join_finish(bus->fixture.join);
	while (tap_join_next(bus->fixture.join, &event) && event.kind != WIRE_EVENT_MESSAGE)
		;
	assert_int_equal(event.receivers_len, 2);
	assert_int_equal(event.time_ns, published_ns);
	assert_int_equal(event.delays_ns[0], delay_ns);
	assert_int_equal(event.delays_ns[1], bus->fixture.now_ns - published_ns);
}

static void a_publisher_may_receive_its_own(void **state)
{
	struct bus *bus = *state;
	publish(bus, "PUB a 2\r\nhi\r\n");
	session_server(&bus->fixture, &bus->publisher, "MSG a 1 2\r\nhi\r\n");
	expect(bus, true, "message 1 a [hi] -> 1/1\n");
}

static void a_request_and_its_reply_are_two_messages(void **state)
{
	struct bus *bus = *state;
	publish(bus, "PUB ask _INBOX.1 1\r\n?\r\n");
	send_first(bus, "MSG ask 7 _INBOX.1 1\r\n?\r\n");
	session_client(&bus->fixture, &bus->first, "PUB _INBOX.1 1\r\n!\r\n");
	session_server(&bus->fixture, &bus->publisher, "MSG _INBOX.1 1 1\r\n!\r\n");
	expect(bus, true, "message 1 ask reply=_INBOX.1 [?] -> 2/7\nmessage 2 _INBOX.1 [!] -> 1/1\n");
}

static void a_delivery_that_differs_in_anything_is_not_joined(void **state)
{
	struct bus *bus = *state;
	publish(bus, "PUB a r 2\r\nhi\r\n");
	send_first(bus, "MSG b 7 r 2\r\nhi\r\nMSG a 7 s 2\r\nhi\r\nMSG a 7 r 2\r\nho\r\n");
	send_first(bus, "HMSG a 7 r 12 14\r\nNATS/1.0\r\n\r\nhi\r\n");
	expect(bus, true,
	       "message 1 a reply=r [hi]\n"
	       "delivery 2/7 b reply=r [hi]\n"
	       "delivery 2/7 a reply=s [hi]\n"
	       "delivery 2/7 a reply=r [ho]\n"
	       "delivery 2/7 a reply=r headers=12 [hi]\n");
}

static void headers_may_be_stripped_but_not_changed(void **state)
{
	struct bus *bus = *state;
	publish(bus, "HPUB a 12 14\r\nNATS/1.0\r\n\r\nhi\r\n");
	send_first(bus, "MSG a 7 2\r\nhi\r\n");
	send_second(bus, "HMSG a 7 12 14\r\nNATS/1.0\r\n\r\nhi\r\nHMSG a 8 12 14\r\nNATS/2.0\r\n\r\nhi\r\n");
	expect(bus, true, "message 1 a headers=12 [hi] -> 2/7 3/7\ndelivery 3/8 a headers=12 [hi]\n");
}

static void repetitions_are_joined_in_their_order(void **state)
{
	struct bus *bus = *state;
	subscribe(bus);
	for (int i = 0; i < 3; i++)
		publish(bus, "PUB a 1\r\n.\r\n");
	send_first(bus, "MSG a 7 1\r\n.\r\nMSG a 7 1\r\n.\r\nMSG a 7 1\r\n.\r\nMSG a 7 1\r\n.\r\n");
	send_second(bus, "MSG a 8 1\r\n.\r\n");
	expect(bus, true,
	       "message 1 a [.] -> 2/7 3/8\nmessage 1 a [.] -> 2/7\nmessage 1 a [.] -> 2/7\n"
	       "delivery 2/7 a [.]\n");
}

/* More messages of one content than are searched one by one, on two subjects that one subscription receives. */
static void many_repetitions_are_all_joined(void **state)
{
	struct bus *bus = *state;
	struct wire_event event;
	enum { COUNT = 20000 };
	uint64_t received = 0, messages = 0;
	subscribe(bus);
	for (int i = 0; i < COUNT; i++)
		publish(bus, "PUB a 1\r\n.\r\nPUB b 1\r\n.\r\n");
	for (int i = 0; i < COUNT; i++)
		send_first(bus, "MSG a 7 1\r\n.\r\nMSG b 7 1\r\n.\r\n");
	tap_join_finish(bus->fixture.join);
	while (tap_join_next(bus->fixture.join, &event)) {
		messages += event.kind == WIRE_EVENT_MESSAGE;
		received += event.receiver_count == 1;
	}
	assert_int_equal(messages, 2 * COUNT);
	assert_int_equal(received, 2 * COUNT);
}

/* The same content again and again, among other messages, while the oldest leave. */
static void repetitions_are_joined_while_the_oldest_leave(void **state)
{
	struct bus *bus = *state;
	struct wire_event event;
	uint64_t received = 0;
	enum { COUNT = 200 };
	subscribe(bus);
	for (int i = 0; i < COUNT; i++) {
		publish(bus, "PUB a 1\r\n.\r\n");
		for (int j = 0; j < 20; j++)
			publish(bus, "PUB other 1\r\n.\r\n");
		bus->fixture.now_ns += 10 * SESSION_MS;
		send_first(bus, "MSG a 7 1\r\n.\r\n");
		send_second(bus, "MSG a 8 1\r\n.\r\n");
		while (tap_join_next(bus->fixture.join, &event))
			received += event.receiver_count;
	}
	tap_join_finish(bus->fixture.join);
	while (tap_join_next(bus->fixture.join, &event))
		received += event.receiver_count;
	assert_int_equal(received, 2 * COUNT);
}

static void a_delivery_decoded_before_its_message_is_joined(void **state)
{
	struct bus *bus = *state;
	send_first(bus, "MSG a 7 2\r\nhi\r\n");
	send_second(bus, "MSG a 8 2\r\nhi\r\nMSG a 8 2\r\nhi\r\n");
	bus->fixture.now_ns -= SESSION_MS;
	publish(bus, "PUB a 2\r\nhi\r\nPUB a 2\r\nhi\r\n");
	expect(bus, true, "message 1 a [hi] -> 2/7 3/8\nmessage 1 a [hi] -> 3/8\n");
}

static void messages_of_other_servers_are_not_joined(void **state)
{
	struct bus *bus = *state;
	void *elsewhere = session_connect(&bus->fixture, 50003, 4333, false);
	void *same = session_connect(&bus->fixture, 50004, 4334, false);
	session_server(&bus->fixture, &elsewhere, "INFO {\"server_id\":\"T\"}\r\n");
	session_server(&bus->fixture, &same, "INFO {\"server_id\":\"S\"}\r\n");
	publish(bus, "PUB a 2\r\nhi\r\n");
	session_server(&bus->fixture, &elsewhere, "MSG a 7 2\r\nhi\r\n");
	session_server(&bus->fixture, &same, "MSG a 8 2\r\nhi\r\n");
	session_end(&bus->fixture, &elsewhere, TAP_END_CAPTURE);
	session_end(&bus->fixture, &same, TAP_END_CAPTURE);
	expect(bus, true,
	       "message 1 a [hi] -> 5/8\n"
	       "connect 4 10.0.0.1:50003\n"
	       "delivery 4/7 a [hi]\n"
	       "connect 5 10.0.0.1:50004\n");
}

static void a_message_leaves_when_its_window_is_over(void **state)
{
	struct bus *bus = *state;
	publish(bus, "PUB a 1\r\n1\r\n");
	bus->fixture.now_ns += TAP_JOIN_WINDOW_NS - 2000;
	send_first(bus, "MSG a 7 1\r\n1\r\n");
	expect(bus, false, "");
	bus->fixture.now_ns += 1000;
	send_second(bus, "MSG a 8 1\r\n1\r\n");
	expect(bus, false, "message 1 a [1] -> 2/7\n");
	expect(bus, true, "delivery 3/8 a [1]\n");
}

static void a_tick_releases_events_older_than_the_window(void **state)
{
	struct bus *bus = *state;
	publish(bus, "PUB a 1\r\n1\r\n");
	tap_join_tick(bus->fixture.join, bus->fixture.now_ns + TAP_JOIN_WINDOW_NS - 1);
	expect(bus, false, "");
	tap_join_tick(bus->fixture.join, bus->fixture.now_ns + TAP_JOIN_WINDOW_NS);
	expect(bus, false, "message 1 a [1]\n");
}

static void disorder_does_not_turn_time_back(void **state)
{
	struct bus *bus = *state; /* session_take checks the times */
	publish(bus, "PUB a 1\r\n1\r\n");
	bus->fixture.now_ns -= 20 * SESSION_MS;
	send_first(bus, "MSG b 7 1\r\n2\r\n");
	expect(bus, true, "message 1 a [1]\ndelivery 2/7 b [2]\n");
}

static void a_partial_message_is_joined_with_nothing(void **state)
{
	struct bus *bus = *state;
	publish(bus, "PUB a 4\r\nhi");
	session_hole(&bus->fixture, &bus->publisher, TAP_ORIGINATOR, 4);
	send_first(bus, "MSG a 7 4\r\nhiho\r\n");
	publish(bus, "PUB b 1\r\n1\r\n");
	expect(bus, true,
	       "message 1 a [hi] of 4 partial\n"
	       "gap 1 bytes=4: not in the capture\n"
	       "delivery 2/7 a [hiho]\n"
	       "message 1 b [1]\n");
}

static void receivers_outlive_their_connection(void **state)
{
	struct bus *bus = *state;
	session_client(&bus->fixture, &bus->first, "SUB a workers 7\r\n");
	publish(bus, "PUB a 1\r\n1\r\n");
	send_first(bus, "MSG a 7 1\r\n1\r\n");
	session_end(&bus->fixture, &bus->first, TAP_END_RESET);
	expect(bus, true,
	       "subscribe 2 subject=a sid=7 queue=workers\n"
	       "message 1 a [1] -> 2/7(workers)\n"
	       "disconnect 2: reset\n");
}

/* With a small budget events leave early, and none is lost while they are taken. */
static void when_memory_is_short_messages_leave_early(void **state)
{
	struct session_fixture fixture;
	struct wire_event event;
	uint64_t messages = 0;
	(void)state;
	session_open(&fixture, 2 << 20, NULL, 0);
	void *flow = session_connect(&fixture, 50000, 4222, false);
	session_handshake(&fixture, &flow, "p");
	for (int i = 0; i < 20000; i++) {
		session_client(&fixture, &flow,
			       "PUB a 100\r\n01234567890123456789012345678901234567890123456789"
			       "01234567890123456789012345678901234567890123456789\r\n");
		while (tap_join_next(fixture.join, &event))
			messages += event.kind == WIRE_EVENT_MESSAGE;
	}
	assert_true(tap_join_stats(fixture.join)->released_early > 0);
	assert_int_equal(tap_join_stats(fixture.join)->lost, 0);
	assert_true(messages > 10000);
	session_end(&fixture, &flow, TAP_END_CAPTURE);
	session_close(&fixture);
}

static void events_without_memory_are_reported_as_lost(void **state)
{
	struct session_fixture fixture;
	struct wire_event event;
	uint64_t messages = 0, lost = 0;
	(void)state;
	session_open(&fixture, 2 << 20, NULL, 0);
	void *flow = session_connect(&fixture, 50000, 4222, false);
	session_handshake(&fixture, &flow, "p");
	for (int i = 0; i < 20000; i++)
		session_client(&fixture, &flow, "PUB a 1\r\n.\r\n");
	while (tap_join_next(fixture.join, &event)) {
		messages += event.kind == WIRE_EVENT_MESSAGE;
		lost += event.kind == WIRE_EVENT_GAP ? event.lost_messages : 0;
	}
	session_end(&fixture, &flow, TAP_END_CAPTURE);
	tap_join_finish(fixture.join);
	while (tap_join_next(fixture.join, &event)) {
		messages += event.kind == WIRE_EVENT_MESSAGE;
		lost += event.kind == WIRE_EVENT_GAP ? event.lost_messages : 0;
	}
	assert_true(lost > 0);
	assert_int_equal(messages + lost, 20000);
	session_close(&fixture);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    CASE(a_publish_and_its_deliveries_are_one_message),
	    CASE(receivers_have_the_time_at_which_their_delivery_was_seen),
	    CASE(a_publisher_may_receive_its_own),
	    CASE(a_request_and_its_reply_are_two_messages),
	    CASE(a_delivery_that_differs_in_anything_is_not_joined),
	    CASE(headers_may_be_stripped_but_not_changed),
	    CASE(repetitions_are_joined_in_their_order),
	    CASE(many_repetitions_are_all_joined),
	    CASE(repetitions_are_joined_while_the_oldest_leave),
	    CASE(a_delivery_decoded_before_its_message_is_joined),
	    CASE(messages_of_other_servers_are_not_joined),
	    CASE(a_message_leaves_when_its_window_is_over),
	    CASE(a_tick_releases_events_older_than_the_window),
	    CASE(disorder_does_not_turn_time_back),
	    CASE(a_partial_message_is_joined_with_nothing),
	    CASE(receivers_outlive_their_connection),
	    CASE(when_memory_is_short_messages_leave_early),
	    CASE(events_without_memory_are_reported_as_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
