#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tap/session/op_stream.h"
#include "wire/write.h"

/* ---- chance, the same on every machine ---- */

static uint64_t draw(uint64_t *seed, uint64_t below)
{
	*seed += UINT64_C(0x9e3779b97f4a7c15); /* SplitMix64 */
	uint64_t z = *seed;
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (z ^ z >> 31) % below;
}

/* ---- a ops that publishes numbered messages ---- */

enum { MESSAGES = 60, STREAM_BYTES = 64 << 10 };

struct stream {
	char bytes[STREAM_BYTES];
	size_t len;
	size_t begins[MESSAGES + 1];
};

/* Payloads that look like operations: one without its end, one that is two in a row. */
static const char *const lures[] = {
    "PUB lure 3\r\nabc",
    "PUB lure 1\r\n1\r\nPUB lure 1\r\n1\r\n",
    "\r\nPING\r\nSUB lure 1\r\n",
    "PUB lure 99999\r\n",
    "",
    "\r\n\r\n",
    "PUB lure 1\r\n1\r\nSUB lure 1",
    "plain text",
};

static void make_stream(struct stream *stream, uint64_t *seed)
{
	stream->len = 0;
	for (int i = 0; i < MESSAGES; i++) {
		char subject[32], payload[600];
		size_t len = (size_t)draw(seed, 20) == 0 ? (size_t)draw(seed, 500) : 0;
		memset(payload, '.', len);
		len += (size_t)sprintf(payload + len, "%s", lures[draw(seed, sizeof lures / sizeof *lures)]);
		snprintf(subject, sizeof subject, "numbers.%d", i);
		stream->begins[i] = stream->len;
		stream->len += wire_write_pub(stream->bytes + stream->len, STREAM_BYTES - stream->len,
					      wire_slice_str(subject), wire_slice("", 0), wire_slice("", 0),
					      wire_slice(payload, len));
	}
	stream->begins[MESSAGES] = stream->len;
}

/* ---- what comes out ---- */

struct heard {
	const struct stream *stream;
	uint64_t number; /* the seed */
	int last;        /* number of the last message that came out */
	int whole, partial;
	uint64_t gap_bytes;
};

/* Whole or partial, it must be a message of the stream, later than the last one. */
static void hear_message(struct heard *heard, const struct wire_op *op, bool is_partial)
{
	int number = -1;
	sscanf(op->subject.data, "numbers.%d", &number);
	if (number <= heard->last || number >= MESSAGES)
		fail_msg("seed %" PRIu64 ": message %d after %d, subject %.*s", heard->number, number,
			 heard->last, (int)op->subject.len, op->subject.data);
	const char *bytes = heard->stream->bytes + heard->stream->begins[number];
	size_t line = (size_t)((const char *)memchr(bytes, '\n', 100) + 1 - bytes);
	size_t payload = heard->stream->begins[number + 1] - heard->stream->begins[number] - line - 2;
	assert_true(is_partial ? op->payload.len <= payload : op->payload.len == payload);
	if (op->payload.len > 0)
		assert_memory_equal(op->payload.data, bytes + line, op->payload.len);
	heard->last = number;
	heard->whole += !is_partial;
	heard->partial += is_partial;
}

static void hear(struct heard *heard, struct tap__op_stream *ops)
{
	enum tap__item item;
	while ((item = tap__op_stream_next(ops)) != TAP__MORE) {
		if (item == TAP__OP || item == TAP__PARTIAL)
			hear_message(heard, &ops->op, item == TAP__PARTIAL);
		else if (item == TAP__GAP)
			heard->gap_bytes += ops->reported.bytes;
	}
}

/* Feed the stream in random pieces, one of `loss` missing (0: none). */
static struct heard listen(const struct stream *stream, uint64_t number, uint64_t loss, uint64_t memory_bytes)
{
	uint64_t chance = ~number, *seed = &chance;
	struct tap_budget budget = {.max_bytes = memory_bytes};
	struct heard heard = {.stream = stream, .number = number, .last = -1};
	struct tap__op_stream ops;
	tap__op_stream_init(&ops, true, &budget);
	uint64_t piece_max = 1 + draw(seed, 200);
	for (size_t at = 0, len; at < stream->len; at += len) {
		len = 1 + (size_t)draw(seed, piece_max);
		if (len > stream->len - at)
			len = stream->len - at;
		if (loss > 0 && draw(seed, loss) == 0)
			tap__op_stream_hole(&ops, 1, len, TAP_HOLE_LOST);
		else
			tap__op_stream_feed(&ops, 1, wire_slice(stream->bytes + at, len));
		hear(&heard, &ops);
	}
	tap__op_stream_end(&ops, 2);
	hear(&heard, &ops);
	assert_int_equal(ops.whole_bytes + ops.partial_bytes + ops.lost_bytes, stream->len);
	assert_true(heard.gap_bytes >= ops.lost_bytes);
	tap__op_stream_fini(&ops);
	assert_int_equal(budget.used_bytes, 0);
	return heard;
}

static void without_holes_every_message_comes_out_whole(void **state)
{
	(void)state;
	for (uint64_t number = 0; number < 2000; number++) {
		struct stream stream;
		uint64_t seed = number;
		make_stream(&stream, &seed);
		struct heard heard = listen(&stream, number, 0, 1 << 20);
		if (heard.whole != MESSAGES || heard.gap_bytes > 0)
			fail_msg("seed %" PRIu64 ": %d messages", number, heard.whole);
	}
}

static void with_holes_nothing_is_invented_and_every_byte_is_counted(void **state)
{
	int whole = 0, partial = 0;
	(void)state;
	for (uint64_t number = 0; number < 20000; number++) {
		struct stream stream;
		uint64_t seed = number;
		make_stream(&stream, &seed);
		struct heard heard = listen(&stream, number, 3 + draw(&seed, 60), 1 << 20);
		whole += heard.whole;
		partial += heard.partial;
	}
	assert_true(whole > 20000); /* those before the first loss over a control line */
	assert_true(partial > 2000);
}

static void without_memory_messages_are_partial_or_counted(void **state)
{
	(void)state;
	for (uint64_t number = 0; number < 3000; number++) {
		struct stream stream;
		uint64_t seed = number;
		make_stream(&stream, &seed);
		struct heard heard = listen(&stream, number, draw(&seed, 40), draw(&seed, 3) * 600);
		assert_true(heard.whole + heard.partial <= MESSAGES);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_holes_every_message_comes_out_whole),
	    cmocka_unit_test(with_holes_nothing_is_invented_and_every_byte_is_counted),
	    cmocka_unit_test(without_memory_messages_are_partial_or_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
