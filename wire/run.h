/* run.h - messages in a row that differ in their payloads only: what a busy publisher mostly sends.
 *
 *	PUB orders.new 5\r\nfirst\r\n   PUB orders.new 6\r\nsecond\r\n   PUB orders.new 5\r\nthird\r\n
 *	wire_parse reads this one       and these are the run
 *
 * A line that begins as the one before did need not be cut into words again: only its size is read, and not even that
 * when the whole line is the same. Whoever handles messages may likewise ask once what holds for all of them. */
#ifndef WIRE_RUN_H
#define WIRE_RUN_H

#include "wire/event.h"
#include "wire/parse.h"

/* A message of a run, `size CRLF payload CRLF`, by offsets into the run's data. */
struct wire_alike {
	uint32_t size_text;
	uint32_t payload;
	uint32_t payload_len;
};

/* Borrows both. */
struct wire_run {
	const char *data;
	const struct wire_alike *alike;
	uint32_t count;
	uint64_t payload_bytes; /* of all of them */
};

/* Find the messages at the start of buf[0..len), len < 4 GiB, that are like *first, which wire_parse returned and whose
 * bytes are still there: `cap` at most, laid down in alike[] (the caller's). Returns the bytes consumed, with *run
 * filled in; 0 when there are none. Whatever is written in another way (a reply, headers, another subject, two blanks,
 * a bare LF) ends a run, and so does what is wrong or not complete: wire_parse says what it is. */
size_t wire_parse_run(const struct wire_op *first, const char *buf, size_t len,
		      const struct wire_limits *limits, struct wire_alike *alike, uint32_t cap,
		      struct wire_run *run);

/* A run may begin at buf[0..len): what is quick to see says nothing against it. Where subjects alternate this is asked
 * in vain for every message. */
static inline bool wire_may_run(const struct wire_op *first, const char *buf, size_t len)
{
	enum { VERB = sizeof "PUB " - 1, LOOK = 8 };
	size_t start = VERB + first->subject.len + 1; /* of the line, up to its size */
	if (first->verb != WIRE_PUB || start < LOOK || len < start)
		return first->verb == WIRE_PUB;
	return memcmp(buf + start - LOOK, first->subject.data - VERB + start - LOOK, LOOK) == 0;
}

static inline struct wire_slice wire_run_payload(const struct wire_run *run, uint32_t index)
{
	return wire_slice(run->data + run->alike[index].payload, run->alike[index].payload_len);
}

/* From the size text to the final CRLF. */
static inline struct wire_slice wire_run_text(const struct wire_run *run, uint32_t index)
{
	const struct wire_alike *alike = &run->alike[index];
	return wire_slice(run->data + alike->size_text,
			  (size_t)(alike->payload - alike->size_text) + alike->payload_len + 2);
}

/* Make *event, which holds what the messages have in common, that of the message at `index`. */
static inline void wire_run_event(const struct wire_run *run, uint32_t index, struct wire_event *event)
{
	event->payload = wire_run_payload(run, index);
	event->size = event->payload.len;
}

#endif
