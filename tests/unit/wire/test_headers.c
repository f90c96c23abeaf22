/* The header block of a message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/guard_page.h"
#include "wire/headers.h"

static struct guard_page page;

/* Walk a block and write what is found as "status|text|key=value|key=value|", with "!" at a malformed line. */
static void walk(const char *block, size_t len, char *out, size_t cap)
{
	struct wire_headers headers;
	struct wire_slice key, value;
	out[0] = '\0';
	if (wire_headers_open(&headers, wire_slice(guard_page_copy(&page, block, len), len)) != 0) {
		snprintf(out, cap, "!");
		return;
	}
	int at = snprintf(out, cap, "%.*s|%.*s|", (int)headers.status.len, headers.status.data,
			  (int)headers.text.len, headers.text.data);
	int more;
	while ((more = wire_headers_next(&headers, &key, &value)) == 1)
		at += snprintf(out + at, cap - (size_t)at, "%.*s=%.*s|", (int)key.len, key.data,
			       (int)value.len, value.data);
	if (more < 0) {
		assert_int_equal(more, WIRE_EHEADER);
		snprintf(out + at, cap - (size_t)at, "!");
	}
	assert_int_equal(wire_headers_next(&headers, &key, &value), more);
}

static void assert_walk(const char *block, const char *wanted)
{
	char got[500];
	walk(block, strlen(block), got, sizeof got);
	if (strcmp(got, wanted) != 0)
		fail_msg("%s: got \"%s\", wanted \"%s\"", block, got, wanted);
}

static void keys_keep_their_order_case_and_repetition(void **state)
{
	(void)state;
	assert_walk("NATS/1.0\r\n\r\n", "||");
	assert_walk("NATS/1.0\r\nB: 1\r\na: 2\r\nB:3\r\nb:\r\n\r\n", "||B=1|a=2|B=3|b=|");
	assert_walk("NATS/1.0\r\nkey: \t spaced out\t \r\n\r\n", "||key=spaced out|");
	assert_walk("NATS/1.0\r\nurl: http://a:1/\r\n\r\n", "||url=http://a:1/|");
	assert_walk("NATS/1.0\r\nin ner : x\r\n\r\n", "||in ner =x|");
}

static void the_status_line_has_a_status_and_a_text(void **state)
{
	(void)state;
	assert_walk("NATS/1.0 503\r\n\r\n", "503||");
	assert_walk("NATS/1.0 503 No Responders\r\n\r\n", "503|No Responders|");
	assert_walk("NATS/1.0\t100 \t Idle Heartbeat \r\nA: b\r\n\r\n", "100|Idle Heartbeat|A=b|");
	assert_walk("NATS/1.0 \r\n\r\n", "||");
}

static void a_malformed_line_ends_the_walk(void **state)
{
	(void)state;
	static const char *const openings[] = {"",
					       "\r\n",
					       "NATS/1.0",
					       "NATS/1.0\n",
					       "nats/1.0\r\n\r\n",
					       "HTTP/1.1 200 OK\r\n\r\n",
					       "NATS/1.0503\r\n\r\n",
					       "NATS/1.\r\n"};
	for (size_t i = 0; i < sizeof openings / sizeof *openings; i++)
		assert_walk(openings[i], "!");
	assert_walk("NATS/1.0\r\n", "||!");
	assert_walk("NATS/1.0\r\nA: b\r\n", "||A=b|!");
	assert_walk("NATS/1.0\r\nA: b\r\nno colon\r\nC: d\r\n\r\n", "||A=b|!");
	assert_walk("NATS/1.0\r\n: no key\r\n\r\n", "||!");
	assert_walk("NATS/1.0\r\nA: b\n\r\n", "||!");
	assert_walk("NATS/1.0\r\nA: b\r\n\r\nmore", "||A=b|!");
	assert_walk("NATS/1.0\r\nA: b\r\n\r\n\r\n", "||A=b|!");
}

static void every_prefix_is_malformed_and_read_within_its_bounds(void **state)
{
	(void)state;
	static const char block[] = "NATS/1.0 503 No Responders\r\nA: b\r\nLonger-Key: value\r\n\r\n";
	char got[500];
	for (size_t len = 0; len < sizeof block - 1; len++) {
		walk(block, len, got, sizeof got);
		assert_true(strchr(got, '!') != NULL);
	}
}

static void the_first_value_of_a_key_is_found(void **state)
{
	(void)state;
	const struct wire_slice block =
	    WIRE_LITERAL("NATS/1.0\r\nA: 1\r\nb: 2\r\nA: 3\r\nbad\r\nC: 4\r\n\r\n");
	struct wire_slice value = WIRE_LITERAL("untouched");
	assert_true(wire_headers_get(block, WIRE_LITERAL("A"), &value));
	assert_true(wire_slice_equal(value, WIRE_LITERAL("1")));
	assert_true(wire_headers_get(block, WIRE_LITERAL("b"), &value));
	assert_true(wire_slice_equal(value, WIRE_LITERAL("2")));
	assert_false(wire_headers_get(block, WIRE_LITERAL("a"), &value));
	assert_false(wire_headers_get(block, WIRE_LITERAL("C"), &value));
	assert_false(wire_headers_get(WIRE_LITERAL("junk"), WIRE_LITERAL("A"), &value));
	assert_true(wire_slice_equal(value, WIRE_LITERAL("2")));
}

static void a_key_is_compared_whatever_its_case(void **state)
{
	(void)state;
	assert_true(wire_headers_key_is(WIRE_LITERAL("Traceparent"), "traceParent"));
	assert_true(wire_headers_key_is(WIRE_LITERAL("B3"), "b3"));
	assert_false(wire_headers_key_is(WIRE_LITERAL("b"), "b3"));
	assert_false(wire_headers_key_is(WIRE_LITERAL("b33"), "b3"));
	assert_false(wire_headers_key_is(WIRE_LITERAL("b4"), "b3"));
	assert_false(wire_headers_key_is((struct wire_slice){0}, "b3"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_keep_their_order_case_and_repetition),
	    cmocka_unit_test(the_status_line_has_a_status_and_a_text),
	    cmocka_unit_test(a_malformed_line_ends_the_walk),
	    cmocka_unit_test(every_prefix_is_malformed_and_read_within_its_bounds),
	    cmocka_unit_test(the_first_value_of_a_key_is_found),
	    cmocka_unit_test(a_key_is_compared_whatever_its_case),
	};
	guard_page_init(&page, 1000);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	guard_page_fini(&page);
	return failed;
}
