/* Comparing payloads by bytes and as JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "replay/verify/compare.h"

static int open_compare(void **state)
{
	*state = replay_compare_open();
	return *state ? 0 : -1;
}

static int close_compare(void **state)
{
	replay_compare_close(*state);
	return 0;
}

static bool equal(void **state, const char *recorded, const char *live)
{
	return replay_compare_equal(*state, wire_slice_str(recorded), wire_slice_str(live));
}

static void without_json_only_equal_bytes_are_equal(void **state)
{
	assert_true(equal(state, "{\"a\":1}", "{\"a\":1}"));
	assert_false(equal(state, "{\"a\":1}", "{\"a\": 1}"));
	assert_true(equal(state, "", ""));
	assert_false(equal(state, "", "x"));
}

static void json_is_compared_by_value(void **state)
{
	replay_compare_as_json(*state);
	assert_true(equal(state, "{\"a\":1,\"b\":[2,{}]}", " { \"b\" : [2, {}], \"a\": 1 }"));
	assert_false(equal(state, "{\"a\":1}", "{\"a\":2}"));
	assert_false(equal(state, "[1,2]", "[2,1]"));
	assert_true(equal(state, "17", " 17"));
	assert_false(equal(state, "no json", "no  json"));
	assert_true(equal(state, "no json", "no json"));
	assert_false(equal(state, "{}", ""));
}

static void values_at_ignored_paths_do_not_count(void **state)
{
	static const struct {
		const char *path, *a, *b;
	} rows[] = {
	    {"$.id", "{\"id\":1,\"n\":2}", "{\"id\":9,\"n\":2}"},
	    {"$.id", "{\"n\":2}", "{\"id\":9,\"n\":2}"},
	    {"$.x.at", "{\"x\":{\"at\":1,\"y\":1}}", "{\"x\":{\"y\":1,\"at\":2}}"},
	    {"$.items[*].at", "{\"items\":[{\"at\":1},{\"at\":2}]}", "{\"items\":[{\"at\":3},{}]}"},
	    {"$.items[1]", "{\"items\":[1,2,3]}", "{\"items\":[1,9,3]}"},
	    {"$['odd.key']", "{\"odd.key\":1}", "{\"odd.key\":2}"},
	    {"$..id", "{\"a\":[{\"id\":1,\"b\":{\"id\":2}}]}", "{\"a\":[{\"id\":3,\"b\":{}}]}"},
	    {"$.*", "{\"a\":1}", "{\"b\":2}"},
	    {"$[*]", "[1,2]", "[]"},
	    {"$[0].id", "[{\"id\":1}]", "[{\"id\":2}]"},
	    {"$.*.id", "{\"a\":{\"id\":1},\"b\":{\"id\":2}}", "{\"a\":{\"id\":3},\"b\":{\"id\":4}}"},
	};
	struct wire_fault fault;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		void *compare = replay_compare_open();
		assert_int_equal(replay_compare_ignore(compare, rows[i].path, &fault), 0);
		if (!equal(&compare, rows[i].a, rows[i].b))
			fail_msg("%s: %s differs from %s", rows[i].path, rows[i].a, rows[i].b);
		replay_compare_close(compare);
	}
}

static void values_beside_an_ignored_path_still_count(void **state)
{
	struct wire_fault fault;

	assert_int_equal(replay_compare_ignore(*state, "$.items[1]", &fault), 0);
	assert_int_equal(replay_compare_ignore(*state, "$.id", &fault), 0);
	assert_false(equal(state, "{\"items\":[1,2]}", "{\"items\":[1,2,3]}"));
	assert_false(equal(state, "{\"items\":[1,2]}", "{\"items\":[2,2]}"));
	assert_false(equal(state, "{\"x\":{\"id\":1}}", "{\"x\":{\"id\":2}}"));
	assert_true(equal(state, "{\"id\":[1]}", "{\"id\":{}}"));
}

static void json_that_strict_parsers_refuse_is_compared_by_value(void **state)
{
	struct wire_fault fault;

	replay_compare_as_json(*state);
	assert_int_equal(replay_compare_ignore(*state, "$.at", &fault), 0);
	assert_true(equal(state, "{\"at\":1,\"s\":\"\\ud83d\"}", "{\"s\":\"\\ud83d\", \"at\":2}"));
	assert_true(equal(state, "{\"at\":1,\"n\":1e400}", "{\"n\": 1e400}"));
	assert_true(equal(state, "[1, \"\xe9\"]", "[1,\"\xe9\"]"));
	assert_true(equal(state, "[99999999999999999999]", "[ 99999999999999999999 ]"));
	assert_true(equal(state, "{\"\\u0000\":1,\"a\":2}", "{\"a\":2,\"\\u0000\":1}"));
}

static void differences_that_strict_parsers_refuse_still_count(void **state)
{
	replay_compare_as_json(*state);
	assert_false(equal(state, "[\"\\ud83d\"]", "[\"\\ud83e\"]"));
	assert_false(equal(state, "[\"\\ud83d\"]", "[\"\\ufffd\"]"));
	assert_false(equal(state, "[\"\xe9\"]", "[\"\xe8\"]"));
	assert_false(equal(state, "[1e400]", "[1e401]"));
	assert_false(equal(state, "[1e400]", "[-1e400]"));
	assert_false(equal(state, "[1e400]", "[\"1e400\"]"));
	assert_false(equal(state, "[99999999999999999999]", "[99999999999999999998]"));
	assert_false(equal(state, "{\"\\u0000\":1}", "{\"\":1}"));
	assert_false(equal(state, "[\"\\ud83d\",]", "[ \"\\ud83d\",]"));
}

static void malformed_paths_are_refused(void **state)
{
	static const char *const paths[] = {"",     "$",     "id",   ".id",   "$id",   "$.",  "$..",
					    "$[",   "$[]",   "$[x]", "$['a]", "$['a'", "$[1", "$[-1]",
					    "$.a.", "$.a..", "$[*",  "$.*x.", "$['']"};
	struct wire_fault fault;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (replay_compare_ignore(*state, paths[i], &fault) == 0)
			fail_msg("\"%s\" was taken", paths[i]);
}

/* The parser's limit of depth applies first. */
static void deeply_nested_json_does_not_overflow_the_stack(void **state)
{
	enum { DEPTH = 100000 };
	static char deep[2 * DEPTH];
	struct wire_fault fault;

	assert_int_equal(replay_compare_ignore(*state, "$..id", &fault), 0);
	memset(deep, '[', DEPTH);
	memset(deep + DEPTH, ']', DEPTH);
	assert_false(replay_compare_equal(*state, wire_slice(deep, sizeof(deep)), WIRE_LITERAL("[]")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_compare, close_compare)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(without_json_only_equal_bytes_are_equal),
	    TEST(json_is_compared_by_value),
	    TEST(values_at_ignored_paths_do_not_count),
	    TEST(values_beside_an_ignored_path_still_count),
	    TEST(json_that_strict_parsers_refuse_is_compared_by_value),
	    TEST(differences_that_strict_parsers_refuse_still_count),
	    TEST(malformed_paths_are_refused),
	    TEST(deeply_nested_json_does_not_overflow_the_stack),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
