#include "trace/doctor/checks/streams.h"

#include <inttypes.h>

#include "trace/doctor/checks/report.h"

enum { REDELIVERED_LEAST = 5, LAG_LEAST = 1000 };
#define REDELIVERED_PERCENT 1.0
#define LAG_FACTOR          2.0

static void end_redelivered(struct doctor__case *own)
{
	for (uint32_t i = 0; i < own->facts->jetstream.len; i++) {
		const struct doctor__consumer *consumer = &own->facts->jetstream.consumers[i];
		const struct trace_evidence *evidence = &consumer->redelivered;
		if (evidence->count < REDELIVERED_LEAST ||
		    doctor__percent(evidence->count, consumer->deliveries) < REDELIVERED_PERCENT)
			continue;
		doctor__report(own, TRACE_WARNING, evidence->count, evidence,
			       "%" PRIu64 " of %" PRIu64 " deliveries of %s are redeliveries",
			       evidence->count, consumer->deliveries, consumer->name);
	}
}

static void end_lag(struct doctor__case *own)
{
	for (uint32_t i = 0; i < own->facts->jetstream.len; i++) {
		const struct doctor__consumer *consumer = &own->facts->jetstream.consumers[i];
		if (consumer->last_pending < LAG_LEAST ||
		    (double)consumer->last_pending < LAG_FACTOR * (double)consumer->first_pending)
			continue;
		struct trace_evidence evidence =
		    doctor__example(consumer->last_origin, consumer->last_seq, consumer->deliveries);
		doctor__report(own, TRACE_WARNING, consumer->last_pending, &evidence,
			       "%s falls behind: %" PRIu64 " messages waited at first, %" PRIu64
			       " at the end",
			       consumer->name, consumer->first_pending, consumer->last_pending);
	}
}

const struct doctor__check doctor__streams_checks[] = {
    {.name = "redelivery",
     .finds = "JetStream consumers that get messages again",
     .remedy = "acknowledge within ack_wait, or make it longer; look for messages that always fail",
     .end = end_redelivered},
    {.name = "consumer-lag",
     .finds = "JetStream consumers with ever more messages that wait",
     .remedy = "add instances that share the consumer, or raise max_ack_pending",
     .end = end_lag},
    {0},
};
