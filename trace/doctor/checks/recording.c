#include "trace/doctor/checks/recording.h"

#include <inttypes.h>

#include "trace/doctor/checks/report.h"
#include "trace/doctor/doctor.h"
#include "wire/mark.h"

/* Smaller steps are corrections of a time service. */
#define STEP_WARNING_NS INT64_C(1000000000)

/* Below this share what is unknown hardly matters. */
#define UNKNOWN_PERCENT 1.0

/* ---- clock-step ---- */

struct steps {
	struct trace_evidence evidence;
	int64_t largest_ns;
};

static void take_mark(struct doctor__case *own, const struct wire_event *event)
{
	struct steps *steps = own->own;
	int64_t by_ns;
	if (!wire_mark_is_step(event->text, &by_ns))
		return;
	trace_evidence_add(&steps->evidence, own->facts->origin, event->seq);
	struct wire_steps largest = {.largest_ns = steps->largest_ns};
	wire_steps_add(&largest, 1, by_ns);
	steps->largest_ns = largest.largest_ns;
}

static void end_steps(struct doctor__case *own)
{
	struct steps *steps = own->own;
	struct wire_steps found = {0};
	if (own->facts->source->steps)
		own->facts->source->steps(own->facts->source, &found);
	if (found.count < steps->evidence.count)
		found = (struct wire_steps){.count = steps->evidence.count, .largest_ns = steps->largest_ns};
	if (found.count == 0)
		return;
	bool is_large = found.largest_ns == 0 || found.largest_ns >= STEP_WARNING_NS ||
			found.largest_ns <= -STEP_WARNING_NS;
	char by[DOCTOR__DURATION_TEXT];
	doctor__report(own, is_large ? TRACE_WARNING : TRACE_NOTE, found.count, &steps->evidence,
		       "the clock of the recording was set %" PRIu64 " time%s, by %s at most", found.count,
		       doctor__plural(found.count),
		       found.largest_ns ? doctor__duration(by, found.largest_ns) : "an unknown amount");
}

/* ---- gaps and damage ---- */

struct gaps {
	struct trace_evidence evidence;
	uint64_t messages;
};

static void take_gap(struct doctor__case *own, const struct wire_event *event)
{
	struct gaps *gaps = own->own;
	if (event->flags & WIRE_EVENT_DAMAGE)
		return;
	trace_evidence_add(&gaps->evidence, own->facts->origin, event->seq);
	gaps->messages += event->lost_messages;
}

static void end_gaps(struct doctor__case *own)
{
	const struct gaps *gaps = own->own;
	uint64_t count = gaps->evidence.count;
	if (gaps->messages > 0)
		doctor__report(own, TRACE_WARNING, gaps->messages, &gaps->evidence,
			       "the recording has %" PRIu64 " gap%s; at least %" PRIu64 " message%s missing",
			       count, doctor__plural(count), gaps->messages,
			       gaps->messages == 1 ? " is" : "s are");
	else if (count > 0)
		doctor__report(own, TRACE_WARNING, 0, &gaps->evidence,
			       "the recording has %" PRIu64
			       " gap%s; how many messages are missing is unknown",
			       count, doctor__plural(count));
}

static void take_damage(struct doctor__case *own, const struct wire_event *event)
{
	struct gaps *gaps = own->own;
	if (!(event->flags & WIRE_EVENT_DAMAGE))
		return;
	trace_evidence_add(&gaps->evidence, own->facts->origin,
			   event->from_seq > 0 ? event->from_seq : event->seq);
	gaps->messages +=
	    event->to_seq >= event->from_seq && event->from_seq > 0 ? event->to_seq - event->from_seq + 1 : 0;
}

static void end_damage(struct doctor__case *own)
{
	const struct gaps *gaps = own->own;
	uint64_t places = gaps->evidence.count, events = gaps->messages;
	if (places > 0)
		doctor__report(own, TRACE_CRITICAL, events, &gaps->evidence,
			       "the log is damaged in %" PRIu64 " place%s; %" PRIu64
			       " event%s cannot be read",
			       places, doctor__plural(places), events, doctor__plural(events));
}

/* ---- retention ---- */

static uint64_t count_evidence(const struct trace_findings *findings, uint32_t origin, uint64_t before_seq)
{
	uint64_t count = 0;
	for (size_t i = 0; i < findings->len; i++) {
		const struct trace_evidence *evidence = &findings->list[i].evidence;
		bool lies_there = false;
		for (uint32_t j = 0; j < evidence->len; j++)
			lies_there |= evidence->origins[j] == origin && evidence->seqs[j] > 0 &&
				      evidence->seqs[j] < before_seq;
		count += lies_there;
	}
	return count;
}

static void judge_retention(struct doctor__case *own, const struct trace_doctor_log *log, uint32_t origin)
{
	if (!log->is_written || log->first_seq <= 1 || log->next_seq == 0)
		return;
	uint64_t findings = count_evidence(own->findings, origin, log->next_seq);
	char kept[DOCTOR__DURATION_TEXT];
	struct trace_evidence evidence = {0};
	trace_evidence_add(&evidence, origin, log->first_seq);
	trace_evidence_add(&evidence, origin, log->next_seq - 1);
	evidence.count = log->next_seq - log->first_seq;
	doctor__report(
	    own, findings > 0 ? TRACE_WARNING : TRACE_NOTE, findings, &evidence,
	    "retention has deleted the events before %" PRIu64 " of %s, which holds %s; those up to %" PRIu64
	    " are deleted next, with evidence of %" PRIu64 " finding%s",
	    log->first_seq, log->name,
	    doctor__duration(kept, store_time_minus(own->facts->last_time_ns, own->facts->first_time_ns)),
	    log->next_seq - 1, findings, doctor__plural(findings));
}

static void end_retention(struct doctor__case *own)
{
	for (uint32_t i = 0; i < own->logs_len; i++)
		judge_retention(own, &own->logs[i], i);
}

/* ---- what is not known ---- */

static void end_unknown(struct doctor__case *own)
{
	const struct doctor__facts *facts = own->facts;
	double publishers = doctor__percent(facts->unknown_publishers, facts->messages);
	double receivers = doctor__percent(facts->unknown_receivers, facts->messages);
	if (receivers >= UNKNOWN_PERCENT)
		doctor__report(own, TRACE_NOTE, receivers, NULL,
			       "the receivers of %.1f%% of the messages are not all known: on their "
			       "subjects nothing is "
			       "said of listeners, queue groups of one, and subscriptions",
			       receivers);
	if (publishers >= UNKNOWN_PERCENT)
		doctor__report(own, TRACE_NOTE, publishers, NULL,
			       "the publishers of %.1f%% of the messages are not known: nothing is said of "
			       "who answered "
			       "or sent these",
			       publishers);
}

const struct doctor__check doctor__recording_checks[] = {
    {.name = "clock-step",
     .finds = "places where the clock of the recording was set",
     .remedy = "let a time service slew the clock; durations and rates leave the steps out",
     .own_bytes = sizeof(struct steps),
     .kinds = 1 << WIRE_EVENT_MARK,
     .event = take_mark,
     .end = end_steps},
    {.name = "gap",
     .finds = "messages that could not be recorded or read",
     .remedy =
	 "read the reason (cat LOG --kind gap): a full disk, an overloaded recorder, packets that were not "
	 "captured",
     .own_bytes = sizeof(struct gaps),
     .kinds = 1 << WIRE_EVENT_GAP,
     .event = take_gap,
     .end = end_gaps},
    {.name = "damage",
     .finds = "parts of the log that cannot be read",
     .remedy = "run \"tapedeck verify LOG\" to see where, then \"tapedeck verify LOG --repair\"; look after "
	       "the disk",
     .own_bytes = sizeof(struct gaps),
     .kinds = 1 << WIRE_EVENT_GAP,
     .event = take_damage,
     .end = end_damage},
    {.name = "unknown",
     .finds = "how much the recording does not know, so that checks say nothing of it",
     .remedy = "record with the broker or the proxy, or start the capture before the clients connect",
     .needs = DOCTOR__NEEDS_RECEIVERS,
     .end = end_unknown},
    {0},
};

/* Last of all: it looks at the evidence of the others. */
const struct doctor__check doctor__retention_checks[] = {
    {.name = "retention",
     .finds = "events that retention is about to delete, and findings whose evidence they are",
     .remedy = "copy the log, or raise --record-retain-size or --record-retain-age, before they are gone",
     .end = end_retention},
    {0},
};
