/* The parser: every form of every verb, good and bad, on buffers that end at an unmapped page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/guard_page.h"
#include "wire/parse.h"

static const struct wire_limits limits = {.max_control_line = 4096, .max_payload = 1 << 20};
static struct guard_page page;

/* The operation that an input must give. Strings that are NULL stand for empty slices; parsing all of it consumes all. */
struct good {
	const char *input;
	enum wire_verb verb;
	const char *subject, *reply, *queue, *sid, *args, *size_text, *headers, *payload;
	uint64_t max;
};

#define HEADERS "NATS/1.0\r\nA: b\r\n\r\n"

static const struct good goods[] = {
    {"PING\r\n", .verb = WIRE_PING},
    {"PONG\r\n", .verb = WIRE_PONG},
    {"+OK\r\n", .verb = WIRE_OK},
    {"ping\n", .verb = WIRE_PING},
    {"pOnG\r\n", .verb = WIRE_PONG},
    {"+ok\n", .verb = WIRE_OK},
    {"PING ignored \r up to the line end\r\n", .verb = WIRE_PING},
    {"PINGPONG\n", .verb = WIRE_PING},
    {"PONG\t\r\r\n", .verb = WIRE_PONG},
    {"+OK?\r\n", .verb = WIRE_OK},
    {"-ERR 'Stale Connection'\r\n", WIRE_ERR, .args = "Stale Connection"},
    {"-err\t'it''s' \n", WIRE_ERR, .args = "it''s"},
    {"-ERR no quotes\r\n", WIRE_ERR, .args = "no quotes"},
    {"-ERR 'half\r\n", WIRE_ERR, .args = "'half"},
    {"-ERR '\r\n", WIRE_ERR, .args = "'"},
    {"-ERR ''\r\n", .verb = WIRE_ERR},
    {"-ERR \r\n", .verb = WIRE_ERR},
    {"INFO {\"port\":1} \r\n", WIRE_INFO, .args = "{\"port\":1}"},
    {"INFO{}\n", WIRE_INFO, .args = "{}"},
    {"CONNECT {}\r\n", WIRE_CONNECT, .args = "{}"},
    {"connect\t {\"a\": \"b c\"}\t\r\n", WIRE_CONNECT, .args = "{\"a\": \"b c\"}"},
    {"CONNECT{\"verbose\":false}\r\n", WIRE_CONNECT, .args = "{\"verbose\":false}"},
    {"CONNECT {\r}\r\n", WIRE_CONNECT, .args = "{\r}"},
    {"CONNECT\r\n", .verb = WIRE_CONNECT},
    {"CONNECT nonsense\r\n", WIRE_CONNECT, .args = "nonsense"},
    {"SUB a 1\r\n", WIRE_SUB, .subject = "a", .sid = "1"},
    {"SUB a.*.> workers x-7\n", WIRE_SUB, .subject = "a.*.>", .queue = "workers", .sid = "x-7"},
    {"sub\t \ta\t\tq \t9 \t\r\n", WIRE_SUB, .subject = "a", .queue = "q", .sid = "9"},
    {"UNSUB 1\r\n", WIRE_UNSUB, .sid = "1"},
    {"UNSUB one 5\r\n", WIRE_UNSUB, .sid = "one", .max = 5},
    {"unsub 1 0\n", WIRE_UNSUB, .sid = "1"},
    {"UNSUB 1 -5\r\n", WIRE_UNSUB, .sid = "1"},
    {"UNSUB 1 many\r\n", WIRE_UNSUB, .sid = "1"},
    {"UNSUB 1 999999999\r\n", WIRE_UNSUB, .sid = "1", .max = 999999999},
    {"UNSUB 1 1000000000\r\n", WIRE_UNSUB, .sid = "1"},
    {"PUB a 5\r\nhello\r\n", WIRE_PUB, .subject = "a", .size_text = "5", .payload = "hello"},
    {"PUB a 0\r\n\r\n", WIRE_PUB, .subject = "a", .size_text = "0"},
    {"PUB a.b _INBOX.1 2\r\nhi\r\n", WIRE_PUB, .subject = "a.b", .reply = "_INBOX.1", .size_text = "2",
     .payload = "hi"},
    {"pub a 2\n\r\n\r\n", WIRE_PUB, .subject = "a", .size_text = "2", .payload = "\r\n"},
    {"Pub \t a\tr  000000002 \t \r\nhi\r\n", WIRE_PUB, .subject = "a", .reply = "r", .size_text = "000000002",
     .payload = "hi"},
    {"PUB a..b.*.> 1\r\nx\r\n", WIRE_PUB, .subject = "a..b.*.>", .size_text = "1", .payload = "x"},
    {"PUB a.subject.of.more.than.sixteen.bytes and.a.reply.as.long.as.the.inboxes.of.clients.are "
     "3\r\nabc\r\n",
     WIRE_PUB, .subject = "a.subject.of.more.than.sixteen.bytes",
     .reply = "and.a.reply.as.long.as.the.inboxes.of.clients.are", .size_text = "3", .payload = "abc"},
    {"MSG a 1 2\r\nhi\r\n", WIRE_MSG, .subject = "a", .sid = "1", .size_text = "2", .payload = "hi"},
    {"msg a 1 r 2\r\nhi\r\n", WIRE_MSG, .subject = "a", .sid = "1", .reply = "r", .size_text = "2",
     .payload = "hi"},
    {"HPUB a 18 20\r\n" HEADERS "hi\r\n", WIRE_HPUB, .subject = "a", .size_text = "18 20", .headers = HEADERS,
     .payload = "hi"},
    {"HPUB a r 18 18\r\n" HEADERS "\r\n", WIRE_HPUB, .subject = "a", .reply = "r", .size_text = "18 18",
     .headers = HEADERS},
    {"hpub a 0 2\r\nhi\r\n", WIRE_HPUB, .subject = "a", .size_text = "0 2", .payload = "hi"},
    {"HMSG a 1 18  20\r\n" HEADERS "hi\r\n", WIRE_HMSG, .subject = "a", .sid = "1", .size_text = "18  20",
     .headers = HEADERS, .payload = "hi"},
    {"HMSG a 1 r 18 20\r\n" HEADERS "hi\r\n", WIRE_HMSG, .subject = "a", .sid = "1", .reply = "r",
     .size_text = "18 20", .headers = HEADERS, .payload = "hi"},
};

struct bad {
	const char *input;
	int error;
	size_t told_at; /* length of the shortest prefix that tells; 0 = the whole input */
};

static const struct bad bads[] = {
    {"\r\n", WIRE_EPROTOCOL, 1},
    {"\n", WIRE_EPROTOCOL, 1},
    {" PING\r\n", WIRE_EPROTOCOL, 1},
    {"GET / HTTP/1.1\r\n", WIRE_EPROTOCOL, 1},
    {"\x16\x03\x01", WIRE_EPROTOCOL, 1},
    {"PUSH", WIRE_EPROTOCOL, 3},
    {"PIN\r\n", WIRE_EPROTOCOL, 4},
    {"PUBLISH", WIRE_EPROTOCOL, 4},
    {"PUB\r\n", WIRE_EPROTOCOL, 4},
    {"SUB\n", WIRE_EPROTOCOL, 4},
    {"UNSUB\r\n", WIRE_EPROTOCOL, 6},
    {"HPUB-", WIRE_EPROTOCOL, 5},
    {"HPING", WIRE_EPROTOCOL, 3},
    {"MSGS", WIRE_EPROTOCOL, 4},
    {"HMSG\n", WIRE_EPROTOCOL, 5},
    {"-ERR\r\n", WIRE_EPROTOCOL, 5},
    {"-ERROR", WIRE_EPROTOCOL, 5},
    {"+O-", WIRE_EPROTOCOL, 3},
    {"CONNEXION", WIRE_EPROTOCOL, 6},
    {"PUB \r\n", WIRE_EARGUMENT, 0},
    {"PUB a\r\n", WIRE_EARGUMENT, 0},
    {"PUB a b c 5\r\n", WIRE_EARGUMENT, 0},
    {"PUB a b c d e f g h i j k l m n o p q r s t u v w x y z\r\n", WIRE_EARGUMENT, 0},
    {"PUB a x\r\n", WIRE_EARGUMENT, 0},
    {"PUB a -1\r\n", WIRE_EARGUMENT, 0},
    {"PUB a +1\r\n", WIRE_EARGUMENT, 0},
    {"PUB a 1x\r\n", WIRE_EARGUMENT, 0},
    {"PUB a 0x10\r\n", WIRE_EARGUMENT, 0},
    {"PUB a 0000000001\r\n", WIRE_EARGUMENT, 0},
    {"PUB a 18446744073709551617\r\n", WIRE_EARGUMENT, 0},
    {"PUB a 999999999\r\n", WIRE_EPAYLOAD, 0},
    {"PUB a 5\r\r\n", WIRE_EARGUMENT, 9},
    {"PUB a\rb 5\r\n", WIRE_EARGUMENT, 7},
    {"SUB a\r1\r\n", WIRE_EARGUMENT, 7},
    {"PUB a 5\r\nhello!\r\n", WIRE_EPROTOCOL, 15},
    {"PUB a 5\r\nhello\n", WIRE_EPROTOCOL, 15},
    {"PUB a 5\r\nhello\r\r", WIRE_EPROTOCOL, 16},
    {"HPUB a 5\r\n", WIRE_EARGUMENT, 0},
    {"HPUB a r q 5 5\r\n", WIRE_EARGUMENT, 0},
    {"HPUB a 6 5\r\n", WIRE_EARGUMENT, 0},
    {"HPUB a -1 5\r\n", WIRE_EARGUMENT, 0},
    {"HPUB a 0 1048577\r\n", WIRE_EPAYLOAD, 0},
    {"MSG a 5\r\n", WIRE_EARGUMENT, 0},
    {"MSG a 1 r r 5\r\n", WIRE_EARGUMENT, 0},
    {"HMSG a 1 5\r\n", WIRE_EARGUMENT, 0},
    {"HMSG a 1 r r 5 5\r\n", WIRE_EARGUMENT, 0},
    {"SUB \r\n", WIRE_EARGUMENT, 0},
    {"SUB a\r\n", WIRE_EARGUMENT, 0},
    {"SUB a b c d\r\n", WIRE_EARGUMENT, 0},
    {"UNSUB \r\n", WIRE_EARGUMENT, 0},
    {"UNSUB 1 2 3\r\n", WIRE_EARGUMENT, 0},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Parse with an unmapped page before the input, then again with one after it. */
static int64_t parse(const char *input, size_t len, struct wire_op *op, size_t *need)
{
	int64_t first = wire_parse(guard_page_copy_first(&page, input, len), len, &limits, op, need);
	*need = 0;
	int64_t used = wire_parse(guard_page_copy(&page, input, len), len, &limits, op, need);
	assert_int_equal(used, first);
	return used;
}

static void assert_slice(const char *input, struct wire_slice slice, const char *wanted)
{
	struct wire_slice want = wire_slice_str(wanted);
	if (!wire_slice_equal(slice, want))
		fail_msg("%s: got \"%.*s\", wanted \"%.*s\"", input, (int)slice.len, slice.data,
			 (int)want.len, want.data);
}

static void assert_op(const struct good *good, const struct wire_op *op)
{
	assert_string_equal(wire_verb_name(op->verb), wire_verb_name(good->verb));
	assert_slice(good->input, op->subject, good->subject);
	assert_slice(good->input, op->reply, good->reply);
	assert_slice(good->input, op->queue, good->queue);
	assert_slice(good->input, op->sid, good->sid);
	assert_slice(good->input, op->args, good->args);
	assert_slice(good->input, op->size_text, good->size_text);
	assert_slice(good->input, op->headers, good->headers);
	assert_slice(good->input, op->payload, good->payload);
	assert_int_equal(op->max, good->max);
}

static void every_good_form_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(goods); i++) {
		/* Nothing of the operation before is left. */
		struct wire_op op;
		size_t need, len = strlen(goods[i].input);
		memset(&op, 0x5a, sizeof op);
		int64_t used = parse(goods[i].input, len, &op, &need);
		if (used != (int64_t)len)
			fail_msg("%s: consumed %lld of %zu", goods[i].input, (long long)used, len);
		assert_op(&goods[i], &op);
	}
}

/* The next operation is not looked at, and its bytes change nothing. */
static void what_follows_an_operation_is_left_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(goods); i++) {
		char input[300];
		struct wire_op op;
		size_t need, len = strlen(goods[i].input);
		int total = snprintf(input, sizeof input, "%sPUB next 99\r\n \r\n\t garbage", goods[i].input);
		assert_int_equal(parse(input, (size_t)total, &op, &need), len);
		assert_op(&goods[i], &op);
	}
}

/* Every proper prefix is "incomplete", and need never overshoots; once the control line is there it is exact. */
static void every_proper_prefix_of_a_good_form_is_incomplete(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(goods); i++) {
		size_t whole = strlen(goods[i].input);
		size_t line = (size_t)(strchr(goods[i].input, '\n') + 1 - goods[i].input);
		for (size_t len = 0; len < whole; len++) {
			struct wire_op op;
			size_t need;
			int64_t used = parse(goods[i].input, len, &op, &need);
			if (used != 0 || need <= len || need > whole || (len >= line && need != whole))
				fail_msg("%s: first %zu of %zu: used %lld, need %zu", goods[i].input, len,
					 whole, (long long)used, need);
		}
	}
}

static void every_bad_form_is_told_at_its_first_wrong_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bads); i++) {
		size_t whole = strlen(bads[i].input);
		size_t told_at = bads[i].told_at ? bads[i].told_at : whole;
		for (size_t len = 0; len <= whole; len++) {
			struct wire_op op;
			size_t need;
			int64_t used = parse(bads[i].input, len, &op, &need);
			int64_t wanted = len < told_at ? 0 : bads[i].error;
			if (used != wanted)
				fail_msg("%s: first %zu: got %lld, wanted %lld", bads[i].input, len,
					 (long long)used, (long long)wanted);
		}
	}
}

static void the_line_alone_tells_what_follows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(goods); i++) {
		struct wire_op op;
		size_t body = 12345, need;
		size_t whole = strlen(goods[i].input);
		size_t line = (size_t)(strchr(goods[i].input, '\n') + 1 - goods[i].input);
		const char *input = guard_page_copy(&page, goods[i].input, line);
		assert_int_equal(wire_parse_line(input, line, &limits, &op, &body, &need), line);
		assert_int_equal(body, whole - line);
		assert_int_equal(op.verb, goods[i].verb);
		assert_slice(goods[i].input, op.subject, goods[i].subject);
		assert_int_equal(op.headers.len, goods[i].headers ? strlen(goods[i].headers) : 0);
		assert_int_equal(op.payload.len, goods[i].payload ? strlen(goods[i].payload) : 0);
		assert_null(op.headers.data);
		assert_null(op.payload.data);
	}
}

/* A line whose arguments are `args` bytes, of which all but the fixed part are filler. */
static size_t long_line(char *out, const char *head, const char *tail, size_t args)
{
	size_t fixed = strlen(strchr(head, ' ') + 1) + strlen(tail);
	size_t len = strlen(head);
	memcpy(out, head, len);
	memset(out + len, 'x', args - fixed);
	len += args - fixed;
	memcpy(out + len, tail, strlen(tail));
	return len + strlen(tail);
}

static void a_control_line_may_be_as_long_as_the_limit_and_no_longer(void **state)
{
	(void)state;
	static const char *const lines[][2] = {{"PUB s", " 0"},   {"SUB s", " 1"},    {"UNSUB ", " 1"},
					       {"MSG s", " 1 0"}, {"HPUB s", " 0 0"}, {"CONNECT {", "}"},
					       {"-ERR '", "'"}};
	for (size_t i = 0; i < COUNT(lines); i++) {
		char input[5000];
		struct wire_op op;
		size_t need, body;
		size_t len = long_line(input, lines[i][0], lines[i][1], limits.max_control_line);
		memcpy(input + len, "\r\n", 2);
		const char *at = guard_page_copy(&page, input, len + 2);
		assert_int_equal(wire_parse_line(at, len + 2, &limits, &op, &body, &need), len + 2);
		assert_int_equal(parse(input, len, &op, &need), 0);
		assert_int_equal(parse(input, len + 1, &op, &need), 0);

		len = long_line(input, lines[i][0], lines[i][1], limits.max_control_line + 1);
		memcpy(input + len, "\r\n", 2);
		assert_int_equal(parse(input, len + 2, &op, &need), WIRE_ELINE);
		assert_int_equal(parse(input, len + 1, &op, &need), WIRE_ELINE);
		assert_int_equal(parse(input, len, &op, &need), WIRE_ELINE);
		assert_int_equal(parse(input, len - 1, &op, &need), 0);
	}
}

/* Blanks before the arguments do not count as arguments, but neither they nor what is ignored may go on for
 * ever. */
static void a_line_without_end_is_too_long_at_some_time(void **state)
{
	(void)state;
	static const char *const heads[] = {"PUB ", "SUB ", "CONNECT", "PING", "+OK", "-ERR "};
	static const char fillers[] = " \tx";
	for (size_t i = 0; i < COUNT(heads); i++) {
		for (const char *filler = fillers; *filler; filler++) {
			char input[10000];
			struct wire_op op;
			size_t need;
			memset(input, *filler, sizeof input);
			memcpy(input, heads[i], strlen(heads[i]));
			assert_int_equal(parse(input, 4000, &op, &need), 0);
			assert_int_equal(parse(input, sizeof input, &op, &need), WIRE_ELINE);
		}
	}
}

static void blanks_ahead_of_the_arguments_do_not_count(void **state)
{
	(void)state;
	char input[9000];
	struct wire_op op;
	size_t need;
	int len = snprintf(input, sizeof input, "SUB %4000s%0100d %03900d\r\n", "", 0, 0);
	assert_int_equal(parse(input, (size_t)len, &op, &need), len);
	assert_int_equal(op.subject.len, 100);
	assert_int_equal(op.sid.len, 3900);
}

static void a_payload_may_be_as_large_as_the_limit_and_no_larger(void **state)
{
	(void)state;
	const struct wire_limits small = {.max_control_line = 4096, .max_payload = 8};
	struct wire_op op;
	size_t need;
	assert_int_equal(wire_parse("PUB a 8\r\n12345678\r\n", 19, &small, &op, &need), 19);
	assert_int_equal(wire_parse("PUB a 9\r\n", 9, &small, &op, &need), WIRE_EPAYLOAD);
	assert_int_equal(wire_parse("HPUB a 3 8\r\n12345678\r\n", 22, &small, &op, &need), 22);
	assert_int_equal(wire_parse("HPUB a 3 9\r\n", 12, &small, &op, &need), WIRE_EPAYLOAD);
	assert_int_equal(wire_parse("HPUB a 10 9\r\n", 13, &small, &op, &need), WIRE_EARGUMENT);
}

/* The blanks and the line end at every offset to the sixteen bytes that are looked at in one step. */
static void words_are_found_at_every_offset_and_length(void **state)
{
	(void)state;
	for (int subject = 1; subject < 40; subject++) {
		for (int reply = 1; reply < 40; reply++) {
			char input[200];
			struct wire_op op;
			size_t need;
			int len = snprintf(input, sizeof input, "PUB %0*d%*s%0*d 3 \t\r\nabc\r\n", subject, 0,
					   1 + reply % 3, "", reply, 0);
			for (int part = 0; part < len; part++)
				assert_int_equal(parse(input, (size_t)part, &op, &need), 0);
			assert_int_equal(parse(input, (size_t)len, &op, &need), len);
			assert_int_equal(op.subject.len, subject);
			assert_int_equal(op.reply.len, reply);
			assert_slice(input, op.size_text, "3");
			assert_slice(input, op.payload, "abc");
		}
	}
}

/* Parse a stream that arrives in pieces: bytes are handed over when need asks for them. */
static size_t count_operations(const char *stream, size_t len, unsigned seed)
{
	size_t start = 0, end = 0, need = 1, count = 0;
	while (start < len) {
		struct wire_op op;
		seed = seed * 1103515245 + 12345;
		end += 1 + (seed >> 16) % 23;
		if (end > len)
			end = len;
		int64_t used;
		while (end - start >= need && start < end) {
			used = parse(stream + start, end - start, &op, &need);
			assert_true(used >= 0);
			if (used == 0)
				break;
			start += (size_t)used;
			need = 1;
			count++;
		}
		assert_true(end < len || start == len);
	}
	return count;
}

static void a_stream_reads_the_same_however_it_is_split(void **state)
{
	(void)state;
	static char stream[1 << 14];
	size_t len = 0;
	for (size_t i = 0; i < COUNT(goods); i++) {
		memcpy(stream + len, goods[i].input, strlen(goods[i].input));
		len += strlen(goods[i].input);
	}
	for (unsigned seed = 0; seed < 500; seed++)
		assert_int_equal(count_operations(stream, len, seed), COUNT(goods));
}

static void every_verb_has_its_name(void **state)
{
	(void)state;
	assert_string_equal(wire_verb_name(WIRE_INFO), "INFO");
	assert_string_equal(wire_verb_name(WIRE_OK), "+OK");
	assert_string_equal(wire_verb_name(WIRE_ERR), "-ERR");
	assert_string_equal(wire_verb_name(WIRE_VERBS), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_good_form_is_read),
	    cmocka_unit_test(what_follows_an_operation_is_left_alone),
	    cmocka_unit_test(every_proper_prefix_of_a_good_form_is_incomplete),
	    cmocka_unit_test(every_bad_form_is_told_at_its_first_wrong_byte),
	    cmocka_unit_test(the_line_alone_tells_what_follows),
	    cmocka_unit_test(a_control_line_may_be_as_long_as_the_limit_and_no_longer),
	    cmocka_unit_test(a_line_without_end_is_too_long_at_some_time),
	    cmocka_unit_test(blanks_ahead_of_the_arguments_do_not_count),
	    cmocka_unit_test(a_payload_may_be_as_large_as_the_limit_and_no_larger),
	    cmocka_unit_test(words_are_found_at_every_offset_and_length),
	    cmocka_unit_test(a_stream_reads_the_same_however_it_is_split),
	    cmocka_unit_test(every_verb_has_its_name),
	};
	guard_page_init(&page, 1 << 16);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	guard_page_fini(&page);
	return failed;
}
