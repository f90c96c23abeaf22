/* content.h - what a message says: does it hold a value, and which values in it look like ids. */
#ifndef TRACE_CONTENT_H
#define TRACE_CONTENT_H

#include "wire/event.h"

enum { TRACE_CONTENT_IDS_MAX = 24 };

/* The value stands somewhere in the bytes, and is not part of a longer word or number: "4711" is in "orders.4711.new" and
 * {"id":4711}, but not in "14711". */
bool trace_content_holds(struct wire_slice bytes, struct wire_slice value);

/* The message's subject, reply subject, headers or payload hold the value. */
bool trace_message_holds(const struct wire_event *event, struct wire_slice value);

/* Hashes of the words in subject and payload that look like ids: 4 characters or more with a digit among letters, or 5
 * digits or more; letters, digits, - and _ make a word. At most TRACE_CONTENT_IDS_MAX, each once; of the payload the first
 * 4096 bytes are read. Returns how many. */
size_t trace_content_ids(const struct wire_event *event, uint64_t ids[TRACE_CONTENT_IDS_MAX]);

#endif
