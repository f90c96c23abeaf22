/* The writer: what it writes is what the parser reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/guard_page.h"
#include "wire/write.h"

#define S(text) WIRE_LITERAL(text)

static const struct wire_limits limits = {.max_control_line = 4096, .max_payload = 1 << 20};
static const struct wire_slice none;

static void assert_text(const char *buf, size_t len, const char *wanted)
{
	if (len != strlen(wanted) || memcmp(buf, wanted, len) != 0)
		fail_msg("got \"%.*s\", wanted \"%s\"", (int)len, buf, wanted);
}

static void a_publish_with_headers_is_an_hpub(void **state)
{
	(void)state;
	char buf[200];
	size_t len = wire_write_pub(buf, sizeof buf, S("a.b"), none, none, S("hi"));
	assert_text(buf, len, "PUB a.b 2\r\nhi\r\n");
	len = wire_write_pub(buf, sizeof buf, S("a"), S("r"), none, none);
	assert_text(buf, len, "PUB a r 0\r\n\r\n");
	len = wire_write_pub(buf, sizeof buf, S("a"), S("r"), S("NATS/1.0\r\n\r\n"), S("hi"));
	assert_text(buf, len, "HPUB a r 12 14\r\nNATS/1.0\r\n\r\nhi\r\n");
}

static void a_message_with_headers_is_an_hmsg(void **state)
{
	(void)state;
	char buf[200];
	size_t len = wire_write_msg(buf, sizeof buf, S("a"), S("7"), none, none, S("hi"));
	assert_text(buf, len, "MSG a 7 2\r\nhi\r\n");
	len = wire_write_msg(buf, sizeof buf, S("r"), S("7"), none, S("NATS/1.0 503\r\n\r\n"), none);
	assert_text(buf, len, "HMSG r 7 16 16\r\nNATS/1.0 503\r\n\r\n\r\n");
}

static void too_small_a_buffer_is_not_overrun_and_the_need_is_told(void **state)
{
	(void)state;
	struct guard_page page;
	guard_page_init(&page, 64);
	const size_t whole = strlen("PUB a.b r 10\r\n0123456789\r\n");
	for (size_t cap = 0; cap <= whole; cap++) {
		char *buf = page.data + page.cap - cap;
		assert_int_equal(wire_write_pub(buf, cap, S("a.b"), S("r"), none, S("0123456789")), whole);
	}
	assert_int_equal(wire_write_pub(NULL, 0, S("a.b"), S("r"), none, S("0123456789")), whole);
	guard_page_fini(&page);
}

static void assert_equal(struct wire_slice got, struct wire_slice wanted)
{
	if (!wire_slice_equal(got, wanted))
		fail_msg("got \"%.*s\", wanted \"%.*s\"", (int)got.len, got.data, (int)wanted.len,
			 wanted.data);
}

static void every_operation_comes_back_from_the_parser(void **state)
{
	(void)state;
	const struct wire_op ops[] = {
	    {.verb = WIRE_PING},
	    {.verb = WIRE_PONG},
	    {.verb = WIRE_OK},
	    {.verb = WIRE_ERR, .args = S("Unknown Protocol Operation")},
	    {.verb = WIRE_ERR, .args = S("'quoted' ")},
	    {.verb = WIRE_ERR},
	    {.verb = WIRE_INFO, .args = S("{\"a\":1}")},
	    {.verb = WIRE_CONNECT, .args = S("{}")},
	    {.verb = WIRE_SUB, .subject = S("a.>"), .sid = S("1")},
	    {.verb = WIRE_SUB, .subject = S("a.>"), .queue = S("q"), .sid = S("1")},
	    {.verb = WIRE_UNSUB, .sid = S("1")},
	    {.verb = WIRE_UNSUB, .sid = S("1"), .max = 999999999},
	    {.verb = WIRE_PUB, .subject = S("a"), .payload = S("hi\r\n")},
	    {.verb = WIRE_PUB, .subject = S("a"), .reply = S("r"), .payload = S("hi")},
	    {.verb = WIRE_HPUB, .subject = S("a"), .headers = S("h"), .payload = S("hi")},
	    {.verb = WIRE_HPUB, .subject = S("a"), .reply = S("r"), .payload = S("hi")},
	    {.verb = WIRE_MSG, .subject = S("a"), .sid = S("1"), .reply = S("r"), .payload = S("hi")},
	    {.verb = WIRE_HMSG, .subject = S("a"), .sid = S("1"), .headers = S("h"), .payload = S("hi")},
	};
	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
		char buf[200];
		struct wire_op op;
		size_t need, len = wire_write_op(buf, sizeof buf, &ops[i]);
		assert_int_equal(wire_parse(buf, len, &limits, &op, &need), len);
		assert_int_equal(op.verb, ops[i].verb);
		assert_equal(op.subject, ops[i].subject);
		assert_equal(op.reply, ops[i].reply);
		assert_equal(op.queue, ops[i].queue);
		assert_equal(op.sid, ops[i].sid);
		assert_equal(op.args, ops[i].args);
		assert_equal(op.headers, ops[i].headers);
		assert_equal(op.payload, ops[i].payload);
		assert_int_equal(op.max, ops[i].max);
	}
}

static void decimals_are_written_in_their_shortest_form(void **state)
{
	(void)state;
	static const struct {
		uint64_t value;
		const char *text;
	} cases[] = {{0, "0"},         {9, "9"},
		     {10, "10"},       {99, "99"},
		     {100, "100"},     {1234567890, "1234567890"},
		     {65536, "65536"}, {UINT64_MAX, "18446744073709551615"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char out[20];
		assert_text(out, wire_write_decimal(out, cases[i].value), cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_publish_with_headers_is_an_hpub),
	    cmocka_unit_test(a_message_with_headers_is_an_hmsg),
	    cmocka_unit_test(too_small_a_buffer_is_not_overrun_and_the_need_is_told),
	    cmocka_unit_test(every_operation_comes_back_from_the_parser),
	    cmocka_unit_test(decimals_are_written_in_their_shortest_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
