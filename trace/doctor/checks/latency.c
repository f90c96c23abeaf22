#include "trace/doctor/checks/latency.h"

#include <inttypes.h>
#include <stdlib.h>

#include "trace/doctor/checks/report.h"
#include "trace/doctor/facts/connections.h"
#include "trace/doctor/facts/subjects.h"

/* A responder is slower than its baseline when its typical latency for a part of the time is three times as long, and at
 * least 5 ms longer: delays by a busy scheduler stay below that. A part has this many replies or more. */
#define SLOWER_FACTOR 3.0
#define SLOWER_NS     INT64_C(5000000)
enum { PART_REPLIES = 10, PARTS_LEAST = 8, SLOW_PARTS = 2 };

/* A connection is slower than the others that answer the subject. */
#define MEMBER_FACTOR 3.0
enum { MEMBER_REPLIES = 50 };

/* People begin to notice a delay of this length. A subject is slow when it also takes ten times as long as the others. */
#define SUBJECT_NS     INT64_C(100000000)
#define SUBJECT_FACTOR 10.0
enum { SUBJECT_REPLIES = 20 };

/* ---- slow-responder ---- */

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Slices in a row with enough replies together to say how fast they typically are. */
struct part {
	uint32_t first, last; /* slices */
	uint32_t replies;
	double log2_sum;
	uint32_t slowest; /* the slice of the slowest reply */
};

/* Divide the time into parts. Returns how many; the last slices may belong to none. */
static uint32_t divide(const struct doctor__latency_series *series, struct part parts[DOCTOR__SLICES])
{
	uint32_t count = 0;
	struct part part = {0};
	for (uint32_t i = 0; i < DOCTOR__SLICES; i++) {
		if (series->counts[i] == 0)
			continue;
		if (part.replies == 0)
			part = (struct part){.first = i, .slowest = i};
		part.last = i;
		part.replies += series->counts[i];
		part.log2_sum += (double)series->sums[i];
		if (series->slowest[i] > series->slowest[part.slowest])
			part.slowest = i;
		if (part.replies < PART_REPLIES)
			continue;
		parts[count++] = part;
		part = (struct part){0};
	}
	return count;
}

static double typical(const struct part *part)
{
	return part->log2_sum / part->replies;
}

/* The logarithm of what is usual: the median of the parts. */
static double baseline_of(const struct part *parts, uint32_t count)
{
	double sorted[DOCTOR__SLICES];
	for (uint32_t i = 0; i < count; i++)
		sorted[i] = typical(&parts[i]);
	qsort(sorted, count, sizeof *sorted, compare_doubles);
	return sorted[count / 2];
}

/* The slow parts together. */
struct slow_time {
	uint32_t parts, first, last; /* slices */
	uint64_t replies;
	double log2_sum;
	struct trace_evidence evidence;
};

static void add_slow(struct slow_time *slow, const struct part *part,
		     const struct doctor__latency_series *series)
{
	if (slow->parts++ == 0)
		slow->first = part->first;
	slow->last = part->last;
	slow->replies += part->replies;
	slow->log2_sum += part->log2_sum;
	trace_evidence_add(&slow->evidence, series->origins[part->slowest],
			   series->slowest_seqs[part->slowest]);
}

static void report_responder(struct doctor__case *own, const struct doctor__service_responder *responder,
			     const struct slow_time *slow, int64_t baseline_ns, bool goes_on)
{
	const struct doctor__timeline *timeline = &own->facts->timeline;
	char now[DOCTOR__DURATION_TEXT], usual[DOCTOR__DURATION_TEXT], from[DOCTOR__DURATION_TEXT],
	    to[DOCTOR__DURATION_TEXT];
	doctor__report(
	    own, TRACE_WARNING, slow->replies, &slow->evidence,
	    "%.*s answers %.*s slower than it usually does: %s instead of %s, from %s to %s after the "
	    "beginning%s",
	    DOCTOR__NAME(doctor__service_name(&own->facts->connections, responder->service)),
	    DOCTOR__NAME(doctor__subject_text(own->facts->subjects.list[responder->subject])),
	    doctor__duration(now, doctor__exp2(slow->log2_sum / (double)slow->replies)),
	    doctor__duration(usual, baseline_ns), doctor__duration(from, slow->first * timeline->width_ns),
	    doctor__duration(to, (slow->last + 1) * timeline->width_ns),
	    goes_on ? ", and still at the end" : "");
}

static void judge_responder(struct doctor__case *own, const struct doctor__service_responder *responder)
{
	struct part parts[DOCTOR__SLICES];
	struct slow_time slow = {0};
	uint32_t count = divide(&responder->series, parts);
	if (count < PARTS_LEAST)
		return;
	int64_t baseline_ns = doctor__exp2(baseline_of(parts, count));
	for (uint32_t i = 0; i < count; i++) {
		int64_t typical_ns = doctor__exp2(typical(&parts[i]));
		if ((double)typical_ns >= SLOWER_FACTOR * (double)baseline_ns &&
		    typical_ns >= baseline_ns + SLOWER_NS)
			add_slow(&slow, &parts[i], &responder->series);
	}
	slow.evidence.count = slow.replies;
	if (slow.parts >= SLOW_PARTS)
		report_responder(own, responder, &slow, baseline_ns, slow.last == parts[count - 1].last);
}

static void end_responder(struct doctor__case *own)
{
	for (uint32_t i = 0; i < own->facts->requests.service_responders_len; i++)
		judge_responder(own, &own->facts->requests.service_responders[i]);
}

/* ---- slow-member ---- */

/* The replies of all connections that answer a subject. */
struct others {
	uint32_t members;
	uint64_t replies;
	double log2_sum;
};

static void judge_member(struct doctor__case *own, const struct doctor__responder *member,
			 const struct others *all)
{
	uint64_t replies = all->replies - member->count;
	if (member->count < MEMBER_REPLIES || replies < MEMBER_REPLIES || all->members < 2)
		return;
	int64_t own_ns = doctor__exp2(member->log2_sum / (double)member->count);
	int64_t others_ns = doctor__exp2((all->log2_sum - member->log2_sum) / (double)replies);
	if ((double)own_ns < MEMBER_FACTOR * (double)others_ns || own_ns < others_ns + SLOWER_NS)
		return;
	const struct trace_client *client =
	    trace_clients_at(&own->facts->connections.clients, member->client);
	const struct doctor__latency_series *series =
	    &own->facts->requests.service_responders[member->service_responder].series;
	struct trace_evidence evidence = {0};
	for (uint32_t i = 0; i < DOCTOR__SLICES; i++)
		if (series->counts[i] > 0 && series->slowest[i] >= doctor__log2(own_ns))
			trace_evidence_add(&evidence, series->origins[i], series->slowest_seqs[i]);
	evidence.count = member->count;
	char now[DOCTOR__DURATION_TEXT], usual[DOCTOR__DURATION_TEXT];
	doctor__report(own, TRACE_WARNING, member->count, &evidence,
		       "connection %" PRIu64 " of %.*s answers %.*s in %s, the others in %s", client->conn,
		       DOCTOR__NAME(doctor__client_name(&own->facts->connections, member->client)),
		       DOCTOR__NAME(doctor__subject_text(own->facts->subjects.list[member->subject])),
		       doctor__duration(now, own_ns), doctor__duration(usual, others_ns));
}

static void end_member(struct doctor__case *own)
{
	const struct doctor__requests *requests = &own->facts->requests;
	struct others *all = calloc(own->facts->subjects.len + 1, sizeof *all);
	if (!all) {
		own->findings->is_short_of_memory = true;
		return;
	}
	for (uint32_t i = 0; i < requests->responders_len; i++) {
		struct others *subject = &all[requests->responders[i].subject];
		subject->members++;
		subject->replies += requests->responders[i].count;
		subject->log2_sum += requests->responders[i].log2_sum;
	}
	for (uint32_t i = 0; i < requests->responders_len; i++)
		judge_member(own, &requests->responders[i], &all[requests->responders[i].subject]);
	free(all);
}

/* ---- slow-subject ---- */

static const struct trace_histogram *latency_of(const struct doctor__subject *subject)
{
	return subject->requests && !subject->is_internal && subject->requests->answered >= SUBJECT_REPLIES
		   ? &subject->requests->latency
		   : NULL;
}

/* The median of the subjects' medians. 0 when there are fewer than three. */
static int64_t usual_of(const struct doctor__subjects *subjects)
{
	double *medians = calloc(subjects->len + 1, sizeof *medians);
	uint32_t count = 0;
	for (uint32_t i = 0; medians && i < subjects->len; i++)
		if (latency_of(subjects->list[i]))
			medians[count++] =
			    (double)trace_histogram_percentile(latency_of(subjects->list[i]), 50);
	if (count > 0)
		qsort(medians, count, sizeof *medians, compare_doubles);
	int64_t usual_ns = count < 3 ? 0 : (int64_t)medians[count / 2];
	free(medians);
	return usual_ns;
}

static void end_subject(struct doctor__case *own)
{
	const struct doctor__subjects *subjects = &own->facts->subjects;
	int64_t usual_ns = usual_of(subjects);
	for (uint32_t i = 0; i < subjects->len && usual_ns > 0; i++) {
		const struct trace_histogram *latency = latency_of(subjects->list[i]);
		int64_t median_ns = latency ? trace_histogram_percentile(latency, 50) : 0;
		if (median_ns < SUBJECT_NS || (double)median_ns < SUBJECT_FACTOR * (double)usual_ns)
			continue;
		const struct doctor__request_facts *counts = subjects->list[i]->requests;
		struct trace_evidence evidence =
		    doctor__example(counts->slowest_origin, counts->slowest_seq, counts->answered);
		char median[DOCTOR__DURATION_TEXT], worst[DOCTOR__DURATION_TEXT],
		    usual[DOCTOR__DURATION_TEXT];
		doctor__report(own, TRACE_WARNING, median_ns, &evidence,
			       "replies to %.*s take %s in the median and up to %s; other subjects take %s",
			       DOCTOR__NAME(doctor__subject_text(subjects->list[i])),
			       doctor__duration(median, median_ns), doctor__duration(worst, latency->max_ns),
			       doctor__duration(usual, usual_ns));
	}
}

const struct doctor__check doctor__latency_checks[] = {
    {.name = "slow-responder",
     .finds = "a service that answers slower than it usually does",
     .remedy = "look for what changed then: load, a deployment, a slow database; trace LOG --latency --every "
	       "1m shows "
	       "the course",
     .needs = DOCTOR__NEEDS_REQUESTS,
     .end = end_responder},
    {.name = "slow-member",
     .finds = "a connection that is slower than the others that answer the same subject",
     .remedy =
	 "restart or move that instance; queue groups share blindly, so it slows its share of the requests",
     .needs = DOCTOR__NEEDS_REQUESTS,
     .end = end_member},
    {.name = "slow-subject",
     .finds = "a subject whose replies take much longer than those of other subjects",
     .remedy = "make the service faster, add instances to its queue group, or make the exchange asynchronous",
     .needs = DOCTOR__NEEDS_REQUESTS,
     .end = end_subject},
    {0},
};
