/* requests.h - what became of each request: answered, by whom and how fast, or not; repeated, and with what answer. */
#ifndef TRACE_DOCTOR_FACTS_REQUESTS_H
#define TRACE_DOCTOR_FACTS_REQUESTS_H

#include "trace/doctor/facts/state.h"

/* A request is unanswered when no reply came within this time. One that comes later makes it answered. */
#define DOCTOR__ANSWER_NS INT64_C(5000000000)

/* A request that is repeated after this time without a reply to the earlier one is a retry. */
#define DOCTOR__RETRY_NS INT64_C(100000000)

/* A message to an inbox answers a request that comes within this time after it. */
#define DOCTOR__EARLY_NS INT64_C(1000000000)

/* Retries are counted by this time. */
#define DOCTOR__RETRY_WINDOW_NS INT64_C(10000000000)

/* 0 or -ENOMEM; in either case call doctor__requests_fini. */
int doctor__requests_init(struct doctor__requests *requests, uint64_t max_bytes);
void doctor__requests_fini(struct doctor__requests *requests);

/* Take a message or delivery that is the reply to a request which is remembered. True when it is one. Hot. */
bool doctor__requests_take_reply(struct doctor__facts *facts, const struct wire_event *event);

/* Call this some time before doctor__requests_take, with other work in between: it hashes the request and fetches the memory of
 * its last repetition into the cache. facts->payload_hash must be set, if payloads are needed. */
void doctor__requests_fetch(struct doctor__facts *facts, const struct wire_event *event);

/* Take a message with a reply subject, of the present subject, after doctor__requests_fetch. 0 or -ENOMEM. Hot. */
int doctor__requests_take(struct doctor__facts *facts, const struct wire_event *event);

/* Judge the requests that have waited long enough by now. Hot: called for every message. */
void doctor__requests_judge(struct doctor__facts *facts);

#endif
