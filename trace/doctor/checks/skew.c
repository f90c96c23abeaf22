#include "trace/doctor/checks/skew.h"

#include <inttypes.h>

#include "trace/doctor/checks/report.h"
#include "trace/doctor/doctor.h"

/* Packets and event loops are out of order by less than a millisecond; time services keep clocks within a few. */
#define NEGATIVE_NS INT64_C(1000000)
#define SHIFTED_NS  INT64_C(5000000)
enum { PAIRS_LEAST = 20 };

/* Estimate by how much the clock of the host is ahead of the others: half the difference between the shortest one-way times to
 * it and from it, on the assumption that both directions take equally long. Where only times to it are known, a negative
 * one is the least by which it is behind. */
static int64_t ahead_of(const struct doctor__host *host)
{
	if (host->to.count < PAIRS_LEAST)
		return 0;
	if (host->from.count >= PAIRS_LEAST)
		return store_time_minus(host->to.least_ns, host->from.least_ns) / 2;
	return host->to.least_ns < 0 ? host->to.least_ns : 0;
}

static void judge_host(struct doctor__case *own, const struct doctor__host *host)
{
	int64_t ahead_ns = ahead_of(host);
	bool is_impossible = host->to.least_ns <= -NEGATIVE_NS || host->from.least_ns <= -NEGATIVE_NS;
	bool is_shifted = ahead_ns >= SHIFTED_NS || ahead_ns <= -SHIFTED_NS;
	if (!is_shifted && !(is_impossible && (ahead_ns >= NEGATIVE_NS || ahead_ns <= -NEGATIVE_NS)))
		return;
	char by[DOCTOR__DURATION_TEXT];
	const struct trace_evidence *evidence =
	    host->to.negative.count > 0 ? &host->to.negative : &host->to.evidence;
	doctor__report(own, TRACE_WARNING, host->to.count, evidence,
		       "the clock of host %s is %s %s the others, by the times of %" PRIu64 " deliveries",
		       host->name,
		       doctor__duration(by, ahead_ns < 0 ? store_time_minus(0, ahead_ns) : ahead_ns),
		       ahead_ns < 0 ? "behind" : "ahead of", host->to.count);
}

static void judge_stored(struct doctor__case *own, const struct doctor__way *stored)
{
	char by[DOCTOR__DURATION_TEXT];
	if (stored->count < PAIRS_LEAST || stored->least_ns > -NEGATIVE_NS)
		return;
	doctor__report(own, TRACE_WARNING, stored->negative.count, &stored->negative,
		       "JetStream stored %" PRIu64
		       " messages up to %s after their delivery, by its clock: it is ahead "
		       "of that of the recording",
		       stored->negative.count, doctor__duration(by, store_time_minus(0, stored->least_ns)));
}

static void judge_input(struct doctor__case *own, const struct doctor__way *way, uint32_t origin)
{
	bool is_ahead = way->least_ns >= SHIFTED_NS, is_behind = way->most_ns <= -SHIFTED_NS;
	if (way->count < PAIRS_LEAST || (!is_ahead && !is_behind) || origin >= own->logs_len)
		return;
	char by[DOCTOR__DURATION_TEXT];
	const struct trace_evidence *evidence = is_behind ? &way->negative : &way->evidence;
	doctor__report(own, TRACE_WARNING, way->count, evidence,
		       "the clock of %s is at least %s %s that of %s: %" PRIu64 " messages are in both",
		       own->logs[origin].name,
		       doctor__duration(by, is_ahead ? way->least_ns : store_time_minus(0, way->most_ns)),
		       is_ahead ? "ahead of" : "behind", own->logs[0].name, way->count);
}

static void end_skew(struct doctor__case *own)
{
	const struct doctor__clocks *clocks = &own->facts->clocks;
	for (uint32_t i = 0; i < clocks->hosts_len; i++)
		judge_host(own, &clocks->hosts[i]);
	judge_stored(own, &clocks->stored);
	for (uint32_t i = 1; i < DOCTOR__ORIGINS; i++)
		judge_input(own, &clocks->inputs[i], i);
}

const struct doctor__check doctor__skew_checks[] = {
    {.name = "clock-skew",
     .finds = "hosts, servers or recordings whose clocks differ",
     .remedy =
	 "let a time service (chrony, NTP) set the clocks; latencies across these hosts are wrong by so much",
     .needs = DOCTOR__NEEDS_RECEIVERS | DOCTOR__NEEDS_PAYLOADS,
     .end = end_skew},
    {0},
};
