/* The trie of subscriptions, compared with a test of every subscription. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "broker/sublist.h"
#include "wire/subject.h"

enum { SUBS = 300, ROUNDS = 20000, SEED = 4711 };

static struct broker__sublist list;

static int open_list(void **state)
{
	(void)state;
	return broker__sublist_init(&list, 42);
}

static int close_list(void **state)
{
	(void)state;
	broker__sublist_fini(&list);
	return 0;
}

static struct broker__sub *subscribe(const char *subject, const char *queue)
{
	struct broker__sub *sub =
	    broker__sub_open(NULL, wire_slice_str(subject), wire_slice_str(queue), WIRE_LITERAL("1"));
	assert_non_null(sub);
	assert_int_equal(broker__sublist_insert(&list, sub), 0);
	return sub;
}

static void unsubscribe(struct broker__sub *sub)
{
	broker__sublist_remove(&list, sub);
	broker__sub_close(sub);
}

/* Visit the matches with a limit of work per call. */
static size_t count_in_steps(const char *subject, int64_t work_each)
{
	static struct broker__sublist_cursor cursor;
	struct wire_slice slice = wire_slice_str(subject);
	size_t counted = 0;
	bool begins_group;
	broker__sublist_cursor_start(&cursor, &list, slice);
	while (!cursor.is_done) {
		int64_t work = work_each;
		while (broker__sublist_cursor_next(&cursor, &list, slice, &work, &begins_group))
			counted++;
	}
	return counted;
}

static size_t count_matches(const char *subject)
{
	size_t counted = count_in_steps(subject, INT64_MAX);
	assert_int_equal(count_in_steps(subject, 1), counted);
	return counted;
}

static uint64_t generation(const char *subject)
{
	return broker__sublist_generation(&list, broker__sublist_hash(&list, wire_slice_str(subject)));
}

/* One to four tokens out of a few, so that many patterns match. */
static void random_subject(char *out, bool with_wildcards)
{
	static const char *const words[] = {"a", "b", "cc", "*", ">"};
	int tokens = 1 + rand() % 4, kinds = with_wildcards ? 5 : 3;
	*out = 0;
	for (int i = 0; i < tokens; i++) {
		const char *word = words[rand() % kinds];
		out += sprintf(out, "%s%s", i ? "." : "", word);
		if (*word == '>')
			return;
	}
}

static size_t count_naively(struct broker__sub *const *subs, const char *subject)
{
	size_t counted = 0;
	for (int i = 0; i < SUBS; i++)
		counted += subs[i] && wire_subject_matches(subs[i]->subject, wire_slice_str(subject));
	return counted;
}

static void matches_agree_with_a_test_of_each_subscription(void **state)
{
	struct broker__sub *subs[SUBS] = {NULL};
	(void)state;
	srand(SEED);
	for (int round = 0; round < ROUNDS; round++) {
		struct broker__sub **sub = &subs[rand() % SUBS];
		char subject[64];
		if (*sub) {
			unsubscribe(*sub);
			*sub = NULL;
		} else {
			random_subject(subject, true);
			*sub = subscribe(subject, rand() % 3 ? NULL : rand() % 2 ? "q1" : "q2");
		}
		random_subject(subject, false);
		assert_int_equal(count_matches(subject), count_naively(subs, subject));
	}
	for (int i = 0; i < SUBS; i++)
		if (subs[i])
			unsubscribe(subs[i]);
	assert_int_equal(list.count, 0);
	assert_int_equal(list.nodes, 0);
}

static void empty_nodes_are_freed(void **state)
{
	(void)state;
	struct broker__sub *deep = subscribe("a.b.c.d.e", NULL), *wide = subscribe("a.*.>", "q");
	assert_int_equal(list.nodes, 7);
	unsubscribe(deep);
	assert_int_equal(list.nodes, 3);
	unsubscribe(wide);
	assert_int_equal(list.nodes, 0);
}

static void refuses_subjects_with_empty_tokens_or_tails_in_the_middle(void **state)
{
	static const char *const bad[] = {".", "a.", ".a", "a..b", ">.a", "a.>.b"};
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct broker__sub *sub =
		    broker__sub_open(NULL, wire_slice_str(bad[i]), wire_slice(NULL, 0), WIRE_LITERAL("1"));
		assert_int_equal(broker__sublist_insert(&list, sub), WIRE_EARGUMENT);
		broker__sub_close(sub);
	}
	assert_int_equal(list.nodes, 0);
}

static void nothing_matches_a_subject_with_an_empty_token(void **state)
{
	(void)state;
	struct broker__sub *all = subscribe(">", NULL);
	assert_int_equal(count_matches("a"), 1);
	assert_int_equal(count_matches("a..b"), 0);
	assert_int_equal(count_matches("a."), 0);
	assert_int_equal(count_matches(""), 0);
	unsubscribe(all);
}

static void wildcards_in_a_published_subject_are_literal(void **state)
{
	(void)state;
	struct broker__sub *star = subscribe("a.*", NULL), *literal = subscribe("a.b", NULL);
	assert_int_equal(count_matches("a.*"), 1);
	assert_int_equal(count_matches("a.>"), 1);
	unsubscribe(star);
	unsubscribe(literal);
}

static void a_literal_subscription_changes_the_generation_of_its_subject(void **state)
{
	(void)state;
	uint64_t before = generation("a.b");
	struct broker__sub *sub = subscribe("a.b", NULL);
	uint64_t with = generation("a.b");
	assert_int_not_equal(before, with);
	unsubscribe(sub);
	assert_int_not_equal(with, generation("a.b"));
}

static void a_wildcard_subscription_changes_every_generation(void **state)
{
	(void)state;
	uint64_t before = generation("x.y");
	struct broker__sub *sub = subscribe("a.*", NULL);
	assert_int_not_equal(before, generation("x.y"));
	unsubscribe(sub);
}

static void tokens_are_limited_to_the_maximum(void **state)
{
	static char subject[2 * BROKER__TOKENS_MAX + 2];
	(void)state;
	memset(subject, '*', sizeof subject - 1);
	for (size_t i = 1; i < sizeof subject - 1; i += 2)
		subject[i] = '.';
	subject[2 * BROKER__TOKENS_MAX - 1] = 0;
	struct broker__sub *sub = subscribe(subject, NULL);
	assert_int_equal(count_matches(subject), 1);
	unsubscribe(sub);
	subject[2 * BROKER__TOKENS_MAX - 1] = '.';
	subject[2 * BROKER__TOKENS_MAX + 1] = 0;
	sub = broker__sub_open(NULL, wire_slice_str(subject), wire_slice(NULL, 0), WIRE_LITERAL("1"));
	assert_int_equal(broker__sublist_insert(&list, sub), WIRE_EARGUMENT);
	broker__sub_close(sub);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(matches_agree_with_a_test_of_each_subscription),
	    cmocka_unit_test(empty_nodes_are_freed),
	    cmocka_unit_test(refuses_subjects_with_empty_tokens_or_tails_in_the_middle),
	    cmocka_unit_test(nothing_matches_a_subject_with_an_empty_token),
	    cmocka_unit_test(wildcards_in_a_published_subject_are_literal),
	    cmocka_unit_test(a_literal_subscription_changes_the_generation_of_its_subject),
	    cmocka_unit_test(a_wildcard_subscription_changes_every_generation),
	    cmocka_unit_test(tokens_are_limited_to_the_maximum),
	};
	return cmocka_run_group_tests(tests, open_list, close_list);
}
