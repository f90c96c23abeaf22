#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/tap/overhear.h"

enum { MEMORY = 16 << 20 };

/* A publisher and two subscribers, all shaken hands with: connections 1 to 3. */
struct bus {
	struct overhear overhear;
	void *publisher, *first, *second;
};

static int setup(void **state)
{
	struct bus *bus = calloc(1, sizeof *bus);
	struct overhear *overhear = &bus->overhear;
	overhear_open(overhear, MEMORY, NULL, 0);
	bus->publisher = overhear_connect(overhear, 50000, 4222, false);
	bus->first = overhear_connect(overhear, 50001, 4222, false);
	bus->second = overhear_connect(overhear, 50002, 4222, false);
	overhear_handshake(overhear, &bus->publisher, "p");
	overhear_handshake(overhear, &bus->first, "1");
	overhear_handshake(overhear, &bus->second, "2");
	free(overhear_take(overhear, false));
	*state = bus;
	return 0;
}

static int teardown(void **state)
{
	struct bus *bus = *state;
	overhear_end(&bus->overhear, &bus->publisher, TAP_END_CAPTURE);
	overhear_end(&bus->overhear, &bus->first, TAP_END_CAPTURE);
	overhear_end(&bus->overhear, &bus->second, TAP_END_CAPTURE);
	free(overhear_take(&bus->overhear, true));
	overhear_close(&bus->overhear);
	free(bus);
	return 0;
}

#define publish(bus, text)     overhear_client(&(bus)->overhear, &(bus)->publisher, text)
#define send_first(bus, text)  overhear_server(&(bus)->overhear, &(bus)->first, text)
#define send_second(bus, text) overhear_server(&(bus)->overhear, &(bus)->second, text)

static void expect(struct bus *bus, bool all, const char *events)
{
	char *heard = overhear_take(&bus->overhear, all);
	assert_string_equal(heard, events);
	free(heard);
}

/* The subscribers subscribe to everything as 7 and 8, and see that it was processed. */
static void subscribe(struct bus *bus)
{
	overhear_client(&bus->overhear, &bus->first, "SUB > 7\r\nPING\r\n");
	overhear_client(&bus->overhear, &bus->second, "SUB > 8\r\nPING\r\n");
	send_first(bus, "PONG\r\n");
	send_second(bus, "PONG\r\n");
	free(overhear_take(&bus->overhear, false));
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
	int64_t published_ns = bus->overhear.now_ns;
	bus->overhear.now_ns += 5000;
	send_first(bus, "MSG a 7 2\r\nhi\r\n");
	int64_t delay_ns = bus->overhear.now_ns - published_ns;
	bus->overhear.now_ns += 70000;
	send_second(bus, "MSG a 8 2\r\nhi\r\n");
	tap_join_finish(bus->overhear.join);
	while (tap_join_next(bus->overhear.join, &event) && event.kind != WIRE_EVENT_MESSAGE)
		;
	assert_int_equal(event.receivers_len, 2);
	assert_int_equal(event.time_ns, published_ns);
	assert_int_equal(event.delays_ns[0], delay_ns);
	assert_int_equal(event.delays_ns[1], bus->overhear.now_ns - published_ns);
}

static void a_publisher_may_receive_its_own(void **state)
{
	struct bus *bus = *state;
	publish(bus, "PUB a 2\r\nhi\r\n");
	overhear_server(&bus->overhear, &bus->publisher, "MSG a 1 2\r\nhi\r\n");
	expect(bus, true, "message 1 a [hi] -> 1/1\n");
}

static void a_request_and_its_reply_are_two_messages(void **state)
{
	struct bus *bus = *state;
	publish(bus, "PUB ask _INBOX.1 1\r\n?\r\n");
	send_first(bus, "MSG ask 7 _INBOX.1 1\r\n?\r\n");
	overhear_client(&bus->overhear, &bus->first, "PUB _INBOX.1 1\r\n!\r\n");
	overhear_server(&bus->overhear, &bus->publisher, "MSG _INBOX.1 1 1\r\n!\r\n");
	expect(bus, true, "message 1 ask reply=_INBOX.1 [?] -> 2/7\nmessage 2 _INBOX.1 [!] -> 1/1\n");
}

static void what_differs_in_anything_is_not_joined(void **state)
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

/* More of one content than would be searched through one by one, on two subjects that one subscription hears. */
static void many_repetitions_are_joined_all(void **state)
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
	tap_join_finish(bus->overhear.join);
	while (tap_join_next(bus->overhear.join, &event)) {
		messages += event.kind == WIRE_EVENT_MESSAGE;
		received += event.receiver_count == 1;
	}
	assert_int_equal(messages, 2 * COUNT);
	assert_int_equal(received, 2 * COUNT);
}

/* One content again and again, the oldest leaving meanwhile, among much else. */
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
		bus->overhear.now_ns += 10 * OVERHEAR_MS;
		send_first(bus, "MSG a 7 1\r\n.\r\n");
		send_second(bus, "MSG a 8 1\r\n.\r\n");
		while (tap_join_next(bus->overhear.join, &event))
			received += event.receiver_count;
	}
	tap_join_finish(bus->overhear.join);
	while (tap_join_next(bus->overhear.join, &event))
		received += event.receiver_count;
	assert_int_equal(received, 2 * COUNT);
}

static void a_delivery_decoded_before_its_message_is_joined(void **state)
{
	struct bus *bus = *state;
	send_first(bus, "MSG a 7 2\r\nhi\r\n");
	send_second(bus, "MSG a 8 2\r\nhi\r\nMSG a 8 2\r\nhi\r\n");
	bus->overhear.now_ns -= OVERHEAR_MS;
	publish(bus, "PUB a 2\r\nhi\r\nPUB a 2\r\nhi\r\n");
	expect(bus, true, "message 1 a [hi] -> 2/7 3/8\nmessage 1 a [hi] -> 3/8\n");
}

static void other_servers_messages_are_not_joined(void **state)
{
	struct bus *bus = *state;
	void *elsewhere = overhear_connect(&bus->overhear, 50003, 4333, false);
	void *same = overhear_connect(&bus->overhear, 50004, 4334, false);
	overhear_server(&bus->overhear, &elsewhere, "INFO {\"server_id\":\"T\"}\r\n");
	overhear_server(&bus->overhear, &same, "INFO {\"server_id\":\"S\"}\r\n");
	publish(bus, "PUB a 2\r\nhi\r\n");
	overhear_server(&bus->overhear, &elsewhere, "MSG a 7 2\r\nhi\r\n");
	overhear_server(&bus->overhear, &same, "MSG a 8 2\r\nhi\r\n");
	overhear_end(&bus->overhear, &elsewhere, TAP_END_CAPTURE);
	overhear_end(&bus->overhear, &same, TAP_END_CAPTURE);
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
	bus->overhear.now_ns += TAP_JOIN_WINDOW_NS - 2000;
	send_first(bus, "MSG a 7 1\r\n1\r\n");
	expect(bus, false, "");
	bus->overhear.now_ns += 1000;
	send_second(bus, "MSG a 8 1\r\n1\r\n");
	expect(bus, false, "message 1 a [1] -> 2/7\n");
	expect(bus, true, "delivery 3/8 a [1]\n");
}

static void a_tick_lets_go_what_waited_long_enough(void **state)
{
	struct bus *bus = *state;
	publish(bus, "PUB a 1\r\n1\r\n");
	tap_join_tick(bus->overhear.join, bus->overhear.now_ns + TAP_JOIN_WINDOW_NS - 1);
	expect(bus, false, "");
	tap_join_tick(bus->overhear.join, bus->overhear.now_ns + TAP_JOIN_WINDOW_NS);
	expect(bus, false, "message 1 a [1]\n");
}

static void disorder_does_not_turn_time_back(void **state)
{
	struct bus *bus = *state; /* overhear_take checks the times */
	publish(bus, "PUB a 1\r\n1\r\n");
	bus->overhear.now_ns -= 20 * OVERHEAR_MS;
	send_first(bus, "MSG b 7 1\r\n2\r\n");
	expect(bus, true, "message 1 a [1]\ndelivery 2/7 b [2]\n");
}

static void a_partial_message_is_joined_with_nothing(void **state)
{
	struct bus *bus = *state;
	publish(bus, "PUB a 4\r\nhi");
	overhear_hole(&bus->overhear, &bus->publisher, TAP_ORIGINATOR, 4);
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
	overhear_client(&bus->overhear, &bus->first, "SUB a workers 7\r\n");
	publish(bus, "PUB a 1\r\n1\r\n");
	send_first(bus, "MSG a 7 1\r\n1\r\n");
	overhear_end(&bus->overhear, &bus->first, TAP_END_RESET);
	expect(bus, true,
	       "subscribe 2 subject=a sid=7 queue=workers\n"
	       "message 1 a [1] -> 2/7(workers)\n"
	       "disconnect 2: reset\n");
}

/* A small budget: what waits leaves early, and nothing is lost as long as somebody takes it. */
static void when_memory_is_short_messages_leave_early(void **state)
{
	struct overhear overhear;
	struct wire_event event;
	uint64_t messages = 0;
	(void)state;
	overhear_open(&overhear, 2 << 20, NULL, 0);
	void *flow = overhear_connect(&overhear, 50000, 4222, false);
	overhear_handshake(&overhear, &flow, "p");
	for (int i = 0; i < 20000; i++) {
		overhear_client(&overhear, &flow,
				"PUB a 100\r\n01234567890123456789012345678901234567890123456789"
				"01234567890123456789012345678901234567890123456789\r\n");
		while (tap_join_next(overhear.join, &event))
			messages += event.kind == WIRE_EVENT_MESSAGE;
	}
	assert_true(tap_join_stats(overhear.join)->hurried > 0);
	assert_int_equal(tap_join_stats(overhear.join)->lost, 0);
	assert_true(messages > 10000);
	overhear_end(&overhear, &flow, TAP_END_CAPTURE);
	overhear_close(&overhear);
}

static void what_finds_no_memory_is_told(void **state)
{
	struct overhear overhear;
	struct wire_event event;
	uint64_t messages = 0, lost = 0;
	(void)state;
	overhear_open(&overhear, 2 << 20, NULL, 0);
	void *flow = overhear_connect(&overhear, 50000, 4222, false);
	overhear_handshake(&overhear, &flow, "p");
	for (int i = 0; i < 20000; i++)
		overhear_client(&overhear, &flow, "PUB a 1\r\n.\r\n");
	while (tap_join_next(overhear.join, &event)) {
		messages += event.kind == WIRE_EVENT_MESSAGE;
		lost += event.kind == WIRE_EVENT_GAP ? event.lost_messages : 0;
	}
	overhear_end(&overhear, &flow, TAP_END_CAPTURE);
	tap_join_finish(overhear.join);
	while (tap_join_next(overhear.join, &event)) {
		messages += event.kind == WIRE_EVENT_MESSAGE;
		lost += event.kind == WIRE_EVENT_GAP ? event.lost_messages : 0;
	}
	assert_true(lost > 0);
	assert_int_equal(messages + lost, 20000);
	overhear_close(&overhear);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    CASE(a_publish_and_its_deliveries_are_one_message),
	    CASE(receivers_have_the_time_at_which_their_delivery_was_seen),
	    CASE(a_publisher_may_receive_its_own),
	    CASE(a_request_and_its_reply_are_two_messages),
	    CASE(what_differs_in_anything_is_not_joined),
	    CASE(headers_may_be_stripped_but_not_changed),
	    CASE(repetitions_are_joined_in_their_order),
	    CASE(many_repetitions_are_joined_all),
	    CASE(repetitions_are_joined_while_the_oldest_leave),
	    CASE(a_delivery_decoded_before_its_message_is_joined),
	    CASE(other_servers_messages_are_not_joined),
	    CASE(a_message_leaves_when_its_window_is_over),
	    CASE(a_tick_lets_go_what_waited_long_enough),
	    CASE(disorder_does_not_turn_time_back),
	    CASE(a_partial_message_is_joined_with_nothing),
	    CASE(receivers_outlive_their_connection),
	    CASE(when_memory_is_short_messages_leave_early),
	    CASE(what_finds_no_memory_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
