/* --format and --csv: fields of events, compiled once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "export/event/csv_rows.h"
#include "export/event/template.h"
#include "tests/unit/cli/capture.h"
#include "tests/unit/cli/sample_events.h"

static void check(const char *format, const struct wire_event *event, const char *expected)
{
	struct export_template template;
	struct wire_fault fault = {0};
	struct export_out out;

	capture_init(&out);
	if (export_template_init(&template, format, true, &fault) != 0)
		fail_msg("%s: %s", format, fault.text);
	export_template_print(&template, &out, event, &sample_clients);
	char *text = capture_take(&out);
	assert_string_equal(text, expected);
	free(text);
	export_template_fini(&template);
	capture_fini(&out);
}

static void check_csv(const char *names, const struct wire_event *event, const char *expected)
{
	struct export_csv csv;
	struct wire_fault fault = {0};
	struct export_out out;

	capture_init(&out);
	if (export_csv_init(&csv, names, true, &fault) != 0)
		fail_msg("%s: %s", names, fault.text);
	export_csv_print(&csv, &out, event, &sample_clients);
	char *text = capture_take(&out);
	assert_string_equal(text, expected);
	free(text);
	export_csv_fini(&csv);
	capture_fini(&out);
}

static void refuse(const char *format, const char *expected)
{
	struct export_template template;
	struct wire_fault fault = {0};

	assert_int_not_equal(export_template_init(&template, format, true, &fault), 0);
	assert_string_equal(fault.text, expected);
	export_template_fini(&template);
}

static void every_documented_field_has_its_value(void **state)
{
	struct wire_event event =
	    sample_message("orders.eu.new", "{\"id\":4711,\"items\":[{\"sku\":\"a\"},{\"sku\":\"b\"}]}");

	(void)state;
	event.receivers_len = 2;
	event.reply = WIRE_LITERAL("_INBOX.x");
	event.headers = WIRE_LITERAL("NATS/1.0 503 No\r\nTrace-Id: abc\r\ntag: 1\r\n\r\n");
	check("{time} {time.date} {time.clock} {time.unix} {time.ns}", &event,
	      "2026-11-23T07:57:19.123456789Z 2026-11-23 07:57:19.123456 1795420639.123456789 "
	      "1795420639123456789\n");
	check("{seq} {kind} {subject} {subject.1} {subject.3} {reply} {size} {status}", &event,
	      "4711 message orders.eu.new orders new _INBOX.x 45 503\n");
	check("{client} {conn} {address} {receivers} {receivers.names} {queue}", &event,
	      "checkout 3 10.0.0.7:53122 1 [::1]:40000 workers\n");
	check("{header.trace-id} {header.Tag} {headers}", &event, "abc 1 Trace-Id: abc, tag: 1\n");
	check("{payload.id} {payload.items[1].sku} {payload.items[*].sku} {$.id} {$..sku}", &event,
	      "4711 b a,b 4711 a,b\n");
}

static void a_missing_value_is_a_dash(void **state)
{
	struct wire_event event = sample_message("a", "no JSON");

	(void)state;
	event.flags = WIRE_EVENT_RECEIVERS_UNKNOWN | WIRE_EVENT_PUBLISHER_UNKNOWN;
	event.conn = 0;
	check("{subject.2} {payload.id} {header.x} {reply} {receivers} {client} {text} {sid}", &event,
	      "- - - - - - - -\n");
}

static void strings_of_JSON_are_unescaped_and_then_made_harmless(void **state)
{
	struct wire_event event =
	    sample_message("a", "{\"s\":\"K\\u00f6ln \\\"x\\\" \\ud83d\\ude00 \\ud83d \\u001b[2J\\n\"}");

	(void)state;
	check("{payload.s}", &event, "Köln \"x\" 😀 \xef\xbf\xbd \\x1b[2J\\n\n");
}

static void braces_tabs_and_line_ends_are_escaped_in_templates(void **state)
{
	struct wire_event event = sample_message("a", "x");

	(void)state;
	check("{{{subject}}}\\t\\\\\\n{size}", &event, "{a}\t\\\n1\n");
	check("", &event, "\n");
}

static void a_wrong_template_names_the_place(void **state)
{
	(void)state;
	refuse("{time} {subjet}", "at character 9: there is no field \"subjet\" (did you mean \"subject\"?)");
	refuse("{time", "at character 1: the { has no }; write {{ for a brace");
	refuse("a}", "at character 2: the } has no {; write }} for a brace");
	refuse("\\x", "at character 1: a backslash must be followed by t, n or another one");
	refuse("{subject.0}", "at character 2: subject.0: give the number of a token, from 1");
	refuse("{header.}", "at character 2: header. lacks the name of a header");
	refuse("{payload.}", "at character 2: \"$.\" is no path of JSON; write for example payload.id, "
			     "payload.items[0].id");
	refuse("{}", "at character 2: there is no field \"\"");
}

static void values_with_commas_quotes_or_line_ends_are_quoted(void **state)
{
	struct wire_event event = sample_message("a", "x,\"y\"\r\nz\r\033[2J");

	(void)state;
	check_csv("subject,payload,reply,size", &event,
		  "subject,payload,reply,size\na,\"x,\"\"y\"\"\r\nz\\r\\x1b[2J\",,13\n");
	event.payload = WIRE_LITERAL(" blank");
	check_csv("payload", &event, "payload\n\" blank\"\n");
}

static void every_prefix_of_a_template_compiles_or_is_refused(void **state)
{
	static const char format[] = "{time} {payload.items[0]['x']} \\t{{ {header.A-b} {subject.12}}}";
	char prefix[sizeof(format)];

	(void)state;
	for (size_t len = 0; len < sizeof(format); len++) {
		struct export_template template;
		struct wire_fault fault = {0};

		snprintf(prefix, sizeof(prefix), "%.*s", (int)len, format);
		if (export_template_init(&template, prefix, true, &fault) != 0)
			assert_string_not_equal(fault.text, "");
		export_template_fini(&template);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_documented_field_has_its_value),
	    cmocka_unit_test(a_missing_value_is_a_dash),
	    cmocka_unit_test(strings_of_JSON_are_unescaped_and_then_made_harmless),
	    cmocka_unit_test(braces_tabs_and_line_ends_are_escaped_in_templates),
	    cmocka_unit_test(a_wrong_template_names_the_place),
	    cmocka_unit_test(values_with_commas_quotes_or_line_ends_are_quoted),
	    cmocka_unit_test(every_prefix_of_a_template_compiles_or_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
