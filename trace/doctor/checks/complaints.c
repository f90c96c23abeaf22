#include "trace/doctor/checks/complaints.h"

#include <inttypes.h>
#include <stdio.h>
#include <xxhash.h>

#include "trace/doctor/checks/report.h"
#include "trace/doctor/facts/connections.h"

/* Errors of one text and one service are one finding. */
enum { COMPLAINTS_MAX = 64, TEXT_BYTES = 160 };

struct complaint {
	uint64_t hash;
	uint32_t service;
	char text[TEXT_BYTES];
	struct trace_evidence evidence;
};

struct complaints {
	struct complaint list[COMPLAINTS_MAX];
	uint32_t len;
	struct trace_evidence others; /* that found no room */
};

static void add(struct doctor__case *own, const struct wire_event *event)
{
	struct complaints *complaints = own->own;
	uint32_t service = doctor__service_number(&own->facts->connections, own->facts->client);
	uint64_t hash = XXH3_64bits_withSeed(event->text.data, event->text.len, service);
	struct trace_evidence *evidence = &complaints->others;
	for (uint32_t i = 0; i < complaints->len; i++)
		if (complaints->list[i].hash == hash)
			evidence = &complaints->list[i].evidence;
	if (evidence == &complaints->others && complaints->len < COMPLAINTS_MAX) {
		struct complaint *complaint = &complaints->list[complaints->len++];
		complaint->hash = hash;
		complaint->service = service;
		snprintf(complaint->text, sizeof complaint->text, "%.*s",
			 event->text.len < TEXT_BYTES ? (int)event->text.len : TEXT_BYTES - 1,
			 event->text.data ? event->text.data : "");
		evidence = &complaint->evidence;
	}
	trace_evidence_add(evidence, own->facts->origin, event->seq);
}

static void end_complaints(struct doctor__case *own)
{
	const struct complaints *complaints = own->own;
	for (uint32_t i = 0; i < complaints->len; i++) {
		const struct complaint *complaint = &complaints->list[i];
		doctor__report(
		    own, TRACE_WARNING, complaint->evidence.count, &complaint->evidence,
		    "%.*s got %" PRIu64 " error%s: %s",
		    DOCTOR__NAME(doctor__service_name(&own->facts->connections, complaint->service)),
		    complaint->evidence.count, doctor__plural(complaint->evidence.count), complaint->text);
	}
	if (complaints->others.count > 0)
		doctor__report(own, TRACE_WARNING, 0, &complaints->others,
			       "%" PRIu64 " errors of other texts", complaints->others.count);
}

static bool contains(struct wire_slice text, const char *word)
{
	return text.len > 0 && memmem(text.data, text.len, word, strlen(word)) != NULL;
}

/* Without regard to who sent it: "'Permissions Violation for Publish to ...'", "Authorization Violation". */
static bool is_permission(struct wire_slice text)
{
	return contains(text, "ermissions Violation");
}

static bool is_login(struct wire_slice text)
{
	return contains(text, "uthorization") || contains(text, "uthentication") ||
	       contains(text, "user expired");
}

static void take_permission(struct doctor__case *own, const struct wire_event *event)
{
	if (is_permission(event->text))
		add(own, event);
}

static void take_login(struct doctor__case *own, const struct wire_event *event)
{
	if (!is_permission(event->text) && is_login(event->text))
		add(own, event);
}

static void take_other(struct doctor__case *own, const struct wire_event *event)
{
	if (!is_permission(event->text) && !is_login(event->text))
		add(own, event);
}

const struct doctor__check doctor__complaints_checks[] = {
    {.name = "permission",
     .finds = "publishes and subscriptions that the server refused",
     .remedy = "allow the subject in the user's permissions, or correct the client",
     .own_bytes = sizeof(struct complaints),
     .kinds = 1 << WIRE_EVENT_ERROR,
     .event = take_permission,
     .end = end_complaints},
    {.name = "login",
     .finds = "clients that the server did not let in",
     .remedy = "correct the client's credentials, or renew those that expired",
     .own_bytes = sizeof(struct complaints),
     .kinds = 1 << WIRE_EVENT_ERROR,
     .event = take_login,
     .end = end_complaints},
    {.name = "protocol-error",
     .finds = "protocol errors: the server refused what a client sent, or gave it up",
     .remedy = "read the text: a payload over the limit, a slow or stale connection, or a faulty client",
     .own_bytes = sizeof(struct complaints),
     .kinds = 1 << WIRE_EVENT_ERROR,
     .event = take_other,
     .end = end_complaints},
    {0},
};
