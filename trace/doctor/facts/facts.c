#include "trace/doctor/facts/facts.h"

#include <errno.h>
#include <xxhash.h>

#include "store/read/steps.h"
#include "store/read/uptime.h"
#include "trace/doctor/facts/connections.h"
#include "trace/doctor/facts/contents.h"
#include "trace/doctor/facts/jetstream.h"
#include "trace/doctor/facts/receivers.h"
#include "trace/doctor/facts/requests.h"
#include "trace/doctor/facts/subjects.h"
#include "trace/jetstream.h"

/* Shares of the memory, in eighths; two are left for queue groups, histograms and what grows by doubling. */
enum { SUBJECTS_EIGHTHS = 2, CONNECTIONS_EIGHTHS = 1, REQUESTS_EIGHTHS = 2, CONTENTS_SHARE = 32 };

int doctor__facts_init(struct doctor__facts *facts, struct wire_source *source,
		       const struct doctor__facts_options *options)
{
	uint64_t memory_bytes = options->memory_bytes;
	*facts = (struct doctor__facts){
	    .needs = options->needs, .is_filtered = options->is_filtered, .source = source};
	int subjects = doctor__subjects_init(&facts->subjects, memory_bytes / 8 * SUBJECTS_EIGHTHS);
	int connections =
	    doctor__connections_init(&facts->connections, source, memory_bytes / 8 * CONNECTIONS_EIGHTHS);
	int requests = doctor__requests_init(&facts->requests, memory_bytes / 8 * REQUESTS_EIGHTHS);
	int contents = doctor__contents_init(&facts->contents, memory_bytes / CONTENTS_SHARE);
	int jetstream = doctor__jetstream_init(&facts->jetstream);
	return subjects || connections || requests || contents || jetstream ? -ENOMEM : 0;
}

void doctor__facts_fini(struct doctor__facts *facts)
{
	doctor__subjects_fini(&facts->subjects);
	doctor__connections_fini(&facts->connections);
	doctor__requests_fini(&facts->requests);
	doctor__contents_fini(&facts->contents);
	doctor__jetstream_fini(&facts->jetstream);
}

/* ---- messages ---- */

/* The publisher of a message, and what is counted of it. */
static void take_publisher(struct doctor__facts *facts, const struct wire_event *event, bool is_chosen)
{
	facts->is_refused = false;
	facts->client = trace_clients_number(&facts->connections.clients, event->conn);
	facts->unknown_publishers += is_chosen && (event->flags & WIRE_EVENT_PUBLISHER_UNKNOWN);
	struct doctor__connection *publisher = doctor__connection_at(&facts->connections, facts->client);
	if (!publisher) {
		facts->connections.left_out += is_chosen && event->conn != 0;
		return;
	}
	publisher->published += is_chosen;
	if (publisher->refused > 0 && event->receiver_count == 0 && event->receivers_len == 0) {
		publisher->refused--;
		facts->is_refused = true;
	}
}

/* The message may be a reply: it went to an inbox, or to a subject that was used as a reply subject. */
static bool may_be_reply(const struct doctor__facts *facts)
{
	return facts->subject && (facts->subject->is_inbox || facts->subject->is_asked);
}

static int take_exchange(struct doctor__facts *facts, const struct wire_event *event, bool is_chosen)
{
	bool is_reply = may_be_reply(facts) && doctor__requests_take_reply(facts, event);
	doctor__requests_judge(facts);
	if (!is_chosen || !facts->subject || event->reply.len == 0 || event->kind != WIRE_EVENT_MESSAGE)
		return is_reply;
	int error = trace_is_ack_subject(event->reply) ? 0 : doctor__requests_take(facts, event);
	return error < 0 ? error : 1;
}

/* 0 or -ENOMEM. */
static int take_contents(struct doctor__facts *facts, const struct wire_event *event, bool is_chosen)
{
	int is_exchange = facts->needs & DOCTOR__NEEDS_REQUESTS ? take_exchange(facts, event, is_chosen) : 0;
	if (is_exchange != 0 || !is_chosen)
		return is_exchange < 0 ? is_exchange : 0;
	bool is_event = facts->subject && !facts->subject->is_inbox && event->reply.len == 0;
	if (is_event && (facts->needs & DOCTOR__NEEDS_PAYLOADS) && doctor__is_whole(event))
		doctor__contents_take(facts, event);
	return 0;
}

static void take_receivers(struct doctor__facts *facts, const struct wire_event *event, bool is_chosen)
{
	if (!(facts->needs & DOCTOR__NEEDS_RECEIVERS))
		return;
	if (is_chosen)
		doctor__receivers_take(facts, event);
	else
		doctor__receivers_feed(facts, event);
}

static int take_message(struct doctor__facts *facts, const struct wire_event *event, bool is_chosen)
{
	bool is_request = is_chosen && event->reply.len > 0 && (facts->needs & DOCTOR__NEEDS_REQUESTS);
	facts->subject = doctor__subjects_find(&facts->subjects, event->subject, is_chosen);
	take_publisher(facts, event, is_chosen);
	if (facts->needs & DOCTOR__NEEDS_PAYLOADS)
		facts->payload_hash = XXH3_64bits(event->payload.data, event->payload.len);
	if (is_request)
		doctor__requests_fetch(facts, event);
	if (is_chosen)
		doctor__subjects_count(facts, event);
	take_receivers(facts, event, is_chosen);
	if (is_chosen && trace_is_ack_subject(event->reply))
		doctor__jetstream_take(facts, event);
	return take_contents(facts, event, is_chosen);
}

/* ---- other events ---- */

static int take_delivery(struct doctor__facts *facts, const struct wire_event *event, bool is_chosen)
{
	facts->subject = doctor__subjects_find(&facts->subjects, event->subject, is_chosen);
	facts->client = TRACE_NO_CLIENT;
	take_receivers(facts, event, is_chosen);
	if (is_chosen && trace_is_ack_subject(event->reply))
		doctor__jetstream_take(facts, event);
	if (!(facts->needs & DOCTOR__NEEDS_REQUESTS) || event->refers_to != 0)
		return 0;
	int status = take_exchange(facts, event, is_chosen);
	return status < 0 ? status : 0;
}

static void take_error(struct doctor__facts *facts, const struct wire_event *event)
{
	static const char refused[] = "Permissions Violation for Publish";
	struct doctor__connection *connection = doctor__connection_at(&facts->connections, facts->client);
	if (connection && event->text.len >= sizeof refused - 1 &&
	    memcmp(event->text.data, refused, sizeof refused - 1) == 0)
		connection->refused++;
}

static void take_rare(struct doctor__facts *facts, const struct wire_event *event, bool is_chosen)
{
	facts->subject = NULL;
	doctor__connections_take(facts, event, is_chosen);
	if (event->kind == WIRE_EVENT_ERROR)
		take_error(facts, event);
	if (event->kind != WIRE_EVENT_GAP)
		return;
	facts->gaps++;
	if (store_uptime_is_down_in(event))
		facts->down_ns =
		    store_time_plus(facts->down_ns, store_time_minus(event->to_ns, event->from_ns));
}

int doctor__facts_take(struct doctor__facts *facts, const struct wire_event *event, bool is_chosen)
{
	facts->origin = wire_source_origin(facts->source);
	if (facts->origin >= facts->origins)
		facts->origins = facts->origin + 1;
	if (!facts->timeline.is_begun)
		facts->first_time_ns = event->time_ns;
	facts->last_time_ns = event->time_ns;
	doctor__timeline_go(&facts->timeline, event->steady_ns);
	facts->events += is_chosen && event->kind != WIRE_EVENT_GAP && event->kind != WIRE_EVENT_MARK;
	if (facts->is_filtered && is_chosen)
		doctor__connections_choose(facts, event);
	if (event->kind == WIRE_EVENT_MESSAGE)
		return take_message(facts, event, is_chosen);
	if (event->kind == WIRE_EVENT_DELIVERY)
		return take_delivery(facts, event, is_chosen);
	take_rare(facts, event, is_chosen);
	return 0;
}

void doctor__facts_end(struct doctor__facts *facts)
{
	if (facts->needs & DOCTOR__NEEDS_REQUESTS)
		doctor__requests_judge(facts);
	if (facts->needs & DOCTOR__NEEDS_RECEIVERS)
		doctor__receivers_end(facts);
	doctor__contents_end(facts);
	for (uint32_t i = 0; i < facts->subjects.len; i++)
		doctor__series_follow(&facts->subjects.list[i]->series, &facts->timeline);
	for (uint32_t i = 0; i < facts->requests.service_responders_len; i++)
		doctor__latency_series_follow(&facts->requests.service_responders[i].series,
					      &facts->timeline);
	doctor__series_follow(&facts->series, &facts->timeline);
}
