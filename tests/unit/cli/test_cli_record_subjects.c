/* The subjects that `tapedeck record` subscribes to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/commands/record_subjects.h"

enum { MANY = 6 };

struct left_out {
	int count;
	const char *subject, *covered_by; /* the last one */
};

static void note(void *context, const char *subject, const char *covered_by)
{
	struct left_out *left_out = context;
	left_out->count++;
	left_out->subject = subject;
	left_out->covered_by = covered_by;
}

/* given and wanted end with NULL. */
struct example {
	const char *given[MANY], *wanted[MANY];
};

static void subjects_that_another_covers_are_left_out(void **state)
{
	static const struct example examples[] = {
	    {{">", "orders.>"}, {">"}},
	    {{"orders.>", ">"}, {">"}},
	    {{"a.*.c", "a.b.c", "b"}, {"a.*.c", "b"}},
	    {{"b", "a", "b", "b"}, {"b", "a"}},
	    {{"*.b", "a.*"}, {"*.b", "a.*"}}, /* overlap, neither covers the other */
	    {{"a.>", "a"}, {"a.>", "a"}},
	    {{NULL}, {NULL}},
	};
	(void)state;
	for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
		char *values[MANY];
		struct cli_operands subjects = {.values = values};
		struct left_out left_out = {0};
		memcpy(values, examples[i].given, sizeof values);
		while (values[subjects.len])
			subjects.len++;
		int given = subjects.len, wanted = 0;
		cli_record_reduce_subjects(&subjects, note, &left_out);
		for (; examples[i].wanted[wanted]; wanted++)
			assert_string_equal(values[wanted], examples[i].wanted[wanted]);
		assert_int_equal(subjects.len, wanted);
		assert_null(values[wanted]);
		assert_int_equal(left_out.count, given - wanted);
	}
}

static void it_is_said_what_covers_a_subject(void **state)
{
	char *values[] = {(char *)(uintptr_t) "orders.new", (char *)(uintptr_t) "orders.>", NULL};
	struct cli_operands subjects = {.values = values, .len = 2};
	struct left_out left_out = {0};
	(void)state;
	cli_record_reduce_subjects(&subjects, note, &left_out);
	assert_string_equal(left_out.subject, "orders.new");
	assert_string_equal(left_out.covered_by, "orders.>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(subjects_that_another_covers_are_left_out),
	    cmocka_unit_test(it_is_said_what_covers_a_subject),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
