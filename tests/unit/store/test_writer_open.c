/* Open a writer on an existing log: who may write, and where the log continues. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/read/log.h"
#include "tests/unit/store/log_fixture.h"

static void a_log_that_is_opened_again_continues_with_the_next_sequence_number(void **state)
{
	struct log_fixture *fixture = *state;
	struct log_contents contents;
	for (uint64_t i = 0; i < 4; i++)
		log_write(fixture->log, &fixture->options, 1 + i * 30, 3, 10);
	log_read(fixture->log, &contents);
	assert_int_equal(contents.segments, 4);
	assert_int_equal(contents.last_seq, 120);
	assert_int_equal(contents.missing, 0);
	assert_int_equal(contents.number_jumps, 0);
}

static void connection_numbers_are_never_used_twice(void **state)
{
	struct log_fixture *fixture = *state;
	struct store_writer *writer = log_open(fixture->log, &fixture->options);
	assert_int_equal(store_writer_next_conn(writer), 1);
	log_submit(writer, 1, 10);
	store_writer_close(writer);
	writer = log_open(fixture->log, &fixture->options);
	assert_int_equal(store_writer_next_conn(writer), 4);
	store_writer_close(writer);
}

static void a_second_writer_is_refused_and_the_first_one_is_named(void **state)
{
	struct log_fixture *fixture = *state;
	struct store_writer *writer = log_open(fixture->log, &fixture->options), *second;
	struct wire_fault fault;
	char pid[32];
	snprintf(pid, sizeof pid, "process %ld", (long)getpid());
	assert_int_equal(store_writer_open(&second, fixture->log, &fixture->options, &fault), STORE_ELOCKED);
	assert_non_null(strstr(fault.text, pid));
	assert_true(store_log_is_locked(fixture->log));
	store_writer_close(writer);
	assert_false(store_log_is_locked(fixture->log));
	store_writer_close(log_open(fixture->log, &fixture->options));
}

static void the_lock_of_a_process_that_died_is_free(void **state)
{
	struct log_fixture *fixture = *state;
	pid_t child = fork();
	if (child == 0) {
		struct store_writer *writer;
		struct wire_fault fault;
		_exit(store_writer_open(&writer, fixture->log, &fixture->options, &fault) == 0 ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	store_writer_close(log_open(fixture->log, &fixture->options));
}

static void a_log_of_a_newer_version_is_not_changed(void **state)
{
	struct log_fixture *fixture = *state;
	struct store_writer *writer;
	struct wire_fault fault;
	unsigned char bytes[STORE_FILE_HEADER_BYTES];
	char path[512];
	size_t len;
	struct store_file_header header = {.major = STORE_VERSION_MAJOR_MAX + 1, .first_seq = 11};
	log_write(fixture->log, &fixture->options, 1, 1, 10);
	store_file_header_put(bytes, &header);
	snprintf(path, sizeof path, "%s/00000000000000000011.seg", fixture->log);
	support_write_file(path, bytes, sizeof bytes);
	assert_int_equal(store_writer_open(&writer, fixture->log, &fixture->options, &fault), STORE_EVERSION);
	char *after = support_read_file(path, &len);
	assert_int_equal(len, sizeof bytes);
	assert_memory_equal(after, bytes, sizeof bytes);
	free(after);
}

/* A crash left a torn block at the end: the next writer cuts it off, keeps it, reports it, and continues. */
static void a_torn_end_is_cut_off_kept_and_reported(void **state)
{
	struct log_fixture *fixture = *state;
	struct log_lines lines = {0};
	struct log_contents contents;
	char path[400];
	size_t len;
	log_write(fixture->log, &fixture->options, 1, 2, 10);
	log_segment_path(fixture->log, 0, path, sizeof path);
	char *bytes = support_read_file(path, &len);
	const char *second = memmem(bytes + STORE_FILE_HEADER_BYTES + 1, len - STORE_FILE_HEADER_BYTES - 1,
				    STORE_BLOCK_MAGIC, STORE_MAGIC_BYTES);
	assert_non_null(second);
	support_write_file(path, bytes, (size_t)(second - bytes) + 200);
	free(bytes);
	fixture->options.report = log_note_line;
	fixture->options.context = &lines;
	log_write(fixture->log, &fixture->options, 11, 1, 10);
	assert_non_null(strstr(lines.last, ".seg.torn"));
	assert_int_equal(log_count_files(fixture->log, ".torn"), 1);
	log_read(fixture->log, &contents);
	assert_int_equal(contents.messages, 20);
	assert_int_equal(contents.missing + contents.number_jumps + contents.torn_bytes, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, log_fixture_setup, log_fixture_teardown)
	const struct CMUnitTest tests[] = {
	    CASE(a_log_that_is_opened_again_continues_with_the_next_sequence_number),
	    CASE(connection_numbers_are_never_used_twice),
	    CASE(a_second_writer_is_refused_and_the_first_one_is_named),
	    CASE(the_lock_of_a_process_that_died_is_free),
	    CASE(a_log_of_a_newer_version_is_not_changed),
	    CASE(a_torn_end_is_cut_off_kept_and_reported),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
