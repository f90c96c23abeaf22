/* The pending output of a client: every byte comes once and in order, the limit is exact, every message is counted. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "broker/output.h"
#include "net/clock.h"

static struct broker__pool pool;
static struct broker__output output;

static int begin(void **state)
{
	(void)state;
	broker__output_init(&output, &pool, 1 << 20);
	return 0;
}

static int end(void **state)
{
	(void)state;
	output.queued = 0;
	broker__output_drop(&output);
	assert_int_equal(pool.in_use_bytes, 0);
	broker__pool_fini(&pool);
	return 0;
}

static int put(const char *data, size_t len)
{
	const struct wire_slice piece = wire_slice(data, len);
	return broker__output_put(&output, &piece, 1);
}

/* Take up to `most` bytes from the front, as the kernel would. */
static size_t take(char *to, size_t most)
{
	uv_buf_t bufs[BROKER__GATHER_MAX];
	unsigned count = broker__output_gather(&output, bufs, BROKER__GATHER_MAX);
	size_t taken = 0;
	for (unsigned i = 0; i < count && taken < most; i++) {
		size_t len = bufs[i].len < most - taken ? bufs[i].len : most - taken;
		memcpy(to + taken, bufs[i].base, len);
		taken += len;
	}
	broker__output_sent(&output, taken);
	return taken;
}

/* Put pieces of random lengths and take random lengths: the bytes are the same. */
static void bytes_come_out_in_order(void **state)
{
	enum { TOTAL = 3000000 };
	char *in = malloc(TOTAL), *out = malloc(TOTAL);
	size_t in_len = 0, out_len = 0;
	(void)state;
	srand(7);
	for (size_t i = 0; i < TOTAL; i++)
		in[i] = (char)(i * 31 >> 3);
	while (out_len < TOTAL) {
		size_t len = (size_t)(rand() % 3 ? rand() % 200 : rand() % 150000);
		if (len > TOTAL - in_len)
			len = TOTAL - in_len;
		if (put(in + in_len, len) == 0)
			in_len += len;
		out_len += take(out + out_len, (size_t)(rand() % 200000));
		assert_int_equal(broker__output_pending(&output), in_len - out_len);
	}
	assert_memory_equal(in, out, TOTAL);
	assert_int_equal(pool.in_use_bytes, 0);
	free(in);
	free(out);
}

static void the_limit_is_held_to_the_byte(void **state)
{
	static char data[1000];
	(void)state;
	broker__output_set_max(&output, 1000);
	assert_int_equal(put(data, 999), 0);
	assert_int_equal(broker__output_room(&output), 1);
	assert_int_equal(put(data, 2), -ENOBUFS);
	assert_int_equal(broker__output_pending(&output), 999);
	assert_int_equal(put(data, 1), 0);
	assert_int_equal(put(data, 1), -ENOBUFS);
	take(data, 10);
	assert_int_equal(put(data, 10), 0);
	assert_int_equal(put(data, 1), -ENOBUFS);
}

static void an_idle_client_holds_no_memory(void **state)
{
	static char data[300000];
	(void)state;
	assert_int_equal(put(data, sizeof data), 0);
	take(data, sizeof data);
	assert_null(output.first);
	assert_int_equal(pool.in_use_bytes, 0);
	assert_true(broker__pool_trim(&pool));
	assert_false(broker__pool_trim(&pool));
	assert_int_equal(pool.resting_bytes, 0);
}

static void put_message(size_t payload)
{
	static char zeros[200000];
	char head[64];
	int len = snprintf(head, sizeof head, "MSG subject 1 %zu\r\n", payload);
	const struct wire_slice pieces[] = {wire_slice(head, (size_t)len), wire_slice(zeros, payload),
					    WIRE_LITERAL("\r\n")};
	assert_int_equal(broker__output_put(&output, pieces, 3), 0);
	broker__output_count_message(&output);
}

/* Wherever the kernel stops, the messages that end after that place are unsent. */
static void unsent_messages_are_counted_at_every_byte(void **state)
{
	static const size_t sizes[] = {5, 70000, 0, 100, 140000, 1, 17};
	enum { COUNT = sizeof sizes / sizeof *sizes };
	static char sink[1 << 20];
	size_t ends[COUNT], total = 0;
	(void)state;
	for (size_t cut = 0; cut < 230000; cut += cut < 200 ? 1 : 977) {
		uint64_t unsent = 0;
		begin(NULL);
		assert_int_equal(put("+OK\r\n", 5), 0);
		for (size_t i = 0; i < COUNT; i++) {
			put_message(sizes[i]);
			ends[i] = broker__output_pending(&output);
		}
		total = ends[COUNT - 1];
		take(sink, cut < total ? cut : total);
		for (size_t i = 0; i < COUNT; i++)
			unsent += ends[i] > cut;
		assert_int_equal(broker__output_unsent_messages(&output), unsent);
		broker__output_drop(&output);
	}
}

static void no_responders_answers_are_not_counted_as_messages(void **state)
{
	static const char answer[] = "HMSG _INBOX.1 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n";
	static char sink[4096];
	(void)state;
	assert_int_equal(put(answer, sizeof answer - 1), 0);
	put_message(5);
	put_message(5);
	take(sink, sizeof answer - 1 + 1);
	assert_int_equal(broker__output_unsent_messages(&output), 2);
}

/* The stream has taken some bytes of the first chunk, and has begun the next ones, up to the middle of the third. */
static void bytes_that_the_stream_has_begun_stay_when_the_output_is_dropped(void **state)
{
	static char data[400000];
	uv_buf_t before[3], after[BROKER__GATHER_MAX];
	(void)state;
	assert_int_equal(put(data, sizeof data), 0);
	assert_int_equal(broker__output_gather(&output, before, 3), 3);
	broker__output_sent(&output, 100);
	output.queued = before[0].len - 100 + before[1].len + 7;
	broker__output_drop(&output);
	assert_int_equal(broker__output_pending(&output), output.queued);
	assert_int_equal(broker__output_unsent_messages(&output), 0);
	assert_int_equal(broker__output_gather(&output, after, BROKER__GATHER_MAX), 3);
	assert_ptr_equal(after[0].base, before[0].base + 100);
	assert_ptr_equal(after[1].base, before[1].base);
	assert_int_equal(after[1].len, before[1].len);
	assert_ptr_equal(after[2].base, before[2].base);
	assert_int_equal(after[2].len, 7);
	broker__output_sent(&output, output.queued - 7 + 3);
	output.queued = 2;
	broker__output_drop(&output);
	assert_int_equal(broker__output_gather(&output, after, BROKER__GATHER_MAX), 1);
	assert_ptr_equal(after[0].base, before[2].base + 3);
	assert_int_equal(after[0].len, 2);
}

/* ---- the clock ---- */

static void the_clock_follows_steps_of_more_than_a_tenth_of_a_second(void **state)
{
	struct net_clock clock = {.anchor_ns = 1000};
	(void)state;
	assert_int_equal(net_clock_compare(&clock, 500, 1500 + 100000000), 0);
	assert_int_equal(clock.anchor_ns, 1000);
	assert_int_equal(net_clock_compare(&clock, 500, 1500 + 100000001), 100000001);
	assert_int_equal(clock.anchor_ns, 100001001);
	assert_int_equal(net_clock_compare(&clock, 500, 1500), -100000001);
	assert_int_equal(clock.anchor_ns, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(bytes_come_out_in_order, begin, end),
	    cmocka_unit_test_setup_teardown(the_limit_is_held_to_the_byte, begin, end),
	    cmocka_unit_test_setup_teardown(an_idle_client_holds_no_memory, begin, end),
	    cmocka_unit_test_setup_teardown(unsent_messages_are_counted_at_every_byte, begin, end),
	    cmocka_unit_test_setup_teardown(no_responders_answers_are_not_counted_as_messages, begin, end),
	    cmocka_unit_test_setup_teardown(bytes_that_the_stream_has_begun_stay_when_the_output_is_dropped,
					    begin, end),
	    cmocka_unit_test(the_clock_follows_steps_of_more_than_a_tenth_of_a_second),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
