#include "export/sequence/mermaid_label.h"

#include <inttypes.h>
#include <stdio.h>

#include "export/sequence/conversation.h"
#include "export/text/mermaid.h"
#include "export/text/sizes.h"
#include "store/read/steps.h"
#include "trace/inbox.h"
#include "wire/headers.h"

enum { STATUS_MAX = 8 };

void export_mermaid_put_text(struct export_text_buffer *buffer, struct wire_slice text, size_t characters)
{
	char character[EXPORT_MERMAID_CHARACTER];

	while (text.len > 0 && characters-- > 0) {
		const size_t bytes = export_mermaid_character(text, character);
		export_text_buffer_str(buffer, character);
		text = wire_slice(text.data + bytes, text.len - bytes);
	}
	if (text.len > 0)
		export_text_buffer_str(buffer, "…");
}

void export_mermaid_put_party(struct export_text_buffer *buffer, uint32_t party)
{
	char name[16];

	snprintf(name, sizeof name, "p%" PRIu32, party);
	export_text_buffer_str(buffer, name);
}

void export_mermaid_put_count(struct export_text_buffer *buffer, uint64_t count)
{
	char text[EXPORT_SIZE_TEXT];

	export_text_buffer_str(buffer, export_count_text(text, count));
}

void export_mermaid_put_since(struct export_text_buffer *buffer, int64_t since_ns)
{
	char span[EXPORT_SIZE_TEXT];

	export_text_buffer_str(buffer, since_ns < 0 ? "-" : "+");
	export_text_buffer_str(
	    buffer, export_span_text(span, since_ns < 0 ? store_time_minus(0, since_ns) : since_ns));
}

/* "503 No Responders", and the first error of a service. Source of the latter: ADR-32. */
static void put_status(struct export_text_buffer *buffer, struct wire_slice block)
{
	struct wire_headers headers;
	struct wire_slice key, value;

	if (block.len == 0 || wire_headers_open(&headers, block) != 0)
		return;
	if (headers.status.len > 0) {
		export_text_buffer_str(buffer, " ");
		export_mermaid_put_text(buffer, headers.status, STATUS_MAX);
		export_text_buffer_str(buffer, headers.text.len > 0 ? " " : "");
		export_mermaid_put_text(buffer, headers.text, EXPORT_MERMAID_SUBJECT);
	}
	while (wire_headers_next(&headers, &key, &value) > 0)
		if (wire_headers_key_is(key, "Nats-Service-Error")) {
			export_text_buffer_str(buffer, " ERROR ");
			export_mermaid_put_text(buffer, value, EXPORT_MERMAID_SUBJECT);
			return;
		}
}

void export_mermaid_put_subject(struct export_text_buffer *buffer,
				const struct export_sequence_message *message)
{
	const struct wire_slice subject = message->event->subject;

	export_text_buffer_str(buffer, " ");
	if (message->is_reply && trace_has_inbox_prefix(subject))
		export_text_buffer_str(buffer, "reply");
	else
		export_mermaid_put_text(buffer, subject, EXPORT_MERMAID_SUBJECT);
}

static void put_size(struct export_text_buffer *buffer, const struct wire_event *event)
{
	char size[EXPORT_SIZE_TEXT];

	export_text_buffer_str(buffer, ", ");
	export_text_buffer_str(buffer, export_size_text(size, event->size));
}

/* Say why a request failed, if it did. */
static void put_trouble(struct export_text_buffer *buffer, const struct export_sequence_message *message)
{
	if (message->has_no_responders)
		export_text_buffer_str(buffer, ", NO RESPONDERS");
	else if (message->is_unheard)
		export_text_buffer_str(buffer, ", nobody received it");
	else if (message->is_unanswered)
		export_text_buffer_str(buffer, ", UNANSWERED");
}

void export_mermaid_put_details(struct export_text_buffer *buffer,
				const struct export_sequence_message *message)
{
	put_status(buffer, message->event->headers);
	put_size(buffer, message->event);
	put_trouble(buffer, message);
}

void export_mermaid_put_receiver(struct export_text_buffer *buffer,
				 const struct export_sequence_receiver *receiver)
{
	char span[EXPORT_SIZE_TEXT];

	if (receiver->queue.len > 0) {
		export_text_buffer_str(buffer, " (queue ");
		export_mermaid_put_text(buffer, receiver->queue, EXPORT_MERMAID_NAME);
		export_text_buffer_str(buffer, ")");
	}
	if (receiver->outcome != WIRE_SENT) {
		export_text_buffer_str(buffer, ", DROPPED (");
		export_text_buffer_str(buffer, wire_outcome_name(receiver->outcome));
		export_text_buffer_str(buffer, ")");
	} else if (receiver->delay_ns > 0) {
		export_text_buffer_str(buffer, ", delivered after ");
		export_text_buffer_str(buffer, export_span_text(span, receiver->delay_ns));
	}
}

void export_mermaid_put_heading(struct export_text_buffer *buffer,
				const struct export_sequence_heading *heading)
{
	export_text_buffer_str(buffer, "conversation of #35;");
	export_mermaid_put_text(buffer, wire_slice_str(heading->number), EXPORT_NODE_NUMBER_TEXT);
	export_text_buffer_str(buffer, " ");
	export_mermaid_put_text(buffer, heading->root->subject, EXPORT_MERMAID_SUBJECT);
	export_text_buffer_str(buffer, ", ");
	export_mermaid_put_count(buffer, heading->count);
	export_text_buffer_str(buffer, heading->count == 1 ? " message" : " messages");
	if (heading->is_cut_short)
		export_text_buffer_str(buffer, ", ended early because memory was short");
}
