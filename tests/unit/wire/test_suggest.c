/* The word that a mistyped one was meant to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/suggest.h"

static void nearest_word_is_found_and_far_ones_are_not(void **state)
{
	(void)state;
	static const char *const words[] = {"broker", "cat", "tail", "stat", NULL};
	assert_string_equal(wire_suggest("borker", words), "broker");
	assert_string_equal(wire_suggest("stats", words), "stat");
	assert_null(wire_suggest("frobnicate", words));
	assert_null(wire_suggest("", words));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nearest_word_is_found_and_far_ones_are_not),
	};
	return cmocka_run_group_tests_name("suggest", tests, NULL, NULL);
}
