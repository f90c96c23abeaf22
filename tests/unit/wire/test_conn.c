#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "wire/conn.h"

static void a_connection_of_another_input_keeps_its_number(void **state)
{
	(void)state;
	assert_int_equal(wire_conn_number(wire_conn_elsewhere(0, 7)), 7);
	assert_int_equal(wire_conn_input(wire_conn_elsewhere(0, 7), 3), 0);
	assert_int_equal(wire_conn_number(wire_conn_elsewhere(2, (UINT64_C(1) << 48) - 1)),
			 (UINT64_C(1) << 48) - 1);
	assert_int_equal(wire_conn_input(wire_conn_elsewhere(2, (UINT64_C(1) << 48) - 1), 3), 2);
}

static void a_connection_of_its_own_input_is_named_by_its_number(void **state)
{
	(void)state;
	assert_int_equal(wire_conn_number(7), 7);
	assert_int_equal(wire_conn_input(7, 3), 3);
}

/* A log from anywhere may hold any number. */
static void a_number_that_names_no_input_is_its_own(void **state)
{
	(void)state;
	assert_int_equal(wire_conn_input(UINT64_MAX, 3), 3);
	assert_true(wire_conn_number(UINT64_MAX) == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_connection_of_another_input_keeps_its_number),
	    cmocka_unit_test(a_connection_of_its_own_input_is_named_by_its_number),
	    cmocka_unit_test(a_number_that_names_no_input_is_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
