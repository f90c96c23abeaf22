#include "trace/jetstream.h"

#include "wire/headers.h"
#include "wire/json.h"
#include "wire/subject.h"

enum { ACK_TOKENS = 9, ACK_TOKENS_MAX = 12, ANSWER_BYTES_MAX = 1024 };

static bool read_number(struct wire_slice text, uint64_t *number)
{
	*number = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		*number = *number * 10 + (uint64_t)(text.data[i] - '0');
	}
	return text.len > 0 && text.len < 20;
}

/* The tokens from the stream on, and how many they are; 0 when the subject is no acknowledgement subject. Some have a further
 * token at their end. */
static size_t split_ack(struct wire_slice subject, struct wire_slice tokens[ACK_TOKENS_MAX + 1],
			size_t *stream)
{
	size_t count = 0;
	if (!trace_is_ack_subject(subject))
		return 0;
	while (count <= ACK_TOKENS_MAX && wire_subject_next_token(&subject, &tokens[count]))
		count++;
	*stream = count == ACK_TOKENS ? 2 : 4;
	return count < ACK_TOKENS || count == ACK_TOKENS + 1 ? 0 : count;
}

bool trace_delivery_of_ack(struct trace_delivery *delivery, struct wire_slice subject)
{
	struct wire_slice tokens[ACK_TOKENS_MAX + 1];
	size_t stream;
	if (split_ack(subject, tokens, &stream) == 0)
		return false;
	const struct wire_slice *from = &tokens[stream];
	delivery->stream = from[0];
	delivery->consumer = from[1];
	return read_number(from[2], &delivery->times) && read_number(from[3], &delivery->seq) &&
	       read_number(from[5], &delivery->stored_ns) && read_number(from[6], &delivery->pending);
}

bool trace_stream_of_ack(struct trace_stream_place *place, struct wire_slice subject)
{
	struct wire_slice tokens[ACK_TOKENS_MAX + 1];
	size_t stream;
	if (split_ack(subject, tokens, &stream) == 0)
		return false;
	place->stream = tokens[stream];
	return read_number(tokens[stream + 3], &place->seq);
}

bool trace_stream_of_copy(struct trace_stream_place *place, const struct wire_event *event)
{
	struct wire_slice seq;
	if (trace_stream_of_ack(place, event->reply))
		return true;
	return event->headers.len > 0 &&
	       wire_headers_get(event->headers, WIRE_LITERAL("Nats-Stream"), &place->stream) &&
	       wire_headers_get(event->headers, WIRE_LITERAL("Nats-Sequence"), &seq) &&
	       read_number(seq, &place->seq);
}

/* The two members of the answer's object. */
static void read_members(struct trace_stream_place *place, struct wire_json *json, bool *has_seq)
{
	struct wire_json_token key, value;
	while (wire_json_next(json, &key) == WIRE_JSON_KEY) {
		enum wire_json_kind kind = wire_json_next(json, &value);
		if (kind == WIRE_JSON_STRING && wire_slice_equal(key.text, WIRE_LITERAL("stream")))
			place->stream = value.text;
		else if (kind == WIRE_JSON_NUMBER && wire_slice_equal(key.text, WIRE_LITERAL("seq")))
			*has_seq = read_number(value.text, &place->seq);
		else if (!wire_json_skip(json, &value))
			return;
	}
}

bool trace_stream_of_answer(struct trace_stream_place *place, const struct wire_event *event)
{
	const struct wire_slice payload = event->payload;
	struct wire_json json;
	struct wire_json_token first;
	bool has_seq = false;
	if (payload.len < 16 || payload.len > ANSWER_BYTES_MAX || payload.data[0] != '{' ||
	    !memmem(payload.data, payload.len, "\"stream\"", 8))
		return false;
	*place = (struct trace_stream_place){0};
	wire_json_init(&json, payload);
	if (wire_json_next(&json, &first) == WIRE_JSON_OBJECT)
		read_members(place, &json, &has_seq);
	return has_seq && place->stream.len > 0;
}

struct wire_slice trace_message_id(const struct wire_event *event)
{
	struct wire_slice id = {0};
	if (event->headers.len > 0)
		wire_headers_get(event->headers, WIRE_LITERAL("Nats-Msg-Id"), &id);
	return id;
}
