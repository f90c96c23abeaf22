#include "trace/doctor/checks/repeats.h"

#include <inttypes.h>

#include "trace/doctor/checks/report.h"
#include "trace/doctor/facts/requests.h"
#include "trace/doctor/facts/subjects.h"

/* In the worst ten seconds. Retries are sound as long as they are few; when most requests are retries, they keep a service
 * down that could recover. */
static const struct doctor__scale storm = {
    .critical_least = 100, .critical_percent = 50, .warning_least = 10, .warning_percent = 30};

/* Polling is judged by the replies that were compared with those before. */
enum { POLLS_LEAST = 20 };
#define SAME_PERCENT   95.0
#define POLLS_A_SECOND 10.0

static void end_storm(struct doctor__case *own)
{
	for (uint32_t i = 0; i < own->facts->subjects.len; i++) {
		const struct doctor__subject *subject = own->facts->subjects.list[i];
		const struct doctor__request_facts *counts = subject->requests;
		enum trace_severity severity =
		    counts ? doctor__grade(&storm, counts->worst.retries, counts->worst.requests)
			   : TRACE_NOTE;
		if (severity == TRACE_NOTE)
			continue;
		doctor__report(own, severity, counts->worst.retries, &counts->retries,
			       "%" PRIu32 " of %" PRIu32
			       " requests on %.*s within 10 s repeat one that was not "
			       "answered",
			       counts->worst.retries, counts->worst.requests,
			       DOCTOR__NAME(doctor__subject_text(subject)));
	}
}

static void judge_polling(struct doctor__case *own, const struct doctor__subject *subject)
{
	const struct doctor__request_facts *counts = subject->requests;
	if (!counts || counts->compared < POLLS_LEAST ||
	    doctor__percent(counts->same.count, counts->compared) < SAME_PERCENT)
		return;
	double seconds = (double)store_time_minus(subject->last_ns, subject->first_ns) / 1e9;
	bool is_fast = seconds > 0 && (double)counts->same.count / seconds >= POLLS_A_SECOND;
	doctor__report(own, is_fast ? TRACE_WARNING : TRACE_NOTE, counts->same.count, &counts->same,
		       "%" PRIu64 " of %" PRIu64 " repeated requests on %.*s got the same answer again",
		       counts->same.count, counts->compared, DOCTOR__NAME(doctor__subject_text(subject)));
}

static void end_polling(struct doctor__case *own)
{
	for (uint32_t i = 0; i < own->facts->subjects.len; i++)
		judge_polling(own, own->facts->subjects.list[i]);
}

const struct doctor__check doctor__repeats_checks[] = {
    {.name = "retry-storm",
     .finds = "requests that are repeated because the earlier ones were not answered",
     .remedy =
	 "let clients wait longer with each retry, with a random part and a limit; find out why the first "
	 "ones failed",
     .needs = DOCTOR__NEEDS_REQUESTS | DOCTOR__NEEDS_PAYLOADS,
     .end = end_storm},
    {.name = "same-answer",
     .finds = "polling: the same request gets the same answer again and again",
     .remedy = "publish changes as events instead, or poll less often",
     .needs = DOCTOR__NEEDS_REQUESTS | DOCTOR__NEEDS_PAYLOADS,
     .end = end_polling},
    {0},
};
