/* Renaming subjects by rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "replay/play/map.h"

static int open_map(void **state)
{
	*state = replay_map_open();
	return *state ? 0 : -1;
}

static int close_map(void **state)
{
	replay_map_close(*state);
	return 0;
}

static void add(struct replay_map *map, const char *rule)
{
	struct wire_fault fault;

	if (replay_map_add(map, rule, &fault) != 0)
		fail_msg("%s: %s", rule, fault.text);
}

static void expect(struct replay_map *map, const char *subject, const char *wanted)
{
	struct wire_slice got = replay_map_apply(map, wire_slice_str(subject), 7);

	if (!wire_slice_equal(got, wire_slice_str(wanted)))
		fail_msg("%s became %.*s, not %s", subject, (int)got.len, got.data, wanted);
}

static void variables_are_replaced_by_what_the_wildcards_matched(void **state)
{
	static const struct {
		const char *rule, *subject, *result;
	} rows[] = {
	    {"orders.*.new=stage.orders.$1.new", "orders.eu.new", "stage.orders.eu.new"},
	    {"a.*.*=b.$2.$1", "a.x.y", "b.y.x"},
	    {"c.*.>=d.>", "c.x.y.z", "d.y.z"},
	    {"e.*.>=f.$1.>", "e.x.y.z", "f.x.y.z"},
	    {"g=h", "g", "h"},
	    {"i.*=i-$1-$clone.$1", "i.q", "i-q-7.q"},
	    {"j.*=j.$1$1", "j.ab", "j.abab"},
	    {"k=$SYS.k", "k", "$SYS.k"},
	    {"l=a$b", "l", "a$b"},
	    {"m.*.*.*.*.*.*.*.*.*.*.*=m.$11.$10", "m.1.2.3.4.5.6.7.8.9.x.y", "m.y.x"},
	    {"o.>=p>q.>", "o.1.2", "p>q.1.2"},
	};
	struct replay_map *map = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		add(map, rows[i].rule);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(map, rows[i].subject, rows[i].result);
}

static void a_subject_that_matches_no_rule_is_unchanged(void **state)
{
	add(*state, "a.*=b.$1");
	expect(*state, "a", "a");
	expect(*state, "a.b.c", "a.b.c");
	expect(*state, "a..", "a..");
	expect(*state, "", "");
}

static void the_first_rule_that_matches_applies(void **state)
{
	struct replay_map *map = *state;

	add(map, "a.b=first");
	add(map, "a.*=second.$1");
	add(map, ">=third.>");
	expect(map, "a.b", "first");
	expect(map, "a.c", "second.c");
	expect(map, "d.e", "third.d.e");
	assert_int_equal(replay_map_use(map, 0).subjects, 1);
	assert_int_equal(replay_map_use(map, 2).subjects, 1);
}

static void malformed_rules_are_refused_with_a_reason(void **state)
{
	static const char *const rules[] = {
	    "",       "a",     "=b",     "a=",      "a.*=b.$2", "a.*=b.$0",   "a.*=b.>",
	    "a..b=c", "a=b c", "a=b..c", "a>.b.=c", "a=*",      "a=b.*.c",    "a.>.b=c",
	    "b.>=$1", "a=.b",  "a=b.",   "a b=c",   "a=>",      "a.*=$99999", "a=b\r\nPUB x 0",
	};
	struct wire_fault fault;

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		fault.text[0] = '\0';
		if (replay_map_add(*state, rules[i], &fault) == 0)
			fail_msg("\"%s\" was taken", rules[i]);
		assert_true(strlen(fault.text) > 0);
	}
	assert_int_equal(replay_map_len(*state), 0);
}

static void a_rule_after_one_that_covers_it_is_refused(void **state)
{
	struct wire_fault fault;

	add(*state, "orders.>=a.>");
	assert_true(replay_map_add(*state, "orders.*.new=b", &fault) < 0);
	assert_non_null(strstr(fault.text, "orders.>=a.>"));
	add(*state, "*.new=c.$1");
}

static void different_subjects_renamed_to_one_are_counted(void **state)
{
	const char *example;
	struct replay_map *map = *state;

	add(map, "a.*=b");
	assert_true(replay_map_use(map, 0).joins);
	expect(map, "a.1", "b");
	expect(map, "a.1", "b");
	assert_int_equal(replay_map_collisions(map, &example), 0);
	expect(map, "a.2", "b");
	assert_int_equal(replay_map_collisions(map, &example), 1);
	assert_string_equal(example, "b");
	expect(map, "b", "b"); /* not renamed */
	assert_int_equal(replay_map_collisions(map, &example), 2);
}

static void a_rule_that_keeps_all_wildcards_joins_nothing(void **state)
{
	const char *example;
	char subject[40], wanted[40];
	struct replay_map *map = *state;

	add(map, "a.*.>=b.$1.>");
	assert_false(replay_map_use(map, 0).joins);
	for (int i = 0; i < 200000; i++) {
		snprintf(subject, sizeof(subject), "a.%d.x", i);
		snprintf(wanted, sizeof(wanted), "b.%d.x", i);
		expect(map, subject, wanted);
	}
	assert_int_equal(replay_map_collisions(map, &example), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_map, close_map)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(variables_are_replaced_by_what_the_wildcards_matched),
	    TEST(a_subject_that_matches_no_rule_is_unchanged),
	    TEST(the_first_rule_that_matches_applies),
	    TEST(malformed_rules_are_refused_with_a_reason),
	    TEST(a_rule_after_one_that_covers_it_is_refused),
	    TEST(different_subjects_renamed_to_one_are_counted),
	    TEST(a_rule_that_keeps_all_wildcards_joins_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
