/* contents.h - messages that were published twice: the same payload on a subject, or the same Nats-Msg-Id. */
#ifndef TRACE_DOCTOR_FACTS_CONTENTS_H
#define TRACE_DOCTOR_FACTS_CONTENTS_H

#include "trace/doctor/facts/state.h"

/* A message is compared with those of this time: the window in which JetStream drops duplicates by default. */
#define DOCTOR__DUPLICATE_NS INT64_C(120000000000)

/* Shorter payloads say too little: equal ones are no duplicates. */
enum { DOCTOR__CONTENT_LEAST = 16 };

/* 0 or -ENOMEM; in either case call doctor__contents_fini. */
int doctor__contents_init(struct doctor__contents *contents, uint64_t max_bytes);
void doctor__contents_fini(struct doctor__contents *contents);

/* Compare a message of the present subject that is neither request nor reply with earlier ones; facts->payload_hash is that of
 * its payload. Hot. */
void doctor__contents_take(struct doctor__facts *facts, const struct wire_event *event);

/* The source is at its end: compare the last messages. */
void doctor__contents_end(struct doctor__facts *facts);

/* Its payload is whole and as it was sent, so that it may be compared. */
static inline bool doctor__is_whole(const struct wire_event *event)
{
	return !(event->flags & (WIRE_EVENT_CUT | WIRE_EVENT_PARTIAL | WIRE_EVENT_MASKED));
}

#endif
