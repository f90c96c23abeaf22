/* JSON as Go reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/guard_page.h"
#include "wire/json_text.h"

static void what_the_grammar_allows_is_valid(void **state)
{
	(void)state;
	static const char *const good[] = {"null",
					   " true ",
					   "0",
					   "-0.5e+10",
					   "1e400",
					   "\"\"",
					   "[]",
					   "{}",
					   "[ ]",
					   "{ }",
					   "[1,2,[3,{\"a\":[]}]]",
					   "{\"a\":{\"b\":null},\"a\":\"\\ud83d\"}",
					   "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\xff\x7f\""};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!wire_json_is_valid(wire_slice_str(good[i]), NULL))
			fail_msg("refused: %s", good[i]);
}

static void anything_else_is_not(void **state)
{
	(void)state;
	static const char *const bad[] = {"",
					  " ",
					  "nul",
					  "nulls",
					  "01",
					  "-",
					  "1.",
					  ".5",
					  "+1",
					  "1e",
					  "[",
					  "]",
					  "[1,]",
					  "[,1]",
					  "[1 2]",
					  "{",
					  "{\"a\"}",
					  "{\"a\":}",
					  "{a:1}",
					  "{\"a\":1,}",
					  "{,}",
					  "[}",
					  "{]",
					  "1 1",
					  "\"",
					  "\"\\\"",
					  "\"\\x\"",
					  "\"\\u12\"",
					  "\"\\u12g4\"",
					  "\"a\tb\"",
					  "'a'",
					  "\xef\xbb\xbf{}"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (wire_json_is_valid(wire_slice_str(bad[i]), NULL))
			fail_msg("accepted: %s", bad[i]);
}

static void the_bad_byte_is_named(void **state)
{
	(void)state;
	size_t bad_at = 0;
	assert_false(wire_json_is_valid(WIRE_LITERAL("{\"a\": nope}"), &bad_at));
	assert_int_equal(bad_at, 6);
}

/* No proper prefix of an object is valid, and none is read past its end. */
static void every_prefix_is_bad(void **state)
{
	(void)state;
	static const char whole[] = "{\"a\":[1,-2.5e3,true,null,\"x\\u00e9\\\\\"],\"b\":{\"c\":{}}}";
	struct guard_page page;
	guard_page_init(&page, sizeof whole);
	for (size_t len = 0; len < sizeof whole - 1; len++)
		assert_false(wire_json_is_valid(wire_slice(guard_page_copy(&page, whole, len), len), NULL));
	guard_page_fini(&page);
	assert_true(wire_json_is_valid(wire_slice_str(whole), NULL));
}

static bool is_valid_nested(size_t depth)
{
	char *text = malloc(2 * depth);
	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	bool is_valid = wire_json_is_valid(wire_slice(text, 2 * depth), NULL);
	free(text);
	return is_valid;
}

static void nesting_is_bounded(void **state)
{
	(void)state;
	assert_true(is_valid_nested(WIRE_JSON_DEPTH_MAX));
	assert_false(is_valid_nested(WIRE_JSON_DEPTH_MAX + 1));
}

static void assert_text(const char *written, const char *wanted)
{
	char *text = wire_json_text(wire_slice_str(written));
	if (strcmp(text, wanted) != 0)
		fail_msg("%s: got \"%s\", wanted \"%s\"", written, text, wanted);
	free(text);
}

#define REPLACEMENT "\xef\xbf\xbd"

static void what_is_not_unicode_is_replaced_byte_by_byte(void **state)
{
	(void)state;
	assert_text("a\\n\\u00e9\\/", "a\n\xc3\xa9/");
	assert_text("\xed\xa0\x80", REPLACEMENT REPLACEMENT REPLACEMENT);
	assert_text("\xc3", REPLACEMENT);
	assert_text("\xc0\x80", REPLACEMENT REPLACEMENT);
	assert_text("\xf4\x90\x80\x80", REPLACEMENT REPLACEMENT REPLACEMENT REPLACEMENT);
	assert_text("\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf");
	assert_text("\\ud83d\\u0041", REPLACEMENT "A");
	assert_text("\\ud83d\\ude00", "\xf0\x9f\x98\x80");
	assert_text("\\u0000", REPLACEMENT);
}

static void assert_strict(const char *written, const char *wanted)
{
	size_t len = 0;
	char *strict = wire_json_strict(wire_slice_str(written), &len);
	if (!strict || len != strlen(wanted) || memcmp(strict, wanted, len) != 0)
		fail_msg("%s: got %.*s, wanted %s", written, (int)len, strict ? strict : "", wanted);
	free(strict);
}

static void a_strict_text_says_the_same(void **state)
{
	(void)state;
	assert_strict(" { \"a\" : [ 1 , 2.5 , \"\\u00e9\" , { } , [ ] ] , \"b\" : null } ",
		      "{\"a\":[1,2.5,\"\\u00e9\",{},[]],\"b\":null}");
	assert_strict("9223372036854775807", "9223372036854775807");
	assert_strict("9223372036854775808", "\"\xef\xb7\x91"
					     "9223372036854775808\"");
	assert_strict("[1e308,1e309]", "[1e308,\"\xef\xb7\x91"
				       "1e309\"]");
	assert_strict("\"\\ud83d\xe9\"", "\"\xef\xb7\x90"
					 "00d83d\xef\xb7\x90"
					 "1100e9\"");
	size_t len;
	assert_null(wire_json_strict(WIRE_LITERAL("{"), &len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_the_grammar_allows_is_valid),
	    cmocka_unit_test(anything_else_is_not),
	    cmocka_unit_test(the_bad_byte_is_named),
	    cmocka_unit_test(every_prefix_is_bad),
	    cmocka_unit_test(nesting_is_bounded),
	    cmocka_unit_test(what_is_not_unicode_is_replaced_byte_by_byte),
	    cmocka_unit_test(a_strict_text_says_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
