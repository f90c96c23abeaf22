/* Commands that decode: both framings, and commands that do anything but answer. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "export/decode/command.h"
#include "tests/unit/export/hex.h"

enum { PATIENT_MS = 20000, HASTY_MS = 200 };

/* What the command answers to the payload, "!reason" when it fails. Owned by the caller. */
static char *ask(struct export__child *child, struct wire_slice payload, int deadline_ms)
{
	struct wire_fault fault = {0};
	struct export_out out;
	char *text = NULL;

	assert_int_equal(export_out_init_memory(&out, EXPORT_DECODE_BYTES_MAX), 0);
	if (export__child_ask(child, payload, &out, deadline_ms, &fault) == 0)
		text = kept_text(&out);
	else if (asprintf(&text, "!%s", fault.text) < 0)
		text = NULL;
	assert_non_null(text);
	export_out_fini(&out);
	return text;
}

static void check(struct export__child *child, struct wire_slice payload, const char *expected)
{
	char *text =
	    ask(child, payload, expected[0] == '!' && strstr(expected, "within") ? HASTY_MS : PATIENT_MS);

	assert_string_equal(text, expected);
	free(text);
}

static void start(struct export__child *child, const char *command, enum export__framing framing)
{
	struct wire_fault fault = {0};

	if (export__child_start(child, command, framing, WIRE_LITERAL("orders.new"), &fault) != 0)
		fail_msg("%s", fault.text);
}

/* The command fails at its first payload, and is gone. */
static void check_failure(const char *command, enum export__framing framing, const char *reason)
{
	struct export__child child;

	start(&child, command, framing);
	check(&child, WIRE_LITERAL("payload"), reason);
	assert_int_equal(child.pid, 0);
	export__child_end(&child);
}

static void a_line_is_answered_by_a_line(void **state)
{
	struct export__child child;

	(void)state;
	start(&child, "while read -r line; do echo \"$TAPEDECK_SUBJECT <$line>\"; done", EXPORT__LINES);
	check(&child, WIRE_LITERAL("one"), "orders.new <one>");
	check(&child, WIRE_LITERAL("two"), "orders.new <two>");
	export__child_end(&child);
	assert_int_equal(child.pid, 0);
}

static void a_program_that_buffers_answers_at_once(void **state)
{
	struct export__child child;

	(void)state;
	start(&child, "sed s/a/b/", EXPORT__LINES); /* to a pipe it writes blocks, without stdbuf */
	check(&child, WIRE_LITERAL("a"), "b");
	check(&child, WIRE_LITERAL("aa"), "ba");
	export__child_end(&child);
}

static void json_may_go_on_over_several_lines(void **state)
{
	struct export__child child;

	(void)state;
	start(&child, "while read -r _; do printf '{\\n \"a\": [\"}\"]\\n}\\n'; done", EXPORT__LINES);
	check(&child, WIRE_LITERAL("x"), "{\n \"a\": [\"}\"]\n}");
	check(&child, WIRE_LITERAL("x"), "{\n \"a\": [\"}\"]\n}");
	export__child_end(&child);
}

static void frames_may_hold_anything(void **state)
{
	const size_t len = 1 << 20;
	struct export__child child;
	char *large = malloc(len);

	(void)state;
	memset(large, '\n', len);
	start(&child, "cat", EXPORT__FRAMES);
	check(&child, WIRE_LITERAL("a\nb"), "a\nb");
	char *text = ask(&child, wire_slice(large, len), PATIENT_MS); /* more than a pipe holds */
	assert_int_equal(strlen(text), len);
	free(text);
	free(large);
	export__child_end(&child);
}

static void a_command_that_dies_is_reported_with_its_status(void **state)
{
	(void)state;
	check_failure("exit 5", EXPORT__LINES, "!ended with status 5");
	check_failure("kill -9 $$", EXPORT__FRAMES, "!was ended by signal 9");
	check_failure("read -r _; printf 'bad \\033[2J\\n' >&2; exit 1", EXPORT__LINES,
		      "!ended with status 1: bad [2J");
}

static void a_command_that_hangs_is_given_up(void **state)
{
	(void)state;
	check_failure("sleep 1000", EXPORT__LINES, "!gave no answer within 0.2 s");
	check_failure("exec >&-; exec 2>&-; trap '' TERM; sleep 1000", EXPORT__LINES,
		      "!was ended by signal 9");
}

static void a_command_that_floods_is_stopped(void **state)
{
	(void)state;
	check_failure("read -r _; tr '\\0' a </dev/zero", EXPORT__LINES, "!answered with more than 16 MiB");
	check_failure("yes", EXPORT__LINES, "!gave more than one answer to a payload");
	check_failure("head -c 4 >/dev/null; printf '\\377\\377\\377\\377'; cat >/dev/null", EXPORT__FRAMES,
		      "!answered with more than 16 MiB");
}

static char *pid_of(struct export__command *command, const char *subject)
{
	struct wire_fault fault = {0};
	struct export_out out;

	assert_int_equal(export_out_init_memory(&out, 100), 0);
	if (export__command_ask(command, wire_slice_str(subject), WIRE_LITERAL("x"), &out, &fault) != 0)
		fail_msg("%s", fault.text);
	char *text = kept_text(&out);
	export_out_fini(&out);
	return text;
}

static void each_subject_has_a_process_until_there_are_too_many(void **state)
{
	struct export__command *command =
	    export__command_open(": $TAPEDECK_SUBJECT; while read -r _; do echo $$; done", EXPORT__LINES);
	char subject[20];

	(void)state;
	char *first = pid_of(command, "first"), *second = pid_of(command, "second");
	assert_string_not_equal(first, second);
	for (int i = 2; i < EXPORT__CHILDREN_MAX; i++) {
		snprintf(subject, sizeof(subject), "other.%d", i);
		free(pid_of(command, subject));
	}
	char *again = pid_of(command, "first"); /* now `second` is the least recently used */
	assert_string_equal(first, again);
	free(pid_of(command, "one.too.many"));
	char *kept = pid_of(command, "first"), *renewed = pid_of(command, "second");
	assert_string_equal(first, kept);
	assert_string_not_equal(second, renewed);
	free(first);
	free(second);
	free(again);
	free(kept);
	free(renewed);
	export__command_close(command);
}

static void a_command_that_does_not_name_the_subject_has_one_process(void **state)
{
	struct export__command *command =
	    export__command_open("while read -r _; do echo $$; done", EXPORT__LINES);

	(void)state;
	char *first = pid_of(command, "first"), *second = pid_of(command, "second");
	assert_string_equal(first, second);
	free(first);
	free(second);
	export__command_close(command);
}

static void a_payload_that_is_no_line_is_not_given_to_a_command_of_lines(void **state)
{
	struct export_out scratch;
	struct wire_slice line;

	(void)state;
	assert_int_equal(export_out_init_memory(&scratch, 1000), 0);
	assert_false(export__line_of(WIRE_LITERAL(""), &scratch, &line));
	assert_false(export__line_of(WIRE_LITERAL(" \n"), &scratch, &line));
	assert_false(export__line_of(WIRE_LITERAL("a\nb"), &scratch, &line));
	assert_true(export__line_of(WIRE_LITERAL("a b"), &scratch, &line));
	assert_true(export__line_of(WIRE_LITERAL("{\n\"a\":1\n}"), &scratch, &line));
	assert_int_equal(line.len, 9);
	assert_memory_equal(line.data, "{ \"a\":1 }", line.len);
	export_out_fini(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_is_answered_by_a_line),
	    cmocka_unit_test(a_program_that_buffers_answers_at_once),
	    cmocka_unit_test(json_may_go_on_over_several_lines),
	    cmocka_unit_test(frames_may_hold_anything),
	    cmocka_unit_test(a_command_that_dies_is_reported_with_its_status),
	    cmocka_unit_test(a_command_that_hangs_is_given_up),
	    cmocka_unit_test(a_command_that_floods_is_stopped),
	    cmocka_unit_test(each_subject_has_a_process_until_there_are_too_many),
	    cmocka_unit_test(a_command_that_does_not_name_the_subject_has_one_process),
	    cmocka_unit_test(a_payload_that_is_no_line_is_not_given_to_a_command_of_lines),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
