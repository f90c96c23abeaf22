/* Clients and subscriptions at a moment, from events made one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/trace/event_fixture.h"
#include "trace/presence.h"

enum { ROOM = 8 << 20 };

struct fixture {
	struct event_source source;
	struct trace_presence *presence;
	const struct trace_presence_result *result; /* after `end` */
};

static void open_with(struct fixture *fixture, size_t memory_bytes, const char *asked)
{
	const struct trace_presence_options options = {.memory_bytes = memory_bytes,
						       .asked = wire_slice_str(asked)};
	trace_presence_close(fixture->presence);
	fixture->presence = trace_presence_open(&fixture->source.source, &options);
	assert_non_null(fixture->presence);
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	if (!fixture)
		return -1;
	event_source_init(&fixture->source);
	open_with(fixture, ROOM, NULL);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	trace_presence_close(((struct fixture *)*state)->presence);
	free(*state);
	return 0;
}

static void add(struct fixture *fixture, struct wire_event event)
{
	trace_presence_add(fixture->presence, &event);
}

static void connect_client(struct fixture *fixture, uint64_t conn, int64_t ns, uint32_t flags)
{
	add(fixture,
	    (struct wire_event){.kind = WIRE_EVENT_CONNECT, .conn = conn, .time_ns = ns, .flags = flags});
}

static void disconnect_client(struct fixture *fixture, uint64_t conn, int64_t ns)
{
	add(fixture, (struct wire_event){.kind = WIRE_EVENT_DISCONNECT, .conn = conn, .time_ns = ns});
}

static void subscribe(struct fixture *fixture, uint64_t conn, const char *subject, const char *queue)
{
	add(fixture, (struct wire_event){.kind = WIRE_EVENT_SUBSCRIBE,
					 .conn = conn,
					 .time_ns = 7,
					 .sid = WIRE_LITERAL("1"),
					 .subject = wire_slice_str(subject),
					 .queue = wire_slice_str(queue)});
}

static void unsubscribe(struct fixture *fixture, uint64_t conn, uint64_t max)
{
	add(fixture, (struct wire_event){
			 .kind = WIRE_EVENT_UNSUBSCRIBE, .conn = conn, .sid = WIRE_LITERAL("1"), .max = max});
}

static void publish_to(struct fixture *fixture, const char *subject, uint64_t receiver)
{
	struct wire_event event = event_message(&fixture->source, MS, 1, subject, NULL);
	event_deliver(&event, receiver, NULL, WIRE_DELAY_UNKNOWN);
	add(fixture, event);
}

static void end(struct fixture *fixture)
{
	fixture->result = trace_presence_end(fixture->presence);
	assert_non_null(fixture->result);
}

/* The client of that connection, which must be there. */
static const struct trace_present_client *here(const struct fixture *fixture, uint64_t conn)
{
	for (uint32_t i = 0; i < fixture->result->clients_len; i++)
		if (fixture->result->clients[i].is_here &&
		    trace_clients_at(trace_presence_clients(fixture->presence), i)->conn == conn)
			return &fixture->result->clients[i];
	fail_msg("connection %d is not there", (int)conn);
	return NULL;
}

static void assert_name(const struct fixture *fixture, uint32_t number, const char *expected)
{
	assert_string_equal(trace_names_text(&fixture->result->names, number).data, expected);
}

/* ---- clients ---- */

static void client_is_there_from_its_connect_to_its_disconnect(void **state)
{
	struct fixture *fixture = *state;
	connect_client(fixture, 1, 5, 0);
	connect_client(fixture, 2, 6, 0);
	disconnect_client(fixture, 1, 9);
	end(fixture);
	assert_int_equal(fixture->result->here, 1);
	assert_int_equal(here(fixture, 2)->since_ns, 6);
	assert_int_equal(fixture->result->last_left_ns, 9);
}

static void client_of_a_repeated_connect_event_is_there_since_an_unknown_time(void **state)
{
	struct fixture *fixture = *state;
	connect_client(fixture, 1, 5, WIRE_EVENT_REPEATED);
	end(fixture);
	assert_true(here(fixture, 1)->since_ns == TRACE_PRESENCE_BEFORE);
}

static void repeated_connect_event_does_not_change_what_is_known(void **state)
{
	struct fixture *fixture = *state;
	connect_client(fixture, 1, 5, 0);
	connect_client(fixture, 1, 8, WIRE_EVENT_REPEATED);
	end(fixture);
	assert_int_equal(fixture->result->here, 1);
	assert_int_equal(here(fixture, 1)->since_ns, 5);
}

static void start_of_the_recording_ends_earlier_connections_of_its_input(void **state)
{
	struct fixture *fixture = *state;
	connect_client(fixture, 1, 5, 0);
	fixture->source.origin = 1;
	connect_client(fixture, 2, 5, 0);
	fixture->source.origin = 0;
	add(fixture, (struct wire_event){.kind = WIRE_EVENT_MARK, .text = WIRE_LITERAL("start tapedeck 1")});
	connect_client(fixture, 3, 6, 0);
	end(fixture);
	assert_int_equal(fixture->result->here, 2);
	here(fixture, 2);
	here(fixture, 3);
}

static void messages_are_counted_for_publisher_and_receiver(void **state)
{
	struct fixture *fixture = *state;
	connect_client(fixture, 2, 5, 0);
	publish_to(fixture, "a", 2);
	publish_to(fixture, "b", 2);
	end(fixture);
	assert_int_equal(here(fixture, 1)->published, 2);
	assert_int_equal(here(fixture, 2)->received, 2);
	assert_int_equal(here(fixture, 2)->last_ns, MS);
}

static void dropped_message_does_not_bring_back_a_client_that_left(void **state)
{
	struct fixture *fixture = *state;
	connect_client(fixture, 2, 5, 0);
	disconnect_client(fixture, 2, 6);
	struct wire_event event = event_message(&fixture->source, MS, 1, "a", NULL);
	event_deliver(&event, 3, NULL, WIRE_DELAY_UNKNOWN);
	event_deliver_also(&event, 2, NULL, WIRE_DELAY_UNKNOWN, WIRE_DROPPED_CLOSED);
	add(fixture, event);
	end(fixture);
	assert_int_equal(fixture->result->here, 2);
}

/* ---- subscriptions ---- */

static void recorded_subscription_has_its_pattern_and_queue(void **state)
{
	struct fixture *fixture = *state;
	subscribe(fixture, 2, "orders.>", "workers");
	publish_to(fixture, "orders.new", 2);
	end(fixture);
	assert_int_equal(fixture->result->subscriptions_len, 1);
	assert_true(fixture->result->subscriptions[0].is_recorded);
	assert_name(fixture, fixture->result->subscriptions[0].subject, "orders.>");
	assert_name(fixture, fixture->result->subscriptions[0].queue, "workers");
	assert_int_equal(fixture->result->subscriptions[0].since_ns, 7);
	assert_int_equal(fixture->result->subscriptions[0].received, 1);
	assert_int_equal(here(fixture, 2)->subscriptions, 1);
}

static void subscription_that_was_not_recorded_is_known_by_the_first_asked_subject(void **state)
{
	struct fixture *fixture = *state;
	open_with(fixture, ROOM, "orders.*");
	publish_to(fixture, "stock.get", 2);
	publish_to(fixture, "orders.new", 2);
	publish_to(fixture, "orders.paid", 2);
	end(fixture);
	assert_int_equal(fixture->result->subscriptions_len, 1);
	assert_false(fixture->result->subscriptions[0].is_recorded);
	assert_name(fixture, fixture->result->subscriptions[0].subject, "orders.new");
	assert_int_equal(fixture->result->subscriptions[0].received, 2);
	assert_int_equal(here(fixture, 2)->received, 3);
}

static void ended_subscriptions_are_gone(void **state)
{
	struct fixture *fixture = *state;
	subscribe(fixture, 2, "a", NULL);
	subscribe(fixture, 3, "a", NULL);
	subscribe(fixture, 4, "a", NULL);
	unsubscribe(fixture, 2, 0);
	disconnect_client(fixture, 3, 9);
	unsubscribe(fixture, 4, 1);
	publish_to(fixture, "a", 4);
	subscribe(fixture, 5, "b", NULL);
	end(fixture);
	assert_int_equal(fixture->result->subscriptions_len, 1);
	assert_name(fixture, fixture->result->subscriptions[0].subject, "b");
	assert_int_equal(here(fixture, 2)->subscriptions, 0);
	assert_int_equal(here(fixture, 4)->subscriptions, 0);
}

static void subscription_of_the_same_sid_takes_the_place_of_the_earlier_one(void **state)
{
	struct fixture *fixture = *state;
	subscribe(fixture, 2, "a", NULL);
	subscribe(fixture, 2, "b", NULL);
	end(fixture);
	assert_int_equal(fixture->result->subscriptions_len, 1);
	assert_name(fixture, fixture->result->subscriptions[0].subject, "b");
}

static void subscriptions_without_room_are_counted(void **state)
{
	struct fixture *fixture = *state;
	open_with(fixture, 1 << 16, NULL);
	char subject[20];
	for (uint64_t conn = 1; conn < 20000; conn++) {
		snprintf(subject, sizeof subject, "s.%d", (int)conn);
		subscribe(fixture, conn, subject, NULL);
	}
	end(fixture);
	assert_true(fixture->result->left_out > 0);
	assert_true(fixture->result->subscriptions_len > 0);
	assert_int_equal(fixture->result->subscribes, 19999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(client_is_there_from_its_connect_to_its_disconnect, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(client_of_a_repeated_connect_event_is_there_since_an_unknown_time,
					    setup, teardown),
	    cmocka_unit_test_setup_teardown(repeated_connect_event_does_not_change_what_is_known, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(start_of_the_recording_ends_earlier_connections_of_its_input,
					    setup, teardown),
	    cmocka_unit_test_setup_teardown(messages_are_counted_for_publisher_and_receiver, setup, teardown),
	    cmocka_unit_test_setup_teardown(dropped_message_does_not_bring_back_a_client_that_left, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(recorded_subscription_has_its_pattern_and_queue, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		subscription_that_was_not_recorded_is_known_by_the_first_asked_subject, setup, teardown),
	    cmocka_unit_test_setup_teardown(ended_subscriptions_are_gone, setup, teardown),
	    cmocka_unit_test_setup_teardown(subscription_of_the_same_sid_takes_the_place_of_the_earlier_one,
					    setup, teardown),
	    cmocka_unit_test_setup_teardown(subscriptions_without_room_are_counted, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
