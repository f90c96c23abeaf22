#include "trace/doctor/checks/traffic.h"

#include <inttypes.h>

#include "trace/doctor/checks/report.h"
#include "trace/doctor/facts/connections.h"
#include "trace/doctor/facts/subjects.h"

/* Growth is judged by the last quarter of the time against the first; so much faster than everything together. */
enum { GROWN_LEAST = 200, GROWN_BEFORE = 10, SLICES_LEAST = 16 };
#define GROWN_FACTOR           4.0
#define GROWN_MORE_THAN_OTHERS 3.0

/* A subject fell silent when it was regular, in nine of ten slices, and then missing in a fifth of the time. */
enum { SILENT_LEAST = 50, REGULAR_SLICES = 12, SILENT_SLICES = 8 };
#define REGULAR_SHARE 0.9
#define OTHERS_GO_ON  0.3

enum { DOMINANT_MESSAGES = 1000, DOMINANT_OF = 5 };
#define DOMINANT_PERCENT 80.0

/* The busiest second against the average one, in a recording that is long enough for an average. */
enum { BURST_LEAST = 500 };
#define BURST_FACTOR  10.0
#define BURST_SPAN_NS INT64_C(30000000000)

enum { FANOUT_MESSAGES = 100, FANOUT_NOTE = 50, FANOUT_WARNING = 500 };

static bool is_ordinary(const struct doctor__subject *subject)
{
	return !subject->is_inbox && !subject->is_internal;
}

/* ---- growth ---- */

static void judge_growth(struct doctor__case *own, const struct doctor__subject *subject, uint32_t slices)
{
	uint32_t quarter = slices / 4;
	const struct doctor__series *all = &own->facts->series;
	uint64_t before = doctor__series_sum(&subject->series, 0, quarter);
	uint64_t after = doctor__series_sum(&subject->series, slices - quarter, slices);
	uint64_t all_before = doctor__series_sum(all, 0, quarter) - before;
	uint64_t all_after = doctor__series_sum(all, slices - quarter, slices) - after;
	if (before < GROWN_BEFORE || after < GROWN_LEAST)
		return;
	double growth = (double)after / (double)before;
	double others = all_before > 0 ? (double)all_after / (double)all_before : 1;
	if (growth < GROWN_FACTOR || growth < GROWN_MORE_THAN_OTHERS * others)
		return;
	struct trace_evidence evidence =
	    doctor__example(subject->burst.most_origin, subject->burst.most_seq, after);
	doctor__report(own, TRACE_WARNING, after, &evidence,
		       "%.*s grew %.1f times from the first quarter of the time (%" PRIu64
		       " messages) to the last (%" PRIu64 ")",
		       DOCTOR__NAME(doctor__subject_text(subject)), growth, before, after);
}

static void end_growth(struct doctor__case *own)
{
	uint32_t slices = doctor__timeline_slices(&own->facts->timeline);
	for (uint32_t i = 0; i < own->facts->subjects.len && slices >= SLICES_LEAST; i++)
		if (is_ordinary(own->facts->subjects.list[i]))
			judge_growth(own, own->facts->subjects.list[i], slices);
}

/* ---- silence ---- */

/* The slices in which there is something, and which are the first and the last of them. */
static uint32_t active_slices(const struct doctor__series *series, uint32_t slices, uint32_t *first,
			      uint32_t *last)
{
	uint32_t active = 0;
	for (uint32_t i = 0; i < slices; i++) {
		if (series->counts[i] == 0)
			continue;
		*first = active++ == 0 ? i : *first;
		*last = i;
	}
	return active;
}

/* The other subjects went on in the silence about as before. */
static bool do_others_go_on(const struct doctor__case *own, const struct doctor__subject *subject,
			    uint32_t first, uint32_t last, uint32_t slices)
{
	const struct doctor__series *all = &own->facts->series;
	uint64_t before =
	    doctor__series_sum(all, first, last + 1) - doctor__series_sum(&subject->series, first, last + 1);
	uint64_t after = doctor__series_sum(all, last + 1, slices);
	double rate_before = (double)before / (last + 1 - first),
	       rate_after = (double)after / (slices - last - 1);
	return after > 0 && rate_after >= OTHERS_GO_ON * rate_before;
}

static void judge_silence(struct doctor__case *own, const struct doctor__subject *subject, uint32_t slices)
{
	uint32_t first = 0, last = 0;
	uint32_t active = active_slices(&subject->series, slices, &first, &last);
	if (subject->messages < SILENT_LEAST || subject->series.counts[slices] > 0 ||
	    last + 1 - first < REGULAR_SLICES || slices - 1 - last < SILENT_SLICES ||
	    (slices - 1 - last) * 5 < slices || active < REGULAR_SHARE * (last + 1 - first) ||
	    !do_others_go_on(own, subject, first, last, slices))
		return;
	char silent[DOCTOR__DURATION_TEXT];
	struct trace_evidence evidence =
	    doctor__example(subject->burst.origin, subject->burst.seq, subject->messages);
	doctor__report(
	    own, TRACE_WARNING, subject->messages, &evidence,
	    "%.*s fell silent: %" PRIu64 " messages, then none in the last %s while others went on",
	    DOCTOR__NAME(doctor__subject_text(subject)), subject->messages,
	    doctor__duration(silent, store_time_minus(own->facts->timeline.now_ns, subject->last_ns)));
}

static void end_silence(struct doctor__case *own)
{
	uint32_t slices = doctor__timeline_slices(&own->facts->timeline);
	for (uint32_t i = 0; i < own->facts->subjects.len && slices >= SLICES_LEAST; i++)
		if (is_ordinary(own->facts->subjects.list[i]))
			judge_silence(own, own->facts->subjects.list[i], slices);
}

/* ---- what dominates ---- */

static uint32_t count_subjects(const struct doctor__subjects *subjects)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < subjects->len; i++)
		count += subjects->list[i]->messages > 0;
	return count;
}

static void end_dominant_subject(struct doctor__case *own)
{
	const struct doctor__facts *facts = own->facts;
	if (facts->messages < DOMINANT_MESSAGES || count_subjects(&facts->subjects) < DOMINANT_OF)
		return;
	for (uint32_t i = 0; i < facts->subjects.len; i++) {
		const struct doctor__subject *subject = facts->subjects.list[i];
		double messages = doctor__percent(subject->messages, facts->messages);
		double bytes = doctor__percent(subject->bytes, facts->bytes);
		if (!is_ordinary(subject) || (messages < DOMINANT_PERCENT && bytes < DOMINANT_PERCENT))
			continue;
		struct trace_evidence evidence =
		    doctor__example(subject->burst.most_origin, subject->burst.most_seq, subject->messages);
		doctor__report(own, TRACE_NOTE, messages, &evidence,
			       "%.*s makes up %.1f%% of the messages and %.1f%% of the bytes",
			       DOCTOR__NAME(doctor__subject_text(subject)), messages, bytes);
	}
}

static uint32_t count_clients(const struct doctor__facts *facts)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < facts->connections.len; i++)
		count += doctor__is_client_chosen(facts, i);
	return count;
}

static void end_dominant_client(struct doctor__case *own)
{
	const struct doctor__facts *facts = own->facts;
	if (facts->messages < DOMINANT_MESSAGES || count_clients(facts) < DOMINANT_OF)
		return;
	for (uint32_t i = 0; i < facts->connections.len; i++) {
		double messages = doctor__percent(facts->connections.list[i].published, facts->messages);
		if (messages < DOMINANT_PERCENT)
			continue;
		doctor__report(own, TRACE_NOTE, messages, NULL,
			       "connection %" PRIu64 " of %.*s publishes %.1f%% of the messages",
			       trace_clients_at(&facts->connections.clients, i)->conn,
			       DOCTOR__NAME(doctor__client_name(&facts->connections, i)), messages);
	}
}

/* ---- bursts ---- */

static void judge_burst(struct doctor__case *own, const struct doctor__burst *burst, uint64_t messages,
			int64_t span_ns, struct wire_slice name)
{
	double average = span_ns > 0 ? (double)messages / ((double)span_ns / 1e9) : 0;
	if (span_ns < BURST_SPAN_NS || burst->most < BURST_LEAST || burst->most < BURST_FACTOR * average)
		return;
	struct trace_evidence evidence = doctor__example(burst->most_origin, burst->most_seq, burst->most);
	doctor__report(own, TRACE_NOTE, burst->most, &evidence,
		       "%.*s: %" PRIu32 " messages within a second, %.1f times the average of %.1f",
		       DOCTOR__NAME(name), burst->most, (double)burst->most / average, average);
}

static void end_burst(struct doctor__case *own)
{
	const struct doctor__facts *facts = own->facts;
	int64_t span_ns = doctor__timeline_span_ns(&facts->timeline);
	if (facts->origins == 1) /* one log may be down while another is written */
		span_ns = store_time_minus(span_ns, facts->down_ns);
	judge_burst(own, &facts->burst, facts->messages, span_ns, WIRE_LITERAL("all subjects"));
	for (uint32_t i = 0; i < facts->subjects.len; i++)
		if (is_ordinary(facts->subjects.list[i]))
			judge_burst(own, &facts->subjects.list[i]->burst, facts->subjects.list[i]->messages,
				    span_ns, doctor__subject_text(facts->subjects.list[i]));
}

/* ---- fan-out ---- */

static void end_fanout(struct doctor__case *own)
{
	for (uint32_t i = 0; i < own->facts->subjects.len; i++) {
		const struct doctor__subject *subject = own->facts->subjects.list[i];
		double each =
		    subject->messages > 0 ? (double)subject->deliveries / (double)subject->messages : 0;
		if (subject->messages < FANOUT_MESSAGES || each < FANOUT_NOTE)
			continue;
		struct trace_evidence evidence = doctor__example(
		    subject->most_receivers_origin, subject->most_receivers_seq, subject->messages);
		doctor__report(own, each >= FANOUT_WARNING ? TRACE_WARNING : TRACE_NOTE, each, &evidence,
			       "each message on %.*s goes to %.0f receivers, %" PRIu32
			       " at most: the server sends "
			       "%.1f MB for %.1f MB published",
			       DOCTOR__NAME(doctor__subject_text(subject)), each, subject->most_receivers,
			       each * (double)subject->bytes / 1e6, (double)subject->bytes / 1e6);
	}
}

const struct doctor__check doctor__traffic_checks[] = {
    {.name = "subject-grew",
     .finds = "subjects that grew much more than the others",
     .remedy =
	 "find out whether it is wanted: a new feature, a loop, or a client that publishes more than before",
     .end = end_growth},
    {.name = "subject-silent",
     .finds = "subjects that were regular, and fell silent while others went on",
     .remedy = "look whether its publisher still runs, and what it logged when it stopped",
     .end = end_silence},
    {.name = "dominant-subject",
     .finds = "a subject that makes up most of the traffic",
     .remedy =
	 "look there first when the bus is to become cheaper: batch, filter, or leave it out of recordings",
     .end = end_dominant_subject},
    {.name = "dominant-client",
     .finds = "a connection that publishes most of the messages",
     .remedy = "give it a server or an account of its own, or limit it, when others suffer",
     .end = end_dominant_client},
    {.name = "burst",
     .finds = "seconds with many times the average number of messages",
     .remedy = "spread scheduled work over time; make sure that consumers hold out (see dropped)",
     .end = end_burst},
    {.name = "fan-out",
     .finds = "messages that go to very many receivers",
     .remedy = "narrow the subscriptions, or let instances of a service share a queue group",
     .needs = DOCTOR__NEEDS_RECEIVERS,
     .end = end_fanout},
    {0},
};
