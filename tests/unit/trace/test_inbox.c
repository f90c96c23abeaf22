/* Which subjects are inboxes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trace/inbox.h"

static bool is_inbox(const struct trace_inboxes *inboxes, const char *subject)
{
	return trace_is_inbox(inboxes, wire_slice_str(subject));
}

static void subjects_below_the_usual_prefix_are_inboxes(void **state)
{
	(void)state;
	assert_true(is_inbox(NULL, "_INBOX.yqXt2dMSbFhkVwEoQ7.1"));
	assert_true(is_inbox(NULL, "_INBOX.x"));
	assert_true(is_inbox(&(struct trace_inboxes){0}, "_INBOX.x"));
}

static void other_subjects_are_not(void **state)
{
	static const char *const subjects[] = {"",           "_INBOX",   "_INBOX.",
					       "_INBOXES.x", "_inbox.x", "a._INBOX.x"};

	(void)state;
	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++)
		if (is_inbox(NULL, subjects[i]))
			fail_msg("\"%s\" counts as an inbox", subjects[i]);
}

static void a_chosen_prefix_adds_to_the_usual_one(void **state)
{
	const struct trace_inboxes inboxes = {.prefix = "my.in"};

	(void)state;
	assert_true(is_inbox(&inboxes, "my.in.1"));
	assert_true(is_inbox(&inboxes, "_INBOX.1"));
	assert_false(is_inbox(&inboxes, "my.in"));
	assert_false(is_inbox(&inboxes, "my.in."));
	assert_false(is_inbox(&inboxes, "my.inn.1"));
	assert_false(is_inbox(&inboxes, "my"));
}

static void an_empty_prefix_adds_nothing(void **state)
{
	(void)state;
	assert_false(is_inbox(&(struct trace_inboxes){.prefix = ""}, ".x"));
}

static void patterns_add_the_subjects_that_match_them(void **state)
{
	static const char *const patterns[] = {"replies.>", "r.*.in", NULL};
	const struct trace_inboxes inboxes = {.patterns = patterns};

	(void)state;
	assert_true(is_inbox(&inboxes, "replies.a.b"));
	assert_true(is_inbox(&inboxes, "r.x.in"));
	assert_false(is_inbox(&inboxes, "replies"));
	assert_false(is_inbox(&inboxes, "r.x.y.in"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(subjects_below_the_usual_prefix_are_inboxes),
	    cmocka_unit_test(other_subjects_are_not),
	    cmocka_unit_test(a_chosen_prefix_adds_to_the_usual_one),
	    cmocka_unit_test(an_empty_prefix_adds_nothing),
	    cmocka_unit_test(patterns_add_the_subjects_that_match_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
