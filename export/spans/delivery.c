#include "export/spans/delivery.h"

#include "export/spans/give.h"
#include "export/spans/ids.h"
#include "export/spans/message.h"
#include "export/spans/receivers.h"
#include "export/spans/waiting.h"
#include "trace/jetstream.h"

/* The publisher's span of the message that was delivered, when it was seen not long ago. */
static const struct export__recent *find_sender(const struct export_spans *spans,
						const struct wire_event *event)
{
	const struct export__recent *recent = &spans->recent[event->refers_to & (EXPORT__RECENT - 1)];

	return event->refers_to > 0 && recent->seq == event->refers_to &&
		       recent->origin == wire_source_origin(spans->source)
		   ? recent
		   : NULL;
}

/* A request of which only this delivery was seen: it is not known when it was published. */
static int ask(struct export_spans *spans, const struct wire_event *event,
	       const struct export_span_context *sender, struct export_span_message *message,
	       const struct export__receiver *receiver)
{
	const struct export__request request = {
	    .context = {.trace = sender->trace, .span = export_span_id_publisher(message->base)},
	    .parent = sender->span,
	    .time_ns = event->time_ns,
	    .client = TRACE_NO_CLIENT,
	    .service = TRACE_SERVICE_UNKNOWN,
	    .origin = wire_source_origin(spans->source),
	    .is_taken = export_sampling_takes(&spans->sampling, &sender->trace),
	};

	message->conversation = event->reply;
	return export__waiting_add(spans, event, &request, message, receiver, 1);
}

/* The requester got a reply. */
static void answer(struct export_spans *spans, struct trace_request *known, struct export__request *request,
		   const struct wire_event *event)
{
	const int64_t after_ns = trace_reply_after_ns(known, event);

	if (trace_is_no_responders(event)) {
		trace_request_count_reply(known, event);
		export__waiting_refuse(spans, request, after_ns);
	} else if (known->replies == 0) {
		trace_request_count_reply(known, event);
		export__waiting_answer(spans, request, TRACE_NO_CLIENT, after_ns, after_ns, event->headers);
	}
}

static void give(struct export_spans *spans, const struct wire_event *event,
		 const struct export_span_context *sender, const struct export_span_message *message,
		 const struct export__receiver *receiver)
{
	struct export_span span = {
	    .kind = EXPORT_SPAN_DELIVER,
	    .error = receiver->error,
	    .context = {.trace = sender->trace, .span = export_span_id_receiver(message->base, 0)},
	    .parent = sender->span,
	    .link = *sender,
	    .start_ns = event->time_ns,
	    .end_ns = event->time_ns,
	    .client = receiver->client,
	    .service = receiver->service,
	    .queue = receiver->queue,
	    .message = message,
	};

	if (export_sampling_is_failure(&spans->sampling, receiver->error, 0))
		export_sampling_keep(&spans->sampling, &sender->trace);
	if (export_sampling_takes(&spans->sampling, &sender->trace))
		export__give(spans, &span);
}

/* The trace and the span that the delivery belongs to. request: the one that it answers, or is a delivery of; NULL: none. */
static struct export_span_context context_of(const struct export_spans *spans, const struct wire_event *event,
					     const struct export__request *request)
{
	const struct export__recent *sender = find_sender(spans, event);
	struct export_span_context context = {0};

	if (sender)
		return sender->context;
	if (request)
		return export__waiting_sender(request);
	if (!export_span_recorded(&context, event->headers))
		context.trace = export_span_base_of(event, spans->events).trace;
	return context;
}

int export__delivery_put(struct export_spans *spans, const struct wire_event *event, bool is_chosen)
{
	struct trace_request *known = trace_requests_find(&spans->requests, event->subject);
	struct export__request *request = known ? &spans->ring[known->key] : NULL;
	const bool asks = event->reply.len > 0 && !trace_is_ack_subject(event->reply);
	const struct trace_request *asking =
	    asks ? trace_requests_find(&spans->requests, event->reply) : NULL;
	struct export__request *asked = asking ? &spans->ring[asking->key] : NULL;

	if (!is_chosen && !request && !asked && !find_sender(spans, event))
		return 0;
	if (request)
		answer(spans, known, request, event);
	if (request && trace_is_no_responders(event))
		return 0;
	struct export_span_message message = export__message_of(spans, event);
	struct export__receiver receiver = export__receiver_of(spans, event);
	const struct export_span_context sender = context_of(spans, event, request ? request : asked);

	if (asked && export__waiting_has_room(asked)) {
		receiver.after_ns = trace_reply_after_ns(asking, event);
		return export__waiting_receive(spans, asked, &receiver);
	}
	if (asks && !asked)
		return ask(spans, event, &sender, &message, &receiver);
	give(spans, event, &sender, &message, &receiver);
	return 0;
}
