#include "wire/batch.h"

enum { VERB = sizeof "PUB " - 1, SIZE_DIGITS_MAX = 9 /* as in wire_parse */ };

/* The last control line that was read. */
struct line {
	const char *text;
	size_t len;       /* with its CRLF */
	size_t start_len; /* `PUB subject ` */
	uint32_t size;
};

/* Describe the control line of *first. False when it does not have the form that a batch requires. */
static bool first_line(const struct wire_op *first, struct line *line)
{
	if (first->verb != WIRE_PUB || first->reply.len > 0)
		return false;
	const char *subject_end = first->subject.data + first->subject.len;
	const char *size_end = first->size_text.data + first->size_text.len;
	*line = (struct line){.text = first->subject.data - VERB,
			      .len = VERB + first->subject.len + 1 + first->size_text.len + 2,
			      .start_len = VERB + first->subject.len + 1,
			      .size = (uint32_t)first->payload.len};
	return memcmp(line->text, "PUB ", VERB) == 0 && first->size_text.data == subject_end + 1 &&
	       *subject_end == ' ' && *size_end == '\r' && first->payload.data == size_end + 2;
}

/* Hot: lines are short, and a call to memcmp costs more than this. len >= 8. */
static inline bool is_same(const char *a, const char *b, size_t len)
{
	for (size_t at = 0; at + 8 <= len; at += 8)
		if (memcmp(a + at, b + at, 8) != 0)
			return false;
	return memcmp(a + len - 8, b + len - 8, 8) == 0;
}

/* Read the next line into *line when it begins like *line; its size may differ. False when there is no such
 * line. */
static bool read_line(const char *buf, size_t len, const struct wire_limits *limits, struct line *line)
{
	size_t start = line->start_len, at = start;
	uint32_t size = 0;
	if (len < start || memcmp(buf, line->text, start) != 0)
		return false;
	for (; at < len && buf[at] >= '0' && buf[at] <= '9' && at - start < SIZE_DIGITS_MAX; at++)
		size = size * 10 + (uint32_t)(buf[at] - '0');
	if (at == start || len - at < 2 || buf[at] != '\r' || buf[at + 1] != '\n' ||
	    at - VERB > limits->max_control_line || size > limits->max_payload)
		return false;
	*line = (struct line){.text = buf, .len = at + 2, .start_len = start, .size = size};
	return true;
}

size_t wire_batch_parse(const struct wire_op *first, const char *buf, size_t len,
			const struct wire_limits *limits, struct wire_batch_entry *entries, uint32_t cap,
			struct wire_batch *batch)
{
	struct line line;
	size_t at = 0;
	if (!first_line(first, &line))
		return 0;
	*batch = (struct wire_batch){.data = buf, .entries = entries};
	for (; batch->count < cap; batch->count++) {
		bool is_again = len - at > line.len && is_same(buf + at, line.text, line.len);
		if (!is_again && !read_line(buf + at, len - at, limits, &line))
			break;
		size_t payload = at + line.len, end = payload + line.size + 2;
		if (end > len || buf[end - 2] != '\r' || buf[end - 1] != '\n')
			break;
		entries[batch->count] =
		    (struct wire_batch_entry){.size_text = (uint32_t)(at + line.start_len),
					      .payload = (uint32_t)payload,
					      .payload_len = line.size};
		batch->payload_bytes += line.size;
		at = end;
	}
	return at;
}
