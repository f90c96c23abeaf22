#include "export/spans/message.h"

#include <errno.h>

#include "export/spans/give.h"
#include "export/spans/ids.h"
#include "export/spans/receivers.h"
#include "export/spans/waiting.h"
#include "store/read/steps.h"
#include "trace/inbox.h"
#include "trace/jetstream.h"

/* A message while its spans are made. */
struct published {
	const struct wire_event *event;
	struct export_span_message message;
	struct export_span_context context; /* of its publisher's span */
	uint64_t parent;
	uint32_t client, service; /* the publisher */
	uint32_t receivers;
	enum export_span_kind kind;
	enum export_span_error error;
	struct wire_slice error_text, error_code;
	bool is_recorded; /* its headers name its trace */
	bool is_taken;    /* by sampling */
};

struct export_span_message export__message_of(const struct export_spans *spans,
					      const struct wire_event *event)
{
	return (struct export_span_message){
	    .seq = event->seq,
	    .base = export_span_base_of(event, spans->events).base,
	    .subject = event->subject,
	    .headers = event->headers,
	    .id = event->headers.len > 0 ? trace_message_id(event) : (struct wire_slice){0},
	    .size = event->size,
	    .headers_bytes = event->headers.len,
	    .receivers = event->receivers ? event->receivers_len : 0,
	    .is_altered = (event->flags & WIRE_EVENT_MASKED) != 0,
	};
}

static void find_context(const struct export_spans *spans, struct published *published)
{
	struct export_span_context recorded;

	published->is_recorded = export_span_recorded(&recorded, published->event->headers);
	published->context.trace = published->is_recorded
				       ? recorded.trace
				       : export_span_base_of(published->event, spans->events).trace;
	published->context.span = export_span_id_publisher(published->message.base);
	published->parent = published->is_recorded ? recorded.span : 0;
}

/* The message answers the request. */
static void answer(struct export_spans *spans, struct published *published, struct trace_request *known,
		   struct export__request *request)
{
	const int64_t after_ns = trace_reply_after_ns(known, published->event);
	const int64_t got_ns =
	    store_time_plus(after_ns, export__received_after(spans, published->receivers, request->client));

	trace_request_count_reply(known, published->event);
	const uint64_t parent = export__waiting_answer(spans, request, published->client, after_ns, got_ns,
						       published->event->headers);

	published->kind = EXPORT_SPAN_REPLY;
	published->error =
	    export__service_error(published->event->headers, &published->error_text, &published->error_code);
	published->message.conversation = published->event->subject;
	if (published->is_recorded)
		return;
	published->context.trace = request->context.trace;
	published->parent = parent;
	published->is_taken = request->is_taken;
}

/* ---- giving it out ---- */

static bool is_taken(struct export_spans *spans, const struct published *published)
{
	struct export_sampling *sampling = &spans->sampling;
	const struct export_trace_id *trace = &published->context.trace;
	bool is_failure = export_sampling_is_failure(sampling, published->error, 0);

	if (published->is_taken || export_sampling_takes(sampling, trace))
		return true;
	for (uint32_t i = 0; i < published->receivers && !is_failure; i++)
		is_failure = export_sampling_is_failure(sampling, spans->receivers[i].error,
							spans->receivers[i].after_ns);
	if (is_failure)
		export_sampling_keep(sampling, trace);
	return is_failure;
}

static void give(struct export_spans *spans, const struct published *published)
{
	struct export_span span = {
	    .kind = published->kind,
	    .error = published->error,
	    .error_text = published->error_text,
	    .error_code = published->error_code,
	    .context = published->context,
	    .parent = published->parent,
	    .start_ns = published->event->time_ns,
	    .end_ns = published->event->time_ns,
	    .client = published->client,
	    .service = published->service,
	    .message = &published->message,
	};

	export__give(spans, &span);
	for (uint32_t i = 0; i < published->receivers; i++)
		export__give_delivery(spans, &spans->receivers[i], published->event->time_ns,
				      &published->context, &published->message);
}

static int ask(struct export_spans *spans, struct published *published)
{
	const struct export__request request = {
	    .context = published->context,
	    .parent = published->parent,
	    .time_ns = published->event->time_ns,
	    .client = published->client,
	    .service = published->service,
	    .origin = wire_source_origin(spans->source),
	    .is_published = true,
	    .is_taken = is_taken(spans, published),
	};

	published->message.conversation = published->event->reply;
	return export__waiting_add(spans, published->event, &request, &published->message, spans->receivers,
				   published->receivers);
}

static void remember(struct export_spans *spans, const struct published *published)
{
	const uint64_t seq = published->event->seq;

	spans->recent[seq & (EXPORT__RECENT - 1)] = (struct export__recent){
	    .seq = seq, .origin = wire_source_origin(spans->source), .context = published->context};
}

/* The same request in another of the merged logs. Clients make inboxes unique. */
static bool is_seen_again(const struct export_spans *spans, const struct wire_event *event)
{
	const struct trace_request *known = trace_requests_find(&spans->requests, event->reply);

	return known && trace_has_inbox_prefix(event->reply) &&
	       spans->ring[known->key].origin != wire_source_origin(spans->source);
}

static int give_or_ask(struct export_spans *spans, struct published *published)
{
	const struct wire_event *event = published->event;

	if (event->reply.len == 0 || trace_is_ack_subject(event->reply)) {
		if (is_taken(spans, published))
			give(spans, published);
		return 0;
	}
	if (is_seen_again(spans, event)) {
		spans->seen_again++;
		return 0;
	}
	return ask(spans, published);
}

int export__message_put(struct export_spans *spans, const struct wire_event *event, bool is_chosen)
{
	struct trace_request *known = trace_requests_find(&spans->requests, event->subject);
	struct export__request *request = known ? &spans->ring[known->key] : NULL;

	if (!is_chosen && !request)
		return 0;
	if (request && trace_is_no_responders(event)) {
		trace_request_count_reply(known, event);
		export__waiting_refuse(spans, request, trace_reply_after_ns(known, event));
		return 0;
	}
	struct published published = {
	    .event = event, .kind = EXPORT_SPAN_PUBLISH, .message = export__message_of(spans, event)};
	const int64_t receivers = export__receivers_of(spans, event);

	if (receivers < 0)
		return -ENOMEM;
	published.receivers = (uint32_t)receivers;
	export__who(spans, event->conn, &published.client, &published.service);
	find_context(spans, &published);
	if (request)
		answer(spans, &published, known, request);
	remember(spans, &published);
	return give_or_ask(spans, &published);
}
