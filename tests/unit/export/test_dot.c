/* The topology for Graphviz: texts are data, and of many subjects the busiest are drawn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "export/graph/dot.h"
#include "tests/unit/export/drawing.h"

static void begin(struct drawing *drawing, uint64_t subjects_max)
{
	const struct export_dot_options options = {.subjects_max = subjects_max};
	struct wire_fault fault;

	drawing_init(drawing);
	assert_int_equal(export_dot_open(&drawing->writer, &options, &drawing->out, &fault), 0);
}

static void the_busiest_subjects_are_drawn_and_the_others_counted(void **state)
{
	struct drawing drawing;
	char subject[40];

	(void)state;
	begin(&drawing, 2);
	for (int i = 0; i < 30; i++) {
		const char letter = (char)('a' + i % 10);
		snprintf(subject, sizeof subject, "subject.%c", letter);
		drawing_send(&drawing, i, 1, 2, subject, NULL);
	}
	for (int i = 0; i < 3; i++)
		drawing_send(&drawing, 40 + i, 3, 4, i < 2 ? "busy.first" : "subject.b", NULL);
	drawing_send(&drawing, 50, 3, 4, "busy.first", NULL);
	drawing_send(&drawing, 51, 3, 4, "busy.first", NULL);
	char *text = drawing_end(&drawing);
	assert_non_null(strstr(text, "\"busy.first\""));
	assert_non_null(strstr(text, "\"subject.b\""));
	assert_null(strstr(text, "\"subject.a\""));
	assert_int_equal(drawing_omitted(&drawing), 9);
	free(text);
	drawing_fini(&drawing);
}

static void quotes_backslashes_line_ends_and_entities_are_text(void **state)
{
	struct drawing drawing;

	(void)state;
	begin(&drawing, 10);
	drawing_send(&drawing, 0, 1, 2, "a\"];x\\N\n\xff&lt;", NULL);
	char *text = drawing_end(&drawing);
	assert_non_null(strstr(text, "label=\"a\\\"];x\\\\N\\\\n\\\\xff&amp;lt;\"]"));
	free(text);
	drawing_fini(&drawing);
}

static void a_drawing_of_nothing_is_valid(void **state)
{
	struct drawing drawing;

	(void)state;
	begin(&drawing, 10);
	char *text = drawing_end(&drawing);
	assert_string_equal(text, "digraph services {\n}\n");
	assert_int_equal(drawing_omitted(&drawing), 0);
	free(text);
	drawing_fini(&drawing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_busiest_subjects_are_drawn_and_the_others_counted),
	    cmocka_unit_test(quotes_backslashes_line_ends_and_entities_are_text),
	    cmocka_unit_test(a_drawing_of_nothing_is_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
