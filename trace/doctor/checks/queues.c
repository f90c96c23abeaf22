#include "trace/doctor/checks/queues.h"

#include <inttypes.h>
#include <stdio.h>

#include "trace/doctor/checks/report.h"
#include "trace/doctor/facts/connections.h"
#include "trace/doctor/facts/subjects.h"

/* Servers choose members at random: with a hundred messages for each, shares differ by less. */
#define UNFAIR_RATIO 3.0
enum { SINGLE_LEAST = 100 };

static void judge_share(struct doctor__case *own, const struct doctor__subject *subject,
			const struct doctor__queue *queue)
{
	const struct doctor__unfair *worst = &queue->worst;
	const struct doctor__connections *connections = &own->facts->connections;
	if (worst->ratio < UNFAIR_RATIO)
		return;
	doctor__report(own, TRACE_WARNING, queue->messages, &queue->evidence,
		       "queue group %.*s on %.*s shares badly among %" PRIu32 ": connection %" PRIu64
		       " of %.*s got %" PRIu32 ", connection %" PRIu64 " %" PRIu32,
		       DOCTOR__NAME(wire_slice(queue->name, queue->name_len)),
		       DOCTOR__NAME(doctor__subject_text(subject)), worst->members,
		       trace_clients_at(&connections->clients, worst->busiest)->conn,
		       DOCTOR__NAME(doctor__client_name(connections, worst->busiest)), worst->most,
		       trace_clients_at(&connections->clients, worst->idlest)->conn, worst->least);
}

static void end_unfair(struct doctor__case *own)
{
	for (uint32_t i = 0; i < own->facts->subjects.len; i++)
		for (const struct doctor__queue *queue = own->facts->subjects.list[i]->queues; queue;
		     queue = queue->next)
			judge_share(own, own->facts->subjects.list[i], queue);
}

static bool is_single(const struct doctor__subject *subject, const struct doctor__queue *queue)
{
	return queue->members_ever == 1 && queue->messages >= SINGLE_LEAST && subject->unknown == 0;
}

static void end_single(struct doctor__case *own)
{
	struct doctor__names names = {0};
	struct trace_evidence evidence = {0};
	for (uint32_t i = 0; i < own->facts->subjects.len; i++) {
		const struct doctor__subject *subject = own->facts->subjects.list[i];
		for (const struct doctor__queue *queue = subject->queues; queue; queue = queue->next) {
			char name[200];
			if (!is_single(subject, queue))
				continue;
			snprintf(name, sizeof name, "%.*s on %.*s",
				 DOCTOR__NAME(wire_slice(queue->name, queue->name_len)),
				 DOCTOR__NAME(doctor__subject_text(subject)));
			doctor__names_add(&names, wire_slice_str(name));
			trace_evidence_merge(&evidence, &queue->evidence);
		}
	}
	if (names.count > 0)
		doctor__report(own, TRACE_NOTE, names.count, &evidence,
			       "%" PRIu64 " queue group%s had one member only: %s", names.count,
			       doctor__plural(names.count), doctor__names_text(&names));
}

const struct doctor__check doctor__queues_checks[] = {
    {.name = "queue-unfair",
     .finds = "queue groups whose members get very different shares",
     .remedy = "look for a member that is connected to another server, or for one that subscribes twice",
     .needs = DOCTOR__NEEDS_RECEIVERS,
     .end = end_unfair},
    {.name = "queue-single",
     .finds = "queue groups with one member only",
     .remedy = "start a second instance, or nobody takes over when the only one fails",
     .needs = DOCTOR__NEEDS_RECEIVERS,
     .end = end_single},
    {0},
};
