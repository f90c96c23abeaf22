/* The keys in the bytes of a terminal. */
#include "cli/commands/terminal_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The keys of the text must be these, which end with CLI_KEY_NONE. */
static void check(const char *bytes, const int *expected)
{
	struct cli_terminal_keys keys = {0};
	for (; *bytes; bytes++) {
		int key = cli_terminal_key(&keys, *bytes);
		if (key != CLI_KEY_NONE)
			assert_int_equal(key, *expected++);
	}
	assert_int_equal(*expected, CLI_KEY_NONE);
}

static void every_one_of_several_arrows_counts(void **state)
{
	(void)state;
	check("\033[C\033[C\033[C\033[D",
	      (const int[]){CLI_KEY_RIGHT, CLI_KEY_RIGHT, CLI_KEY_RIGHT, CLI_KEY_LEFT, 0});
}

static void arrows_of_application_mode_and_with_modifiers_are_arrows(void **state)
{
	(void)state;
	check("\033OA\033OB\033[1;5C", (const int[]){CLI_KEY_UP, CLI_KEY_DOWN, CLI_KEY_RIGHT, 0});
}

static void other_sequences_are_no_keys(void **state)
{
	(void)state;
	check("\033[5~q\033[Hq", (const int[]){'q', 'q', 0});
}

static void a_key_after_escape_counts(void **state)
{
	(void)state;
	check("\033q\033\033[A+", (const int[]){'q', CLI_KEY_UP, '+', 0});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_one_of_several_arrows_counts),
	    cmocka_unit_test(arrows_of_application_mode_and_with_modifiers_are_arrows),
	    cmocka_unit_test(other_sequences_are_no_keys),
	    cmocka_unit_test(a_key_after_escape_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
