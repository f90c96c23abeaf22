#include "trace/doctor/checks/payloads.h"

#include <inttypes.h>

#include "trace/doctor/checks/report.h"
#include "trace/doctor/facts/subjects.h"

/* A subject on which most payloads repeat carries heartbeats or states, and they are no duplicates. */
enum { DUPLICATES_LEAST = 5, IDS_LEAST = 5 };
#define DUPLICATES_PERCENT   1.0
#define DUPLICATES_BY_NATURE 60.0

/* The limits that servers usually have: the default, the largest that is recommended, the largest that is possible. */
static const uint64_t limits[] = {1 << 20, 8 << 20, 64 << 20};
#define NEAR_LIMIT 0.75

static void end_duplicates(struct doctor__case *own)
{
	for (uint32_t i = 0; i < own->facts->subjects.len; i++) {
		const struct doctor__subject *subject = own->facts->subjects.list[i];
		const struct trace_evidence *evidence = &subject->duplicates;
		double percent = doctor__percent(evidence->count, subject->messages);
		if (evidence->count < DUPLICATES_LEAST || percent < DUPLICATES_PERCENT ||
		    percent > DUPLICATES_BY_NATURE || subject->is_internal)
			continue;
		doctor__report(
		    own, TRACE_WARNING, evidence->count, evidence,
		    "%" PRIu64 " of %" PRIu64 " messages on %.*s repeat one of the last two minutes (%.1f%%)",
		    evidence->count, subject->messages, DOCTOR__NAME(doctor__subject_text(subject)), percent);
	}
}

static void end_ids(struct doctor__case *own)
{
	const struct trace_evidence *same = &own->facts->contents.same_ids,
				    *reused = &own->facts->contents.reused_ids;
	if (same->count >= IDS_LEAST)
		doctor__report(own, TRACE_WARNING, same->count, same,
			       "%" PRIu64 " messages were published again with the same Nats-Msg-Id",
			       same->count);
	if (reused->count > 0)
		doctor__report(own, TRACE_WARNING, reused->count, reused,
			       "%" PRIu64
			       " message%s with another payload has the Nats-Msg-Id of an earlier one: a "
			       "stream drops it",
			       reused->count, doctor__plural(reused->count));
}

static uint64_t largest_of(const struct doctor__subjects *subjects)
{
	uint64_t largest = 0;
	for (uint32_t i = 0; i < subjects->len; i++)
		if (subjects->list[i]->largest > largest)
			largest = subjects->list[i]->largest;
	return largest;
}

/* The smallest usual limit that all payloads keep. */
static uint64_t limit_of(uint64_t largest)
{
	size_t at = 0;
	while (at + 1 < sizeof limits / sizeof *limits && largest > limits[at])
		at++;
	return limits[at];
}

static void end_limit(struct doctor__case *own)
{
	uint64_t limit = limit_of(largest_of(&own->facts->subjects));
	for (uint32_t i = 0; i < own->facts->subjects.len; i++) {
		const struct doctor__subject *subject = own->facts->subjects.list[i];
		if ((double)subject->largest < NEAR_LIMIT * (double)limit)
			continue;
		struct trace_evidence evidence =
		    limit == limits[0] ? subject->large
				       : doctor__example(subject->largest_origin, subject->largest_seq, 1);
		doctor__report(own, TRACE_WARNING, subject->largest, &evidence,
			       "payloads on %.*s are up to %.2f MiB; the limit is %" PRIu64 " MiB%s",
			       DOCTOR__NAME(doctor__subject_text(subject)),
			       (double)subject->largest / (1 << 20), limit >> 20,
			       limit == limits[0] ? " unless max_payload says otherwise" : " or less");
	}
}

const struct doctor__check doctor__payloads_checks[] = {
    {.name = "duplicate-payload",
     .finds = "messages that repeat the payload of an earlier one on their subject",
     .remedy = "look for a publisher that runs twice or retries what had succeeded; give events an id",
     .needs = DOCTOR__NEEDS_PAYLOADS,
     .end = end_duplicates},
    {.name = "duplicate-id",
     .finds = "messages with the Nats-Msg-Id of an earlier one",
     .remedy = "find out why the publisher repeats itself; an id must never be used for another message",
     .needs = DOCTOR__NEEDS_PAYLOADS,
     .end = end_ids},
    {.name = "payload-limit",
     .finds = "payloads close to the limit of the server",
     .remedy = "put large data into an object store and send its name; a publish over the limit ends the "
	       "connection",
     .end = end_limit},
    {0},
};
