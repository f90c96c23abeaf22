#include "trace/doctor/checks/receivers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/read/steps.h"
#include "trace/doctor/checks/report.h"
#include "trace/doctor/facts/connections.h"
#include "trace/doctor/facts/subjects.h"
#include "trace/hidden.h"

/* Messages that a leaving client did not wait for are ordinary in small numbers. */
enum { CLOSED_LEAST = 10 };

/* A subscription is judged when it lived for so long, and for half of the recording. */
#define FED_NS INT64_C(30000000000)

enum { INBOXES_LEAST = 100 };

/* ---- dropped ---- */

/* The messages that the connections of a service did not get. They are counted together: a client that reads too slowly is cut
 * off and connects again. */
struct loss {
	struct trace_evidence dropped[WIRE_OUTCOMES];
	uint32_t connections;
	int64_t from_ns, to_ns; /* of all of them */
	uint32_t worst;         /* client that lost most as a slow consumer */
};

static void add_loss(struct loss *loss, const struct doctor__connections *connections, uint32_t client)
{
	const struct doctor__connection *connection = &connections->list[client];
	uint64_t lost = 0, slow = connection->dropped[WIRE_DROPPED_SLOW].count;
	for (int outcome = WIRE_SENT + 1; outcome < WIRE_OUTCOMES; outcome++)
		lost += connection->dropped[outcome].count;
	if (lost == 0)
		return;
	if (loss->connections == 0 || connection->dropped_from_ns < loss->from_ns)
		loss->from_ns = connection->dropped_from_ns;
	if (loss->connections == 0 || connection->dropped_to_ns > loss->to_ns)
		loss->to_ns = connection->dropped_to_ns;
	if (loss->connections++ == 0 ||
	    slow > connections->list[loss->worst].dropped[WIRE_DROPPED_SLOW].count)
		loss->worst = client;
	for (int outcome = WIRE_SENT + 1; outcome < WIRE_OUTCOMES; outcome++)
		trace_evidence_merge(&loss->dropped[outcome], &connection->dropped[outcome]);
}

static void report_slow(struct doctor__case *own, uint32_t service, const struct loss *loss)
{
	const struct doctor__facts *facts = own->facts;
	const struct doctor__connection *worst = &facts->connections.list[loss->worst];
	const struct trace_evidence *evidence = &loss->dropped[WIRE_DROPPED_SLOW];
	char cause[200] = "";
	if (worst->dropped_subject.votes > 0 && worst->dropped_publisher.votes > 0)
		snprintf(cause, sizeof cause, "; most were on %.*s, published by %.*s",
			 DOCTOR__NAME(
			     doctor__subject_text(facts->subjects.list[worst->dropped_subject.candidate])),
			 DOCTOR__NAME(
			     doctor__client_name(&facts->connections, worst->dropped_publisher.candidate)));
	doctor__report_when(
	    own, TRACE_CRITICAL, evidence->count, evidence, loss->from_ns, loss->to_ns,
	    "%.*s read too slowly and lost %" PRIu64 " message%s on %" PRIu32 " connection%s%s",
	    DOCTOR__NAME(doctor__service_name(&facts->connections, service)), evidence->count,
	    doctor__plural(evidence->count), loss->connections, doctor__plural(loss->connections), cause);
}

static void report_drops(struct doctor__case *own, uint32_t service, const struct loss *loss,
			 enum wire_outcome outcome, enum trace_severity severity, const char *why)
{
	const struct trace_evidence *evidence = &loss->dropped[outcome];
	doctor__report_when(own, severity, evidence->count, evidence, loss->from_ns, loss->to_ns,
			    "%.*s did not get %" PRIu64 " message%s: %s",
			    DOCTOR__NAME(doctor__service_name(&own->facts->connections, service)),
			    evidence->count, doctor__plural(evidence->count), why);
}

static void judge_loss(struct doctor__case *own, uint32_t service, const struct loss *loss)
{
	if (loss->dropped[WIRE_DROPPED_SLOW].count > 0)
		report_slow(own, service, loss);
	if (loss->dropped[WIRE_DROPPED_PERMISSION].count > 0)
		report_drops(own, service, loss, WIRE_DROPPED_PERMISSION, TRACE_WARNING,
			     "its permissions forbid them");
	if (loss->dropped[WIRE_DROPPED_CLOSED].count >= CLOSED_LEAST)
		report_drops(own, service, loss, WIRE_DROPPED_CLOSED, TRACE_NOTE,
			     "it left without waiting for them");
}

static void end_dropped(struct doctor__case *own)
{
	const struct doctor__connections *connections = &own->facts->connections;
	struct loss *losses = calloc(doctor__services_count(connections), sizeof *losses);
	if (!losses) {
		own->findings->is_short_of_memory = true;
		return;
	}
	for (uint32_t i = 0; i < connections->len; i++)
		add_loss(&losses[doctor__service_number(connections, i)], connections, i);
	for (uint32_t i = 0; i < doctor__services_count(connections); i++)
		judge_loss(own, i, &losses[i]);
	free(losses);
}

/* ---- never-fed ---- */

static struct trace_hidden find_hidden(const struct doctor__subjects *subjects)
{
	struct trace_hidden hidden = {0};
	for (uint32_t i = 0; i < subjects->len; i++)
		if (subjects->list[i]->unknown > 0 || subjects->list[i]->has_unnamed)
			trace_hidden_add(&hidden, doctor__subject_text(subjects->list[i]));
	return hidden;
}

/* Control subjects that clients and services subscribe to and hardly ever need. */
static bool is_control(struct wire_slice pattern)
{
	return pattern.len > 0 && pattern.data[0] == '$';
}

static bool is_unfed(const struct doctor__case *own, const struct doctor__sub *sub,
		     const struct trace_hidden *hidden)
{
	const struct doctor__facts *facts = own->facts;
	int64_t closed_ns = facts->connections.list[sub->client].closed_ns;
	int64_t until_ns = sub->until_ns < closed_ns ? sub->until_ns : closed_ns;
	if (until_ns > facts->timeline.now_ns)
		until_ns = facts->timeline.now_ns;
	struct wire_slice pattern = wire_slice(sub->pattern, sub->pattern_len);
	int64_t lived_ns = store_time_minus(until_ns, sub->since_ns);
	return !sub->is_fed && lived_ns >= FED_NS &&
	       lived_ns >= doctor__timeline_span_ns(&facts->timeline) / 2 && !is_control(pattern) &&
	       !trace_hidden_reaches(hidden, pattern);
}

static void end_never_fed(struct doctor__case *own)
{
	const struct doctor__connections *connections = &own->facts->connections;
	struct trace_hidden hidden = find_hidden(&own->facts->subjects);
	struct doctor__names names = {0};
	struct trace_evidence evidence = {0};
	for (uint32_t i = 0; i < connections->subs_len; i++) {
		const struct doctor__sub *sub = &connections->subs[i];
		char name[200];
		if (!is_unfed(own, sub, &hidden))
			continue;
		snprintf(name, sizeof name, "%.*s (%.*s)",
			 DOCTOR__NAME(wire_slice(sub->pattern, sub->pattern_len)),
			 DOCTOR__NAME(doctor__client_name(connections, sub->client)));
		doctor__names_add(&names, wire_slice_str(name));
		trace_evidence_add(&evidence, sub->origin, sub->seq);
	}
	trace_hidden_fini(&hidden);
	if (names.count > 0)
		doctor__report(own, TRACE_NOTE, names.count, &evidence,
			       "%" PRIu64 " subscription%s never got a message: %s", names.count,
			       doctor__plural(names.count), doctor__names_text(&names));
}

/* ---- inbox-leak ---- */

static void end_inbox_leak(struct doctor__case *own)
{
	const struct doctor__connections *connections = &own->facts->connections;
	for (uint32_t i = 0; i < connections->len; i++) {
		const struct doctor__connection *connection = &connections->list[i];
		if (connection->inbox_subs < INBOXES_LEAST || !doctor__is_client_chosen(own->facts, i))
			continue;
		doctor__report(own, TRACE_WARNING, connection->inbox_subs, &connection->inbox_evidence,
			       "%.*s (connection %" PRIu64 ") holds %" PRIu32
			       " subscriptions to inboxes and does not end them",
			       DOCTOR__NAME(doctor__client_name(connections, i)),
			       trace_clients_at(&connections->clients, i)->conn, connection->inbox_subs);
	}
}

const struct doctor__check doctor__receivers_checks[] = {
    {.name = "dropped",
     .finds = "messages that a receiver did not get, and who published them",
     .remedy =
	 "let the receiver read faster or share its work in a queue group; slow the publisher; use a stream "
	 "where nothing may be lost",
     .needs = DOCTOR__NEEDS_RECEIVERS,
     .end = end_dropped},
    {.name = "never-fed",
     .finds = "subscriptions that never got a message",
     .remedy = "correct the subject, or remove the subscription; look for a subject that nobody listens to",
     .needs = DOCTOR__NEEDS_RECEIVERS,
     .end = end_never_fed},
    {.name = "inbox-leak",
     .finds = "connections that subscribe to ever more inboxes",
     .remedy = "unsubscribe inboxes after the reply, or use the client's own request call, which shares one",
     .end = end_inbox_leak},
    {0},
};
