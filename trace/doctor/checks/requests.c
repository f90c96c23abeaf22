#include "trace/doctor/checks/requests.h"

#include <inttypes.h>

#include "trace/doctor/checks/report.h"
#include "trace/doctor/facts/subjects.h"

/* One lost reply happens; one in a hundred is a fault that people notice, one in ten an outage. */
static const struct doctor__scale lost = {
    .critical_least = 10, .critical_percent = 10, .warning_least = 3, .warning_percent = 1};

/* Services report errors in the ordinary course of things; every other reply is an outage. */
static const struct doctor__scale failed = {
    .critical_least = 10, .critical_percent = 50, .warning_least = 5, .warning_percent = 5};
enum { FAILED_LEAST = 5 };

enum { LATE_LEAST = 5, SEVERAL_LEAST = 10 };
#define LATE_PERCENT    1.0
#define SEVERAL_PERCENT 50.0

typedef void judge_subject(struct doctor__case *own, const struct doctor__subject *subject,
			   const struct doctor__request_facts *counts);

static void each_subject(struct doctor__case *own, judge_subject *judge)
{
	for (uint32_t i = 0; i < own->facts->subjects.len; i++) {
		const struct doctor__subject *subject = own->facts->subjects.list[i];
		if (subject->requests && subject->requests->requests > 0)
			judge(own, subject, subject->requests);
	}
}

/* ---- unanswered ---- */

static void judge_unanswered(struct doctor__case *own, const struct doctor__subject *subject,
			     const struct doctor__request_facts *counts)
{
	struct trace_evidence evidence = counts->unanswered;
	bool sees_replies = own->facts->requests.replies > 0;
	if (counts->answered == 0)
		evidence.count += counts->evicted;
	if (evidence.count == 0 || (!sees_replies && counts->receivers_unknown > 0))
		return;
	enum trace_severity severity = doctor__grade(&lost, evidence.count, counts->requests);
	if (!sees_replies && severity == TRACE_CRITICAL)
		severity = TRACE_WARNING;
	doctor__report(
	    own, severity, evidence.count, &evidence,
	    "%" PRIu64 " of %" PRIu64 " request%s on %.*s got no reply within 5 s (%.1f%%)%s", evidence.count,
	    counts->requests, doctor__plural(counts->requests), DOCTOR__NAME(doctor__subject_text(subject)),
	    doctor__percent(evidence.count, counts->requests),
	    sees_replies ? "" : "; the recording has no reply at all: were inboxes left out of it?");
}

static void end_unanswered(struct doctor__case *own)
{
	each_subject(own, judge_unanswered);
}

/* ---- no responders ---- */

static void judge_no_responders(struct doctor__case *own, const struct doctor__subject *subject,
				const struct doctor__request_facts *counts)
{
	const struct trace_evidence *evidence = &counts->no_responders;
	if (evidence->count == 0)
		return;
	doctor__report(own, doctor__grade(&lost, evidence->count, counts->requests), evidence->count,
		       evidence, "%" PRIu64 " of %" PRIu64 " request%s on %.*s had no responder (%.1f%%)",
		       evidence->count, counts->requests, doctor__plural(counts->requests),
		       DOCTOR__NAME(doctor__subject_text(subject)),
		       doctor__percent(evidence->count, counts->requests));
}

static void end_no_responders(struct doctor__case *own)
{
	each_subject(own, judge_no_responders);
}

/* ---- errors ---- */

static void judge_errors(struct doctor__case *own, const struct doctor__subject *subject,
			 const struct doctor__request_facts *counts)
{
	const struct trace_evidence *evidence = &counts->errors;
	if (evidence->count < FAILED_LEAST ||
	    doctor__percent(evidence->count, counts->answered) < failed.warning_percent)
		return;
	doctor__report(
	    own, doctor__grade(&failed, evidence->count, counts->answered), evidence->count, evidence,
	    "%" PRIu64 " of %" PRIu64 " replies to %.*s report an error (%.1f%%; "
	    "found from %d and %.0f%% on)",
	    evidence->count, counts->answered, DOCTOR__NAME(doctor__subject_text(subject)),
	    doctor__percent(evidence->count, counts->answered), FAILED_LEAST, failed.warning_percent);
}

static void end_errors(struct doctor__case *own)
{
	each_subject(own, judge_errors);
}

/* ---- late and several ---- */

static void judge_late(struct doctor__case *own, const struct doctor__subject *subject,
		       const struct doctor__request_facts *counts)
{
	const struct trace_evidence *evidence = &counts->late;
	if (evidence->count < LATE_LEAST || doctor__percent(evidence->count, counts->requests) < LATE_PERCENT)
		return;
	doctor__report(own, TRACE_WARNING, evidence->count, evidence,
		       "%" PRIu64 " repl%s to %.*s came when nobody waited any more", evidence->count,
		       evidence->count == 1 ? "y" : "ies", DOCTOR__NAME(doctor__subject_text(subject)));
}

static void end_late(struct doctor__case *own)
{
	each_subject(own, judge_late);
}

static void judge_several(struct doctor__case *own, const struct doctor__subject *subject,
			  const struct doctor__request_facts *counts)
{
	const struct trace_evidence *evidence = &counts->several;
	if (evidence->count < SEVERAL_LEAST ||
	    doctor__percent(evidence->count, counts->requests) < SEVERAL_PERCENT)
		return;
	doctor__report(own, TRACE_NOTE, evidence->count, evidence,
		       "%" PRIu64 " of %" PRIu64 " requests on %.*s were answered by several connections",
		       evidence->count, counts->requests, DOCTOR__NAME(doctor__subject_text(subject)));
}

static void end_several(struct doctor__case *own)
{
	each_subject(own, judge_several);
}

const struct doctor__check doctor__requests_checks[] = {
    {.name = "unanswered",
     .finds = "requests that got no reply within 5 s",
     .remedy = "look at the service that received them (trace LOG --seq N): it hangs, drops requests, or "
	       "forgets to reply on some path",
     .needs = DOCTOR__NEEDS_REQUESTS,
     .end = end_unanswered},
    {.name = "no-responders",
     .finds = "requests on subjects that nobody was subscribed to",
     .remedy = "start the service, or correct the subject; let clients wait for the service at start-up",
     .needs = DOCTOR__NEEDS_REQUESTS,
     .end = end_no_responders},
    {.name = "error-replies",
     .finds =
	 "replies that report an error: Nats-Service-Error, a status of 400 and more, or \"error\" in JSON; "
	 "from 5, and 5 % of a subject's replies, on",
     .remedy = "read the replies (cat LOG '_INBOX.>' -v) and the service's own log at these times",
     .needs = DOCTOR__NEEDS_REQUESTS,
     .end = end_errors},
    {.name = "late-replies",
     .finds = "replies that came after the requester had stopped waiting",
     .remedy =
	 "make the service faster, or the time-out of its clients longer: the work was done for nothing",
     .needs = DOCTOR__NEEDS_REQUESTS,
     .end = end_late},
    {.name = "several-replies",
     .finds = "requests that several connections answer",
     .remedy = "put the instances of the service into one queue group, unless each is meant to answer",
     .needs = DOCTOR__NEEDS_REQUESTS,
     .end = end_several},
    {0},
};
