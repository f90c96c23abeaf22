/* Fuzz target: any bytes through the parser, and what it gives back through the writer; batches of messages at once and one
 * by one. */
#include <stdint.h>
#include <stdlib.h>

#include "tests/support/batch_model.h"
#include "wire/parse.h"
#include "wire/write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct wire_limits limits = {.max_control_line = 128, .max_payload = 300};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void require_inside(struct wire_slice slice, const char *buf, size_t len)
{
	require(slice.len == 0 || (slice.data >= buf && slice.data + slice.len <= buf + len));
}

static void require_equal(const struct wire_op *a, const struct wire_op *b)
{
	require(a->verb == b->verb && a->max == b->max);
	require(wire_slice_equal(a->subject, b->subject));
	require(wire_slice_equal(a->reply, b->reply));
	require(wire_slice_equal(a->queue, b->queue));
	require(wire_slice_equal(a->sid, b->sid));
	require(wire_slice_equal(a->args, b->args));
	require(wire_slice_equal(a->headers, b->headers));
	require(wire_slice_equal(a->payload, b->payload));
}

static void check_slices(const struct wire_op *op, const char *buf, size_t len)
{
	require_inside(op->subject, buf, len);
	require_inside(op->reply, buf, len);
	require_inside(op->queue, buf, len);
	require_inside(op->sid, buf, len);
	require_inside(op->args, buf, len);
	require_inside(op->size_text, buf, len);
	require_inside(op->headers, buf, len);
	require_inside(op->payload, buf, len);
	require(op->headers.len + op->payload.len <= limits.max_payload);
}

/* A prefix is incomplete or has the result of the whole; need never asks for more than it took. Each prefix is
 * a copy of its own size, so that a sanitizer sees a byte read beyond it. */
static void check_prefixes(const char *buf, size_t len, int64_t result)
{
	for (size_t part = 0; part < len; part++) {
		struct wire_op op;
		size_t need = 0;
		char *copy = malloc(part + (part == 0));
		require(copy != NULL);
		if (part > 0)
			memcpy(copy, buf, part);
		int64_t used = wire_parse(copy, part, &limits, &op, &need);
		free(copy);
		require(used == 0 || (used == result && (used < 0 || used <= (int64_t)part)));
		require(used != 0 || need > part);
		require(used != 0 || result <= 0 || need <= (size_t)result);
	}
}

static void check_round_trip(const struct wire_op *op)
{
	const struct wire_limits roomy = {.max_control_line = 1000, .max_payload = 1000};
	char buf[1000];
	struct wire_op again;
	size_t need, len = wire_write_op(buf, sizeof buf, op);
	require(len <= sizeof buf);
	require(wire_parse(buf, len, &roomy, &again, &need) == (int64_t)len);
	require_equal(op, &again);
}

static void check_line(const char *buf, size_t len, int64_t used, const struct wire_op *op)
{
	struct wire_op alone;
	size_t body, need;
	int64_t line = wire_parse_line(buf, len, &limits, &alone, &body, &need);
	require(line > 0 && line + (int64_t)body == used);
	require(alone.verb == op->verb && wire_slice_equal(alone.subject, op->subject));
	require(alone.headers.len == op->headers.len && alone.payload.len == op->payload.len);
}

/* The batch after an operation is in a copy that ends where the bytes end. */
static void check_batch(const char *buf, size_t len)
{
	const uint32_t caps[] = {1, 3, 100};
	struct wire_op first;
	size_t need;
	uint32_t count;
	char *copy = malloc(len);
	require(copy != NULL);
	memcpy(copy, buf, len);
	int64_t used = wire_parse(copy, len, &limits, &first, &need);
	for (size_t i = 0; i < sizeof caps / sizeof *caps; i++)
		require(
		    !batch_model_compare(&first, copy + used, len - (size_t)used, &limits, caps[i], &count));
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *buf = (const char *)data;
	while (size > 0) {
		struct wire_op op;
		size_t need = 0;
		int64_t used = wire_parse(buf, size, &limits, &op, &need);
		require(used <= (int64_t)size);
		require(used != 0 || need > size);
		size_t first = used > 0 ? (size_t)used : size;
		check_prefixes(buf, first < 700 ? first : 700, used);
		if (used <= 0)
			break;
		check_slices(&op, buf, first);
		check_line(buf, size, used, &op);
		check_round_trip(&op);
		check_batch(buf, size);
		buf += first;
		size -= first;
	}
	return 0;
}
