#include "export/otlp/span_json.h"

#include <assert.h>

enum { ERROR_TEXT_MAX = 512, ERROR_CODE_MAX = 64 };

/* A slice of a literal, as a constant. */
#define TEXT(literal)                        \
	{                                    \
		literal, sizeof(literal) - 1 \
	}

/* The text that a kind of span begins with. kind: the number of OTLP's SpanKind. */
#define KIND(kind, name, type)                                                                           \
	{                                                                                                \
		TEXT(",\"name\":\"" name " "), TEXT("\",\"kind\":" kind),                                \
		    TEXT("\",\"attributes\":[{\"key\":\"messaging.system\",\"value\":{\"stringValue\":"  \
			 "\"nats\"}},{\"key\":\"messaging.operation.name\",\"value\":{\"stringValue\":"  \
			 "\"" name                                                                       \
			 "\"}},{\"key\":\"messaging.operation.type\",\"value\":{\"stringValue\":\"" type \
			 "\"}},")                                                                        \
	}

#define SERVER   "2"
#define CLIENT   "3"
#define PRODUCER "4"
#define CONSUMER "5"

static const struct {
	struct wire_slice name, kind, attributes;
} kinds[] = {
    [EXPORT_SPAN_PUBLISH] = KIND(PRODUCER, "publish", "send"),
    [EXPORT_SPAN_REQUEST] = KIND(CLIENT, "request", "send"),
    [EXPORT_SPAN_REPLY] = KIND(PRODUCER, "reply", "send"),
    [EXPORT_SPAN_DELIVER] = KIND(CONSUMER, "deliver", "receive"),
    [EXPORT_SPAN_HANDLE] = KIND(SERVER, "process", "process"),
};
static_assert(sizeof(kinds) / sizeof(*kinds) == EXPORT_SPAN_KINDS, "every kind of span");

static const struct {
	const char *type, *message;
} errors[] = {
    [EXPORT_SPAN_OK] = {"", ""},
    [EXPORT_SPAN_NO_RESPONDERS] = {"no_responders", "no responders: nobody is subscribed"},
    [EXPORT_SPAN_UNANSWERED] = {"timeout", "no reply within 10 s"},
    [EXPORT_SPAN_SERVICE_ERROR] = {"service_error", "the service answered with an error"},
    [EXPORT_SPAN_SLOW_CONSUMER] = {"slow_consumer", "not delivered: slow consumer"},
    [EXPORT_SPAN_PERMISSION] = {"permission", "not delivered: a deny rule of the receiver"},
    [EXPORT_SPAN_CLOSED] = {"closed", "not delivered: the receiver was closing"},
};
static_assert(sizeof(errors) / sizeof(*errors) == EXPORT_SPAN_ERRORS, "every error");

static void add_context(struct export_buffer *text, const struct export_span_context *context)
{
	EXPORT_BUFFER_LITERAL(text, "{\"traceId\":\"");
	export_buffer_hex(text, context->trace.high);
	export_buffer_hex(text, context->trace.low);
	EXPORT_BUFFER_LITERAL(text, "\",\"spanId\":\"");
	export_buffer_hex(text, context->span);
	EXPORT_BUFFER_LITERAL(text, "\"");
}

static void add_time(struct export_buffer *text, int64_t ns)
{
	export_buffer_decimal(text, ns > 0 ? (uint64_t)ns : 0);
}

static void add_head(struct export_buffer *text, const struct export_span *span, struct wire_slice name)
{
	add_context(text, &span->context);
	EXPORT_BUFFER_LITERAL(text, ",\"parentSpanId\":\"");
	if (span->parent != 0)
		export_buffer_hex(text, span->parent);
	EXPORT_BUFFER_LITERAL(text, "\"");
	export_buffer_slice(text, kinds[span->kind].name);
	export_buffer_slice(text, name);
	export_buffer_slice(text, kinds[span->kind].kind);
	EXPORT_BUFFER_LITERAL(text, ",\"startTimeUnixNano\":\"");
	add_time(text, span->start_ns);
	EXPORT_BUFFER_LITERAL(text, "\",\"endTimeUnixNano\":\"");
	add_time(text, span->end_ns);
	export_buffer_slice(text, kinds[span->kind].attributes);
}

/* ---- attributes ---- */

#define ADD_INT(text, key, number)                                                              \
	do {                                                                                    \
		EXPORT_BUFFER_LITERAL(text, "{\"key\":\"" key "\",\"value\":{\"intValue\":\""); \
		export_buffer_decimal(text, number);                                            \
		EXPORT_BUFFER_LITERAL(text, "\"}},");                                           \
	} while (0)

static void add_message(struct export_buffer *text, struct export__fragments *fragments,
			const struct export_span_message *message)
{
	ADD_INT(text, "messaging.message.body.size", message->size);
	if (!message->is_altered)
		ADD_INT(text, "messaging.message.envelope.size", message->size + message->headers_bytes);
	if (message->id.len > 0)
		export__fragment_string(fragments, text, "messaging.message.id", message->id);
	if (message->conversation.len > 0)
		export__fragment_string(fragments, text, "messaging.message.conversation_id",
					message->conversation);
	if (message->seq > 0)
		ADD_INT(text, "tapedeck.seq", message->seq);
}

static void add_error(struct export_buffer *text, struct export__fragments *fragments,
		      const struct export_span *span)
{
	if (span->error_code.len > 0 && span->error_code.len <= ERROR_CODE_MAX)
		export__fragment_string(fragments, text, "error.type", span->error_code);
	else
		export__fragment_string(fragments, text, "error.type",
					wire_slice_str(errors[span->error].type));
}

static void add_attributes(struct export_buffer *text, struct export__fragments *fragments,
			   const struct trace_clients *clients, const struct export_span *span)
{
	export_buffer_slice(text, export__fragment_client(fragments, clients, span->client));
	add_message(text, fragments, span->message);
	if (span->queue.len > 0)
		export__fragment_string(fragments, text, "messaging.consumer.group.name", span->queue);
	if (span->error != EXPORT_SPAN_OK)
		add_error(text, fragments, span);
	if (span->is_unfinished)
		EXPORT_BUFFER_LITERAL(text,
				      "{\"key\":\"tapedeck.unfinished\",\"value\":{\"boolValue\":true}},");
	if (!text->is_failed)
		text->len--; /* the last comma */
}

/* ---- the end ---- */

static void add_status(struct export_buffer *text, struct export__fragments *fragments,
		       const struct export_span *span)
{
	if (span->error == EXPORT_SPAN_OK) {
		EXPORT_BUFFER_LITERAL(text, ",\"status\":{}}");
		return;
	}
	struct wire_slice message = span->error_text;

	if (message.len > ERROR_TEXT_MAX)
		message.len = ERROR_TEXT_MAX;
	if (message.len == 0)
		message = wire_slice_str(errors[span->error].message);
	EXPORT_BUFFER_LITERAL(text, ",\"status\":{\"message\":\"");
	export_buffer_slice(text, export__quoted(&fragments->quoting, message));
	EXPORT_BUFFER_LITERAL(text, "\",\"code\":2}}");
}

void export__span_json(struct export_buffer *text, struct export__fragments *fragments,
		       const struct trace_clients *clients, const struct export_span *span)
{
	const struct export__subject_parts subject =
	    export__fragment_subject(fragments, span->message->subject);

	add_head(text, span, subject.name);
	export_buffer_slice(text, subject.attributes);
	add_attributes(text, fragments, clients, span);
	EXPORT_BUFFER_LITERAL(text, "]");
	if (span->link.span != 0) {
		EXPORT_BUFFER_LITERAL(text, ",\"links\":[");
		add_context(text, &span->link);
		EXPORT_BUFFER_LITERAL(text, "}]");
	}
	add_status(text, fragments, span);
}
