#include "export/pcapng/messages.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <xxhash.h>

#include "export/pcapng/clients.h"
#include "export/pcapng/greeting.h"
#include "wire/write.h"

enum {
	UNDELIVERED_NAMED = 20, /* receivers without the message that a comment names */
	UNNAMED_MAX = 1024,     /* made-up receivers of a message */
};

/* ---- control lines ---- */

/* A word of a control line: not empty, and without what ends a word or a line. */
static bool is_word(struct wire_slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] == ' ' || text.data[i] == '\t' || text.data[i] == '\r' ||
		    text.data[i] == '\n')
			return false;
	return text.len > 0;
}

static bool is_word_or_nothing(struct wire_slice text)
{
	return text.len == 0 || is_word(text);
}

static char *put_word(char *at, struct wire_slice word)
{
	if (word.len == 0)
		return at;
	*at++ = ' ';
	memcpy(at, word.data, word.len);
	return at + word.len;
}

static char *put_number(char *at, uint64_t number)
{
	*at++ = ' ';
	return at + wire_write_decimal(at, number);
}

static struct wire_slice end_line(struct export__pcapng *writer, char *at)
{
	*at++ = '\r';
	*at++ = '\n';
	return wire_slice(writer->line, (size_t)(at - writer->line));
}

/* The true size of the payload where the bytes that are missing are known to be its end, else that of the bytes. */
static uint64_t size_of(const struct wire_event *event)
{
	const bool is_shortened =
	    event->flags & (WIRE_EVENT_CUT | WIRE_EVENT_PARTIAL) && !(event->flags & WIRE_EVENT_MASKED);

	return is_shortened && event->size > event->payload.len ? event->size : event->payload.len;
}

/* The control line of a message with the verb of its direction. sid: empty in a publish. */
static struct wire_slice message_line(const struct export__context *context, const char *verb,
				      struct wire_slice sid)
{
	const struct wire_event *event = context->event;
	char *at = context->writer->line;

	if (event->headers.len > 0)
		*at++ = 'H';
	memcpy(at, verb, 3);
	at = put_word(at + 3, event->subject);
	at = put_word(at, sid);
	at = put_word(at, event->reply);
	if (event->headers.len > 0)
		at = put_number(at, event->headers.len);
	at = put_number(at, event->headers.len + size_of(event));
	return end_line(context->writer, at);
}

/* ---- messages ---- */

static struct export__data message_data(const struct export__context *context, struct wire_slice line,
					struct wire_slice comment)
{
	const struct wire_event *event = context->event;

	return (struct export__data){.pieces = {line, event->headers, event->payload,
						wire_slice(NULL, size_of(event) - event->payload.len),
						WIRE_LITERAL("\r\n")},
				     .count = 5,
				     .time_ns = event->time_ns,
				     .comment = comment};
}

/* Can the protocol carry the message? */
static bool is_writable(const struct wire_event *event)
{
	return is_word(event->subject) && is_word_or_nothing(event->reply) &&
	       event->subject.len + event->reply.len < EXPORT__LINE_MAX &&
	       event->headers.len <= EXPORT__MAX_PAYLOAD &&
	       size_of(event) <= EXPORT__MAX_PAYLOAD - event->headers.len;
}

static int omit(const struct export__context *context, const char *what, struct wire_slice text)
{
	struct export__pcapng *writer = context->writer;

	writer->omitted[EXPORT__UNWRITABLE]++;
	export__notes_keep(&writer->notes, context->event, context->input->source, what, text);
	return 0;
}

/* A hash of the content by which readers join a delivery with its message. */
static uint64_t content_of(const struct wire_event *event)
{
	const uint64_t subject = XXH3_64bits(event->subject.data, event->subject.len);

	return XXH3_64bits_withSeed(event->payload.data, event->payload.len, subject);
}

/* Add facts about the message to the comment that the operation cannot carry. */
static void note_content(struct export__notes *notes, const struct wire_event *event)
{
	if (event->flags & WIRE_EVENT_MASKED)
		export__notes_add(notes, "masked; the true payload has %" PRIu64 " bytes", event->size);
	else if (event->flags & WIRE_EVENT_CUT)
		export__notes_add(notes, "shortened when it was recorded, to %zu bytes", event->payload.len);
	else if (event->flags & WIRE_EVENT_PARTIAL)
		export__notes_add(notes, "only %zu bytes were seen", event->payload.len);
	if (event->flags & WIRE_EVENT_PUBLISHER_UNKNOWN)
		export__notes_add(notes, "the publisher is not known");
}

/* A receiver that did not get the message. */
static void note_undelivered(const struct export__context *context, const struct wire_receiver *receiver)
{
	struct export__notes *notes = &context->writer->notes;
	const struct wire_client *client = export_clients_find(&context->input->clients, receiver->conn);
	const uint32_t input = wire_conn_input(receiver->conn, wire_source_origin(context->input->source));

	export__notes_add(notes, "not delivered to connection %" PRIu64, wire_conn_number(receiver->conn));
	if (input > 0) {
		char log[32];
		snprintf(log, sizeof(log), " of log %" PRIu32, input + 1);
		export__notes_add_bytes(notes, wire_slice_str(log));
	}
	export__notes_add_bytes(notes, WIRE_LITERAL(" ("));
	export__notes_add_bytes(notes, client ? client->name : wire_slice(NULL, 0));
	export__notes_add_bytes(notes, WIRE_LITERAL("): "));
	export__notes_add_bytes(notes, wire_slice_str(wire_outcome_name(receiver->outcome)));
}

/* Who else may have got the message, or should have got it. */
static void note_receivers(const struct export__context *context)
{
	struct export__pcapng *writer = context->writer;
	const struct wire_event *event = context->event;
	uint64_t undelivered = 0;

	if (event->flags & WIRE_EVENT_RECEIVERS_UNKNOWN) {
		export__notes_add(&writer->notes, "not all receivers are known");
		writer->omitted[EXPORT__UNKNOWN_RECEIVERS]++;
	}
	if (!event->receivers && event->receiver_count > 0) {
		export__notes_add(&writer->notes, "received by %" PRIu32 "; who they are is not known",
				  event->receiver_count);
	}
	for (uint32_t i = 0; event->receivers && i < event->receivers_len; i++)
		if (event->receivers[i].outcome != WIRE_SENT && undelivered++ < UNDELIVERED_NAMED)
			note_undelivered(context, &event->receivers[i]);
	if (undelivered > UNDELIVERED_NAMED)
		export__notes_add(&writer->notes, "and %" PRIu64 " more", undelivered - UNDELIVERED_NAMED);
	writer->omitted[EXPORT__UNDELIVERED] += undelivered;
}

static int put_publish(const struct export__context *context)
{
	struct export__pcapng *writer = context->writer;

	if (writer->late.count > 0 && export__late_has(&writer->late, content_of(context->event)))
		export__late_send_all(&writer->late, &writer->connections, &writer->tcp,
				      context->event->time_ns);
	struct export__connection *connection = export__clients_get(context, context->event->conn);

	if (!connection)
		return -ENOMEM;
	export__notes_begin(&writer->notes, context->event, context->input->source);
	note_content(&writer->notes, context->event);
	note_receivers(context);
	const struct export__data data = message_data(
	    context, message_line(context, "PUB", wire_slice(NULL, 0)), export__notes_take(&writer->notes));
	export__tcp_send(&writer->tcp, connection, EXPORT__CLIENT, &data);
	return 0;
}

static size_t bytes_of(const struct export__data *data)
{
	size_t bytes = data->comment.len;

	for (unsigned i = 0; i < data->count; i++)
		bytes += data->pieces[i].data ? data->pieces[i].len : 0;
	return bytes;
}

/* Deliver the message: at once, or when packets have come to the time when it was seen. 0 or -ENOMEM. */
static int send_message(const struct export__context *context, struct export__connection *connection,
			struct wire_slice sid, int64_t delay_ns)
{
	struct export__pcapng *writer = context->writer;

	export__notes_begin(&writer->notes, context->event, context->input->source);
	if (delay_ns != WIRE_DELAY_UNKNOWN)
		export__notes_add(&writer->notes, "seen %.3f \xc2\xb5s after it was published",
				  (double)delay_ns / 1000);
	struct export__data data =
	    message_data(context, message_line(context, "MSG", sid), export__notes_take(&writer->notes));
	if (delay_ns > 0 && delay_ns <= EXPORT__LATE_MAX_NS && data.time_ns <= INT64_MAX - delay_ns &&
	    export__late_has_room(&writer->late, bytes_of(&data))) {
		data.time_ns += delay_ns;
		return export__late_keep(&writer->late, connection, &data, content_of(context->event));
	}
	export__tcp_send(&writer->tcp, connection, EXPORT__SERVER, &data);
	return 0;
}

static int put_delivery(const struct export__context *context, uint64_t conn, struct wire_slice sid,
			int64_t delay_ns)
{
	const struct wire_event *event = context->event;

	if (!is_word(sid) || event->subject.len + event->reply.len + sid.len > EXPORT__LINE_MAX)
		return omit(context, "a delivery whose subscription cannot be written", sid);
	struct export__connection *connection = export__clients_get(context, conn);
	if (!connection)
		return -ENOMEM;
	return send_message(context, connection, sid, delay_ns);
}

/* Deliver the message to as many made-up clients as received it. */
static int put_unnamed(const struct export__context *context)
{
	const uint32_t count = context->event->receiver_count;

	for (uint32_t i = 0; i < count && i < UNNAMED_MAX; i++) {
		struct export__connection *connection = export__clients_get_unnamed(context, i);
		if (!connection ||
		    send_message(context, connection, WIRE_LITERAL("1"), WIRE_DELAY_UNKNOWN) != 0)
			return -ENOMEM;
	}
	if (count > UNNAMED_MAX)
		context->writer->omitted[EXPORT__UNNAMED_RECEIVERS] += count - UNNAMED_MAX;
	return 0;
}

static int put_message(const struct export__context *context)
{
	const struct wire_event *event = context->event;
	int error = put_publish(context);

	if (error == 0 && !event->receivers)
		error = put_unnamed(context);
	for (uint32_t i = 0; error == 0 && event->receivers && i < event->receivers_len; i++) {
		const struct wire_receiver *receiver = &event->receivers[i];
		if (receiver->outcome == WIRE_SENT)
			error = put_delivery(context, receiver->conn, receiver->sid,
					     event->delays_ns ? event->delays_ns[i] : WIRE_DELAY_UNKNOWN);
	}
	return error;
}

int export__messages_put(const struct export__context *context)
{
	const struct wire_event *event = context->event;

	if (!is_writable(event))
		return omit(context, "a message that cannot be written", event->subject);
	if (event->kind == WIRE_EVENT_MESSAGE)
		return put_message(context);
	if (event->outcome == WIRE_SENT && event->conn != 0)
		return put_delivery(context, event->conn, event->sid, WIRE_DELAY_UNKNOWN);
	context->writer->omitted[EXPORT__UNDELIVERED]++;
	export__notes_keep(&context->writer->notes, event, context->input->source, "not delivered",
			   wire_slice_str(wire_outcome_name(event->outcome)));
	return 0;
}

/* ---- other operations ---- */

static int send_line(const struct export__context *context, enum export__side from, struct wire_slice line)
{
	struct export__pcapng *writer = context->writer;
	struct export__connection *connection = export__clients_get(context, context->event->conn);

	if (!connection)
		return -ENOMEM;
	export__notes_begin(&writer->notes, context->event, context->input->source);
	export__tcp_send(&writer->tcp, connection, from,
			 &(struct export__data){.pieces = {line},
						.count = 1,
						.time_ns = context->event->time_ns,
						.comment = export__notes_take(&writer->notes)});
	return 0;
}

static bool fits(const struct wire_event *event)
{
	return event->subject.len + event->queue.len + event->sid.len <= EXPORT__LINE_MAX;
}

static int put_subscribe(const struct export__context *context)
{
	const struct wire_event *event = context->event;
	char *at = context->writer->line;

	if (!is_word(event->subject) || !is_word_or_nothing(event->queue) || !is_word(event->sid) ||
	    !fits(event))
		return omit(context, "a subscription that cannot be written", event->subject);
	memcpy(at, "SUB", 3);
	at = put_word(put_word(put_word(at + 3, event->subject), event->queue), event->sid);
	return send_line(context, EXPORT__CLIENT, end_line(context->writer, at));
}

static int put_unsubscribe(const struct export__context *context)
{
	const struct wire_event *event = context->event;
	char *at = context->writer->line;

	if (!is_word(event->sid) || !fits(event))
		return omit(context, "an UNSUB that cannot be written", event->sid);
	memcpy(at, "UNSUB", 5);
	at = put_word(at + 5, event->sid);
	if (event->max > 0)
		at = put_number(at, event->max);
	return send_line(context, EXPORT__CLIENT, end_line(context->writer, at));
}

/* The text of an error stands in one line. */
static int put_error(const struct export__context *context)
{
	struct export__pcapng *writer = context->writer;
	const struct wire_slice text = context->event->text;
	const size_t len = text.len < EXPORT__LINE_MAX ? text.len : EXPORT__LINE_MAX;
	char *at = writer->line;

	memcpy(at, "-ERR '", 6);
	at += 6;
	for (size_t i = 0; i < len; i++)
		*at++ = text.data[i] == '\r' || text.data[i] == '\n' ? ' ' : text.data[i];
	*at++ = '\'';
	return send_line(context, EXPORT__SERVER, end_line(writer, at));
}

int export__messages_put_other(const struct export__context *context)
{
	if (context->event->conn == 0) {
		context->writer->omitted[EXPORT__UNWRITABLE]++;
		export__notes_keep(&context->writer->notes, context->event, context->input->source,
				   wire_event_kind_name(context->event->kind), context->event->text);
		return 0;
	}
	switch (context->event->kind) {
	case WIRE_EVENT_SUBSCRIBE: return put_subscribe(context);
	case WIRE_EVENT_UNSUBSCRIBE: return put_unsubscribe(context);
	default: return put_error(context);
	}
}
