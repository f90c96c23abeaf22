#include "export/spans/give.h"

#include "export/spans/ids.h"
#include "store/read/steps.h"
#include "wire/headers.h"

void export__give(struct export_spans *spans, struct export_span *span)
{
	if (span->end_ns < span->start_ns)
		span->end_ns = span->start_ns;
	spans->options.emit(spans->options.context, span);
}

void export__give_delivery(struct export_spans *spans, const struct export__receiver *receiver,
			   int64_t time_ns, const struct export_span_context *sender,
			   const struct export_span_message *message)
{
	struct export_span span = {
	    .kind = EXPORT_SPAN_DELIVER,
	    .error = receiver->error,
	    .context = {.trace = sender->trace,
			.span = export_span_id_receiver(message->base, receiver->number)},
	    .parent = sender->span,
	    .link = *sender,
	    .start_ns = time_ns,
	    .end_ns = store_time_plus(time_ns, receiver->after_ns),
	    .client = receiver->client,
	    .service = receiver->service,
	    .queue = receiver->queue,
	    .message = message,
	};

	export__give(spans, &span);
}

enum export_span_error export__service_error(struct wire_slice headers, struct wire_slice *text,
					     struct wire_slice *code)
{
	*text = *code = (struct wire_slice){0};
	if (headers.len == 0)
		return EXPORT_SPAN_OK;
	const bool has_text = wire_headers_get(headers, WIRE_LITERAL("Nats-Service-Error"), text);
	const bool has_code = wire_headers_get(headers, WIRE_LITERAL("Nats-Service-Error-Code"), code);

	return has_text || has_code ? EXPORT_SPAN_SERVICE_ERROR : EXPORT_SPAN_OK;
}

enum export_span_error export__error_of(enum wire_outcome outcome)
{
	switch (outcome) {
	case WIRE_DROPPED_SLOW: return EXPORT_SPAN_SLOW_CONSUMER;
	case WIRE_DROPPED_PERMISSION: return EXPORT_SPAN_PERMISSION;
	case WIRE_DROPPED_CLOSED: return EXPORT_SPAN_CLOSED;
	default: return EXPORT_SPAN_OK;
	}
}
