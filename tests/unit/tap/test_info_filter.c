/* The stream of a server with every INFO rewritten, however it is cut into reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tap/proxy/info_filter.h"

static const struct tap__info_rules rules = {.host = "p", .port = 1};

/* The output so far. */
struct output {
	char bytes[4096];
	size_t len;
};

static void take_passed(struct output *output, const struct tap__passed *passed)
{
	assert_true(output->len + passed->bytes.len < sizeof output->bytes);
	if (passed->bytes.len > 0)
		memcpy(output->bytes + output->len, passed->bytes.data, passed->bytes.len);
	output->len += passed->bytes.len;
	output->bytes[output->len] = '\0';
	free(passed->memory);
}

/* The bytes lie at the end of memory of their own, so that reading beyond them is noticed. */
static void feed(struct tap__info_filter *filter, struct output *output, const char *bytes, size_t len)
{
	struct tap__passed passed;
	char *copy = malloc(len > 0 ? len : 1);
	assert_non_null(copy);
	memcpy(copy, bytes, len);
	assert_int_equal(tap__info_filter_take(filter, &rules, wire_slice(copy, len), &passed), 0);
	take_passed(output, &passed);
	free(copy);
}

static void end(struct tap__info_filter *filter, struct output *output)
{
	struct tap__passed passed;
	tap__info_filter_end(filter, &passed);
	take_passed(output, &passed);
	tap__info_filter_fini(filter);
}

#define INFO      "INFO {\"host\":\"h\",\"port\":42,\"a\":1} \r\n"
#define REWRITTEN "INFO {\"host\":\"p\",\"port\":1,\"a\":1} \r\n"

/* Payloads that look like an INFO are none. */
static const char stream[] =
    INFO "+OK\r\nMSG a 1 8\r\nINFO {}\n\r\nPONG\r\n" INFO "HMSG a 1 r 12 14\r\nNATS/1.0\r\n\r\nIN\r\n"
	 "-ERR 'x'\r\ninfo\t{\"port\":9}\nPING\r\nMSG a 1 0\r\n\r\n" INFO;
static const char rewritten[] = REWRITTEN
    "+OK\r\nMSG a 1 8\r\nINFO {}\n\r\nPONG\r\n" REWRITTEN "HMSG a 1 r 12 14\r\nNATS/1.0\r\n\r\nIN\r\n"
    "-ERR 'x'\r\ninfo\t{\"port\":1}\nPING\r\nMSG a 1 0\r\n\r\n" REWRITTEN;

static void every_info_between_operations_is_rewritten_at_every_split(void **state)
{
	size_t len = sizeof stream - 1;
	(void)state;
	for (size_t first = 0; first <= len; first++) {
		for (size_t second = first; second <= len; second += 1 + (second - first) / 4) {
			struct tap__info_filter filter = {0};
			struct output output = {0};
			feed(&filter, &output, stream, first);
			feed(&filter, &output, stream + first, second - first);
			feed(&filter, &output, stream + second, len - second);
			end(&filter, &output);
			assert_string_equal(output.bytes, rewritten);
		}
	}
}

static void bytes_may_come_one_by_one(void **state)
{
	struct tap__info_filter filter = {0};
	struct output output = {0};
	(void)state;
	for (size_t i = 0; i < sizeof stream - 1; i++)
		feed(&filter, &output, stream + i, 1);
	end(&filter, &output);
	assert_string_equal(output.bytes, rewritten);
}

/* Nothing but an INFO that has not ended waits; and it passes unchanged when the server ends inside it. */
static void every_prefix_passes_at_once_but_for_an_info(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof stream; len++) {
		struct tap__info_filter filter = {0};
		struct output output = {0};
		feed(&filter, &output, stream, len);
		size_t held = filter.holds_line ? filter.line_len : 0;
		if (held > 0)
			assert_int_equal(stream[len - held] | 0x20, 'i');
		end(&filter, &output);
		if (held > 0)
			assert_memory_equal(output.bytes + output.len - held, stream + len - held, held);
		else
			assert_memory_equal(output.bytes, rewritten, output.len);
	}
}

static void bytes_that_are_no_operation_pass_unchanged_and_so_does_all_after_them(void **state)
{
	static const char *const tails[] = {"\x16\x03\x01", "LS+ a\r\n", "IX", "INFX", "PUT\r\n"};
	(void)state;
	for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
		for (size_t split = 0; split <= strlen(tails[i]); split++) {
			struct tap__info_filter filter = {0};
			struct output output = {0};
			char wanted[400];
			feed(&filter, &output, INFO, sizeof INFO - 1);
			feed(&filter, &output, tails[i], split);
			feed(&filter, &output, tails[i] + split, strlen(tails[i]) - split);
			feed(&filter, &output, INFO, sizeof INFO - 1);
			end(&filter, &output);
			snprintf(wanted, sizeof wanted, "%s%s%s", REWRITTEN, tails[i], INFO);
			assert_string_equal(output.bytes, wanted);
		}
	}
}

static void an_info_that_is_no_object_passes_unchanged(void **state)
{
	struct tap__info_filter filter = {0};
	struct output output = {0};
	(void)state;
	feed(&filter, &output, "INFO {\"host\":}\r\n" INFO, strlen("INFO {\"host\":}\r\n" INFO));
	end(&filter, &output);
	assert_string_equal(output.bytes, "INFO {\"host\":}\r\n" REWRITTEN);
}

static void an_info_without_end_is_held_up_to_its_limit_only(void **state)
{
	struct tap__info_filter filter = {0};
	struct output output = {0};
	(void)state;
	feed(&filter, &output, "INFO {", 6);
	for (size_t len = 6; len < 2 * TAP__INFO_LINE_MAX && !filter.is_transparent; len += 1024) {
		struct tap__passed passed;
		char blanks[1024];
		memset(blanks, ' ', sizeof blanks);
		blanks[0] = 'x';
		assert_int_equal(
		    tap__info_filter_take(&filter, &rules, wire_slice(blanks, sizeof blanks), &passed), 0);
		assert_true(passed.bytes.len == 0 || filter.is_transparent);
		free(passed.memory);
	}
	assert_true(filter.is_transparent);
	end(&filter, &output);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_info_between_operations_is_rewritten_at_every_split),
	    cmocka_unit_test(bytes_may_come_one_by_one),
	    cmocka_unit_test(every_prefix_passes_at_once_but_for_an_info),
	    cmocka_unit_test(bytes_that_are_no_operation_pass_unchanged_and_so_does_all_after_them),
	    cmocka_unit_test(an_info_that_is_no_object_passes_unchanged),
	    cmocka_unit_test(an_info_without_end_is_held_up_to_its_limit_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
