/* Messages and bytes by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
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

static void a_name_beyond_the_number_of_names_is_counted_with_the_others(void **state)
{
	struct store_groups groups = {.cap = STORE_GROUPS_MAX, .len = STORE_GROUPS_MAX - 1};
	(void)state;
	groups.list = calloc(STORE_GROUPS_MAX, sizeof *groups.list); /* as if so many had been added */
	assert_int_equal(store_table_init(&groups.by_name), 0);
	add(&groups, "last", 1, 10);
	add(&groups, "one more", 2, 100);
	add(&groups, "and another", 3, 200);
	add(&groups, "last", 4, 1);
	assert_int_equal(groups.len, STORE_GROUPS_MAX);
	assert_int_equal(groups.other_messages, 5);
	assert_int_equal(groups.other_bytes, 300);
	assert_int_equal(store_groups_find(&groups, WIRE_LITERAL("last"))->messages, 5);
	store_groups_fini(&groups);
}

static void names_beyond_the_memory_for_names_are_counted_with_the_others(void **state)
{
	struct store_groups groups = {.names_bytes = STORE_GROUPS_BYTES_MAX - 3};
	(void)state;
	add(&groups, "abcd", 1, 10);
	add(&groups, "abc", 1, 20);
	add(&groups, "x", 1, 30);
	assert_int_equal(groups.len, 1);
	assert_int_equal(groups.other_messages, 2);
	assert_int_equal(groups.other_bytes, 40);
	store_groups_fini(&groups);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_are_added_up_and_sorted_by_messages_then_by_name),
	    cmocka_unit_test(empty_groups_have_no_rows),
	    cmocka_unit_test(a_name_beyond_the_number_of_names_is_counted_with_the_others),
	    cmocka_unit_test(names_beyond_the_memory_for_names_are_counted_with_the_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
