/* The texts of marks: what is written is read again, and nothing else is taken for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/mark.h"

static void assert_step(const char *text, bool is_step, int64_t wanted_ns)
{
	int64_t by_ns = 1;
	if (wire_mark_is_step(wire_slice_str(text), &by_ns) != is_step || by_ns != wanted_ns)
		fail_msg("\"%s\": got %lld", text, (long long)by_ns);
}

static void a_step_is_written_in_seconds(void **state)
{
	char text[WIRE_MARK_TEXT];
	(void)state;
	assert_string_equal(wire_mark_step(text, INT64_C(-3600000000000)), "clock step -3600.000000000 s");
	assert_string_equal(wire_mark_step(text, 1), "clock step +0.000000001 s");
}

static void a_step_is_read_as_it_was_written(void **state)
{
	static const int64_t steps[] = {
	    1, -1, 999999999, -1000000000, INT64_C(31536000000000000), INT64_MAX, -INT64_MAX};
	char text[WIRE_MARK_TEXT];
	(void)state;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		assert_step(wire_mark_step(text, steps[i]), true, steps[i]);
}

static void a_step_without_amount_is_a_step(void **state)
{
	(void)state;
	assert_step("clock step", true, 0);
}

static void other_texts_are_no_steps(void **state)
{
	static const char *const texts[] = {"",
					    "clock ste",
					    "clock steps",
					    "clock step ",
					    "clock step 1",
					    "clock step +1 s",
					    "clock step +1.0 s and more",
					    "clock step +9999999999.000000000 s",
					    "clock step +1.000000000 s                              ",
					    "start tapedeck"};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_step(texts[i], false, 0);
	assert_false(wire_mark_is_step(wire_slice("clock step\0+1.0 s", 17), &(int64_t){0}));
}

static void a_server_is_named_by_its_id(void **state)
{
	char text[WIRE_MARK_TEXT];
	(void)state;
	assert_string_equal(wire_mark_server(text, "NABC"), "server NABC");
}

static void a_cluster_is_named(void **state)
{
	char text[WIRE_MARK_TEXT];
	struct wire_slice name;
	(void)state;
	assert_string_equal(wire_mark_cluster(text, "east"), "cluster east");
	assert_true(wire_mark_is_cluster(wire_slice_str(text), &name));
	assert_true(wire_slice_equal(name, WIRE_LITERAL("east")));
	assert_false(wire_mark_is_cluster(WIRE_LITERAL("cluster "), &name));
	assert_false(wire_mark_is_cluster(WIRE_LITERAL("server NABC"), &name));
}

static void a_remark_is_never_taken_for_another_mark(void **state)
{
	char text[WIRE_MARK_REMARK];
	(void)state;
	assert_string_equal(wire_mark_remark(text, WIRE_LITERAL("clock step -1.0 s")),
			    "remark clock step -1.0 s");
	assert_step(text, false, 0);
	assert_string_equal(wire_mark_remark(text, wire_slice("", 0)), "remark ");
}

static void a_long_remark_is_cut(void **state)
{
	char remark[2 * WIRE_MARK_REMARK], text[WIRE_MARK_REMARK];
	(void)state;
	memset(remark, 'x', sizeof remark);
	wire_mark_remark(text, wire_slice(remark, sizeof remark));
	assert_int_equal(strlen(text), WIRE_MARK_REMARK - 1);
}

static void only_the_whole_subject_is_a_remark(void **state)
{
	(void)state;
	assert_true(wire_mark_is_remark(WIRE_LITERAL("$TAPEDECK.MARK")));
	assert_false(wire_mark_is_remark(WIRE_LITERAL("$TAPEDECK.MARKS")));
	assert_false(wire_mark_is_remark(WIRE_LITERAL("$TAPEDECK.mark")));
	assert_false(wire_mark_is_remark(wire_slice("", 0)));
}

static void only_a_recorder_that_starts_marks_a_start(void **state)
{
	(void)state;
	assert_true(wire_mark_is_start(WIRE_LITERAL("start tapedeck 0.1.0")));
	assert_false(wire_mark_is_start(WIRE_LITERAL("stop tapedeck 0.1.0")));
	assert_false(wire_mark_is_start(WIRE_LITERAL("start of the test")));
	assert_false(wire_mark_is_start(WIRE_LITERAL("start")));
	assert_false(wire_mark_is_start(wire_slice(NULL, 0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_step_is_written_in_seconds),
	    cmocka_unit_test(a_step_is_read_as_it_was_written),
	    cmocka_unit_test(a_step_without_amount_is_a_step),
	    cmocka_unit_test(other_texts_are_no_steps),
	    cmocka_unit_test(a_server_is_named_by_its_id),
	    cmocka_unit_test(a_cluster_is_named),
	    cmocka_unit_test(a_remark_is_never_taken_for_another_mark),
	    cmocka_unit_test(a_long_remark_is_cut),
	    cmocka_unit_test(only_the_whole_subject_is_a_remark),
	    cmocka_unit_test(only_a_recorder_that_starts_marks_a_start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
