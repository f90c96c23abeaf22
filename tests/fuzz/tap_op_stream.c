/* Fuzz target: one stream with payloads that the fuzzer chooses, cut into segments some of which are lost.
 * Every operation that comes out must be one that was sent, and every byte fed must come out once. The fuzzer
 * chooses where packets end, but only packets that end with an operation are pushed: a payload does not know
 * where packets end, and the fuzzer must not be able to make it so.
 *
 * Input: bit 0: a server; bit 1: its beginning was not seen. Then operations of four bytes and a payload:
 *   bits 0-1: a message, one in lower case, SUB or -ERR, PING; bit 2: a push after it; bit 3: silence after
 * that
 *   length of the payload
 *   bytes of its first segment
 *   bit 0: that one is lost; bit 1: the rest is lost */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap/session/op_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STREAM_MAX = 64 << 10, OPERATIONS_MAX = 4096, HEAD_BYTES = 4, LINE_MAX = 64, PAYLOAD_MAX = 255 };

struct operation {
	size_t begin, first_segment;
	bool is_pushed, is_silent, loses_first, loses_rest;
};

struct stream {
	bool is_server, is_midstream;
	char bytes[STREAM_MAX];
	size_t len;
	struct operation operations[OPERATIONS_MAX + 1];
	size_t count;
	size_t heard; /* the operation that came out last */
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static size_t print_line(const struct stream *stream, char *at, unsigned verb, size_t size)
{
	if (verb == 3)
		return (size_t)sprintf(at, "PING\r\n");
	if (verb == 2)
		return (size_t)sprintf(at, "%s", stream->is_server ? "-ERR 'a'\r\n" : "SUB a 1\r\n");
	return (size_t)sprintf(at, "%s %zu%s\n",
			       stream->is_server ? (verb == 0 ? "MSG a 1" : "msg a 1")
						 : (verb == 0 ? "PUB a" : "pub\ta"),
			       size, verb == 0 ? "\r" : "");
}

/* Add the operation that data describes. Returns the bytes used of data. */
static size_t add(struct stream *stream, const uint8_t *data, size_t size)
{
	unsigned verb = data[0] & 3;
	size_t payload = verb < 2 ? data[1] : 0;
	if (payload > size - HEAD_BYTES)
		payload = size - HEAD_BYTES;
	stream->operations[stream->count++] = (struct operation){.begin = stream->len,
								 .first_segment = data[2],
								 .is_pushed = data[0] & 4,
								 .is_silent = data[0] & 8,
								 .loses_first = data[3] & 1,
								 .loses_rest = data[3] & 2};
	stream->len += print_line(stream, stream->bytes + stream->len, verb, payload);
	if (verb >= 2)
		return HEAD_BYTES;
	memcpy(stream->bytes + stream->len, data + HEAD_BYTES, payload);
	memcpy(stream->bytes + stream->len + payload, "\r\n", 2);
	stream->len += payload + 2;
	return HEAD_BYTES + payload;
}

static void make(struct stream *stream, const uint8_t *data, size_t size)
{
	stream->is_server = data[0] & 1;
	stream->is_midstream = data[0] & 2;
	stream->len = stream->count = stream->heard = 0;
	for (size_t at = 1; at + HEAD_BYTES <= size && stream->count < OPERATIONS_MAX &&
			    stream->len + PAYLOAD_MAX + LINE_MAX < STREAM_MAX;)
		at += add(stream, data + at, size - at);
	stream->operations[stream->count].begin = stream->len;
}

/* An operation that ends here came out. */
static void check(struct stream *stream, size_t end)
{
	while (stream->heard < stream->count && stream->operations[stream->heard].begin < end)
		stream->heard++;
	require(stream->operations[stream->heard].begin == end);
}

static void hear(struct tap__op_stream *ops, struct stream *stream)
{
	enum tap__item item;
	while ((item = tap__op_stream_next(ops)) != TAP__MORE)
		if (item == TAP__OP)
			check(stream, (size_t)(ops->whole_bytes + ops->partial_bytes + ops->lost_bytes));
}

static void pass(struct tap__op_stream *ops, struct stream *stream, size_t at, size_t len, bool is_lost,
		 int64_t now_ns)
{
	if (len == 0)
		return;
	if (is_lost) {
		tap__op_stream_hole(ops, now_ns, len, TAP_HOLE_LOST);
	} else {
		char *copy = malloc(len); /* so that a sanitizer sees use after the call */
		require(copy != NULL);
		memcpy(copy, stream->bytes + at, len);
		tap__op_stream_feed(ops, now_ns, wire_slice(copy, len));
		hear(ops, stream);
		free(copy);
	}
	hear(ops, stream);
}

static void pass_operation(struct tap__op_stream *ops, struct stream *stream, size_t number, int64_t *now_ns)
{
	const struct operation *operation = &stream->operations[number];
	size_t len = operation[1].begin - operation->begin;
	size_t first = operation->first_segment < len ? operation->first_segment : len;
	*now_ns += 1000;
	pass(ops, stream, operation->begin, first, operation->loses_first, *now_ns);
	pass(ops, stream, operation->begin + first, len - first, operation->loses_rest, *now_ns);
	if (operation->is_pushed && !(first < len ? operation->loses_rest : operation->loses_first))
		tap__op_stream_push(ops);
	if (operation->is_pushed && operation->is_silent)
		*now_ns += INT64_C(5000000000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct stream stream;
	struct tap_budget budget = {.max_bytes = 1 << 20};
	struct tap__op_stream ops;
	int64_t now_ns = 1;
	if (size == 0)
		return 0;
	make(&stream, data, size);
	tap__op_stream_init(&ops, !stream.is_midstream, &budget);
	tap__op_stream_set_max_payload(&ops, PAYLOAD_MAX);
	ops.limits.max_control_line = LINE_MAX; /* small, so that soon only one alignment is left */
	ops.verbs = stream.is_server ? TAP__SERVER_VERBS : TAP__CLIENT_VERBS;
	tap__op_stream_trust(&ops);
	for (size_t i = 0; i < stream.count; i++)
		pass_operation(&ops, &stream, i, &now_ns);
	require(ops.whole_bytes + ops.partial_bytes + ops.lost_bytes + tap__op_stream_rest(&ops).len ==
		stream.len);
	tap__op_stream_end(&ops, now_ns);
	hear(&ops, &stream);
	require(ops.whole_bytes + ops.partial_bytes + ops.lost_bytes == stream.len);
	tap__op_stream_fini(&ops);
	require(budget.used_bytes == 0);
	return 0;
}
