/* How long requests take, from events made one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/trace/event_fixture.h"
#include "trace/latency.h"

enum { ROOM = 8 << 20 };

struct fixture {
	struct event_source source;
	struct trace_latency_options options;
	struct trace_latency *latency;
	const struct trace_latency_result *result; /* after `end` */
};

static void open_with(struct fixture *fixture, const struct trace_latency_options *options)
{
	trace_latency_close(fixture->latency);
	fixture->options = *options;
	fixture->latency = trace_latency_open(&fixture->source.source, options);
	assert_non_null(fixture->latency);
}

static const struct trace_latency_options usual = {
    .memory_bytes = ROOM, .listed_max = 100, .slowest_max = 10};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	if (!fixture)
		return -1;
	event_source_init(&fixture->source);
	open_with(fixture, &usual);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	trace_latency_close(((struct fixture *)*state)->latency);
	free(*state);
	return 0;
}

static void add(struct fixture *fixture, const struct wire_event *event)
{
	assert_int_equal(trace_latency_add(fixture->latency, event), 0);
}

static void end(struct fixture *fixture)
{
	fixture->result = trace_latency_end(fixture->latency);
}

static void publish(struct fixture *fixture, int64_t ns, uint64_t conn, const char *subject,
		    const char *reply)
{
	struct wire_event event = event_message(&fixture->source, ns, conn, subject, reply);
	add(fixture, &event);
}

static const struct trace_latency_row *subject_row(const struct fixture *fixture, const char *subject)
{
	const struct trace_latency_result *result = fixture->result;
	for (uint32_t i = 0; i < result->by_subject.cap; i++)
		if (result->by_subject.list[i] &&
		    wire_slice_equal(trace_names_text(&result->subjects, i), wire_slice_str(subject)))
			return result->by_subject.list[i];
	return NULL;
}

static const struct trace_latency_row *service_row(const struct fixture *fixture,
						   const struct trace_latency_rows *rows, const char *name)
{
	const struct trace_clients *clients = trace_latency_clients(fixture->latency);
	for (uint32_t i = 0; i < rows->cap; i++)
		if (rows->list[i] &&
		    wire_slice_equal(trace_clients_service_name(clients, i), wire_slice_str(name)))
			return rows->list[i];
	return NULL;
}

/* ---- answers ---- */

static void a_latency_is_from_request_to_first_and_last_reply(void **state)
{
	struct fixture *fixture = *state;
	publish(fixture, 10 * MS, 1, "ask", "_INBOX.a");
	publish(fixture, 13 * MS, 2, "_INBOX.a", NULL);
	publish(fixture, 17 * MS, 3, "_INBOX.a", NULL);
	end(fixture);
	const struct trace_latency_row *row = subject_row(fixture, "ask");
	assert_non_null(row);
	assert_int_equal(row->count, 1);
	assert_int_equal(row->answered, 1);
	assert_int_equal(row->latency.max_ns, 3 * MS);
	assert_int_equal(row->last.max_ns, 7 * MS);
	assert_int_equal(row->several_replies, 1);
	assert_int_equal(row->several_responders, 1);
	assert_int_equal(fixture->result->messages, 3);
	assert_int_equal(fixture->result->span_ns, 7 * MS);
}

static void requester_and_each_responder_have_a_row(void **state)
{
	struct fixture *fixture = *state;
	publish(fixture, 0, 1, "ask", "_INBOX.a");
	publish(fixture, 3 * MS, 2, "_INBOX.a", NULL);
	publish(fixture, 4 * MS, 2, "_INBOX.a", NULL);
	publish(fixture, 7 * MS, 3, "_INBOX.a", NULL);
	end(fixture);
	assert_int_equal(service_row(fixture, &fixture->result->by_requester, "one")->latency.max_ns, 3 * MS);
	assert_int_equal(service_row(fixture, &fixture->result->by_responder, "two")->latency.max_ns, 3 * MS);
	assert_int_equal(service_row(fixture, &fixture->result->by_responder, "two")->count, 1);
	assert_int_equal(service_row(fixture, &fixture->result->by_responder, "three")->latency.max_ns,
			 7 * MS);
	assert_int_equal(subject_row(fixture, "ask")->several_responders, 1);
}

static void several_replies_of_one_responder_are_not_several_responders(void **state)
{
	struct fixture *fixture = *state;
	publish(fixture, 0, 1, "ask", "_INBOX.a");
	publish(fixture, 3 * MS, 2, "_INBOX.a", NULL);
	publish(fixture, 4 * MS, 2, "_INBOX.a", NULL);
	end(fixture);
	assert_int_equal(subject_row(fixture, "ask")->several_replies, 1);
	assert_int_equal(subject_row(fixture, "ask")->several_responders, 0);
}

static void an_unknown_publisher_of_a_reply_is_an_unknown_responder(void **state)
{
	struct fixture *fixture = *state;
	publish(fixture, 0, 1, "ask", "_INBOX.a");
	struct wire_event reply = event_message(&fixture->source, 2 * MS, 0, "_INBOX.a", NULL);
	reply.flags |= WIRE_EVENT_PUBLISHER_UNKNOWN;
	add(fixture, &reply);
	end(fixture);
	assert_int_equal(service_row(fixture, &fixture->result->by_responder, "(unknown)")->answered, 1);
	assert_int_equal(fixture->result->total.answered, 1);
}

static void an_acknowledgement_is_no_reply(void **state)
{
	struct fixture *fixture = *state;
	publish(fixture, 0, 1, "orders.new", "$JS.ACK.ORDERS.c.1.1.1.1.0");
	publish(fixture, 2 * MS, 2, "$JS.ACK.ORDERS.c.1.1.1.1.0", NULL);
	end(fixture);
	assert_int_equal(fixture->result->total.count, 0);
}

/* ---- no answers ---- */

static void a_request_that_nobody_gets_has_no_responders(void **state)
{
	struct fixture *fixture = *state;
	struct wire_event event = event_message(&fixture->source, 0, 1, "ask", "_INBOX.a");
	event_deliver_to_nobody(&event);
	add(fixture, &event);
	assert_false(trace_latency_is_waiting(fixture->latency));
	end(fixture);
	assert_int_equal(fixture->result->total.no_responders, 1);
	assert_int_equal(fixture->result->total.unanswered, 0);
}

static void unknown_receivers_are_not_nobody(void **state)
{
	struct fixture *fixture = *state;
	publish(fixture, 0, 1, "ask", "_INBOX.a");
	assert_true(trace_latency_is_waiting(fixture->latency));
	end(fixture);
	assert_int_equal(fixture->result->total.no_responders, 0);
	assert_int_equal(fixture->result->total.unanswered, 1);
}

/* The headers of an empty message are asked for, since a log may be read without them. */
static void the_server_says_that_there_are_no_responders(void **state)
{
	struct fixture *fixture = *state;
	fixture->source.headers = WIRE_LITERAL("NATS/1.0 503\r\n\r\n");
	publish(fixture, 0, 1, "ask", "_INBOX.a");
	struct wire_event event = event_message(&fixture->source, MS, 1, "_INBOX.a", NULL);
	event.kind = WIRE_EVENT_DELIVERY;
	event.payload = wire_slice(NULL, 0);
	event.size = 0;
	event.headers = wire_slice(NULL, 16);
	add(fixture, &event);
	assert_int_equal(fixture->source.asked, 1);
	assert_false(trace_latency_is_waiting(fixture->latency));
	end(fixture);
	assert_int_equal(fixture->result->total.no_responders, 1);
	assert_int_equal(fixture->result->total.answered, 0);
}

static void an_unanswered_request_counts_for_those_who_got_it(void **state)
{
	struct fixture *fixture = *state;
	struct wire_event event = event_message(&fixture->source, 0, 1, "ask", "_INBOX.a");
	event_deliver(&event, 2, "workers", WIRE_DELAY_UNKNOWN);
	add(fixture, &event);
	publish(fixture, 20000 * MS, 3, "tick", NULL);
	end(fixture);
	assert_int_equal(service_row(fixture, &fixture->result->by_responder, "two")->unanswered, 1);
	assert_int_equal(fixture->result->total.unanswered, 1);
	assert_int_equal(fixture->result->total.at_end, 0);
}

static void a_request_that_every_receiver_lost_is_undelivered(void **state)
{
	struct fixture *fixture = *state;
	struct wire_event event = event_message(&fixture->source, 0, 1, "ask", "_INBOX.a");
	event_deliver_to_nobody(&event);
	event_deliver_also(&event, 2, NULL, WIRE_DELAY_UNKNOWN, WIRE_DROPPED_SLOW);
	add(fixture, &event);
	end(fixture);
	assert_int_equal(fixture->result->total.no_responders, 0);
	assert_int_equal(fixture->result->total.undelivered, 1);
}

static void requests_just_before_the_end_or_a_gap_may_have_had_a_reply(void **state)
{
	struct fixture *fixture = *state;
	publish(fixture, 0, 1, "ask", "_INBOX.a");
	publish(fixture, 8000 * MS, 1, "ask", "_INBOX.b");
	const struct wire_event gap = {.kind = WIRE_EVENT_GAP,
				       .time_ns = 12000 * MS,
				       .steady_ns = 12000 * MS,
				       .from_ns = 9000 * MS,
				       .to_ns = 12000 * MS};
	add(fixture, &gap);
	publish(fixture, 17000 * MS, 1, "ask", "_INBOX.c");
	publish(fixture, 18000 * MS, 1, "tick", NULL);
	end(fixture);
	assert_int_equal(fixture->result->total.unanswered, 3);
	assert_int_equal(fixture->result->total.at_gap, 1);
	assert_int_equal(fixture->result->total.at_end, 1);
	assert_int_equal(fixture->result->gaps, 1);
}

/* The second request may have got the reply to the first, so that no latency is known. */
static void a_reply_subject_that_is_used_again_makes_latencies_unknown(void **state)
{
	struct fixture *fixture = *state;
	publish(fixture, 0, 1, "ask", "replies");
	publish(fixture, MS, 1, "ask", "replies");
	publish(fixture, 2 * MS, 2, "replies", NULL);
	end(fixture);
	assert_int_equal(fixture->result->total.superseded, 1);
	assert_int_equal(fixture->result->total.answered, 1);
	assert_int_equal(fixture->result->total.latency.count, 0);
	assert_int_equal(fixture->result->latency_unknown, 1);
}

static void a_reply_subject_that_is_used_after_its_reply_is_fine(void **state)
{
	struct fixture *fixture = *state;
	for (int i = 0; i < 3; i++) {
		publish(fixture, i * 10 * MS, 1, "ask", "replies");
		publish(fixture, (i * 10 + 2) * MS, 2, "replies", NULL);
	}
	end(fixture);
	assert_int_equal(fixture->result->total.answered, 3);
	assert_int_equal(fixture->result->total.latency.count, 3);
	assert_int_equal(fixture->result->total.latency.max_ns, 2 * MS);
}

/* ---- parts ---- */

static void delivery_times_split_a_latency_into_service_and_bus(void **state)
{
	struct fixture *fixture = *state;
	struct wire_event request = event_message(&fixture->source, 0, 1, "ask", "_INBOX.a");
	event_deliver(&request, 2, NULL, 2 * MS);
	add(fixture, &request);
	struct wire_event reply = event_message(&fixture->source, 10 * MS, 2, "_INBOX.a", NULL);
	event_deliver(&reply, 1, NULL, 3 * MS);
	add(fixture, &reply);
	end(fixture);
	const struct trace_latency_row *row = subject_row(fixture, "ask");
	assert_int_equal(row->latency.max_ns, 13 * MS);
	assert_int_equal(row->service.max_ns, 8 * MS);
	assert_int_equal(row->bus.max_ns, 5 * MS);
	assert_int_equal(fixture->result->deliveries.cap > 0, 1);
}

static void without_delivery_times_the_parts_are_unknown(void **state)
{
	struct fixture *fixture = *state;
	struct wire_event request = event_message(&fixture->source, 0, 1, "ask", "_INBOX.a");
	event_deliver(&request, 2, NULL, WIRE_DELAY_UNKNOWN);
	add(fixture, &request);
	struct wire_event reply = event_message(&fixture->source, 10 * MS, 2, "_INBOX.a", NULL);
	event_deliver(&reply, 1, NULL, WIRE_DELAY_UNKNOWN);
	add(fixture, &reply);
	end(fixture);
	assert_int_equal(subject_row(fixture, "ask")->latency.max_ns, 10 * MS);
	assert_int_equal(subject_row(fixture, "ask")->service.count, 0);
	assert_int_equal(subject_row(fixture, "ask")->bus.count, 0);
}

static void a_responder_that_did_not_get_the_request_has_no_service_part(void **state)
{
	struct fixture *fixture = *state;
	struct wire_event request = event_message(&fixture->source, 0, 1, "ask", "_INBOX.a");
	event_deliver(&request, 2, NULL, 2 * MS);
	add(fixture, &request);
	publish(fixture, 10 * MS, 3, "_INBOX.a", NULL);
	end(fixture);
	assert_int_equal(subject_row(fixture, "ask")->service.count, 0);
}

/* A capture beside another server sees the request on its way only. */
static void a_request_that_is_only_seen_delivered_has_a_service_part(void **state)
{
	struct fixture *fixture = *state;
	struct wire_event request = event_message(&fixture->source, 5 * MS, 2, "ask", "_INBOX.a");
	request.kind = WIRE_EVENT_DELIVERY;
	add(fixture, &request);
	publish(fixture, 9 * MS, 2, "_INBOX.a", NULL);
	end(fixture);
	assert_int_equal(subject_row(fixture, "ask")->answered, 1);
	assert_int_equal(subject_row(fixture, "ask")->latency.count, 0);
	assert_int_equal(subject_row(fixture, "ask")->service.max_ns, 4 * MS);
	assert_non_null(service_row(fixture, &fixture->result->by_requester, "(unknown)"));
}

/* Whatever order a publish and its delivery are seen in, they are one reply. */
static void a_reply_and_its_delivery_count_once(void **state)
{
	struct fixture *fixture = *state;
	publish(fixture, 0, 1, "ask", "_INBOX.a");
	struct wire_event delivery = event_message(&fixture->source, 6 * MS, 1, "_INBOX.a", NULL);
	delivery.kind = WIRE_EVENT_DELIVERY;
	publish(fixture, 4 * MS, 2, "_INBOX.a", NULL);
	add(fixture, &delivery);
	publish(fixture, 10 * MS, 1, "ask", "_INBOX.b");
	delivery.subject = WIRE_LITERAL("_INBOX.b");
	delivery.steady_ns = 13 * MS;
	add(fixture, &delivery);
	publish(fixture, 14 * MS, 2, "_INBOX.b", NULL);
	end(fixture);
	assert_int_equal(fixture->result->total.answered, 2);
	assert_int_equal(fixture->result->total.several_replies, 0);
	assert_int_equal(fixture->result->total.latency.max_ns, 6 * MS);
	assert_int_equal(service_row(fixture, &fixture->result->by_responder, "two")->answered, 2);
}

static void one_way_latencies_are_counted_by_subject(void **state)
{
	struct fixture *fixture = *state;
	struct wire_event event = event_message(&fixture->source, 0, 1, "tick", NULL);
	event_deliver(&event, 2, NULL, 2 * MS);
	event_deliver_also(&event, 3, NULL, 5 * MS, WIRE_SENT);
	event_deliver_also(&event, 4, NULL, WIRE_DELAY_UNKNOWN, WIRE_SENT);
	event_deliver_also(&event, 5, NULL, 9 * MS, WIRE_DROPPED_SLOW);
	add(fixture, &event);
	end(fixture);
	const struct trace_latency_row *row = NULL;
	for (uint32_t i = 0; i < fixture->result->deliveries.cap; i++)
		row = fixture->result->deliveries.list[i] ? fixture->result->deliveries.list[i] : row;
	assert_non_null(row);
	assert_int_equal(row->count, 2);
	assert_int_equal(row->latency.max_ns, 5 * MS);
}

/* ---- clocks, inputs, filters ---- */

static void a_clock_step_makes_no_latency(void **state)
{
	struct fixture *fixture = *state;
	publish(fixture, 0, 1, "ask", "_INBOX.a");
	struct wire_event reply = event_message(&fixture->source, 2 * MS, 2, "_INBOX.a", NULL);
	reply.time_ns = 3600000 * MS;
	add(fixture, &reply);
	end(fixture);
	assert_int_equal(fixture->result->total.latency.max_ns, 2 * MS);
	assert_int_equal(fixture->result->span_ns, 2 * MS);
}

static void a_request_in_two_logs_counts_once(void **state)
{
	struct fixture *fixture = *state;
	publish(fixture, 0, 1, "ask", "_INBOX.a");
	fixture->source.origin = 1;
	publish(fixture, 1, 1, "ask", "_INBOX.a");
	publish(fixture, 2 * MS, 2, "_INBOX.a", NULL);
	end(fixture);
	assert_int_equal(fixture->result->total.count, 1);
	assert_int_equal(fixture->result->total.answered, 1);
	assert_int_equal(fixture->result->seen_again, 1);
}

/* The clocks of two logs disagree. */
static void a_reply_that_comes_before_its_request_has_no_latency(void **state)
{
	struct fixture *fixture = *state;
	fixture->source.origin = 1;
	publish(fixture, 0, 2, "_INBOX.a", NULL);
	publish(fixture, 0, 2, "_INBOX.b", NULL);
	fixture->source.origin = 0;
	publish(fixture, MS, 1, "ask", "_INBOX.a");
	assert_false(trace_latency_is_waiting(fixture->latency));
	publish(fixture, 2000 * MS, 1, "ask", "_INBOX.b");
	publish(fixture, 2000 * MS, 2, "_INBOX.c", NULL);
	publish(fixture, 2001 * MS, 1, "ask", "_INBOX.c");
	end(fixture);
	assert_int_equal(fixture->result->total.answered, 1);
	assert_int_equal(fixture->result->total.unanswered, 2);
	assert_int_equal(fixture->result->total.latency.count, 0);
	assert_int_equal(fixture->result->early_replies, 1);
	assert_int_equal(service_row(fixture, &fixture->result->by_responder, "two")->answered, 1);
}

static void a_filter_chooses_requests_and_not_their_replies(void **state)
{
	struct fixture *fixture = *state;
	struct trace_latency_options options = usual;
	struct store_filter *filter = store_filter_open();
	assert_int_equal(store_filter_subject(filter, "ask.one", NULL), 0);
	options.filter = filter;
	open_with(fixture, &options);
	publish(fixture, 0, 1, "ask.one", "_INBOX.a");
	publish(fixture, 0, 1, "ask.two", "_INBOX.b");
	publish(fixture, 2 * MS, 2, "_INBOX.a", NULL);
	publish(fixture, 3 * MS, 2, "_INBOX.b", NULL);
	end(fixture);
	assert_int_equal(fixture->result->total.count, 1);
	assert_int_equal(subject_row(fixture, "ask.one")->latency.max_ns, 2 * MS);
	store_filter_close(filter);
}

static void ids_are_folded_when_asked_for(void **state)
{
	struct fixture *fixture = *state;
	struct trace_latency_options options = usual;
	options.folds_tokens = true;
	open_with(fixture, &options);
	publish(fixture, 0, 1, "orders.17.get", "_INBOX.a");
	publish(fixture, 0, 1, "orders.18.get", "_INBOX.b");
	end(fixture);
	assert_int_equal(subject_row(fixture, "orders.*.get")->count, 2);
}

static void intervals_begin_at_whole_multiples(void **state)
{
	struct fixture *fixture = *state;
	struct trace_latency_options options = usual;
	options.every_ns = 1000 * MS;
	open_with(fixture, &options);
	publish(fixture, 1700 * MS, 1, "ask", "_INBOX.a");
	publish(fixture, 1900 * MS, 1, "ask", "_INBOX.b");
	publish(fixture, 4000 * MS, 1, "ask", "_INBOX.c");
	end(fixture);
	const struct trace_latency_rows *intervals = &fixture->result->intervals;
	assert_int_equal(fixture->result->base_ns, 1000 * MS);
	assert_int_equal(intervals->list[0]->count, 2);
	assert_null(intervals->list[1]);
	assert_int_equal(intervals->list[3]->count, 1);
}

/* ---- lists and bounds ---- */

static void slow_and_unanswered_requests_are_listed(void **state)
{
	struct fixture *fixture = *state;
	struct trace_latency_options options = usual;
	char inbox[32];
	options.slow_ns = 10 * MS;
	options.unanswered_ns = 1000 * MS;
	options.listed_max = 3;
	open_with(fixture, &options);
	for (int i = 0; i < 20; i++) {
		snprintf(inbox, sizeof inbox, "_INBOX.%d", i);
		publish(fixture, i * 100 * MS, 1, "ask", inbox);
		publish(fixture, (i * 100 + i) * MS, 2, inbox, NULL);
	}
	publish(fixture, 2000 * MS, 1, "ask", "_INBOX.x");
	publish(fixture, 2500 * MS, 1, "ask", "_INBOX.late");
	publish(fixture, 3600 * MS, 2, "_INBOX.late", NULL);
	publish(fixture, 3700 * MS, 1, "ask", "_INBOX.y");
	end(fixture);
	const struct trace_examples *slow = &fixture->result->slow, *silent = &fixture->result->unanswered;
	assert_int_equal(slow->seen, 10); /* 11 to 19 ms, and the late one */
	assert_int_equal(slow->len, 3);
	assert_int_equal(slow->list[0].ns, 1100 * MS);
	assert_int_equal(slow->list[1].ns, 19 * MS);
	assert_int_equal(silent->seen, 2);
	assert_int_equal(silent->list[0].ns, 1700 * MS);
	assert_int_equal(silent->list[0].seq, 41);
	assert_true(silent->list[0].latency_ns == TRACE_LATENCY_UNKNOWN);
	assert_int_equal(silent->list[1].latency_ns, 1100 * MS);
}

/* Four times as many as the memory holds: each is counted. */
static void unanswered_requests_beyond_the_memory_are_counted(void **state)
{
	struct fixture *fixture = *state;
	struct trace_latency_options options = usual;
	char inbox[32];
	options.memory_bytes = 1 << 20;
	open_with(fixture, &options);
	for (int i = 0; i < 16384; i++) {
		snprintf(inbox, sizeof inbox, "_INBOX.%d", i);
		publish(fixture, i * MS / 100, 1, "ask", inbox);
	}
	end(fixture);
	assert_int_equal(fixture->result->total.count, 16384);
	assert_int_equal(fixture->result->total.unanswered, 16384);
	assert_int_equal(fixture->result->total.evicted + fixture->result->total.at_end, 16384);
	assert_in_range(fixture->result->total.evicted, 8192, 15360);
}

static void subjects_beyond_the_memory_are_summed_up(void **state)
{
	struct fixture *fixture = *state;
	struct trace_latency_options options = usual;
	char subject[32];
	options.memory_bytes = 1 << 20;
	open_with(fixture, &options);
	for (int i = 0; i < 5000; i++) {
		snprintf(subject, sizeof subject, "ask.x%dx", i);
		publish(fixture, i, 1, subject, "_INBOX.a");
	}
	end(fixture);
	uint64_t counted = fixture->result->by_subject.others.count;
	for (uint32_t i = 0; i < fixture->result->by_subject.cap; i++)
		counted +=
		    fixture->result->by_subject.list[i] ? fixture->result->by_subject.list[i]->count : 0;
	assert_int_equal(counted, 5000);
	assert_in_range(fixture->result->by_subject.others.count, 4900, 4990);
	assert_true(fixture->result->row_memory.used <= options.memory_bytes / 8);
}

/* 300 subjects and services in the memory of a few: what found no room is one row, and each row's maximum is exact. */
static void maxima_are_exact_with_little_memory(void **state)
{
	struct fixture *fixture = *state;
	struct trace_latency_options options = usual;
	char subject[32], inbox[32];
	options.memory_bytes = 1 << 16;
	open_with(fixture, &options);
	for (int i = 0; i < 300; i++) {
		snprintf(subject, sizeof subject, "ask.x%dx", i % 150);
		snprintf(inbox, sizeof inbox, "_INBOX.%d", i);
		publish(fixture, i * 100000 * MS, 1, subject, inbox);
		publish(fixture, i * 100000 * MS + (INT64_C(1) << (8 + i % 29)), 2, inbox, NULL);
	}
	end(fixture);
	const struct trace_latency_result *result = fixture->result;
	const struct trace_latency_row *others = &result->by_subject.others;
	assert_int_equal(result->total.latency.count, 300);
	assert_int_equal(result->total.latency.max_ns, INT64_C(1) << 36);
	assert_true(result->memory.refused > 0);
	assert_in_range(others->count, 1, 299);
	assert_int_equal(others->latency.count, others->count);
	assert_int_equal(others->latency.max_ns, INT64_C(1) << 36);
	assert_null(result->by_subject.list[result->subject_others]);
	assert_int_equal(subject_row(fixture, "ask.x0x")->latency.max_ns, 1 << 13);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_latency_is_from_request_to_first_and_last_reply),
	    TEST(requester_and_each_responder_have_a_row),
	    TEST(several_replies_of_one_responder_are_not_several_responders),
	    TEST(an_unknown_publisher_of_a_reply_is_an_unknown_responder),
	    TEST(an_acknowledgement_is_no_reply),
	    TEST(a_request_that_nobody_gets_has_no_responders),
	    TEST(unknown_receivers_are_not_nobody),
	    TEST(the_server_says_that_there_are_no_responders),
	    TEST(an_unanswered_request_counts_for_those_who_got_it),
	    TEST(a_request_that_every_receiver_lost_is_undelivered),
	    TEST(requests_just_before_the_end_or_a_gap_may_have_had_a_reply),
	    TEST(a_reply_subject_that_is_used_again_makes_latencies_unknown),
	    TEST(a_reply_subject_that_is_used_after_its_reply_is_fine),
	    TEST(delivery_times_split_a_latency_into_service_and_bus),
	    TEST(without_delivery_times_the_parts_are_unknown),
	    TEST(a_responder_that_did_not_get_the_request_has_no_service_part),
	    TEST(a_request_that_is_only_seen_delivered_has_a_service_part),
	    TEST(a_reply_and_its_delivery_count_once),
	    TEST(one_way_latencies_are_counted_by_subject),
	    TEST(a_clock_step_makes_no_latency),
	    TEST(a_request_in_two_logs_counts_once),
	    TEST(a_reply_that_comes_before_its_request_has_no_latency),
	    TEST(a_filter_chooses_requests_and_not_their_replies),
	    TEST(ids_are_folded_when_asked_for),
	    TEST(intervals_begin_at_whole_multiples),
	    TEST(slow_and_unanswered_requests_are_listed),
	    TEST(unanswered_requests_beyond_the_memory_are_counted),
	    TEST(subjects_beyond_the_memory_are_summed_up),
	    TEST(maxima_are_exact_with_little_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
