#include "export/event/field_value.h"
#include "export/text/conn_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "wire/headers.h"
#include "wire/write.h"

void export_field_reader_fini(struct export_field_reader *reader)
{
	free(reader->text);
}

void export_field_reader_begin(struct export_field_reader *reader)
{
	reader->was_decoded = false;
}

/* ---- putting a value together ---- */

static void add(struct export_field_reader *reader, const char *data, size_t len)
{
	if (reader->len + len > reader->cap) {
		size_t cap = (reader->len + len) * 2;
		char *text = realloc(reader->text, cap);

		if (!text) {
			reader->is_short_of_memory = true;
			return;
		}
		reader->text = text;
		reader->cap = cap;
	}
	if (len > 0)
		memcpy(reader->text + reader->len, data, len);
	reader->len += len;
	reader->has_value = true;
}

static void add_slice(struct export_field_reader *reader, struct wire_slice slice)
{
	add(reader, slice.data, slice.len);
}

/* Add one of several values. */
static void add_one(struct export_field_reader *reader, struct wire_slice value)
{
	if (reader->has_value)
		add(reader, ",", 1);
	reader->has_value = true;
	add_slice(reader, value);
}

static void add_format(struct export_field_reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add_format(struct export_field_reader *reader, const char *format, ...)
{
	char text[64];
	va_list args;

	va_start(args, format);
	int len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	add(reader, text, (size_t)len);
}

/* ---- times ---- */

static void add_clock(struct export_field_reader *reader, enum export_clock_style style, int64_t ns)
{
	char text[EXPORT_TIME_TEXT];
	size_t len = export_clock_text(&reader->clock, ns, style, text);

	add(reader, text, len);
}

static void add_time(struct export_field_reader *reader, enum export_field_kind kind, int64_t ns)
{
	const int64_t second = 1000000000;
	char text[EXPORT_TIME_TEXT];

	switch (kind) {
	case EXPORT_FIELD_TIME_CLOCK: add_clock(reader, EXPORT_TIME_CLOCK, ns); break;
	case EXPORT_FIELD_TIME_DATE:
		export_clock_text(&reader->clock, ns, EXPORT_TIME_SECOND, text);
		add(reader, text, strcspn(text, " "));
		break;
	case EXPORT_FIELD_TIME_NS: add_format(reader, "%" PRId64, ns); break;
	case EXPORT_FIELD_TIME_UNIX:
		add_format(reader, "%" PRId64 ".%09" PRId64, ns / second - (ns % second < 0),
			   (ns % second + second) % second);
		break;
	default: add_clock(reader, EXPORT_TIME_RFC3339, ns);
	}
}

/* ---- clients ---- */

static void add_client(struct export_field_reader *reader, const struct wire_client *client, uint64_t conn)
{
	char number[EXPORT_CONN_TEXT];

	if (client && client->name.len + client->address.len > 0) {
		add_one(reader, client->name.len ? client->name : client->address);
	} else if (conn != 0) {
		add_one(reader, wire_slice_str(export_conn_text(number, conn)));
	}
}

static void add_receivers(struct export_field_reader *reader, const struct wire_event *event,
			  const struct export_clients *clients)
{
	for (uint32_t i = 0; event->receivers && i < event->receivers_len; i++)
		if (event->receivers[i].outcome == WIRE_SENT)
			add_client(reader, export_clients_find(clients, event->receivers[i].conn),
				   event->receivers[i].conn);
}

/* Each queue group once when its members come one after another. */
static void add_queues(struct export_field_reader *reader, const struct wire_event *event)
{
	struct wire_slice last = {0};

	if (event->queue.len > 0)
		add_one(reader, event->queue);
	for (uint32_t i = 0; event->receivers && i < event->receivers_len; i++) {
		struct wire_slice queue = event->receivers[i].queue;

		if (queue.len > 0 && !wire_slice_equal(queue, last))
			add_one(reader, queue);
		last = queue;
	}
}

static bool has_message(const struct wire_event *event)
{
	return event->kind == WIRE_EVENT_MESSAGE || event->kind == WIRE_EVENT_DELIVERY;
}

/* ---- headers ---- */

static void add_status(struct export_field_reader *reader, const struct wire_event *event)
{
	struct wire_headers headers;

	if (event->headers.len > 0 && wire_headers_open(&headers, event->headers) == 0 &&
	    headers.status.len > 0)
		add_slice(reader, headers.status);
}

static void add_header(struct export_field_reader *reader, const char *name, const struct wire_event *event)
{
	struct wire_headers headers;
	struct wire_slice key, value;

	if (event->headers.len == 0 || wire_headers_open(&headers, event->headers) != 0)
		return;
	while (wire_headers_next(&headers, &key, &value) > 0) {
		if (wire_headers_key_is(key, name)) {
			reader->has_value = true;
			add_slice(reader, value);
			return;
		}
	}
}

static void add_headers(struct export_field_reader *reader, const struct wire_event *event)
{
	struct wire_headers headers;
	struct wire_slice key, value;

	if (event->headers.len == 0 || wire_headers_open(&headers, event->headers) != 0)
		return;
	while (wire_headers_next(&headers, &key, &value) > 0) {
		if (reader->has_value)
			add(reader, ", ", 2);
		add_slice(reader, key);
		add(reader, ": ", 2);
		add_slice(reader, value);
	}
}

/* ---- JSON ---- */

static bool read_hex(const char *digits, size_t len, uint32_t *value)
{
	*value = 0;
	if (len < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		char c = digits[i];
		uint32_t digit = c <= '9' ? (uint32_t)(c - '0') : (uint32_t)((c | 0x20) - 'a' + 10);

		*value = *value << 4 | digit;
	}
	return true;
}

static void add_code_point(struct export_field_reader *reader, uint32_t point)
{
	const unsigned char two[] = {(unsigned char)(0xc0 | point >> 6),
				     (unsigned char)(0x80 | (point & 63))};
	const unsigned char three[] = {(unsigned char)(0xe0 | point >> 12),
				       (unsigned char)(0x80 | (point >> 6 & 63)),
				       (unsigned char)(0x80 | (point & 63))};
	const unsigned char four[] = {
	    (unsigned char)(0xf0 | point >> 18), (unsigned char)(0x80 | (point >> 12 & 63)),
	    (unsigned char)(0x80 | (point >> 6 & 63)), (unsigned char)(0x80 | (point & 63))};
	const unsigned char one = (unsigned char)point;

	if (point < 0x80)
		add(reader, (const char *)&one, 1);
	else if (point < 0x800)
		add(reader, (const char *)two, sizeof(two));
	else if (point < 0x10000)
		add(reader, (const char *)three, sizeof(three));
	else
		add(reader, (const char *)four, sizeof(four));
}

/* The text after \u, of which the grammar was checked. Half a surrogate pair becomes U+FFFD. Returns its bytes. */
static size_t add_unicode(struct export_field_reader *reader, const char *text, size_t len)
{
	uint32_t point, low;

	if (!read_hex(text, len, &point))
		return len;
	bool is_high = point >= 0xd800 && point < 0xdc00;
	if (is_high && len >= 10 && text[4] == '\\' && text[5] == 'u' && read_hex(text + 6, len - 6, &low) &&
	    low >= 0xdc00 && low < 0xe000) {
		add_code_point(reader, 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00));
		return 10;
	}
	add_code_point(reader, point >= 0xd800 && point < 0xe000 ? 0xfffd : point);
	return 4;
}

/* A string of JSON without its escapes. */
static void add_unescaped(struct export_field_reader *reader, struct wire_slice text)
{
	static const char letters[] = "nrtbf", controls[] = "\n\r\t\b\f";

	for (size_t at = 0; at < text.len;) {
		const char *escape = memchr(text.data + at, '\\', text.len - at);
		size_t plain = escape ? (size_t)(escape - text.data) - at : text.len - at;

		add(reader, text.data + at, plain);
		at += plain + 2;
		if (!escape || at > text.len)
			return;
		const char *letter = strchr(letters, escape[1]);
		if (escape[1] == 'u')
			at += add_unicode(reader, escape + 2, text.len - at);
		else
			add(reader, letter && *letter ? &controls[letter - letters] : &escape[1], 1);
	}
}

/* null, objects and arrays count as missing. */
static bool take_value(void *context, const struct wire_json_token *value)
{
	struct export_field_reader *reader = context;

	if (value->kind < WIRE_JSON_STRING || value->kind > WIRE_JSON_FALSE)
		return true;
	if (reader->has_value)
		add(reader, ",", 1);
	reader->has_value = true;
	add_unescaped(reader, value->text);
	return true;
}

/* ---- decoded payloads ---- */

/* Decode once for all fields of an event. data is NULL when there is nothing decoded. */
static struct wire_slice decoded_of(struct export_field_reader *reader, const struct wire_event *event)
{
	struct export_decoded decoded;

	if (!reader->was_decoded)
		reader->decoded = export_decode(reader->decoder, event, &decoded) == EXPORT_DECODE_DONE
				      ? decoded.bytes
				      : wire_slice(NULL, 0);
	reader->was_decoded = true;
	return reader->decoded;
}

static void add_decoded(struct export_field_reader *reader, const struct wire_event *event)
{
	const struct wire_slice decoded = decoded_of(reader, event);

	if (decoded.data)
		add_slice(reader, decoded);
}

/* ---- all fields ---- */

static void add_subject_token(struct export_field_reader *reader, struct wire_slice subject, size_t index)
{
	for (size_t number = 1; subject.len > 0; number++) {
		const char *dot = memchr(subject.data, '.', subject.len);
		size_t len = dot ? (size_t)(dot - subject.data) : subject.len;

		if (number == index) {
			add(reader, subject.data, len);
			return;
		}
		len += dot != NULL;
		subject = wire_slice(subject.data + len, subject.len - len);
	}
}

/* True when the field is a slice of the event itself. */
static bool find_slice(const struct export_field *field, const struct wire_event *event,
		       struct wire_slice *value)
{
	switch (field->kind) {
	case EXPORT_FIELD_SUBJECT: *value = event->subject; return true;
	case EXPORT_FIELD_REPLY: *value = event->reply; return true;
	case EXPORT_FIELD_PAYLOAD: *value = event->payload; return true;
	case EXPORT_FIELD_TEXT: *value = event->text; return true;
	case EXPORT_FIELD_SID: *value = event->sid; return true;
	case EXPORT_FIELD_KIND: *value = wire_slice_str(wire_event_kind_name(event->kind)); return true;
	default: return false;
	}
}

static void add_number(struct export_field_reader *reader, bool is_known, uint64_t number)
{
	char digits[20];

	if (is_known)
		add(reader, digits, wire_write_decimal(digits, number));
}

static void add_field(struct export_field_reader *reader, const struct export_field *field,
		      const struct wire_event *event, const struct export_clients *clients)
{
	const struct wire_client *client = export_clients_of(clients, event);

	switch (field->kind) {
	case EXPORT_FIELD_SEQ: add_number(reader, event->seq != 0, event->seq); break;
	case EXPORT_FIELD_TOKEN: add_subject_token(reader, event->subject, field->index); break;
	case EXPORT_FIELD_SIZE: add_number(reader, has_message(event), event->size); break;
	case EXPORT_FIELD_STATUS: add_status(reader, event); break;
	case EXPORT_FIELD_CLIENT: add_client(reader, client, event->conn); break;
	case EXPORT_FIELD_CONN: add_number(reader, event->conn != 0, event->conn); break;
	case EXPORT_FIELD_ADDRESS:
		if (client)
			add_slice(reader, client->address);
		break;
	case EXPORT_FIELD_RECEIVERS:
		add_number(reader,
			   event->kind == WIRE_EVENT_MESSAGE &&
			       !(event->flags & WIRE_EVENT_RECEIVERS_UNKNOWN),
			   event->receiver_count);
		break;
	case EXPORT_FIELD_RECEIVER_NAMES: add_receivers(reader, event, clients); break;
	case EXPORT_FIELD_QUEUE: add_queues(reader, event); break;
	case EXPORT_FIELD_HEADER: add_header(reader, field->name, event); break;
	case EXPORT_FIELD_HEADERS: add_headers(reader, event); break;
	case EXPORT_FIELD_PAYLOAD_PATH:
		wire_json_path_find(&field->path, &reader->json, event->payload, take_value, reader);
		break;
	case EXPORT_FIELD_DECODED: add_decoded(reader, event); break;
	case EXPORT_FIELD_DECODED_PATH:
		wire_json_path_find(&field->path, &reader->json, decoded_of(reader, event), take_value,
				    reader);
		break;
	default: add_time(reader, field->kind, event->time_ns);
	}
}

bool export_field_value(struct export_field_reader *reader, const struct export_field *field,
			const struct wire_event *event, const struct export_clients *clients,
			struct wire_slice *value)
{
	if (find_slice(field, event, value))
		return value->len > 0;
	reader->len = 0;
	reader->has_value = false;
	add_field(reader, field, event, clients);
	*value = wire_slice(reader->text, reader->len);
	return reader->has_value;
}
