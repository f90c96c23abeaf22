#include "tests/support/batch_model.h"

#include <stdlib.h>

/* The line at `line` is `PUB subject size CRLF` with single blanks, and its payload follows. */
static bool is_as_short_as_can_be(const struct wire_op *op, const char *line)
{
	size_t subject = op->subject.len, size = op->size_text.len;
	return op->verb == WIRE_PUB && op->reply.len == 0 && memcmp(line, "PUB ", 4) == 0 &&
	       op->subject.data == line + 4 && line[4 + subject] == ' ' &&
	       op->size_text.data == line + 4 + subject + 1 &&
	       memcmp(op->size_text.data + size, "\r\n", 2) == 0 &&
	       op->payload.data == op->size_text.data + size + 2;
}

/* The start of the line of *first, if a batch can follow it; else NULL. */
static const char *line_of_first(const struct wire_op *first)
{
	if (first->verb != WIRE_PUB)
		return NULL;
	const char *line = first->subject.data - 4; /* a verb of three letters and a blank at least */
	return is_as_short_as_can_be(first, line) ? line : NULL;
}

static const char *compare_message(const struct wire_batch *batch, uint32_t index, const struct wire_op *op,
				   const char *end)
{
	struct wire_slice payload = wire_batch_payload(batch, index), text = wire_batch_text(batch, index);
	struct wire_event event = {0};
	wire_batch_event(batch, index, &event);
	if (payload.data != op->payload.data || payload.len != op->payload.len)
		return "another payload";
	if (text.data != op->size_text.data || text.data + text.len != end)
		return "another text";
	if (event.payload.data != payload.data || event.payload.len != payload.len ||
	    event.size != payload.len)
		return "another event";
	return NULL;
}

static const char *compare_all(const struct wire_op *first, const char *buf, size_t len,
			       const struct wire_limits *limits, uint32_t cap, const struct wire_batch *batch,
			       size_t batch_used)
{
	uint32_t found = 0;
	uint64_t bytes = 0;
	size_t at = 0, need;
	struct wire_op op;
	for (; found < cap && line_of_first(first); found++) {
		int64_t used = wire_parse(buf + at, len - at, limits, &op, &need);
		if (used <= 0 || !is_as_short_as_can_be(&op, buf + at) ||
		    !wire_slice_equal(op.subject, first->subject))
			break;
		if (found == batch->count)
			return "too short a batch";
		at += (size_t)used;
		bytes += op.payload.len;
		const char *difference = compare_message(batch, found, &op, buf + at);
		if (difference)
			return difference;
	}
	if (found != batch->count || at != batch_used)
		return "too long a batch";
	if (bytes != batch->payload_bytes)
		return "another sum of payloads";
	bool may_begin =
	    wire_batch_may_begin(first, buf, len); /* called in any case: it must not read too far */
	return found > 0 && !may_begin ? "a batch that may not be" : NULL;
}

const char *batch_model_compare(const struct wire_op *first, const char *buf, size_t len,
				const struct wire_limits *limits, uint32_t cap, uint32_t *count)
{
	/* As large as it has to be, so that a sanitizer sees what is written beyond it. */
	struct wire_batch_entry *entries = malloc(cap * sizeof *entries);
	struct wire_batch batch = {0};
	if (!entries)
		abort();
	size_t used = wire_batch_parse(first, buf, len, limits, entries, cap, &batch);
	if (used == 0)
		batch = (struct wire_batch){0};
	const char *difference = compare_all(first, buf, len, limits, cap, &batch, used);
	*count = batch.count;
	free(entries);
	return difference;
}
