/* Trace contexts, keys, places in streams, and values in messages: what messages have in common. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "trace/content.h"
#include "trace/jetstream.h"
#include "trace/keys.h"
#include "trace/trace_context.h"

static void assert_slice(struct wire_slice slice, const char *text)
{
	if (!wire_slice_equal(slice, wire_slice_str(text)))
		fail_msg("\"%.*s\" is not \"%s\"", (int)slice.len, slice.data ? slice.data : "", text);
}

#define BLOCK(lines) WIRE_LITERAL("NATS/1.0\r\n" lines "\r\n")

static void a_context_is_read_in_every_style_and_case(void **state)
{
	struct trace_context context;
	(void)state;
	assert_true(trace_context_read(
	    &context, BLOCK("TRACEPARENT: 00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01\r\n")));
	assert_slice(context.trace, "af7651916cd43dd8448eb211c80319c");
	assert_slice(context.span, "f067aa0ba902b7");
	assert_slice(context.parent, "");
	assert_true(trace_context_read(&context, BLOCK("B3: 80f198ee56343ba8-e457b5a2e4d86bd1-1-5b3e\r\n")));
	assert_slice(context.span, "e457b5a2e4d86bd1");
	assert_slice(context.parent, "5b3e");
	assert_true(trace_context_read(&context, BLOCK("uber-trace-id: 1f:2e:3d:1\r\n")));
	assert_slice(context.parent, "3d");
	assert_true(trace_context_read(&context, BLOCK("x-b3-traceid: 1f\r\nX-B3-SPANID: 2e\r\n")));
	assert_slice(context.trace, "1f");
}

static void a_malformed_context_is_none(void **state)
{
	struct trace_context context;
	(void)state;
	assert_false(trace_context_read(&context, BLOCK("traceparent: 00-xyz-00f067aa0ba902b7-01\r\n")));
	assert_false(trace_context_read(&context, BLOCK("traceparent: 00-1f-0000000000000000-01\r\n")));
	assert_false(trace_context_read(&context, BLOCK("b3: 0\r\n")));
	assert_false(trace_context_read(&context, BLOCK("Other: 1\r\n")));
	assert_false(trace_context_read(&context, (struct wire_slice){0}));
}

static void assert_values(const char *key, const char *first, const char *second)
{
	struct wire_slice values[TRACE_KEY_VALUES_MAX];
	const struct wire_event keyed = {
	    .subject = WIRE_LITERAL("orders.eu.new"),
	    .headers = BLOCK("WORKFLOW-id: wf-1\r\nOther: 2\r\n"),
	    .payload = WIRE_LITERAL("{\"a\":[{\"id\":7},{\"id\":\"x\"}],\"deep\":{\"id\":null}}")};
	struct wire_fault fault;
	struct trace_keys *keys = trace_keys_open();
	assert_int_equal(trace_keys_add(keys, key, &fault), 0);
	size_t count = trace_keys_values(keys, &keyed, values);
	assert_int_equal(count, (first != NULL) + (second != NULL));
	if (first)
		assert_slice(values[0], first);
	if (second)
		assert_slice(values[1], second);
	trace_keys_close(keys);
}

static void a_key_selects_json_values_headers_and_subject_tokens(void **state)
{
	(void)state;
	assert_values("$.a[1].id", "x", NULL);
	assert_values("$.a[*].id", "7", "x");
	assert_values("$..id", "7", "x");
	assert_values("$.missing", NULL, NULL);
	assert_values("header:Workflow-Id", "wf-1", NULL);
	assert_values("subject:2", "eu", NULL);
	assert_values("subject:4", NULL, NULL);
}

static void a_key_of_no_known_form_is_refused(void **state)
{
	static const char *const wrong[] = {"",        "id",        "$",         "$.",
					    "header:", "subject:0", "subject:x", "subject:"};
	struct wire_fault fault;
	struct trace_keys *keys = trace_keys_open();
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_true(trace_keys_add(keys, wrong[i], &fault) < 0);
	assert_int_equal(trace_keys_count(keys), 0);
	trace_keys_close(keys);
}

static void an_acknowledgement_subject_names_stream_and_sequence(void **state)
{
	struct trace_stream_place place;
	(void)state;
	assert_true(trace_stream_of_ack(&place, WIRE_LITERAL("$JS.ACK.ORDERS.mailer.1.12.3.1700000000.0")));
	assert_slice(place.stream, "ORDERS");
	assert_int_equal(place.seq, 12);
	assert_true(
	    trace_stream_of_ack(&place, WIRE_LITERAL("$JS.ACK._.hash.ORDERS.mailer.1.13.3.1700000000.0")));
	assert_slice(place.stream, "ORDERS");
	assert_int_equal(place.seq, 13);
	assert_false(trace_stream_of_ack(&place, WIRE_LITERAL("$JS.ACK.ORDERS.mailer.1.x.3.1700000000.0")));
	assert_false(trace_stream_of_ack(&place, WIRE_LITERAL("$JS.ACK.ORDERS")));
}

static void an_answer_to_a_publish_names_its_place(void **state)
{
	struct trace_stream_place place;
	const struct wire_event answer = {.payload = WIRE_LITERAL("{\"stream\":\"ORDERS\", \"seq\":12}")};
	const struct wire_event other = {.payload = WIRE_LITERAL("{\"stream\":\"ORDERS\", \"error\":{}}")};
	(void)state;
	assert_true(trace_stream_of_answer(&place, &answer));
	assert_slice(place.stream, "ORDERS");
	assert_int_equal(place.seq, 12);
	assert_false(trace_stream_of_answer(&place, &other));
}

static void a_value_is_found_as_a_whole_word_only(void **state)
{
	(void)state;
	assert_true(trace_content_holds(WIRE_LITERAL("orders.4711.new"), WIRE_LITERAL("4711")));
	assert_true(trace_content_holds(WIRE_LITERAL("{\"id\":4711}"), WIRE_LITERAL("4711")));
	assert_true(trace_content_holds(WIRE_LITERAL("14711 4711"), WIRE_LITERAL("4711")));
	assert_true(trace_content_holds(WIRE_LITERAL("4711"), WIRE_LITERAL("4711")));
	assert_false(trace_content_holds(WIRE_LITERAL("14711"), WIRE_LITERAL("4711")));
	assert_false(trace_content_holds(WIRE_LITERAL("47110"), WIRE_LITERAL("4711")));
	assert_false(trace_content_holds(WIRE_LITERAL(""), WIRE_LITERAL("4711")));
}

static void ids_are_words_with_digits(void **state)
{
	uint64_t ids[TRACE_CONTENT_IDS_MAX];
	const struct wire_event event = {.subject = WIRE_LITERAL("orders.o-4711.new"),
					 .payload =
					     WIRE_LITERAL("{\"order\":\"o-4711\",\"n\":3,\"at\":\"noon\"}")};
	(void)state;
	assert_int_equal(trace_content_ids(&event, ids), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_context_is_read_in_every_style_and_case),
	    cmocka_unit_test(a_malformed_context_is_none),
	    cmocka_unit_test(a_key_selects_json_values_headers_and_subject_tokens),
	    cmocka_unit_test(a_key_of_no_known_form_is_refused),
	    cmocka_unit_test(an_acknowledgement_subject_names_stream_and_sequence),
	    cmocka_unit_test(an_answer_to_a_publish_names_its_place),
	    cmocka_unit_test(a_value_is_found_as_a_whole_word_only),
	    cmocka_unit_test(ids_are_words_with_digits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
