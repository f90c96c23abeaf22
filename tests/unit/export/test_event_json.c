/* Events as JSON lines: the promised keys, and text that a full JSON parser reads back byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "export/event/event_json.h"
#include "export/text/json.h"
#include "tests/unit/cli/capture.h"
#include "tests/unit/cli/sample_events.h"

static char *print(const struct wire_event *event, bool detail)
{
	struct export_out out;
	struct export_event_json printer;

	capture_init(&out);
	assert_int_equal(export_event_json_init(&printer, detail, NULL), 0);
	export_event_json_line(&printer, &out, event, &sample_clients);
	char *text = capture_take(&out);
	export_event_json_fini(&printer);
	capture_fini(&out);
	return text;
}

static void check(const struct wire_event *event, bool detail, const char *expected)
{
	char *text = print(event, detail);
	json_error_t error;
	json_t *parsed = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	assert_string_equal(text, expected);
	if (!parsed)
		fail_msg("%s: %s", error.text, text);
	json_decref(parsed);
	free(text);
}

#define COMMON   "{\"seq\":\"4711\",\"time\":\"2026-11-23T07:57:19.123456789Z\",\"kind\":"
#define CHECKOUT ",\"conn\":3,\"client\":\"checkout\""

static void a_message_has_the_documented_keys_in_their_order(void **state)
{
	struct wire_event event = sample_message("orders.new", "{\"id\":1}");

	(void)state;
	check(&event, false,
	      COMMON "\"message\"" CHECKOUT
		     ",\"subject\":\"orders.new\",\"payload\":\"{\\\"id\\\":1}\",\"size\":8,"
		     "\"receivers\":1}\n");
	event.reply = WIRE_LITERAL("_INBOX.x");
	event.headers = WIRE_LITERAL("NATS/1.0\r\nB: 1\r\na: x\r\nB: 2\r\nb: 3\r\n\r\n");
	event.receivers_len = 2;
	check(&event, true,
	      COMMON "\"message\"" CHECKOUT ",\"subject\":\"orders.new\",\"reply\":\"_INBOX.x\","
		     "\"headers\":{\"B\":[\"1\",\"2\"],\"a\":[\"x\"],\"b\":[\"3\"]},"
		     "\"payload\":\"{\\\"id\\\":1}\",\"size\":8,\"receivers\":1,\"delivered\":["
		     "{\"conn\":7,\"client\":\"[::1]:40000\",\"sid\":\"1\",\"queue\":\"workers\",\"outcome\":"
		     "\"sent\"},"
		     "{\"conn\":9,\"sid\":\"22\",\"outcome\":\"slow consumer\"}]}\n");
}

static void what_is_not_text_is_base64_and_cuts_are_flagged(void **state)
{
	struct wire_event event = sample_message("s", "\xff\xfe");

	(void)state;
	event.size = 100;
	event.flags = WIRE_EVENT_CUT | WIRE_EVENT_PARTIAL;
	event.subject = WIRE_LITERAL("s\xc0");
	check(&event, false,
	      COMMON "\"message\"" CHECKOUT
		     ",\"subject_base64\":\"c8A=\",\"payload_base64\":\"//4=\",\"size\":100,"
		     "\"cut\":true,\"partial\":true,\"receivers\":1}\n");
}

static void status_and_malformed_headers_lose_nothing(void **state)
{
	struct wire_event event = sample_message("_INBOX.x", "");

	(void)state;
	event.headers = WIRE_LITERAL("NATS/1.0 503 No Responders\r\n\r\n");
	event.conn = 0;
	check(&event, false,
	      COMMON "\"message\",\"subject\":\"_INBOX.x\",\"headers\":{},\"status\":\"503\","
		     "\"description\":\"No Responders\",\"payload\":\"\",\"size\":0,\"receivers\":1}\n");
	event.headers = WIRE_LITERAL("bad");
	check(&event, false,
	      COMMON
	      "\"message\",\"subject\":\"_INBOX.x\",\"headers_base64\":\"YmFk\",\"payload\":\"\",\"size\":0,"
	      "\"receivers\":1}\n");
	event.headers = WIRE_LITERAL("NATS/1.0\r\nk: \xff\r\n\r\n");
	check(
	    &event, false,
	    COMMON
	    "\"message\",\"subject\":\"_INBOX.x\",\"headers\":{\"k\":[\"\\ufffd\"]},"
	    "\"headers_base64\":\"TkFUUy8xLjANCms6IP8NCg0K\",\"payload\":\"\",\"size\":0,\"receivers\":1}\n");
}

static struct wire_event sample(enum wire_event_kind kind)
{
	return (struct wire_event){.kind = kind, .seq = 4711, .time_ns = SAMPLE_TIME_NS, .conn = 3};
}

static void a_connection_s_life_has_stable_keys(void **state)
{
	struct wire_event event = sample(WIRE_EVENT_CONNECT);

	(void)state;
	event.client = &sample_checkout;
	event.conn = 12;
	event.flags = WIRE_EVENT_REPEATED;
	check(&event, false,
	      COMMON "\"connect\",\"conn\":12,\"client\":\"checkout\",\"address\":\"10.0.0.7:53122\","
		     "\"name\":\"checkout\","
		     "\"lang\":\"go\",\"version\":\"1.22.1\",\"user\":\"alice\",\"repeated\":true}\n");
	event = sample(WIRE_EVENT_DISCONNECT);
	event.text = WIRE_LITERAL("Slow Consumer");
	event.lost_messages = 5;
	event.lost_bytes = 640;
	check(&event, false,
	      COMMON "\"disconnect\"" CHECKOUT
		     ",\"reason\":\"Slow Consumer\",\"lost_messages\":5,\"lost_bytes\":640}\n");
	event = sample(WIRE_EVENT_SUBSCRIBE);
	event.subject = WIRE_LITERAL("orders.>");
	event.sid = WIRE_LITERAL("1");
	event.queue = WIRE_LITERAL("q");
	check(&event, false,
	      COMMON "\"subscribe\"" CHECKOUT ",\"subject\":\"orders.>\",\"queue\":\"q\",\"sid\":\"1\"}\n");
	event = sample(WIRE_EVENT_UNSUBSCRIBE);
	event.sid = WIRE_LITERAL("1");
	event.max = 10;
	check(&event, false, COMMON "\"unsubscribe\"" CHECKOUT ",\"sid\":\"1\",\"max\":10}\n");
}

static void deliveries_errors_marks_and_gaps_have_stable_keys(void **state)
{
	struct wire_event event = sample_message("s", "x");

	(void)state;
	event.kind = WIRE_EVENT_DELIVERY;
	event.sid = WIRE_LITERAL("1");
	event.outcome = WIRE_DROPPED_PERMISSION;
	event.refers_to = UINT64_MAX;
	check(&event, false,
	      COMMON "\"delivery\"" CHECKOUT ",\"subject\":\"s\",\"payload\":\"x\",\"size\":1,\"sid\":\"1\","
		     "\"outcome\":\"permission\",\"message_seq\":\"18446744073709551615\"}\n");
	event = sample(WIRE_EVENT_ERROR);
	event.text = WIRE_LITERAL("Stale Connection");
	check(&event, false,
	      COMMON "\"error\"" CHECKOUT ",\"text\":\"Stale Connection\",\"address\":\"10.0.0.7:53122\"}\n");
	event = sample(WIRE_EVENT_MARK);
	event.conn = 0;
	event.text = WIRE_LITERAL("start");
	check(&event, false, COMMON "\"mark\",\"text\":\"start\"}\n");
	event.kind = WIRE_EVENT_GAP;
	event.text = WIRE_LITERAL("damaged");
	event.flags = WIRE_EVENT_DAMAGE;
	event.from_seq = 10;
	event.to_seq = 20;
	event.lost_messages = 11;
	event.from_ns = 0;
	event.to_ns = 1000000001;
	check(&event, false,
	      COMMON "\"gap\",\"text\":\"damaged\",\"messages\":11,\"bytes\":0,\"from\":\"1970-01-01T00:00:"
		     "00.000000000Z\","
		     "\"to\":\"1970-01-01T00:00:01.000000001Z\",\"damage\":true,\"from_seq\":\"10\",\"to_"
		     "seq\":\"20\"}\n");
}

/* Whatever bytes come, jansson reads the payload back as they were, or finds them in the base64. */
static void strings_read_back_as_jansson_would_have_written_them(void **state)
{
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		char bytes[24];
		size_t len = (size_t)(rand_r(&seed) % 24);
		struct wire_event event = sample_message("s", "");

		for (size_t i = 0; i < len; i++)
			bytes[i] = (char)(rand_r(&seed) % (round % 2 ? 128 : 256));
		event.payload = wire_slice(bytes, len);
		char *text = print(&event, false);
		json_t *parsed = json_loads(text, JSON_ALLOW_NUL, NULL);
		json_t *payload = json_object_get(parsed, "payload");
		json_t *reference = json_stringn(bytes, len);

		assert_non_null(parsed);
		if (reference) {
			assert_non_null(payload);
			assert_int_equal(json_string_length(payload), len);
			assert_memory_equal(json_string_value(payload), bytes, len);
		} else {
			assert_null(payload);
			assert_int_equal(json_string_length(json_object_get(parsed, "payload_base64")),
					 (len + 2) / 3 * 4);
		}
		json_decref(reference);
		json_decref(parsed);
		free(text);
	}
}

static void characters_that_drive_a_terminal_are_escaped(void **state)
{
	struct export_out out;
	struct export_json json = {.out = &out};

	(void)state;
	capture_init(&out);
	export_json_string(&json, NULL,
			   WIRE_LITERAL("\x7f \xc2\x9b \u202e \u2028 \u00ad \U000e0041 \u00f6 \U0001f600"));
	char *text = capture_take(&out);
	assert_string_equal(text,
			    "\"\\u007f \\u009b \\u202e \\u2028 \\u00ad \\udb40\\udc41 \u00f6 \U0001f600\"");
	free(text);
	capture_fini(&out);
}

static void base64_pads_as_rfc_4648_says(void **state)
{
	static const struct {
		const char *bytes, *text;
	} rows[] = {{"", "{\"k_base64\":\"\""},
		    {"f", "{\"k_base64\":\"Zg==\""},
		    {"fo", "{\"k_base64\":\"Zm8=\""},
		    {"foo", "{\"k_base64\":\"Zm9v\""},
		    {"foob", "{\"k_base64\":\"Zm9vYg==\""}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct export_out out;
		struct export_json json = {.out = &out};

		capture_init(&out);
		export_json_object(&json, NULL);
		export_json_base64(&json, "k", wire_slice_str(rows[i].bytes));
		char *text = capture_take(&out);
		assert_string_equal(text, rows[i].text);
		free(text);
		capture_fini(&out);
	}
}

static void a_hundred_thousand_repeated_keys_take_no_time(void **state)
{
	enum { KEYS = 100000, LINE = 9 };
	char *block = malloc(10 + KEYS * LINE + 3);
	struct wire_event event = sample_message("s", "");
	size_t len = (size_t)sprintf(block, "NATS/1.0\r\n");

	(void)state;
	for (int i = 0; i < KEYS; i++)
		len += (size_t)sprintf(block + len, "%04d:%d\r\n", i % 5000, i % 10);
	len += (size_t)sprintf(block + len, "\r\n");
	event.headers = wire_slice(block, len);
	char *text = print(&event, false);
	json_t *parsed = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	json_t *headers = json_object_get(parsed, "headers");
	assert_int_equal(json_object_size(headers), 5000);
	assert_int_equal(json_array_size(json_object_get(headers, "4999")), KEYS / 5000);
	json_decref(parsed);
	free(text);
	free(block);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_message_has_the_documented_keys_in_their_order),
	    cmocka_unit_test(what_is_not_text_is_base64_and_cuts_are_flagged),
	    cmocka_unit_test(status_and_malformed_headers_lose_nothing),
	    cmocka_unit_test(a_connection_s_life_has_stable_keys),
	    cmocka_unit_test(deliveries_errors_marks_and_gaps_have_stable_keys),
	    cmocka_unit_test(strings_read_back_as_jansson_would_have_written_them),
	    cmocka_unit_test(characters_that_drive_a_terminal_are_escaped),
	    cmocka_unit_test(base64_pads_as_rfc_4648_says),
	    cmocka_unit_test(a_hundred_thousand_repeated_keys_take_no_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
