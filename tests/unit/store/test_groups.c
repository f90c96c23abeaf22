/* Messages and bytes by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/read/groups.h"

static void add(struct store_groups *groups, const char *name, uint64_t messages, uint64_t bytes)
{
	assert_int_equal(store_groups_add(groups, wire_slice_str(name), messages, bytes), 0);
}

static void names_are_added_up_and_sorted_by_messages_then_by_name(void **state)
{
	struct store_groups groups = {0};
	(void)state;
	add(&groups, "b", 1, 10);
	add(&groups, "c", 2, 20);
	add(&groups, "a", 1, 5);
	add(&groups, "b", 1, 7);
	add(&groups, "", 1, 0);
	assert_int_equal(store_groups_find(&groups, WIRE_LITERAL("b"))->bytes, 17);
	assert_null(store_groups_find(&groups, WIRE_LITERAL("d")));
	store_groups_sort(&groups);
	static const char *const names[] = {"b", "c", "", "a"};
	assert_int_equal(groups.len, 4);
	for (size_t i = 0; i < groups.len; i++)
		assert_string_equal(groups.list[i].name.data, names[i]);
	assert_int_equal(groups.list[0].messages, 2);
	store_groups_fini(&groups);
}

static void empty_groups_have_no_rows(void **state)
{
	struct store_groups groups = {0};
	const struct store_group *top[3];
	(void)state;
	assert_null(store_groups_find(&groups, WIRE_LITERAL("a")));
	assert_int_equal(store_groups_top(&groups, top, 3), 0);
	store_groups_sort(&groups);
	store_groups_fini(&groups);
}

static void names_beyond_the_bound_are_counted_together(void **state)
{
	struct store_groups groups = {0};
	char name[20];
	(void)state;
	for (int i = 0; i < STORE_GROUPS_MAX + 3; i++) {
		snprintf(name, sizeof name, "%d", i);
		add(&groups, name, 2, 100);
	}
	add(&groups, "7", 1, 1);
	assert_int_equal(groups.len, STORE_GROUPS_MAX);
	assert_int_equal(groups.other_messages, 6);
	assert_int_equal(groups.other_bytes, 300);
	assert_int_equal(store_groups_find(&groups, WIRE_LITERAL("7"))->messages, 3);
	store_groups_fini(&groups);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_are_added_up_and_sorted_by_messages_then_by_name),
	    cmocka_unit_test(empty_groups_have_no_rows),
	    cmocka_unit_test(names_beyond_the_bound_are_counted_together),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
