/* batch.h - consecutive messages that differ only in their payloads, as a busy publisher mostly sends them.
 *
 *	PUB orders.new 5\r\nfirst\r\n   PUB orders.new 6\r\nsecond\r\n   PUB orders.new 5\r\nthird\r\n
 *	wire_parse reads this one       and these are the batch
 *
 * When a line begins like the line before it, only its size is read; when it is identical, nothing is. The code that
 * handles the messages can likewise decide once for all of them. */
#ifndef WIRE_BATCH_H
#define WIRE_BATCH_H

#include "wire/event.h"
#include "wire/parse.h"

/* A message of a batch, `size CRLF payload CRLF`, by offsets into the batch's data. */
struct wire_batch_entry {
	uint32_t size_text;
	uint32_t payload;
	uint32_t payload_len;
};

/* Borrows the data and the entries. */
struct wire_batch {
	const char *data;
	const struct wire_batch_entry *entries;
	uint32_t count;
	uint64_t payload_bytes; /* of all of them */
};

/* Find the messages at the start of buf[0..len), len < 4 GiB, that differ from *first in their payload only. wire_parse
 * returned *first, and its bytes must still be there. Writes at most `cap` messages to the caller's entries[]. Returns the
 * bytes consumed, with *batch filled in; 0 when there is no such message. A batch ends before a message that is written
 * in another way (a reply, headers, another subject, two blanks, a bare LF), is incomplete or is an error: parse that
 * with wire_parse. */
size_t wire_batch_parse(const struct wire_op *first, const char *buf, size_t len,
			const struct wire_limits *limits, struct wire_batch_entry *entries, uint32_t cap,
			struct wire_batch *batch);

/* Quick check: false when no batch begins at buf[0..len). Hot: where subjects alternate, it fails for every message. */
static inline bool wire_batch_may_begin(const struct wire_op *first, const char *buf, size_t len)
{
	enum { VERB = sizeof "PUB " - 1, LOOK = 8 };
	size_t start = VERB + first->subject.len + 1; /* of the line, up to its size */
	if (first->verb != WIRE_PUB || start < LOOK || len < start)
		return first->verb == WIRE_PUB;
	return memcmp(buf + start - LOOK, first->subject.data - VERB + start - LOOK, LOOK) == 0;
}

static inline struct wire_slice wire_batch_payload(const struct wire_batch *batch, uint32_t index)
{
	return wire_slice(batch->data + batch->entries[index].payload, batch->entries[index].payload_len);
}

/* From the size text to the final CRLF. */
static inline struct wire_slice wire_batch_text(const struct wire_batch *batch, uint32_t index)
{
	const struct wire_batch_entry *entry = &batch->entries[index];
	return wire_slice(batch->data + entry->size_text,
			  (size_t)(entry->payload - entry->size_text) + entry->payload_len + 2);
}

/* Set payload and size of *event, a copy of the batch's template, to those of the message at `index`. */
static inline void wire_batch_event(const struct wire_batch *batch, uint32_t index, struct wire_event *event)
{
	event->payload = wire_batch_payload(batch, index);
	event->size = event->payload.len;
}

#endif
