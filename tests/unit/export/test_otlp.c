/* OTLP/JSON lines: valid whatever messages hold, and in bounded memory. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "export/otlp/otlp.h"
#include "tests/unit/cli/capture.h"
#include "tests/unit/trace/event_fixture.h"

static struct event_source source;
static struct export_out out;
static struct export_writer *writer;
static struct wire_fault fault;

static void begin(const struct export_otlp_options *options)
{
	event_source_init(&source);
	capture_init(&out);
	assert_int_equal(export_otlp_open(&writer, options, &out, &fault), 0);
}

static void put(const struct wire_event *event)
{
	const struct export_input input = {.source = &source.source, .is_chosen = true};

	assert_int_equal(writer->put(writer, event, &input, &fault), 0);
}

/* End the export; the spans of all lines, owned by the caller. */
static json_t *finish(void)
{
	json_t *all = json_array();

	assert_int_equal(writer->end(writer, &fault), 0);
	char *text = capture_take(&out);

	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		json_error_t error;
		json_t *document = json_loads(line, JSON_REJECT_DUPLICATES, &error);
		size_t i;
		json_t *resource;

		if (!document)
			fail_msg("%s: %s", error.text, line);
		json_array_foreach(json_object_get(document, "resourceSpans"), i, resource) json_array_extend(
		    all,
		    json_object_get(json_array_get(json_object_get(resource, "scopeSpans"), 0), "spans"));
		json_decref(document);
	}
	free(text);
	writer->close(writer);
	capture_fini(&out);
	return all;
}

static const char *attribute(const json_t *span, const char *key)
{
	size_t i;
	const json_t *pair, *value;
	const char *name;

	json_array_foreach(json_object_get(span, "attributes"), i,
			   pair) if (strcmp(json_string_value(json_object_get(pair, "key")), key) == 0)
	    json_object_foreach(json_object_get(pair, "value"), name, value) return json_string_value(value);
	return NULL;
}

static void attributes_are_those_of_the_conventions(void **state)
{
	(void)state;
	begin(&(struct export_otlp_options){.sample = 1});
	struct wire_event event = event_message(&source, 5, 1, "orders.4711.paid", NULL);

	event.headers = WIRE_LITERAL("NATS/1.0\r\nNats-Msg-Id: m1\r\n\r\n");
	event_deliver(&event, 2, "workers", 3);
	put(&event);
	json_t *spans = finish();
	const json_t *publish = json_array_get(spans, 0), *deliver = json_array_get(spans, 1);

	assert_string_equal(json_string_value(json_object_get(publish, "name")), "publish orders.*.paid");
	assert_int_equal(json_integer_value(json_object_get(publish, "kind")), 4);
	assert_int_equal(json_integer_value(json_object_get(deliver, "kind")), 5);
	assert_string_equal(json_string_value(json_object_get(deliver, "endTimeUnixNano")), "8");
	assert_string_equal(attribute(publish, "messaging.system"), "nats");
	assert_string_equal(attribute(publish, "messaging.operation.name"), "publish");
	assert_string_equal(attribute(publish, "messaging.operation.type"), "send");
	assert_string_equal(attribute(publish, "messaging.destination.name"), "orders.4711.paid");
	assert_string_equal(attribute(publish, "messaging.destination.template"), "orders.*.paid");
	assert_string_equal(attribute(publish, "messaging.message.body.size"), "2");
	assert_string_equal(attribute(publish, "messaging.message.envelope.size"), "31");
	assert_string_equal(attribute(publish, "messaging.message.id"), "m1");
	assert_string_equal(attribute(publish, "messaging.client.id"), "1");
	assert_string_equal(attribute(deliver, "messaging.operation.type"), "receive");
	assert_string_equal(attribute(deliver, "messaging.consumer.group.name"), "workers");
	json_decref(spans);
}

static void size_of_the_envelope_is_left_out_when_headers_were_masked(void **state)
{
	(void)state;
	begin(&(struct export_otlp_options){.sample = 1});
	struct wire_event event = event_message(&source, 5, 1, "a", NULL);

	event.flags |= WIRE_EVENT_MASKED;
	event.size = UINT64_C(64) << 20; /* the payload is never touched */
	put(&event);
	json_t *spans = finish();

	assert_string_equal(attribute(json_array_get(spans, 0), "messaging.message.body.size"), "67108864");
	assert_null(attribute(json_array_get(spans, 0), "messaging.message.envelope.size"));
	json_decref(spans);
}

static void any_bytes_make_valid_json(void **state)
{
	enum { ROUNDS = 3000, BYTES = 24 };
	uint64_t random = 1;
	char subject[BYTES + 1], headers[100];

	(void)state;
	begin(&(struct export_otlp_options){.sample = 1});
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < BYTES; i++) {
			random = random * UINT64_C(6364136223846793005) + 1442695040888963407U;
			subject[i] = (char)(random >> 33 | (round % 3 == 0 ? 0x80 : 1));
			subject[i] = (char)(subject[i] == '\0' ? '"' : subject[i]);
		}
		subject[BYTES] = '\0';
		snprintf(headers, sizeof(headers), "NATS/1.0\r\nNats-Msg-Id: \"%.8s\r\n\r\n", subject);
		struct wire_event event = event_message(&source, round, 1, subject, NULL);

		event.headers = wire_slice_str(headers);
		event_deliver(&event, 2, subject, 0);
		put(&event);
	}
	json_t *spans = finish();

	assert_int_equal(json_array_size(spans), 2 * ROUNDS);
	json_decref(spans);
}

/* The text begins with the name of the subject with that number. */
static bool names_subject(const char *text, int number)
{
	char expected[64];
	const int len =
	    snprintf(expected, sizeof(expected), "{\"stringValue\":\"subject-%d-of.many\"}", number);

	return memcmp(text, expected, (size_t)len) == 0;
}

static void many_subjects_are_kept_apart(void **state)
{
	enum { SUBJECTS = 100000 };
	const struct wire_slice key = WIRE_LITERAL("\"messaging.destination.name\",\"value\":");
	char subject[32];
	int found = 0;

	(void)state;
	begin(&(struct export_otlp_options){.sample = 1});
	for (int i = 0; i < SUBJECTS; i++) {
		snprintf(subject, sizeof(subject), "subject-%d-of.many", i);
		const struct wire_event event = event_message(&source, i, 1, subject, NULL);

		put(&event);
	}
	assert_int_equal(writer->end(writer, &fault), 0);
	char *text = capture_take(&out);

	for (const char *at = text; *at; at++) /* strchr and memmem look through the rest, with a sanitizer */
		if (*at == '"' && strncmp(at, key.data, key.len) == 0)
			assert_true(names_subject(at + key.len, found++));
	assert_int_equal(found, SUBJECTS);
	free(text);
	writer->close(writer);
	capture_fini(&out);
}

/* ---- a sink ---- */

static uint64_t taken;
static int refuse_after;

static int take(void *context, struct wire_slice body, uint64_t spans, struct wire_fault *why)
{
	(void)context;
	assert_true(body.len > 0 && body.data[0] == '{' && body.data[body.len - 1] == '}');
	taken += spans;
	return refuse_after-- > 0 ? 0 : wire_fault_set(why, -ECONNREFUSED, "enough");
}

static void batches_are_given_to_the_sink_until_it_refuses(void **state)
{
	const struct export_otlp_sink sink = {.take = take};
	int error = 0, events = 0;

	(void)state;
	taken = 0;
	refuse_after = 2;
	begin(&(struct export_otlp_options){.sample = 1, .sink = &sink});
	for (; error == 0 && events < 20000; events++) {
		const struct wire_event event = event_message(&source, events, 1, "a", NULL);
		const struct export_input input = {.source = &source.source, .is_chosen = true};

		error = writer->put(writer, &event, &input, &fault);
	}
	assert_int_equal(error, -ECONNREFUSED);
	assert_string_equal(fault.text, "enough");
	assert_int_equal(events, taken);
	assert_int_equal(out.len, 0);
	writer->close(writer);
	capture_fini(&out);
}

static void batch_is_sent_when_it_is_a_second_old(void **state)
{
	const struct export_otlp_sink sink = {.take = take};
	const int64_t second = 1000 * MS;

	(void)state;
	taken = 0;
	refuse_after = 9;
	begin(&(struct export_otlp_options){.sample = 1, .sink = &sink});
	const struct wire_event event = event_message(&source, 5, 1, "a", NULL);

	put(&event);
	assert_int_equal(writer->idle(writer, 10 * second, &fault), 0);
	assert_int_equal(writer->idle(writer, 11 * second - 1, &fault), 0);
	assert_int_equal(taken, 0);
	assert_int_equal(writer->idle(writer, 11 * second, &fault), 0);
	assert_int_equal(taken, 1);
	writer->close(writer);
	capture_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(attributes_are_those_of_the_conventions),
	    cmocka_unit_test(size_of_the_envelope_is_left_out_when_headers_were_masked),
	    cmocka_unit_test(any_bytes_make_valid_json),
	    cmocka_unit_test(many_subjects_are_kept_apart),
	    cmocka_unit_test(batches_are_given_to_the_sink_until_it_refuses),
	    cmocka_unit_test(batch_is_sent_when_it_is_a_second_old),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
