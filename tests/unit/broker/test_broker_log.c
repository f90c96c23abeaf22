/* The server's own log lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/log.h"

static char path[300];

static int make_path(void **state)
{
	(void)state;
	snprintf(path, sizeof path, "%s/log-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	int fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int remove_path(void **state)
{
	(void)state;
	return unlink(path);
}

/* The content of a file, in static storage. */
static const char *read_file(const char *name)
{
	static char text[20000];
	FILE *file = fopen(name, "r");
	assert_non_null(file);
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	fclose(file);
	return text;
}

static void lines_have_pid_and_level(void **state)
{
	(void)state;
	struct broker_log *log = broker_log_open(path, false, false, false);
	broker_log(log, BROKER_LOG_INFO, "Listening on %s:%d", "host", 4222);
	broker_log_close(log);
	char expected[100];
	snprintf(expected, sizeof expected, "[%ld] [INF] Listening on host:4222\n", (long)getpid());
	assert_string_equal(read_file(path), expected);
}

static void time_has_microseconds(void **state)
{
	(void)state;
	struct broker_log *log = broker_log_open(path, true, false, false);
	broker_log(log, BROKER_LOG_ERROR, "x");
	broker_log_close(log);
	int year, micros, fields;
	char level[4];
	fields =
	    sscanf(read_file(path), "[%*d] %4d/%*2d/%*2d %*2d:%*2d:%*2d.%6d [%3s] x", &year, &micros, level);
	assert_int_equal(fields, 3);
	assert_string_equal(level, "ERR");
}

static void debug_and_trace_are_switched_separately(void **state)
{
	(void)state;
	struct broker_log *log = broker_log_open(path, false, false, true);
	assert_true(broker_log_wants(log, BROKER_LOG_TRACE));
	assert_false(broker_log_wants(log, BROKER_LOG_DEBUG));
	broker_log_set(log, false, true, false);
	assert_false(broker_log_wants(log, BROKER_LOG_TRACE));
	assert_true(broker_log_wants(log, BROKER_LOG_DEBUG));
	broker_log(log, BROKER_LOG_TRACE, "hidden");
	broker_log_close(log);
	assert_string_equal(read_file(path), "");
}

static void text_of_a_peer_cannot_begin_a_line_or_drive_a_terminal(void **state)
{
	(void)state;
	struct broker_log *log = broker_log_open(path, false, false, false);
	broker_log(log, BROKER_LOG_WARN, "%s", "a\r\n[1] [INF] forged\t\x1b[31m\x7f");
	broker_log_close(log);
	assert_non_null(strstr(read_file(path), "[WRN] a\\r\\n[1] [INF] forged\\t\\x1b[31m\\x7f\n"));
}

static void long_lines_are_cut_and_still_end(void **state)
{
	(void)state;
	static char text[10000];
	memset(text, '\n', sizeof text - 1);
	struct broker_log *log = broker_log_open(path, false, false, false);
	broker_log(log, BROKER_LOG_INFO, "%s", text);
	broker_log_close(log);
	const char *line = read_file(path);
	assert_in_range(strlen(line), 8000, 8192);
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void reopened_file_is_a_new_one(void **state)
{
	(void)state;
	char rotated[310];
	snprintf(rotated, sizeof rotated, "%s.1", path);
	struct broker_log *log = broker_log_open(path, false, false, false);
	broker_log(log, BROKER_LOG_INFO, "before");
	assert_int_equal(rename(path, rotated), 0);
	assert_int_equal(broker_log_reopen(log), 0);
	broker_log(log, BROKER_LOG_INFO, "after");
	broker_log_close(log);
	assert_non_null(strstr(read_file(rotated), "before"));
	assert_null(strstr(read_file(rotated), "after"));
	assert_non_null(strstr(read_file(path), "after"));
	unlink(rotated);
}

static void without_a_log_no_line_is_wanted_or_written(void **state)
{
	(void)state;
	assert_false(broker_log_wants(NULL, BROKER_LOG_FATAL));
	broker_log(NULL, BROKER_LOG_FATAL, "nobody reads this");
}

static void unusable_path_is_an_error(void **state)
{
	(void)state;
	assert_null(broker_log_open("/nonexistent/log", false, false, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(lines_have_pid_and_level, make_path, remove_path),
	    cmocka_unit_test_setup_teardown(time_has_microseconds, make_path, remove_path),
	    cmocka_unit_test_setup_teardown(debug_and_trace_are_switched_separately, make_path, remove_path),
	    cmocka_unit_test_setup_teardown(text_of_a_peer_cannot_begin_a_line_or_drive_a_terminal, make_path,
					    remove_path),
	    cmocka_unit_test_setup_teardown(long_lines_are_cut_and_still_end, make_path, remove_path),
	    cmocka_unit_test_setup_teardown(reopened_file_is_a_new_one, make_path, remove_path),
	    cmocka_unit_test(without_a_log_no_line_is_wanted_or_written),
	    cmocka_unit_test(unusable_path_is_an_error),
	};
	return cmocka_run_group_tests_name("broker_log", tests, NULL, NULL);
}
