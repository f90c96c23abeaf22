/* A batch as a whole is what the parser says of its messages one by one, on buffers that end at an unmapped page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/batch_model.h"
#include "tests/support/guard_page.h"

enum { CAP = 64, STREAM_BYTES = 1 << 14, ROUNDS = 4000, PREFIX_ROUNDS = 300 };

static const struct wire_limits limits = {.max_control_line = 4096, .max_payload = 1 << 20};
static struct guard_page page;

/* Parse the first operation of input[0..len) and the batch after it. Returns the bytes of the batch. The result borrows `copy`. */
static uint32_t batch_in(const char *input, size_t len, const struct wire_limits *within, uint32_t cap)
{
	struct wire_op first;
	size_t need;
	uint32_t count;
	int64_t used = wire_parse(input, len, within, &first, &need);
	if (used <= 0)
		return 0;
	const char *difference =
	    batch_model_compare(&first, input + used, len - (size_t)used, within, cap, &count);
	if (difference)
		fail_msg("%s of %u in \"%.*s\"", difference, count, (int)len, input);
	return count;
}

/* With an unmapped page before the input, then again with one after it. */
static uint32_t batch_of(const char *input, size_t len, const struct wire_limits *within, uint32_t cap)
{
	uint32_t count = batch_in(guard_page_copy_first(&page, input, len), len, within, cap);
	assert_int_equal(batch_in(guard_page_copy(&page, input, len), len, within, cap), count);
	return count;
}

static uint32_t batch_of_text(const char *text)
{
	return batch_of(text, strlen(text), &limits, CAP);
}

/* ---- single cases ---- */

static void messages_that_differ_in_their_payloads_only_are_a_batch(void **state)
{
	(void)state;
	assert_int_equal(batch_of_text("PUB a 1\r\nx\r\n"), 0);
	assert_int_equal(batch_of_text("PUB a 1\r\nx\r\nPUB a 1\r\ny\r\n"), 1);
	assert_int_equal(batch_of_text("PUB a 0\r\n\r\nPUB a 0\r\n\r\nPUB a 0\r\n\r\n"), 2);
	assert_int_equal(
	    batch_of_text("PUB orders.new 5\r\nfirst\r\nPUB orders.new 6\r\nsecond\r\n"
			  "PUB orders.new 11\r\n\r\nPUB a 1\r\n\r\nPUB orders.new 03\r\nend\r\n"),
	    3);
}

/* The line before says nothing about how much there must be for the next. */
static void a_shorter_line_at_the_end_belongs_to_the_batch(void **state)
{
	(void)state;
	assert_int_equal(batch_of_text("PUB a 000000000\r\n\r\nPUB a 0\r\n\r\n"), 1);
	assert_int_equal(batch_of_text("PUB a 10\r\n0123456789\r\nPUB a 0\r\n\r\n"), 1);
}

static void what_is_written_in_another_way_ends_a_batch(void **state)
{
	static const char *const others[] = {
	    "PING\r\n",           "PUB a r 2\r\nhi\r\n", "HPUB a 0 2\r\nhi\r\n", "PUB  a 2\r\nhi\r\n",
	    "PUB a  2\r\nhi\r\n", "PUB\ta 2\r\nhi\r\n",  "PUB a\t2\r\nhi\r\n",   "PUB a 2 \r\nhi\r\n",
	    "PUB a 2\nhi\r\n",    "pub a 2\r\nhi\r\n",   "Pub a 2\r\nhi\r\n",    "PUB b 2\r\nhi\r\n",
	    "PUB ab 2\r\nhi\r\n", "PUB a.b 2\r\nhi\r\n",
	};
	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		char text[200];
		snprintf(text, sizeof text, "PUB a 2\r\nhi\r\nPUB a 2\r\nho\r\n%sPUB a 2\r\nhe\r\n",
			 others[i]);
		assert_int_equal(batch_of_text(text), 1);
		/* It begins no batch of another way of writing either, but for that of its own subject. */
		snprintf(text, sizeof text, "%sPUB a 2\r\nhe\r\n", others[i]);
		assert_int_equal(batch_of_text(text), 0);
	}
}

static void what_is_wrong_ends_a_batch(void **state)
{
	static const char *const wrongs[] = {
	    "PUB a \r\n",
	    "PUB a x\r\n",
	    "PUB a +2\r\nhi\r\n",
	    "PUB a -2\r\nhi\r\n",
	    "PUB a 2x\r\nhi\r\n",
	    "PUB a 2\rhi\r\n",
	    "PUB a 0000000002\r\nhi\r\n",
	    "PUB a 4294967298\r\nhi\r\n",
	    "PUB a 18446744073709551618\r\nhi\r\n",
	    "PUB a 2\r\nhi!\r\n",
	    "PUB a 2\r\nhi\n\n",
	    "PUB a 2\r\nhi\r\r",
	    "PUB a 2\r\nh\r\n",
	};
	(void)state;
	for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
		char text[200];
		snprintf(text, sizeof text, "PUB a 2\r\nhi\r\nPUB a 2\r\nho\r\n%sPUB a 2\r\nhe\r\n",
			 wrongs[i]);
		assert_int_equal(batch_of_text(text), 1);
	}
}

static void a_batch_is_as_long_as_there_is_room_and_no_longer(void **state)
{
	static const char text[] = "PUB a 1\r\n0\r\nPUB a 1\r\n1\r\nPUB a 1\r\n2\r\nPUB a 1\r\n3\r\n";
	(void)state;
	for (uint32_t cap = 1; cap < 5; cap++)
		assert_int_equal(batch_of(text, sizeof text - 1, &limits, cap), cap < 3 ? cap : 3);
}

static void a_payload_of_a_batch_may_be_as_large_as_the_limit_and_no_larger(void **state)
{
	const struct wire_limits small = {.max_control_line = 100, .max_payload = 10};
	static const char at[] = "PUB a 1\r\nx\r\nPUB a 10\r\n0123456789\r\n";
	static const char past[] = "PUB a 1\r\nx\r\nPUB a 11\r\n0123456789a\r\n";
	(void)state;
	assert_int_equal(batch_of(at, sizeof at - 1, &small, CAP), 1);
	assert_int_equal(batch_of(past, sizeof past - 1, &small, CAP), 0);
}

static void a_line_of_a_batch_may_be_as_long_as_the_limit_and_no_longer(void **state)
{
	const struct wire_limits small = {.max_control_line = sizeof "a.subject 02" - 1, .max_payload = 10};
	static const char at[] = "PUB a.subject 2\r\nhi\r\nPUB a.subject 02\r\nho\r\n";
	static const char past[] = "PUB a.subject 2\r\nhi\r\nPUB a.subject 002\r\nho\r\n";
	(void)state;
	assert_int_equal(batch_of(at, sizeof at - 1, &small, CAP), 1);
	assert_int_equal(batch_of(past, sizeof past - 1, &small, CAP), 0);
}

/* The whole use of the question. */
static void alternating_subjects_may_not_begin_a_batch(void **state)
{
	static const char text[] = "PUB orders.1 2\r\nhi\r\nPUB orders.2 2\r\nhi\r\n";
	struct wire_op first;
	size_t need;
	(void)state;
	int64_t used = wire_parse(text, sizeof text - 1, &limits, &first, &need);
	assert_false(wire_batch_may_begin(&first, text + used, sizeof text - 1 - (size_t)used));
}

static void batches_have_subjects_of_every_length(void **state)
{
	(void)state;
	for (int len = 1; len < 70; len++) {
		char text[1000];
		int bytes =
		    snprintf(text, sizeof text,
			     "PUB %0*d 3\r\nabc\r\nPUB %0*d 3\r\ndef\r\nPUB %0*d 12\r\n0123456789ab\r\n", len,
			     7, len, 7, len, 7);
		assert_int_equal(batch_of(text, (size_t)bytes, &limits, CAP), 2);
		/* Every byte of the second line counts. */
		size_t line = (size_t)(strstr(text, "abc\r\n") + 5 - text);
		for (int i = 0; i < 4 + len + 1; i++) {
			char before = text[line + (size_t)i];
			text[line + (size_t)i] = '.';
			batch_of(text, (size_t)bytes, &limits, CAP);
			text[line + (size_t)i] = before;
		}
	}
}

/* ---- streams of anything ---- */

static unsigned below(unsigned bound)
{
	return (unsigned)rand() % bound;
}

/* The blanks before the subject, between it and the size, and after the size. */
static const char *const forms[][3] = {
    {"PUB ", " ", "\r\n"}, {"PUB ", " reply ", "\r\n"}, {"PUB  ", " ", "\r\n"},   {"PUB ", "\t", "\r\n"},
    {"PUB ", " ", "\n"},   {"pub ", " ", "\r\n"},       {"HPUB ", " 0 ", "\r\n"}, {"PUB ", " ", " \r\n"},
};

static size_t write_message(char *out, size_t cap, const char *subject, unsigned size)
{
	const char *const *form = forms[below(25) ? 0 : below(sizeof forms / sizeof *forms)];
	unsigned announced = below(60) ? size : size + below(3);
	int digits = below(5) ? 1 : 1 + (int)below(11);
	int line = snprintf(out, cap, "%s%s%s%0*u%s", form[0], subject, form[1], digits, announced, form[2]);
	for (unsigned i = 0; i < size; i++)
		out[line++] = "PUB a\r\n1"[below(8)];
	memcpy(out + line, below(80) ? "\r\n" : "\n\r", 2);
	return (size_t)line + 2;
}

/* Messages that are mostly entries for a while, and now and then something else. */
static size_t make_stream(char *out)
{
	static const char *const subjects[] = {"a",
					       "ab",
					       "abc",
					       "abd",
					       "a.subject.of.some.length",
					       "a.subject.of.some.length.1",
					       "a.subject.of.some.lengtH"};
	const char *subject = subjects[below(7)];
	unsigned size = below(30), steady = below(2) ? 30 : 2;
	size_t len = 0, most = 100 + below(2000);
	while (len < most) {
		if (below(40) == 0)
			subject = subjects[below(7)];
		if (below(steady) == 0)
			size = below(below(3) ? 12 : 130);
		len += write_message(out + len, STREAM_BYTES - len, subject, size);
		if (below(60) == 0)
			len += (size_t)snprintf(out + len, STREAM_BYTES - len, "PING\r\n");
	}
	return len;
}

/* Every operation of the stream as the first of a batch. Returns the messages that were in batches. */
static uint64_t check_stream(const char *stream, size_t len, const struct wire_limits *within)
{
	uint64_t messages = 0;
	size_t at = 0, need;
	struct wire_op op;
	for (int64_t used; (used = wire_parse(stream + at, len - at, within, &op, &need)) > 0;) {
		messages += batch_of(stream + at, len - at, within, below(4) ? CAP : 1 + below(CAP));
		at += (size_t)used;
	}
	return messages;
}

static void a_batch_is_what_the_parser_says_of_each_message(void **state)
{
	static char stream[STREAM_BYTES];
	uint64_t messages = 0;
	(void)state;
	srand(11);
	for (int round = 0; round < ROUNDS; round++) {
		const struct wire_limits within = {.max_control_line = below(3) ? 4096 : 3 + below(30),
						   .max_payload = below(3) ? 1 << 20 : below(130)};
		messages += check_stream(stream, make_stream(stream), &within);
	}
	assert_true(messages > ROUNDS);
}

static void a_batch_is_found_in_every_prefix_as_far_as_it_is_whole(void **state)
{
	static char stream[STREAM_BYTES];
	(void)state;
	srand(12);
	for (int round = 0; round < PREFIX_ROUNDS; round++) {
		size_t len = make_stream(stream);
		uint32_t before = 0;
		for (size_t part = 0; part <= len && part < 600; part++) {
			uint32_t count = batch_of(stream, part, &limits, CAP);
			assert_true(count == before || count == before + 1);
			before = count;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(messages_that_differ_in_their_payloads_only_are_a_batch),
	    cmocka_unit_test(a_shorter_line_at_the_end_belongs_to_the_batch),
	    cmocka_unit_test(what_is_written_in_another_way_ends_a_batch),
	    cmocka_unit_test(what_is_wrong_ends_a_batch),
	    cmocka_unit_test(a_batch_is_as_long_as_there_is_room_and_no_longer),
	    cmocka_unit_test(a_payload_of_a_batch_may_be_as_large_as_the_limit_and_no_larger),
	    cmocka_unit_test(a_line_of_a_batch_may_be_as_long_as_the_limit_and_no_longer),
	    cmocka_unit_test(alternating_subjects_may_not_begin_a_batch),
	    cmocka_unit_test(batches_have_subjects_of_every_length),
	    cmocka_unit_test(a_batch_is_what_the_parser_says_of_each_message),
	    cmocka_unit_test(a_batch_is_found_in_every_prefix_as_far_as_it_is_whole),
	};
	guard_page_init(&page, STREAM_BYTES);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	guard_page_fini(&page);
	return failed;
}
