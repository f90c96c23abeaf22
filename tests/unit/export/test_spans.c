/* Spans of messages: when they begin and end, whose children they are, which traces are taken, and how much is remembered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "export/spans/ids.h"
#include "export/spans/spans.h"
#include "tests/unit/trace/event_fixture.h"

enum { SPANS_MAX = 32 };
#define SECOND (1000 * MS)

static struct {
	struct export_span spans[SPANS_MAX];
	struct export_span_message messages[SPANS_MAX];
	char services[SPANS_MAX][16];
	size_t len;
	uint64_t count; /* of all */
} given;
static struct event_source source;
static struct export_spans *spans;

static void keep(void *context, const struct export_span *span)
{
	const struct trace_clients *clients = export_spans_clients(spans);

	(void)context;
	given.count++;
	if (given.len == SPANS_MAX)
		return;
	given.spans[given.len] = *span;
	given.messages[given.len] = *span->message;
	snprintf(given.services[given.len++], sizeof(given.services[0]), "%s",
		 trace_clients_service_name(clients, span->service).data);
}

static void begin_with(const struct export_spans_options *options)
{
	struct export_spans_options with = *options;

	with.emit = keep;
	memset(&given, 0, sizeof(given));
	event_source_init(&source);
	assert_int_equal(export_spans_open(&spans, &with), 0);
}

static void begin(void)
{
	begin_with(&(struct export_spans_options){.sample = 1});
}

static void put_chosen(const struct wire_event *event, bool is_chosen)
{
	const struct export_input input = {.source = &source.source, .is_chosen = is_chosen};
	struct wire_fault fault;

	assert_int_equal(export_spans_put(spans, event, &input, &fault), 0);
}

static void put(const struct wire_event *event)
{
	put_chosen(event, true);
}

static const struct export_span *find(enum export_span_kind kind, const char *service)
{
	const struct export_span *found = NULL;

	for (size_t i = 0; i < given.len; i++) {
		if (given.spans[i].kind != kind || strcmp(given.services[i], service) != 0)
			continue;
		assert_null(found);
		found = &given.spans[i];
	}
	if (!found)
		fail_msg("there is no span of kind %d of %s", (int)kind, service);
	return found;
}

static bool same_trace(const struct export_span *a, const struct export_span *b)
{
	return a->context.trace.high == b->context.trace.high && a->context.trace.low == b->context.trace.low;
}

/* "one" asks, "two" gets it after 1 ms and answers after 5 ms, which arrives 1 ms later. */
static void hold_a_request(const char *headers)
{
	struct wire_event request = event_message(&source, SECOND, 1, "stock.get", "_INBOX.a");

	event_deliver(&request, 2, "workers", 1 * MS);
	put(&request);
	struct wire_event reply = event_message(&source, SECOND + 5 * MS, 2, "_INBOX.a", NULL);

	reply.headers = wire_slice_str(headers);
	event_deliver(&reply, 1, NULL, 1 * MS);
	put(&reply);
}

/* ---- shape ---- */

static void request_lasts_until_its_reply_arrives_and_holds_its_handling(void **state)
{
	(void)state;
	begin();
	hold_a_request(NULL);
	const struct export_span *request = find(EXPORT_SPAN_REQUEST, "one"),
				 *handling = find(EXPORT_SPAN_HANDLE, "two"),
				 *reply = find(EXPORT_SPAN_REPLY, "two"),
				 *delivery = find(EXPORT_SPAN_DELIVER, "one");

	assert_int_equal(given.len, 4);
	assert_int_equal(request->start_ns, SECOND);
	assert_int_equal(request->end_ns, SECOND + 6 * MS);
	assert_int_equal(handling->start_ns, SECOND + 1 * MS);
	assert_int_equal(handling->end_ns, SECOND + 5 * MS);
	assert_int_equal(delivery->end_ns, SECOND + 6 * MS);
	assert_true(request->parent == 0 && handling->parent == request->context.span);
	assert_true(reply->parent == handling->context.span && delivery->parent == reply->context.span);
	assert_true(handling->link.span == request->context.span);
	assert_true(delivery->link.span == reply->context.span);
	assert_true(same_trace(request, handling) && same_trace(request, reply) &&
		    same_trace(request, delivery));
	assert_memory_equal(handling->queue.data, "workers", 7);
	export_spans_close(spans);
}

static void request_that_several_answer_ends_with_the_first_reply(void **state)
{
	(void)state;
	begin();
	struct wire_event request = event_message(&source, SECOND, 1, "who", "_INBOX.a");

	event_deliver(&request, 2, NULL, 0);
	event_deliver_also(&request, 3, NULL, 0, WIRE_SENT);
	event_deliver_also(&request, 4, NULL, 0, WIRE_SENT);
	put(&request);
	const struct wire_event first = event_message(&source, SECOND + 5 * MS, 3, "_INBOX.a", NULL);
	const struct wire_event second = event_message(&source, SECOND + 9 * MS, 2, "_INBOX.a", NULL);

	put(&first);
	put(&second);
	assert_int_equal(find(EXPORT_SPAN_REQUEST, "one")->end_ns, SECOND + 5 * MS);
	assert_int_equal(find(EXPORT_SPAN_HANDLE, "three")->end_ns, SECOND + 5 * MS);
	assert_int_equal(find(EXPORT_SPAN_HANDLE, "two")->end_ns, SECOND + 9 * MS);
	assert_int_equal(given.len, 5);
	export_spans_read_to(spans, SECOND + 9 * MS + EXPORT_SPANS_WAIT_NS);
	find(EXPORT_SPAN_DELIVER, "four");
	assert_int_equal(given.len, 6);
	export_spans_close(spans);
}

static void message_begins_a_trace_that_its_receivers_share(void **state)
{
	(void)state;
	begin();
	struct wire_event event = event_message(&source, SECOND, 1, "orders.new", NULL);

	event_deliver(&event, 2, NULL, 2 * MS);
	event_deliver_also(&event, 3, NULL, 0, WIRE_DROPPED_SLOW);
	put(&event);
	const struct export_span *publish = find(EXPORT_SPAN_PUBLISH, "one"),
				 *second = find(EXPORT_SPAN_DELIVER, "two"),
				 *third = find(EXPORT_SPAN_DELIVER, "three");

	assert_true(same_trace(publish, second) && same_trace(publish, third));
	assert_true(second->context.span != third->context.span && third->link.span == publish->context.span);
	assert_int_equal(second->error, EXPORT_SPAN_OK);
	assert_int_equal(third->error, EXPORT_SPAN_SLOW_CONSUMER);
	assert_true(second->context.span == export_span_id_receiver(given.messages[0].base, 0));
	export_spans_close(spans);
}

static void headers_name_the_trace_and_the_parent(void **state)
{
	(void)state;
	begin();
	struct wire_event event = event_message(&source, SECOND, 1, "orders.new", NULL);

	event.headers = WIRE_LITERAL("NATS/1.0\r\nTraceparent: 00-0AF7651916cd43dd8448eb211c80319c-"
				     "b7ad6b7169203331-01\r\nNats-Msg-Id: 7\r\n\r\n");
	put(&event);
	event.headers = WIRE_LITERAL("NATS/1.0\r\nb3: 8448eb211c80319c-5-1\r\n\r\n");
	put(&event);
	assert_true(given.spans[0].context.trace.high == UINT64_C(0x0af7651916cd43dd));
	assert_true(given.spans[0].context.trace.low == UINT64_C(0x8448eb211c80319c));
	assert_true(given.spans[0].parent == UINT64_C(0xb7ad6b7169203331));
	assert_memory_equal(given.messages[0].id.data, "7", 1);
	assert_true(given.spans[1].context.trace.high == 0 && given.spans[1].parent == 5);
	export_spans_close(spans);
}

static void ids_follow_from_the_event_alone(void **state)
{
	uint64_t first;

	(void)state;
	begin();
	hold_a_request(NULL);
	first = find(EXPORT_SPAN_REPLY, "two")->context.span;
	export_spans_close(spans);
	begin();
	hold_a_request(NULL);
	assert_true(find(EXPORT_SPAN_REPLY, "two")->context.span == first);
	export_spans_close(spans);
}

static void delivery_seen_apart_belongs_to_its_message(void **state)
{
	(void)state;
	begin();
	struct wire_event event = event_message(&source, SECOND, 1, "orders.new", NULL);

	put(&event);
	struct wire_event delivery = event_message(&source, SECOND + MS, 2, "orders.new", NULL);

	delivery.kind = WIRE_EVENT_DELIVERY;
	delivery.refers_to = event.seq;
	put(&delivery);
	const struct export_span *publish = find(EXPORT_SPAN_PUBLISH, "one"),
				 *deliver = find(EXPORT_SPAN_DELIVER, "two");

	assert_true(same_trace(publish, deliver) && deliver->link.span == publish->context.span);
	export_spans_close(spans);
}

static void request_of_which_only_the_delivery_was_seen_is_handled(void **state)
{
	(void)state;
	begin();
	struct wire_event delivery = event_message(&source, SECOND, 2, "stock.get", "_INBOX.a");

	delivery.kind = WIRE_EVENT_DELIVERY;
	put(&delivery);
	const struct wire_event reply = event_message(&source, SECOND + 5 * MS, 2, "_INBOX.a", NULL);

	put(&reply);
	assert_int_equal(find(EXPORT_SPAN_HANDLE, "two")->end_ns, SECOND + 5 * MS);
	assert_int_equal(find(EXPORT_SPAN_REPLY, "two")->parent,
			 find(EXPORT_SPAN_HANDLE, "two")->context.span);
	assert_int_equal(given.len, 2);
	export_spans_close(spans);
}

static void request_of_which_only_the_delivery_was_seen_is_nobodys_child(void **state)
{
	(void)state;
	begin();
	struct wire_event delivery = event_message(&source, SECOND, 2, "stock.get", "_INBOX.a");

	delivery.kind = WIRE_EVENT_DELIVERY;
	put(&delivery);
	export_spans_end(spans);
	assert_true(find(EXPORT_SPAN_DELIVER, "two")->parent == 0);
	assert_true(given.len == 1 && given.spans[0].link.span == 0);
	export_spans_close(spans);
}

static void request_that_very_many_get_costs_no_more_for_each(void **state)
{
	enum { RECEIVERS = 200000 };

	(void)state;
	begin();
	const struct wire_event request = event_message(&source, SECOND, 1, "who", "_INBOX.a");

	put(&request);
	for (int i = 0; i < RECEIVERS; i++) {
		struct wire_event delivery = event_message(&source, SECOND + i, 2, "who", "_INBOX.a");

		delivery.kind = WIRE_EVENT_DELIVERY;
		delivery.refers_to = request.seq;
		put(&delivery);
	}
	assert_true(given.count > RECEIVERS / 2 && same_trace(&given.spans[0], &given.spans[1]));
	export_spans_end(spans);
	assert_int_equal(given.count, RECEIVERS + 1);
	export_spans_close(spans);
}

/* ---- errors ---- */

static void request_without_responders_fails_at_once(void **state)
{
	(void)state;
	begin();
	struct wire_event unheard = event_message(&source, SECOND, 1, "nobody", "_INBOX.a");
	const struct wire_event told = event_message(&source, SECOND, 2, "nobody", "_INBOX.b");
	struct wire_event refusal = event_message(&source, SECOND + MS, 0, "_INBOX.b", NULL);

	event_deliver_to_nobody(&unheard);
	put(&unheard);
	put(&told);
	assert_int_equal(given.len, 1);
	refusal.size = 0;
	refusal.payload = (struct wire_slice){0};
	refusal.headers = WIRE_LITERAL("NATS/1.0 503\r\n\r\n");
	put(&refusal);
	assert_int_equal(find(EXPORT_SPAN_REQUEST, "one")->error, EXPORT_SPAN_NO_RESPONDERS);
	assert_int_equal(find(EXPORT_SPAN_REQUEST, "two")->error, EXPORT_SPAN_NO_RESPONDERS);
	assert_int_equal(find(EXPORT_SPAN_REQUEST, "two")->end_ns, SECOND + MS);
	assert_int_equal(given.len, 2);
	export_spans_close(spans);
}

static void request_is_unanswered_after_ten_seconds_and_unfinished_at_the_end(void **state)
{
	(void)state;
	begin();
	struct wire_event first = event_message(&source, SECOND, 1, "a", "_INBOX.a");

	event_deliver(&first, 3, NULL, 0);
	put(&first);
	const struct wire_event second = event_message(&source, 5 * SECOND, 2, "b", "_INBOX.b");

	put(&second);
	export_spans_read_to(spans, SECOND + EXPORT_SPANS_WAIT_NS - 1);
	assert_int_equal(given.len, 0);
	export_spans_read_to(spans, SECOND + EXPORT_SPANS_WAIT_NS);
	const struct export_span *unanswered = find(EXPORT_SPAN_REQUEST, "one");

	assert_int_equal(unanswered->error, EXPORT_SPAN_UNANSWERED);
	assert_int_equal(unanswered->end_ns - unanswered->start_ns, EXPORT_SPANS_WAIT_NS);
	find(EXPORT_SPAN_DELIVER, "three");
	export_spans_end(spans);
	assert_true(find(EXPORT_SPAN_REQUEST, "two")->is_unfinished);
	assert_int_equal(find(EXPORT_SPAN_REQUEST, "two")->error, EXPORT_SPAN_OK);
	export_spans_close(spans);
}

static void request_whose_reply_may_not_be_recorded_is_unfinished(void **state)
{
	const struct {
		enum wire_event_kind kind;
		const char *text;
	} losses[] = {{WIRE_EVENT_GAP, "no space"}, {WIRE_EVENT_MARK, "start tapedeck"}};

	(void)state;
	for (size_t i = 0; i < sizeof(losses) / sizeof(*losses); i++) {
		begin();
		const struct wire_event request = event_message(&source, SECOND, 1, "a", "_INBOX.a");
		struct wire_event loss = event_message(&source, 30 * SECOND, 0, "", NULL);
		const struct wire_event later = event_message(&source, 30 * SECOND, 2, "b", "_INBOX.b");

		loss.kind = losses[i].kind;
		loss.text = wire_slice_str(losses[i].text);
		put(&request);
		put(&loss);
		put(&later);
		export_spans_read_to(spans, 60 * SECOND);
		assert_true(find(EXPORT_SPAN_REQUEST, "one")->is_unfinished);
		assert_int_equal(find(EXPORT_SPAN_REQUEST, "one")->error, EXPORT_SPAN_OK);
		assert_int_equal(find(EXPORT_SPAN_REQUEST, "two")->error, EXPORT_SPAN_UNANSWERED);
		export_spans_close(spans);
	}
}

static void error_of_a_service_is_one_of_its_request(void **state)
{
	(void)state;
	begin();
	hold_a_request(
	    "NATS/1.0\r\nNats-Service-Error: out of stock\r\nNats-Service-Error-Code: 404\r\n\r\n");
	const enum export_span_kind kinds[] = {EXPORT_SPAN_REQUEST, EXPORT_SPAN_HANDLE, EXPORT_SPAN_REPLY};

	for (size_t i = 0; i < 3; i++) {
		const struct export_span *span = find(kinds[i], i == 0 ? "one" : "two");

		assert_int_equal(span->error, EXPORT_SPAN_SERVICE_ERROR);
		assert_memory_equal(span->error_text.data, "out of stock", 12);
		assert_memory_equal(span->error_code.data, "404", 3);
	}
	export_spans_close(spans);
}

/* ---- which ones ---- */

static void messages_that_are_not_chosen_give_no_spans_unless_they_answer_one(void **state)
{
	(void)state;
	begin();
	const struct wire_event other = event_message(&source, SECOND, 1, "other", NULL);
	const struct wire_event asked = event_message(&source, SECOND, 1, "other", "_INBOX.z");
	const struct wire_event chosen = event_message(&source, SECOND, 1, "a", "_INBOX.a");
	const struct wire_event reply = event_message(&source, SECOND + MS, 2, "_INBOX.a", NULL);
	const struct wire_event other_reply = event_message(&source, SECOND + MS, 2, "_INBOX.z", NULL);

	put_chosen(&other, false);
	put_chosen(&asked, false);
	put(&chosen);
	put_chosen(&other_reply, false);
	put_chosen(&reply, false);
	export_spans_end(spans);
	find(EXPORT_SPAN_REQUEST, "one");
	find(EXPORT_SPAN_REPLY, "two");
	assert_int_equal(given.len, 2);
	export_spans_close(spans);
}

static void delivery_of_a_chosen_message_is_given_out_whoever_got_it(void **state)
{
	(void)state;
	begin();
	const struct wire_event other = event_message(&source, SECOND, 1, "other", NULL);
	const struct wire_event chosen = event_message(&source, SECOND, 1, "a", NULL);
	struct wire_event delivery = event_message(&source, SECOND + MS, 2, "a", NULL);

	put_chosen(&other, false);
	put(&chosen);
	delivery.kind = WIRE_EVENT_DELIVERY;
	delivery.refers_to = other.seq;
	put_chosen(&delivery, false);
	assert_int_equal(given.len, 1);
	delivery.refers_to = chosen.seq;
	put_chosen(&delivery, false);
	assert_true(find(EXPORT_SPAN_DELIVER, "two")->link.span == given.spans[0].context.span);
	export_spans_close(spans);
}

static void exchange(int i, int64_t took_ns)
{
	char inbox[32];

	snprintf(inbox, sizeof(inbox), "_INBOX.%d", i);
	struct wire_event request = event_message(&source, SECOND + i * SECOND, 1, "a", inbox);

	event_deliver(&request, 2, NULL, 0);
	put(&request);
	const struct wire_event reply = event_message(&source, request.time_ns + took_ns, 2, inbox, NULL);

	put(&reply);
}

static void sampling_decides_for_whole_traces(void **state)
{
	(void)state;
	begin_with(&(struct export_spans_options){.sample = 0.25});
	for (int i = 0; i < 1000; i++)
		exchange(i, MS);
	assert_true(given.count % 3 == 0 && given.count > 3 * 200 && given.count < 3 * 300);
	for (size_t i = 0; i + 2 < given.len; i += 3)
		assert_true(same_trace(&given.spans[i], &given.spans[i + 1]) &&
			    same_trace(&given.spans[i], &given.spans[i + 2]));
	export_spans_close(spans);
}

static void failures_are_kept_whatever_is_sampled(void **state)
{
	(void)state;
	begin_with(&(struct export_spans_options){.sample = 0, .keeps_failures = true, .slow_ns = 100 * MS});
	exchange(0, 50 * MS);
	exchange(1, 101 * MS);
	exchange(2, 100 * MS);
	assert_int_equal(given.len, 3);
	assert_int_equal(find(EXPORT_SPAN_REQUEST, "one")->start_ns, 2 * SECOND);
	hold_a_request("NATS/1.0\r\nNats-Service-Error: x\r\n\r\n");
	assert_int_equal(given.len, 7);
	struct wire_event event = event_message(&source, 20 * SECOND, 3, "orders.new", NULL);

	event_deliver(&event, 2, NULL, 2 * MS);
	put(&event);
	assert_int_equal(given.len, 7);
	event_deliver_also(&event, 4, NULL, 0, WIRE_DROPPED_SLOW);
	put(&event);
	assert_int_equal(given.len, 10);
	export_spans_close(spans);
}

/* ---- bounds ---- */

static void requests_that_wait_are_bounded_and_those_given_up_are_counted(void **state)
{
	enum { REQUESTS = 2000, SUBJECT_BYTES = 80000 };
	char subject[SUBJECT_BYTES + 1], inbox[32];
	struct export_omission omission = {0};

	(void)state;
	begin();
	memset(subject, 'x', SUBJECT_BYTES);
	subject[SUBJECT_BYTES] = '\0';
	for (int i = 0; i < REQUESTS; i++) {
		snprintf(inbox, sizeof(inbox), "_INBOX.%d", i);
		const struct wire_event request = event_message(&source, SECOND + i, 1, subject, inbox);

		put(&request);
	}
	const uint64_t forgotten = given.count;

	assert_true(forgotten >= REQUESTS - EXPORT_SPANS_HELD_BYTES / SUBJECT_BYTES - 1 &&
		    forgotten < REQUESTS);
	assert_true(given.spans[0].is_unfinished && given.spans[0].error == EXPORT_SPAN_OK);
	assert_true(export_spans_omission(spans, 1, &omission) && omission.count == forgotten);
	export_spans_end(spans);
	assert_int_equal(given.count, REQUESTS);
	export_spans_close(spans);
}

static void reply_subject_that_is_used_again_leaves_the_earlier_request_unfinished(void **state)
{
	struct export_omission omission = {0};

	(void)state;
	begin();
	for (int i = 0; i < 2; i++) {
		const struct wire_event request = event_message(&source, SECOND + i, 1, "a", "_INBOX.a");

		put(&request);
	}
	assert_true(given.len == 1 && given.spans[0].is_unfinished);
	assert_true(export_spans_omission(spans, 2, &omission) && omission.count == 1);
	export_spans_close(spans);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(request_lasts_until_its_reply_arrives_and_holds_its_handling),
	    cmocka_unit_test(request_that_several_answer_ends_with_the_first_reply),
	    cmocka_unit_test(message_begins_a_trace_that_its_receivers_share),
	    cmocka_unit_test(headers_name_the_trace_and_the_parent),
	    cmocka_unit_test(ids_follow_from_the_event_alone),
	    cmocka_unit_test(delivery_seen_apart_belongs_to_its_message),
	    cmocka_unit_test(request_of_which_only_the_delivery_was_seen_is_handled),
	    cmocka_unit_test(request_of_which_only_the_delivery_was_seen_is_nobodys_child),
	    cmocka_unit_test(request_that_very_many_get_costs_no_more_for_each),
	    cmocka_unit_test(request_without_responders_fails_at_once),
	    cmocka_unit_test(request_is_unanswered_after_ten_seconds_and_unfinished_at_the_end),
	    cmocka_unit_test(request_whose_reply_may_not_be_recorded_is_unfinished),
	    cmocka_unit_test(error_of_a_service_is_one_of_its_request),
	    cmocka_unit_test(messages_that_are_not_chosen_give_no_spans_unless_they_answer_one),
	    cmocka_unit_test(delivery_of_a_chosen_message_is_given_out_whoever_got_it),
	    cmocka_unit_test(sampling_decides_for_whole_traces),
	    cmocka_unit_test(failures_are_kept_whatever_is_sampled),
	    cmocka_unit_test(requests_that_wait_are_bounded_and_those_given_up_are_counted),
	    cmocka_unit_test(reply_subject_that_is_used_again_leaves_the_earlier_request_unfinished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
