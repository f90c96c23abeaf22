#include "trace/latency.h"

#include <errno.h>
#include <stdlib.h>

#include "store/read/steps.h"
#include "trace/early.h"
#include "trace/fold.h"
#include "trace/gaps.h"
#include "trace/jetstream.h"
#include "trace/pending.h"

enum {
	PENDING_BYTES =
	    sizeof(struct trace_pending) + sizeof(struct trace_request) + 2 * sizeof(struct store_table_slot),
	PENDING_MIN = 1024,
	PENDING_MAX = 1 << 26,
	INTERVALS_MAX = 1 << 24, /* rows further on are others */
	SUBJECT_BYTES = 512,     /* room that a new name must have */
};

/* A reply is expected within this time when the caller does not say how long. */
#define EXPECTED_NS INT64_C(5000000000)

struct trace_latency {
	struct trace_latency_options options;
	struct wire_source *source;
	struct trace_clients clients;
	struct trace_fold fold;
	struct trace_requests requests; /* key: index of `pending` */
	struct trace_pending *pending;  /* a ring as large as that of `requests` */
	uint32_t pending_cap;
	struct trace_early early;
	uint64_t waiting;                   /* requests that nobody has answered yet */
	bool is_last_superseded_unanswered; /* of the request that trace_requests_add has just superseded */
	int64_t first_steady_ns, last_steady_ns;
	struct trace_gaps gaps;
	struct trace_latency_result result;
};

/* ---- how requests end ---- */

static int64_t expected_ns(const struct trace_latency *latency)
{
	return latency->options.unanswered_ns > 0 ? latency->options.unanswered_ns : EXPECTED_NS;
}

/* Something is missing between a request and the time when its reply is expected. */
static bool is_at_gap(const struct trace_latency *latency, const struct trace_pending *pending,
		      int64_t asked_ns)
{
	return pending->is_in_gap || trace_gaps_began(&latency->gaps, pending->gaps,
						      store_time_plus(asked_ns, expected_ns(latency)));
}

static struct trace_example example_of(const struct trace_pending *pending)
{
	return (struct trace_example){.ns = pending->first_ns,
				      .time_ns = pending->time_ns,
				      .seq = pending->seq,
				      .origin = pending->origin,
				      .subject = pending->subject,
				      .requester = pending->requester,
				      .responder = pending->responder,
				      .latency_ns = pending->first_ns};
}

/* Whose reply it was is not known: how long it took is not, either. */
static void forget_times(struct trace_latency_outcome *outcome)
{
	outcome->request.ns = outcome->request.latency_ns = TRACE_LATENCY_UNKNOWN;
	outcome->last_ns = outcome->service_ns = outcome->bus_ns = TRACE_LATENCY_UNKNOWN;
}

static struct trace_latency_outcome outcome_of(const struct trace_latency *latency,
					       const struct trace_pending *pending,
					       const struct trace_request *request, enum trace_forgotten why)
{
	int64_t waited_ns = store_time_minus(latency->last_steady_ns, request->asked_ns);
	return (struct trace_latency_outcome){
	    .request = example_of(pending),
	    .last_ns = pending->last_ns,
	    .service_ns = pending->service_ns,
	    .bus_ns = pending->bus_ns,
	    .replies = request->replies,
	    .several_responders = pending->responders_len > 1,
	    .no_responders = request->no_responders || pending->is_nobodys,
	    .is_at_end = why == TRACE_ENDED && waited_ns < expected_ns(latency),
	    .is_at_gap = is_at_gap(latency, pending, request->asked_ns),
	    .is_evicted = why == TRACE_EVICTED && waited_ns < expected_ns(latency),
	    .is_superseded = why == TRACE_SUPERSEDED,
	    .is_undelivered = pending->is_undelivered,
	};
}

static struct trace_latency_row *interval_of(struct trace_latency *latency, int64_t asked_ns)
{
	int64_t index =
	    store_time_minus(asked_ns, latency->result.base_steady_ns) / latency->options.every_ns;
	uint32_t number = index < 0 ? 0 : index < INTERVALS_MAX ? (uint32_t)index : INTERVALS_MAX;
	return trace_latency_rows_at(&latency->result.intervals, number);
}

static void count_outcome(struct trace_latency *latency, const struct trace_latency_outcome *outcome,
			  int64_t asked_ns)
{
	struct trace_latency_result *result = &latency->result;
	struct trace_memory *memory = &result->memory;
	trace_latency_row_add(&result->total, outcome, memory);
	trace_latency_row_add(trace_latency_rows_at(&result->by_subject, outcome->request.subject), outcome,
			      memory);
	trace_latency_row_add(trace_latency_rows_at(&result->by_requester, outcome->request.requester),
			      outcome, memory);
	if (latency->options.every_ns > 0)
		trace_latency_row_add(interval_of(latency, asked_ns), outcome, memory);
	result->latency_unknown +=
	    outcome->replies > 0 && outcome->request.latency_ns == TRACE_LATENCY_UNKNOWN;
}

/* Count an unanswered request for each service that got it. */
static void count_silence(struct trace_latency *latency, const struct trace_pending *pending,
			  const struct trace_latency_outcome *outcome)
{
	for (uint8_t i = 0; i < pending->receivers_len; i++)
		trace_latency_row_add(
		    trace_latency_rows_at(&latency->result.by_responder, pending->receivers[i].service),
		    outcome, &latency->result.memory);
}

static void list(struct trace_latency *latency, struct trace_examples *examples, struct trace_example example,
		 int64_t ns)
{
	example.ns = ns;
	if (trace_examples_add(examples, &example) != 0)
		latency->result.memory.refused++;
}

/* How long a request has been without a reply; TRACE_LATENCY_UNKNOWN when that is not known, or when nobody was there. */
static int64_t waited_ns(const struct trace_latency *latency, const struct trace_latency_outcome *outcome,
			 int64_t asked_ns)
{
	if (outcome->replies > 0)
		return outcome->request.latency_ns;
	return outcome->no_responders ? TRACE_LATENCY_UNKNOWN
				      : store_time_minus(latency->last_steady_ns, asked_ns);
}

static void list_request(struct trace_latency *latency, const struct trace_latency_outcome *outcome,
			 int64_t asked_ns)
{
	const struct trace_latency_options *options = &latency->options;
	int64_t latency_ns = outcome->request.latency_ns, without_ns = waited_ns(latency, outcome, asked_ns);
	if (options->slow_ns > 0 && latency_ns > options->slow_ns)
		list(latency, &latency->result.slow, outcome->request, latency_ns);
	if (options->unanswered_ns > 0 && without_ns >= options->unanswered_ns)
		list(latency, &latency->result.unanswered, outcome->request, without_ns);
}

/* As trace_request_forgotten. */
static void end_request(void *context, const struct trace_request *request, enum trace_forgotten why)
{
	struct trace_latency *latency = context;
	const struct trace_pending *pending = &latency->pending[request->key];
	struct trace_latency_outcome outcome = outcome_of(latency, pending, request, why);
	if (pending->is_ambiguous)
		forget_times(&outcome);
	bool is_unanswered = outcome.replies == 0 && !outcome.no_responders;
	latency->is_last_superseded_unanswered = is_unanswered && why == TRACE_SUPERSEDED;
	latency->waiting -= is_unanswered;
	latency->result.more_responders += pending->has_more_responders;
	count_outcome(latency, &outcome, request->asked_ns);
	if (is_unanswered)
		count_silence(latency, pending, &outcome);
	list_request(latency, &outcome, request->asked_ns);
}

/* ---- requests ---- */

/* The number of a subject, or that of all others when there is no room for its row, too. */
static uint32_t number_subject(struct trace_latency *latency, struct wire_slice subject)
{
	struct trace_latency_result *result = &latency->result;
	struct trace_memory *memory = &result->row_memory;
	size_t before = result->subjects.bytes;
	bool has_room = memory->max - memory->used > TRACE_LATENCY_ROW_BYTES + SUBJECT_BYTES + subject.len;
	uint32_t number = trace_names_number(&result->subjects, trace_fold(&latency->fold, subject),
					     has_room ? UINT32_MAX - 1 : result->subjects.len);
	memory->used += result->subjects.bytes - before;
	return number == TRACE_NO_NAME ? result->subject_others : number;
}

static bool is_request(struct trace_latency *latency, const struct wire_event *event)
{
	const struct store_filter *filter = latency->options.filter;
	if (trace_is_ack_subject(event->reply))
		return false;
	return !filter || store_filter_event(filter, event, latency->source);
}

static void count_responder(struct trace_latency *latency, const struct trace_pending *pending,
			    uint32_t responder, int64_t ns)
{
	bool is_first = pending->responders_len == 1;
	struct trace_latency_outcome outcome = {
	    .request = example_of(pending), .last_ns = TRACE_LATENCY_UNKNOWN, .replies = 1};
	outcome.request.responder = responder;
	outcome.request.ns = outcome.request.latency_ns = is_first                     ? pending->first_ns
							  : pending->is_seen_delivered ? TRACE_LATENCY_UNKNOWN
										       : ns;
	outcome.service_ns = is_first ? pending->service_ns : TRACE_LATENCY_UNKNOWN;
	outcome.bus_ns = is_first ? pending->bus_ns : TRACE_LATENCY_UNKNOWN;
	if (pending->is_ambiguous)
		forget_times(&outcome);
	trace_latency_row_add(trace_latency_rows_at(&latency->result.by_responder, responder), &outcome,
			      &latency->result.memory);
}

/* The reply was seen before its request: who answered is known, and not how soon. */
static void answer_early(struct trace_latency *latency, struct trace_request *request,
			 const struct trace_early_reply *reply)
{
	struct trace_pending *pending = &latency->pending[request->key];
	request->replies = 1;
	pending->is_nobodys = pending->is_undelivered = false;
	pending->responder = reply->service;
	pending->responders[0] = reply->client;
	pending->responders_len = 1;
	latency->result.early_replies++;
	count_responder(latency, pending, reply->service, TRACE_LATENCY_UNKNOWN);
}

/* Make the ring as large as that of the requests. */
static int reserve_pending(struct trace_latency *latency)
{
	uint32_t cap = latency->requests.added < latency->pending_cap ? latency->pending_cap
		       : latency->pending_cap                         ? latency->pending_cap * 2
								      : PENDING_MIN;
	if (cap > latency->requests.max)
		cap = latency->requests.max;
	if (cap == latency->pending_cap)
		return 0;
	struct trace_pending *pending = realloc(latency->pending, cap * sizeof *pending);
	if (!pending)
		return -ENOMEM;
	latency->pending = pending;
	latency->pending_cap = cap;
	return 0;
}

static int add_request(struct trace_latency *latency, const struct wire_event *event)
{
	uint64_t at = latency->requests.added & (latency->requests.max - 1);
	int error = reserve_pending(latency);
	latency->is_last_superseded_unanswered = false;
	if (!error)
		error = trace_requests_add(&latency->requests, event, at, NULL);
	if (error)
		return error;
	struct trace_pending *pending = &latency->pending[at];
	trace_pending_init(pending, event, &latency->clients);
	pending->subject = number_subject(latency, event->subject);
	/* Rows are made while there is room, not when requests end. */
	trace_latency_rows_at(&latency->result.by_subject, pending->subject);
	trace_latency_rows_at(&latency->result.by_requester, pending->requester);
	pending->gaps = latency->gaps.len;
	pending->is_in_gap = latency->gaps.count > 0 && latency->gaps.until_ns > event->steady_ns;
	pending->is_ambiguous = latency->is_last_superseded_unanswered;
	const struct trace_early_reply *early = trace_early_take(&latency->early, event, pending->origin);
	if (early)
		answer_early(latency, trace_requests_find(&latency->requests, event->reply), early);
	else
		latency->waiting += !pending->is_nobodys;
	return 0;
}

/* The same request in another of the merged logs. Clients make inboxes unique. */
static bool is_seen_again(const struct trace_latency *latency, const struct trace_request *known,
			  const struct wire_event *event)
{
	return latency->pending[known->key].origin != wire_source_origin(latency->source) &&
	       trace_is_inbox(latency->options.inboxes, event->reply);
}

static int note_request(struct trace_latency *latency, const struct wire_event *event)
{
	const struct trace_request *known = trace_requests_find(&latency->requests, event->reply);
	if (known && event->kind == WIRE_EVENT_MESSAGE && is_seen_again(latency, known, event)) {
		latency->result.seen_again++;
		return 0;
	}
	if (known && event->kind == WIRE_EVENT_DELIVERY) {
		struct trace_pending *pending = &latency->pending[known->key];
		bool was_nobodys = pending->is_nobodys;
		trace_pending_receive(pending, &latency->clients, event->conn,
				      trace_reply_after_ns(known, event));
		latency->waiting += was_nobodys && !known->no_responders && known->replies == 0;
		return 0;
	}
	return is_request(latency, event) ? add_request(latency, event) : 0;
}

/* ---- replies ---- */

/* A message without payload may be the server's "no responders": its headers say so. */
static void read_headers(struct trace_latency *latency, struct wire_event *event)
{
	if (event->size == 0 && event->headers.len > 0 && !event->headers.data &&
	    wire_source_content(latency->source, event) != 0)
		event->headers.len = 0;
}

static void note_answer(struct trace_latency *latency, struct trace_request *request,
			const struct wire_event *reply, int64_t ns)
{
	struct trace_pending *pending = &latency->pending[request->key];
	uint32_t responder;
	if (pending->is_answer_delivered && reply->kind == WIRE_EVENT_MESSAGE)
		request->replies = 0;
	bool was_waiting = request->replies == 0 && !request->no_responders && !pending->is_nobodys &&
			   !pending->is_answer_delivered;
	trace_request_count_reply(request, reply);
	latency->waiting -= was_waiting;
	if (request->replies == 0)
		return;
	if (trace_pending_answer(pending, reply, ns, &latency->clients, &responder))
		count_responder(latency, pending, responder, ns);
}

static void note_reply(struct trace_latency *latency, struct trace_request *request,
		       const struct wire_event *event)
{
	struct trace_pending *pending = &latency->pending[request->key];
	struct wire_event reply = *event;
	int64_t ns = trace_reply_after_ns(request, event);
	if (reply.kind == WIRE_EVENT_DELIVERY && request->replies > 0 && !pending->is_answer_delivered) {
		trace_pending_deliver(pending, &reply, ns);
		return;
	}
	read_headers(latency, &reply);
	note_answer(latency, request, &reply, ns);
}

/* ---- events ---- */

static void note_time(struct trace_latency *latency, const struct wire_event *event)
{
	struct trace_latency_result *result = &latency->result;
	if (!result->has_events) {
		result->has_events = true;
		int64_t every_ns = latency->options.every_ns > 0 ? latency->options.every_ns : 1;
		int64_t into_ns = (event->time_ns % every_ns + every_ns) % every_ns;
		result->first_ns = event->time_ns;
		result->base_ns = store_time_minus(event->time_ns, into_ns);
		latency->first_steady_ns = latency->last_steady_ns = event->steady_ns;
		result->base_steady_ns = store_time_minus(event->steady_ns, into_ns);
	}
	result->last_ns = event->time_ns;
	if (event->steady_ns > latency->last_steady_ns)
		latency->last_steady_ns = event->steady_ns;
}

/* Publishing to delivery, for each receiver whose delivery time is known. */
static void count_deliveries(struct trace_latency *latency, const struct wire_event *event)
{
	struct trace_latency_row *row = NULL;
	const struct store_filter *filter = latency->options.filter;
	if (filter && !store_filter_event(filter, event, latency->source))
		return;
	for (uint32_t i = 0; i < event->receivers_len; i++) {
		if (event->receivers[i].outcome != WIRE_SENT || event->delays_ns[i] == WIRE_DELAY_UNKNOWN)
			continue;
		if (!row)
			row = trace_latency_rows_at(&latency->result.deliveries,
						    number_subject(latency, event->subject));
		row->count++;
		trace_latency_count(row, &row->latency, event->delays_ns[i], &latency->result.memory);
	}
}

static int note_message(struct trace_latency *latency, const struct wire_event *event)
{
	struct trace_request *request = trace_requests_find(&latency->requests, event->subject);
	if (request)
		note_reply(latency, request, event);
	else if (event->kind == WIRE_EVENT_MESSAGE && trace_has_inbox_prefix(event->subject))
		trace_early_add(&latency->early, event, &latency->clients);
	if (event->kind == WIRE_EVENT_MESSAGE) {
		latency->result.messages++;
		if (event->delays_ns)
			count_deliveries(latency, event);
	}
	return event->reply.len > 0 ? note_request(latency, event) : 0;
}

int trace_latency_add(struct trace_latency *latency, const struct wire_event *event)
{
	note_time(latency, event);
	if (event->kind <= WIRE_EVENT_DELIVERY)
		return note_message(latency, event);
	if (event->kind == WIRE_EVENT_GAP)
		return trace_gaps_add(&latency->gaps, event);
	trace_clients_add(&latency->clients, event);
	return 0;
}

bool trace_latency_is_waiting(const struct trace_latency *latency)
{
	return latency->waiting > 0;
}

const struct trace_latency_result *trace_latency_end(struct trace_latency *latency)
{
	trace_requests_end(&latency->requests);
	latency->result.gaps = latency->gaps.count;
	latency->result.span_ns = store_time_minus(latency->last_steady_ns, latency->first_steady_ns);
	trace_examples_sort(&latency->result.total.slowest);
	trace_latency_rows_sort(&latency->result.by_subject);
	trace_latency_rows_sort(&latency->result.by_requester);
	trace_latency_rows_sort(&latency->result.by_responder);
	trace_examples_sort(&latency->result.slow);
	trace_examples_sort(&latency->result.unanswered);
	return &latency->result;
}

const struct trace_clients *trace_latency_clients(const struct trace_latency *latency)
{
	return &latency->clients;
}

/* ---- life ---- */

/* The largest power of two of requests that fit the memory. */
static uint32_t requests_for(size_t bytes)
{
	uint32_t max = PENDING_MIN;
	while (max < PENDING_MAX && (size_t)max * 2 * PENDING_BYTES <= bytes)
		max *= 2;
	return max;
}

static int init_tables(struct trace_latency *latency)
{
	struct trace_latency_result *result = &latency->result;
	struct trace_memory *memory = &result->row_memory;
	memory->max = latency->options.memory_bytes / 8;
	result->memory.max = latency->options.memory_bytes / 4;
	result->subject_others = trace_names_number(&result->subjects, WIRE_LITERAL("(other subjects)"), 1);
	trace_latency_rows_init(&result->by_subject, memory, result->subject_others);
	trace_latency_rows_init(&result->deliveries, memory, result->subject_others);
	trace_latency_rows_init(&result->by_requester, memory, TRACE_SERVICE_OTHERS);
	trace_latency_rows_init(&result->by_responder, memory, TRACE_SERVICE_OTHERS);
	trace_latency_rows_init(&result->intervals, memory, INTERVALS_MAX);
	result->total.is_unbounded = true;
	trace_examples_init(&result->total.slowest, latency->options.slowest_max);
	trace_examples_init(&result->slow, latency->options.listed_max);
	trace_examples_init(&result->unanswered, latency->options.listed_max);
	return result->subject_others == TRACE_NO_NAME ? -ENOMEM : 0;
}

struct trace_latency *trace_latency_open(struct wire_source *source,
					 const struct trace_latency_options *options)
{
	struct trace_latency *latency = calloc(1, sizeof *latency);
	if (!latency)
		return NULL;
	latency->options = *options;
	latency->source = source;
	latency->fold.tokens = options->folds_tokens;
	latency->fold.inboxes = options->inboxes;
	trace_requests_init(&latency->requests, requests_for(options->memory_bytes / 2), end_request,
			    latency);
	int error = init_tables(latency);
	if (!error)
		error =
		    trace_clients_init(&latency->clients, source, options->key, options->memory_bytes / 8);
	if (error) {
		trace_latency_close(latency);
		return NULL;
	}
	return latency;
}

void trace_latency_close(struct trace_latency *latency)
{
	if (!latency)
		return;
	struct trace_latency_result *result = &latency->result;
	trace_requests_fini(&latency->requests);
	trace_clients_fini(&latency->clients);
	trace_latency_row_fini(&result->total);
	trace_latency_rows_fini(&result->by_subject);
	trace_latency_rows_fini(&result->by_requester);
	trace_latency_rows_fini(&result->by_responder);
	trace_latency_rows_fini(&result->intervals);
	trace_latency_rows_fini(&result->deliveries);
	trace_examples_fini(&result->slow);
	trace_examples_fini(&result->unanswered);
	trace_names_fini(&result->subjects);
	free(latency->pending);
	trace_gaps_fini(&latency->gaps);
	free(latency);
}
