/* Services, subjects and subscriptions, from events made one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/trace/event_fixture.h"
#include "trace/graph_end.h"

enum { ROOM = 8 << 20 };

struct fixture {
	struct event_source source;
	struct trace_graph *graph;
	const struct trace_graph_result *result; /* after `end` */
};

static void open_with(struct fixture *fixture, const struct trace_graph_options *options)
{
	trace_graph_close(fixture->graph);
	fixture->graph = trace_graph_open(&fixture->source.source, options);
	assert_non_null(fixture->graph);
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	if (!fixture)
		return -1;
	event_source_init(&fixture->source);
	open_with(fixture, &(struct trace_graph_options){.memory_bytes = ROOM});
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	trace_graph_close(((struct fixture *)*state)->graph);
	free(*state);
	return 0;
}

static void add(struct fixture *fixture, const struct wire_event *event)
{
	assert_int_equal(trace_graph_add(fixture->graph, event), 0);
}

static void end(struct fixture *fixture)
{
	fixture->result = trace_graph_end(fixture->graph);
	assert_non_null(fixture->result);
}

static void subscribe(struct fixture *fixture, uint64_t conn, const char *sid, const char *subject,
		      const char *queue)
{
	const struct wire_event event = {.kind = WIRE_EVENT_SUBSCRIBE,
					 .conn = conn,
					 .sid = wire_slice_str(sid),
					 .subject = wire_slice_str(subject),
					 .queue = wire_slice_str(queue)};
	add(fixture, &event);
}

static void publish_to(struct fixture *fixture, uint64_t conn, const char *subject, uint64_t receiver,
		       const char *queue)
{
	struct wire_event event = event_message(&fixture->source, MS, conn, subject, NULL);
	event_deliver(&event, receiver, queue, WIRE_DELAY_UNKNOWN);
	add(fixture, &event);
}

static void publish_to_nobody(struct fixture *fixture, uint64_t conn, const char *subject)
{
	struct wire_event event = event_message(&fixture->source, MS, conn, subject, NULL);
	event_deliver_to_nobody(&event);
	add(fixture, &event);
}

static uint32_t subject_number(const struct fixture *fixture, const char *subject)
{
	for (uint32_t i = 0; i < fixture->result->subjects.len; i++)
		if (wire_slice_equal(trace_names_text(&fixture->result->subjects, i),
				     wire_slice_str(subject)))
			return i;
	fail_msg("there is no subject \"%s\"", subject);
	return 0;
}

static const struct trace_graph_subject *subject_at(const struct fixture *fixture, const char *subject)
{
	return &fixture->result->by_subject[subject_number(fixture, subject)];
}

static const struct trace_graph_edge *edge_between(const struct fixture *fixture, const char *publisher,
						   const char *subject, const char *receiver)
{
	const struct trace_graph_result *result = fixture->result;
	const struct trace_clients *clients = trace_graph_clients(fixture->graph);
	uint32_t number = subject_number(fixture, subject);
	for (uint32_t i = 0; i < result->edges.len; i++) {
		const struct trace_pair *published = &result->published.keys[result->edges.keys[i].a];
		if (published->b == number &&
		    wire_slice_equal(trace_clients_service_name(clients, published->a),
				     wire_slice_str(publisher)) &&
		    wire_slice_equal(trace_clients_service_name(clients, result->edges.keys[i].b),
				     wire_slice_str(receiver)))
			return trace_pairs_value(&result->edges, i);
	}
	return NULL;
}

static uint32_t unfed_count(const struct fixture *fixture)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < fixture->result->subscribed.len; i++)
		count += trace_graph_is_unfed(fixture->result, i);
	return count;
}

/* ---- edges ---- */

static void messages_are_counted_from_service_to_service(void **state)
{
	struct fixture *fixture = *state;
	for (int i = 0; i < 3; i++)
		publish_to(fixture, 1, "orders", 2, NULL);
	publish_to(fixture, 1, "orders", 3, NULL);
	end(fixture);
	assert_int_equal(edge_between(fixture, "one", "orders", "two")->messages, 3);
	assert_int_equal(edge_between(fixture, "one", "orders", "two")->bytes, 6);
	assert_int_equal(edge_between(fixture, "one", "orders", "three")->messages, 1);
	assert_int_equal(subject_at(fixture, "orders")->messages, 4);
	assert_int_equal(fixture->result->deliveries, 4);
}

static void inboxes_are_one_subject(void **state)
{
	struct fixture *fixture = *state;
	publish_to(fixture, 2, "_INBOX.a.1", 1, NULL);
	publish_to(fixture, 2, "_INBOX.a.2", 1, NULL);
	end(fixture);
	assert_int_equal(edge_between(fixture, "two", "_INBOX.>", "one")->messages, 2);
}

static void unknown_publishers_and_receivers_are_unknown(void **state)
{
	struct fixture *fixture = *state;
	struct wire_event event = event_message(&fixture->source, MS, 0, "orders", NULL);
	event.flags |= WIRE_EVENT_PUBLISHER_UNKNOWN;
	event.receiver_count = 2; /* only their number is known */
	add(fixture, &event);
	end(fixture);
	assert_int_equal(edge_between(fixture, "(unknown)", "orders", "(unknown)")->messages, 2);
	assert_int_equal(subject_at(fixture, "orders")->unknown_receivers, 1);
	assert_int_equal(subject_at(fixture, "orders")->unheard, 0);
}

static void a_dropped_message_is_no_delivery(void **state)
{
	struct fixture *fixture = *state;
	struct wire_event event = event_message(&fixture->source, MS, 1, "orders", NULL);
	event_deliver_to_nobody(&event);
	event_deliver_also(&event, 2, NULL, WIRE_DELAY_UNKNOWN, WIRE_DROPPED_SLOW);
	add(fixture, &event);
	end(fixture);
	assert_int_equal(edge_between(fixture, "one", "orders", "two")->messages, 0);
	assert_int_equal(edge_between(fixture, "one", "orders", "two")->dropped, 1);
	assert_int_equal(subject_at(fixture, "orders")->unheard, 0);
}

static void fan_out_is_counted(void **state)
{
	struct fixture *fixture = *state;
	struct wire_event event = event_message(&fixture->source, MS, 1, "tick", NULL);
	event_deliver(&event, 2, NULL, WIRE_DELAY_UNKNOWN);
	event_deliver_also(&event, 3, NULL, WIRE_DELAY_UNKNOWN, WIRE_SENT);
	event_deliver_also(&event, 4, NULL, WIRE_DELAY_UNKNOWN, WIRE_SENT);
	add(fixture, &event);
	publish_to(fixture, 1, "tick", 2, NULL);
	end(fixture);
	assert_int_equal(subject_at(fixture, "tick")->most_deliveries, 3);
	assert_int_equal(subject_at(fixture, "tick")->deliveries, 4);
}

static void a_delivery_without_its_message_has_an_unknown_publisher(void **state)
{
	struct fixture *fixture = *state;
	struct wire_event event = event_message(&fixture->source, MS, 2, "orders", NULL);
	event.kind = WIRE_EVENT_DELIVERY;
	add(fixture, &event);
	end(fixture);
	assert_int_equal(edge_between(fixture, "(unknown)", "orders", "two")->messages, 1);
	assert_int_equal(fixture->result->messages, 0);
}

/* ---- what reaches nobody ---- */

static void messages_that_nobody_was_to_get_are_unheard(void **state)
{
	struct fixture *fixture = *state;
	publish_to_nobody(fixture, 1, "lost");
	publish_to_nobody(fixture, 1, "orders");
	publish_to(fixture, 1, "orders", 2, NULL);
	struct wire_event unknown = event_message(&fixture->source, MS, 1, "unknown", NULL);
	add(fixture, &unknown);
	end(fixture);
	assert_int_equal(subject_at(fixture, "lost")->unheard, 1);
	assert_int_equal(subject_at(fixture, "orders")->unheard, 1);
	assert_int_equal(subject_at(fixture, "unknown")->unheard, 0);
}

static void a_subscription_that_gets_nothing_is_unfed(void **state)
{
	struct fixture *fixture = *state;
	subscribe(fixture, 2, "1", "orders.*", NULL);
	subscribe(fixture, 2, "2", "never.>", NULL);
	subscribe(fixture, 2, "3", "_INBOX.x.*", NULL);
	publish_to(fixture, 1, "orders.new", 2, NULL);
	end(fixture);
	assert_int_equal(unfed_count(fixture), 1);
}

static void unknown_receivers_may_be_those_of_a_subscription(void **state)
{
	struct fixture *fixture = *state;
	subscribe(fixture, 2, "2", "orders.*", NULL);
	subscribe(fixture, 2, "3", "never.*", NULL);
	struct wire_event event = event_message(&fixture->source, MS, 1, "orders.new", NULL);
	add(fixture, &event);
	end(fixture);
	assert_int_equal(unfed_count(fixture), 1);
}

/* Only subjects with unknown receivers can hide something, however many others there are. */
static void subjects_with_known_receivers_hide_nothing(void **state)
{
	struct fixture *fixture = *state;
	char subject[32];
	subscribe(fixture, 1, "1", "payments.*", NULL);
	for (unsigned i = 0; i < 10000; i++) {
		snprintf(subject, sizeof subject, "orders.%u", i);
		publish_to_nobody(fixture, 2, subject);
	}
	struct wire_event hidden = event_message(&fixture->source, MS, 2, "stock", NULL);
	add(fixture, &hidden);
	end(fixture);
	assert_int_equal(unfed_count(fixture), 1);
}

static void messages_that_the_filter_rules_out_feed_subscriptions_too(void **state)
{
	struct fixture *fixture = *state;
	struct store_filter *filter = store_filter_open();
	assert_int_equal(store_filter_subject(filter, "orders.>", NULL), 0);
	assert_int_equal(store_filter_client(filter, "one", NULL), 0);
	open_with(fixture, &(struct trace_graph_options){.memory_bytes = ROOM, .filter = filter});
	subscribe(fixture, 2, "1", "orders.new", NULL);
	subscribe(fixture, 3, "1", "orders.never", NULL);
	subscribe(fixture, 4, "1", "other.never", NULL);
	publish_to(fixture, 5, "orders.new", 2, NULL);
	end(fixture);
	assert_int_equal(fixture->result->messages, 0);
	assert_int_equal(unfed_count(fixture), 1);
	store_filter_close(filter);
}

static void a_subscription_from_before_is_known_by_what_it_gets(void **state)
{
	struct fixture *fixture = *state;
	publish_to(fixture, 1, "orders", 2, "workers");
	end(fixture);
	const struct trace_graph_subscribed *subscribed = trace_pairs_value(&fixture->result->subscribed, 0);
	assert_int_equal(fixture->result->subscribed.len, 1);
	assert_int_equal(subscribed->deliveries, 1);
}

static void a_sid_that_is_used_again_is_another_subscription(void **state)
{
	struct fixture *fixture = *state;
	const struct wire_event unsubscribe = {
	    .kind = WIRE_EVENT_UNSUBSCRIBE, .conn = 2, .sid = WIRE_LITERAL("1")};
	subscribe(fixture, 2, "1", "first", NULL);
	add(fixture, &unsubscribe);
	subscribe(fixture, 2, "1", "second", NULL);
	publish_to(fixture, 1, "second", 2, NULL);
	end(fixture);
	assert_int_equal(unfed_count(fixture), 1);
	const struct trace_graph_subscribed *first = trace_pairs_value(&fixture->result->subscribed, 0);
	const struct trace_graph_subscribed *second = trace_pairs_value(&fixture->result->subscribed, 1);
	assert_int_equal(first->open, 0);
	assert_int_equal(second->open, 1);
	assert_int_equal(second->deliveries, 1);
}

static void subscriptions_end_with_their_last_delivery_and_their_client(void **state)
{
	struct fixture *fixture = *state;
	const struct wire_event unsubscribe = {
	    .kind = WIRE_EVENT_UNSUBSCRIBE, .conn = 2, .sid = WIRE_LITERAL("1"), .max = 2};
	const struct wire_event disconnect = {.kind = WIRE_EVENT_DISCONNECT, .conn = 3};
	subscribe(fixture, 2, "1", "few", NULL);
	add(fixture, &unsubscribe);
	subscribe(fixture, 3, "1", "a", NULL);
	subscribe(fixture, 3, "2", "b", NULL);
	publish_to(fixture, 1, "few", 2, NULL);
	publish_to(fixture, 1, "few", 2, NULL);
	add(fixture, &disconnect);
	end(fixture);
	for (uint32_t i = 0; i < fixture->result->subscribed.len; i++) {
		const struct trace_graph_subscribed *subscribed =
		    trace_pairs_value(&fixture->result->subscribed, i);
		assert_int_equal(subscribed->made, 1);
		assert_int_equal(subscribed->open, 0);
	}
}

/* ---- queue groups ---- */

static void members_of_a_queue_group_are_ordered_by_their_share(void **state)
{
	struct fixture *fixture = *state;
	subscribe(fixture, 2, "1", "work", "q");
	subscribe(fixture, 3, "1", "work", "q");
	subscribe(fixture, 4, "1", "work", "q");
	subscribe(fixture, 5, "1", "work", NULL);
	for (int i = 0; i < 3; i++)
		publish_to(fixture, 1, "work", 3, "q");
	publish_to(fixture, 1, "work", 2, "q");
	end(fixture);
	const struct trace_graph_interest *group = trace_pairs_value(&fixture->result->interests, 0);
	assert_int_equal(group->members, 3);
	assert_int_equal(group->deliveries, 4);
	assert_int_equal(group->most, 3);
	assert_int_equal(group->least, 0);
	const struct trace_graph_member *first =
	    trace_pairs_value(&fixture->result->members, fixture->result->member_order[group->first]);
	assert_int_equal(first->deliveries, 3);
	assert_int_equal(fixture->result->members.len, 3);
}

/* ---- bounds ---- */

static void counts_beyond_the_memory_are_left_out_and_said(void **state)
{
	struct fixture *fixture = *state;
	char subject[32];
	open_with(fixture, &(struct trace_graph_options){.memory_bytes = 256 << 10});
	for (int i = 0; i < 20000; i++) {
		snprintf(subject, sizeof subject, "x%dx", i);
		publish_to(fixture, 1, subject, 2, NULL);
	}
	end(fixture);
	uint64_t messages = 0;
	for (uint32_t i = 0; i < fixture->result->subjects.len; i++)
		messages += fixture->result->by_subject[i].messages;
	assert_int_equal(messages, 20000);
	assert_true(fixture->result->by_subject[fixture->result->subject_others].messages > 15000);
	assert_true(fixture->result->memory.used <= fixture->result->memory.max);
}

/* Old clients subscribe to an inbox for each request: places are used again. */
static void ended_subscriptions_take_no_memory(void **state)
{
	struct fixture *fixture = *state;
	char sid[32];
	open_with(fixture, &(struct trace_graph_options){.memory_bytes = 256 << 10});
	for (int i = 0; i < 20000; i++) {
		snprintf(sid, sizeof sid, "%d", i);
		subscribe(fixture, 2, sid, "_INBOX.x", NULL);
		const struct wire_event unsubscribe = {
		    .kind = WIRE_EVENT_UNSUBSCRIBE, .conn = 2, .sid = wire_slice_str(sid)};
		add(fixture, &unsubscribe);
	}
	end(fixture);
	const struct trace_graph_subscribed *subscribed = trace_pairs_value(&fixture->result->subscribed, 0);
	assert_int_equal(subscribed->made, 20000);
	assert_int_equal(subscribed->open, 0);
	assert_int_equal(fixture->result->left_out, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(messages_are_counted_from_service_to_service),
	    TEST(inboxes_are_one_subject),
	    TEST(unknown_publishers_and_receivers_are_unknown),
	    TEST(a_dropped_message_is_no_delivery),
	    TEST(fan_out_is_counted),
	    TEST(a_delivery_without_its_message_has_an_unknown_publisher),
	    TEST(messages_that_nobody_was_to_get_are_unheard),
	    TEST(a_subscription_that_gets_nothing_is_unfed),
	    TEST(unknown_receivers_may_be_those_of_a_subscription),
	    TEST(subjects_with_known_receivers_hide_nothing),
	    TEST(messages_that_the_filter_rules_out_feed_subscriptions_too),
	    TEST(a_subscription_from_before_is_known_by_what_it_gets),
	    TEST(a_sid_that_is_used_again_is_another_subscription),
	    TEST(subscriptions_end_with_their_last_delivery_and_their_client),
	    TEST(members_of_a_queue_group_are_ordered_by_their_share),
	    TEST(counts_beyond_the_memory_are_left_out_and_said),
	    TEST(ended_subscriptions_take_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
