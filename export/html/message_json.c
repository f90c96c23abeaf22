#include "export/html/message_json.h"

#include "export/event/shown.h"
#include "wire/conn.h"
#include "wire/headers.h"

enum {
	CONTENT_MAX = 64 << 10, /* of a payload, and of a header block */
	TEXT_MAX = 4096,        /* of a subject, a name, a text */
};

static void put_word(struct export_json *json, const char *key, const char *word)
{
	export_json_word(json, key, word, strlen(word));
}

/* The first bytes of a text, in whole characters. */
static struct wire_slice cut(struct wire_slice text, uint64_t most)
{
	const struct export_shown shown = {.has_limit = true, .payload = most};

	return export_shown_payload(&shown, &(struct wire_event){.payload = text});
}

static void put_text(struct export_json *json, const char *key, struct wire_slice text)
{
	if (text.len > 0)
		export_json_bytes(json, key, cut(text, TEXT_MAX));
}

static void put_flag(struct export_json *json, const char *key, bool is_set)
{
	if (is_set)
		export_json_true(json, key);
}

static void put_since(struct export_json *json, int64_t since_ns)
{
	export_json_real(json, "t", (double)since_ns / 1e3);
}

/* ---- who ---- */

static void put_receivers(struct export_json *json, const struct export_sequence_message *message)
{
	export_json_array(json, "to");
	for (uint32_t i = 0; i < message->receivers_len; i++) {
		const struct export_sequence_receiver *receiver = &message->receivers[i];
		export_json_object(json, NULL);
		export_json_number(json, "p", receiver->party);
		export_json_number(json, "conn", receiver->conn);
		put_text(json, "q", receiver->queue);
		if (receiver->outcome != WIRE_SENT)
			put_word(json, "o", wire_outcome_name(receiver->outcome));
		if (receiver->delay_ns != WIRE_DELAY_UNKNOWN)
			export_json_real(json, "d", (double)receiver->delay_ns / 1e3);
		export_json_object_end(json);
	}
	export_json_array_end(json);
	if (message->more_receivers > 0)
		export_json_number(json, "more", message->more_receivers);
	put_flag(json, "may", message->may_have_more);
	put_flag(json, "unheard", message->is_unheard);
}

static void put_links(struct export_json *json, const struct export_sequence_message *message)
{
	put_flag(json, "isreply", message->is_reply);
	if (message->request != EXPORT_NO_MESSAGE)
		export_json_number(json, "re", message->request);
	if (message->cause != EXPORT_NO_MESSAGE) {
		export_json_array(json, "cause");
		export_json_number(json, NULL, message->cause);
		put_word(json, NULL, message->evidence);
		export_json_real(json, NULL, message->score);
		export_json_array_end(json);
	}
	if (message->has_no_responders)
		put_word(json, "trouble", "no responders");
	else if (message->is_unanswered)
		put_word(json, "trouble", "unanswered");
}

/* ---- what ---- */

/* As much of the content as there is room for, which it takes. */
static struct wire_slice take(struct export_html_rows *rows, struct wire_slice content)
{
	const struct wire_slice taken =
	    cut(content, rows->room < CONTENT_MAX ? rows->room : (uint64_t)CONTENT_MAX);

	rows->room -= taken.len;
	return taken;
}

/* Returns false when the block is malformed. */
static bool put_pairs(struct export_json *json, struct wire_slice block)
{
	struct wire_headers headers;
	struct wire_slice key, value;
	int status;

	if (wire_headers_open(&headers, block) != 0)
		return false;
	put_text(json, "status", headers.status);
	put_text(json, "description", headers.text);
	export_json_array(json, "head");
	while ((status = wire_headers_next(&headers, &key, &value)) > 0) {
		export_json_array(json, NULL);
		export_json_string(json, NULL, key);
		export_json_string(json, NULL, value);
		export_json_array_end(json);
	}
	export_json_array_end(json);
	return status == 0;
}

/* Of a message in a conversation only the beginning may have been kept, but the log holds what it does not say it lacks. */
static uint64_t payload_in_log(const struct wire_event *event)
{
	const unsigned not_true = WIRE_EVENT_CUT | WIRE_EVENT_PARTIAL | WIRE_EVENT_MASKED;

	return event->flags & not_true || event->size < event->payload.len ? event->payload.len : event->size;
}

static void put_content(struct export_html_rows *rows, const struct wire_event *event)
{
	struct export_json *json = &rows->json;
	const struct wire_slice headers = take(rows, event->headers), payload = take(rows, event->payload);
	const uint64_t left = payload_in_log(event) - payload.len;
	const bool are_whole = headers.len == event->headers.len;

	if (headers.len > 0 && !put_pairs(json, headers) && are_whole)
		export_json_base64(json, "head", headers);
	put_flag(json, "headcut", !are_whole);
	if (payload.len > 0)
		export_json_bytes(json, "payload", payload);
	export_json_number(json, "size", event->size);
	if (left > 0)
		export_json_number(json, "left", left);
	put_flag(json, "cut", event->flags & WIRE_EVENT_CUT);
	put_flag(json, "partial", event->flags & WIRE_EVENT_PARTIAL);
	put_flag(json, "masked", event->flags & WIRE_EVENT_MASKED);
	rows->shortened += left > 0 || !are_whole;
}

/* ---- rows ---- */

/* Each row has a line of its own, for those who look into the page. */
static void begin_row(struct export_html_rows *rows, const char *kind, int64_t since_ns)
{
	struct export_json *json = &rows->json;

	if (json->comma)
		export_out_char(json->out, ',');
	json->comma = false;
	export_out_char(json->out, '\n');
	export_json_object(json, NULL);
	put_since(json, since_ns);
	if (kind)
		put_word(json, "k", kind);
}

static void put_number(struct export_html_rows *rows, const struct wire_event *event, uint32_t origin)
{
	export_json_time(&rows->json, "time", &rows->clock, event->time_ns);
	export_json_quoted(&rows->json, "seq", event->seq);
	if (rows->has_logs)
		export_json_number(&rows->json, "log", origin + 1);
}

void export_html_message(struct export_html_rows *rows, const struct export_sequence_message *message)
{
	struct export_json *json = &rows->json;
	const struct wire_event *event = message->event;
	const bool is_delivery = event->kind == WIRE_EVENT_DELIVERY;

	begin_row(rows, is_delivery ? "d" : NULL, message->since_ns);
	put_number(rows, event, message->origin);
	export_json_number(json, "from", message->publisher);
	if (event->conn != 0 && !is_delivery)
		export_json_number(json, "conn", wire_conn_number(event->conn));
	put_text(json, "subject", event->subject);
	put_text(json, "reply", event->reply);
	put_receivers(json, message);
	put_links(json, message);
	put_content(rows, event);
	export_json_object_end(json);
}

void export_html_gap(struct export_html_rows *rows, const struct export_sequence_gap *gap)
{
	begin_row(rows, "g", gap->since_ns);
	put_text(&rows->json, "text", gap->text);
	export_json_number(&rows->json, "messages", gap->messages);
	export_json_object_end(&rows->json);
}

void export_html_heading(struct export_html_rows *rows, const struct export_sequence_heading *heading)
{
	begin_row(rows, "c", heading->since_ns);
	put_number(rows, heading->root, heading->origin);
	put_text(&rows->json, "subject", heading->root->subject);
	export_json_number(&rows->json, "count", heading->count);
	export_json_real(&rows->json, "window", (double)heading->window_ns / 1e3);
	put_flag(&rows->json, "cutshort", heading->is_cut_short);
	export_json_object_end(&rows->json);
}
