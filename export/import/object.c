#include "export/import/object.h"

#include <errno.h>
#include <stdlib.h>

#include "export/import/delivered.h"
#include "export/import/values.h"
#include "wire/conn.h"
#include "wire/json_text.h"

/* The value as it is written, quotes included. */
static int skip_value(struct export__reading *reading, struct wire_slice *written)
{
	const char *start = reading->token.text.data - (reading->token.kind == WIRE_JSON_STRING);

	if (!wire_json_skip(reading->json, &reading->token))
		return wire_fault_set(reading->fault, WIRE_EJSON, "not a valid JSON object");
	*written = wire_slice(start, (size_t)(reading->json->at - start));
	return 0;
}

/* ---- values ---- */

/* The type of a key's value. */
enum value {
	VALUE_TEXT,  /* a string; the key may end with _base64 */
	VALUE_COUNT, /* a number, or a string of one */
	VALUE_TIME,
	VALUE_FLAG,  /* true sets `flag` of the event */
	VALUE_BODY,  /* a payload: a string, or any JSON */
	VALUE_OTHER, /* `read` is called */
};

struct key {
	struct wire_slice name;
	enum value value;
	size_t at; /* in struct export__made_event */
	uint32_t flag;
	int (*read)(struct export__reading *reading);
};

static int read_kind(struct export__reading *reading)
{
	for (int kind = 0; kind < WIRE_EVENT_KINDS; kind++) {
		if (wire_json_says(reading->token.text, wire_slice_str(wire_event_kind_name(kind)))) {
			reading->made->event.kind = kind;
			reading->made->has_kind = true;
			return 0;
		}
	}
	return export__bad_value(reading, "kind", "a kind of events");
}

static int read_own_outcome(struct export__reading *reading)
{
	return export__read_outcome(reading->token.text, &reading->made->event.outcome)
		   ? 0
		   : export__bad_value(reading, "outcome", "an outcome");
}

static int read_size(struct export__reading *reading)
{
	reading->made->has_size = true;
	return export__is_number(reading) &&
		       export__value_count(reading->token.text, &reading->made->event.size)
		   ? 0
		   : export__bad_value(reading, "size", "a number of bytes");
}

static int read_count_of_receivers(struct export__reading *reading)
{
	uint64_t count;

	if (!export__is_number(reading) || !export__value_count(reading->token.text, &count) ||
	    count > UINT32_MAX)
		return export__bad_value(reading, "receivers", "a number");
	reading->made->event.receiver_count = (uint32_t)count;
	return 0;
}

/* All receivers are known; "known_receivers" says that there may be others. */
static int read_receivers(struct export__reading *reading)
{
	reading->made->has_receivers = true;
	return read_count_of_receivers(reading);
}

static int read_headers(struct export__reading *reading)
{
	if (reading->token.kind != WIRE_JSON_OBJECT)
		return export__bad_value(reading, "headers", "an object");
	return skip_value(reading, &reading->headers);
}

static int read_status(struct export__reading *reading)
{
	if (!export__is_string(reading))
		return export__bad_value(reading, "status", "a string");
	reading->status = export__made_text(reading->made, reading->token.text);
	return 0;
}

static int read_description(struct export__reading *reading)
{
	if (!export__is_string(reading))
		return export__bad_value(reading, "description", "a string");
	reading->description = export__made_text(reading->made, reading->token.text);
	return 0;
}

/* nats sub --dump writes nats.Msg as Go does: its payload, "Data", is base64. */
static int read_dump_headers(struct export__reading *reading)
{
	reading->is_dump = true;
	return reading->token.kind == WIRE_JSON_NULL ? 0 : read_headers(reading);
}

/* ---- the keys ---- */

#define AT(member) offsetof(struct export__made_event, member)
#define NAME(text)                                      \
	{                                               \
		.data = (text), .len = sizeof(text) - 1 \
	}
#define TEXT(name, member)                                  \
	{                                                   \
		NAME(name), VALUE_TEXT, AT(member), 0, NULL \
	}
#define BODY(name)                                                 \
	{                                                          \
		NAME(name), VALUE_BODY, AT(event.payload), 0, NULL \
	}
#define COUNT(name, member)                                  \
	{                                                    \
		NAME(name), VALUE_COUNT, AT(member), 0, NULL \
	}
#define TIME(name, member)                                  \
	{                                                   \
		NAME(name), VALUE_TIME, AT(member), 0, NULL \
	}
#define FLAG(name, flag)                              \
	{                                             \
		NAME(name), VALUE_FLAG, 0, flag, NULL \
	}
#define OTHER(name, read)                           \
	{                                           \
		NAME(name), VALUE_OTHER, 0, 0, read \
	}

/* Frequent ones first. */
static const struct key keys[] = {
    COUNT("seq", event.seq),
    TIME("time", event.time_ns),
    OTHER("kind", read_kind),
    COUNT("conn", event.conn),
    TEXT("client", client_name),
    TEXT("subject", event.subject),
    TEXT("reply", event.reply),
    OTHER("headers", read_headers),
    BODY("payload"),
    OTHER("size", read_size),
    OTHER("receivers", read_receivers),
    OTHER("delivered", export__read_delivered),
    OTHER("known_receivers", read_count_of_receivers),
    COUNT("input", input),
    COUNT("log", log),
    FLAG("publisher_unknown", WIRE_EVENT_PUBLISHER_UNKNOWN),
    FLAG("cut", WIRE_EVENT_CUT),
    FLAG("partial", WIRE_EVENT_PARTIAL),
    FLAG("masked", WIRE_EVENT_MASKED),
    FLAG("repeated", WIRE_EVENT_REPEATED),
    FLAG("damage", WIRE_EVENT_DAMAGE),
    OTHER("status", read_status),
    OTHER("description", read_description),
    TEXT("sid", event.sid),
    TEXT("queue", event.queue),
    OTHER("outcome", read_own_outcome),
    COUNT("message_seq", event.refers_to),
    COUNT("max", event.max),
    TEXT("text", event.text),
    TEXT("reason", event.text),
    COUNT("lost_messages", event.lost_messages),
    COUNT("messages", event.lost_messages),
    COUNT("lost_bytes", event.lost_bytes),
    COUNT("bytes", event.lost_bytes),
    TIME("from", event.from_ns),
    TIME("to", event.to_ns),
    COUNT("from_seq", event.from_seq),
    COUNT("to_seq", event.to_seq),
    TEXT("address", client.address),
    TEXT("name", client.name),
    TEXT("lang", client.lang),
    TEXT("version", client.version),
    TEXT("user", client.user),
    TEXT("account", client.account),
    TEXT("certificate", client.certificate),
    /* of other tools */
    OTHER("header", read_headers),
    BODY("body"),
    BODY("data"),
    TIME("timestamp", event.time_ns),
    TIME("ts", event.time_ns),
    TEXT("reply_to", event.reply),
};

static const struct key dump_headers = OTHER("Header", read_dump_headers);

/* The key without a suffix "_base64", which *is_base64 says. In any case, since other tools write Subject. */
static const struct key *find_key(struct wire_slice written, bool *is_base64)
{
	static const struct wire_slice suffix = NAME("_base64");

	*is_base64 = written.len > suffix.len &&
		     memcmp(written.data + written.len - suffix.len, suffix.data, suffix.len) == 0;
	if (*is_base64)
		written.len -= suffix.len;
	if (wire_slice_equal(written, dump_headers.name))
		return &dump_headers;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (wire_slice_equal(written, keys[i].name))
			return &keys[i];
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (wire_json_is_name(written, keys[i].name.data))
			return &keys[i];
	return NULL;
}

static int read_text(struct export__reading *reading, const struct key *key, bool is_base64)
{
	struct wire_slice *text = (struct wire_slice *)((char *)reading->made + key->at);

	if (!export__is_string(reading))
		return export__bad_value(reading, key->name.data, "a string");
	if (is_base64)
		return export__made_base64(reading->made, reading->token.text, text)
			   ? 0
			   : export__bad_value(reading, key->name.data, "base64");
	*text = export__made_text(reading->made, reading->token.text);
	return 0;
}

/* A payload that is no string is the JSON that it is written as. */
static int read_body(struct export__reading *reading, const struct key *key, bool is_base64)
{
	const bool is_dumped = reading->is_dump && wire_slice_equal(key->name, WIRE_LITERAL("data"));

	if (is_base64 || is_dumped || export__is_string(reading))
		return read_text(reading, key, is_base64 || is_dumped);
	return skip_value(reading, &reading->made->event.payload);
}

static int read_time(struct export__reading *reading, const struct key *key)
{
	int64_t *ns = (int64_t *)((char *)reading->made + key->at);

	if (!export__is_number(reading) || !export__value_time(reading->token.text, ns))
		return export__bad_value(reading, key->name.data,
					 "a time as RFC 3339 writes it, nor a number since the epoch");
	if (key->at == AT(event.time_ns))
		reading->made->has_time = true;
	return 0;
}

static int read_count(struct export__reading *reading, const struct key *key)
{
	uint64_t *count = (uint64_t *)((char *)reading->made + key->at);

	return export__value_count(reading->token.text, count)
		   ? 0
		   : export__bad_value(reading, key->name.data, "a number");
}

static int read_flag(struct export__reading *reading, const struct key *key)
{
	if (reading->token.kind == WIRE_JSON_TRUE)
		reading->made->event.flags |= key->flag;
	else if (reading->token.kind != WIRE_JSON_FALSE)
		return export__bad_value(reading, key->name.data, "true or false");
	return 0;
}

/* null is as good as no member. */
static int read_value(struct export__reading *reading, const struct key *key, bool is_base64)
{
	if (reading->token.kind == WIRE_JSON_NULL && key != &dump_headers)
		return 0;
	/* The exact bytes, besides "headers", which people read. */
	if (is_base64 && key->read == read_headers)
		return export__is_string(reading) && export__made_base64(reading->made, reading->token.text,
									 &reading->made->event.headers)
			   ? 0
			   : export__bad_value(reading, key->name.data, "base64");
	switch (key->value) {
	case VALUE_TEXT: return read_text(reading, key, is_base64);
	case VALUE_BODY: return read_body(reading, key, is_base64);
	case VALUE_COUNT: return read_count(reading, key);
	case VALUE_TIME: return read_time(reading, key);
	case VALUE_FLAG: return read_flag(reading, key);
	case VALUE_OTHER: break;
	}
	return key->read(reading);
}

static int read_member(struct export__reading *reading, const struct wire_json_token *name)
{
	bool is_base64;
	const struct key *key = find_key(name->text, &is_base64);

	if (wire_json_next(reading->json, &reading->token) == WIRE_JSON_BAD)
		return wire_fault_set(reading->fault, WIRE_EJSON, "not a valid JSON object");
	const char *after = reading->json->at;
	int error = key ? read_value(reading, key, is_base64) : 0;
	/* Values that were read to their end have moved the reader. */
	if (!error && reading->json->at == after && !wire_json_skip(reading->json, &reading->token))
		error = wire_fault_set(reading->fault, WIRE_EJSON, "not a valid JSON object");
	return error;
}

/* ---- the object ---- */

static int bad_headers(const struct export__reading *reading, int error)
{
	if (error == WIRE_EHEADER)
		return wire_fault_set(
		    reading->fault, error,
		    "a header's key is empty or holds a colon, or a key or value holds a line end");
	return wire_fault_set(reading->fault, error, "headers: %s", wire_error_text(error));
}

/* The values of one key: a string, or an array of strings. 0 or a negative code. */
static int build_values(struct export__reading *reading, struct wire_slice key,
			const struct wire_json_token *first)
{
	struct export__made_event *made = reading->made;
	struct wire_json_token value = *first;
	int error = 0;

	if (first->kind == WIRE_JSON_STRING)
		return export__made_header(made, key, export__made_text(made, first->text));
	if (first->kind != WIRE_JSON_ARRAY)
		return WIRE_EJSON;
	while (!error && wire_json_next(reading->json, &value) == WIRE_JSON_STRING)
		error = export__made_header(made, key, export__made_text(made, value.text));
	return error || value.kind == WIRE_JSON_ARRAY_END ? error : WIRE_EJSON;
}

/* The block: the status may have come after the headers. */
static int build_headers(struct export__reading *reading)
{
	struct export__made_event *made = reading->made;
	struct wire_json_token key, value;
	int error;

	if (made->event.headers.len > 0 || (reading->headers.len == 0 && reading->status.len == 0))
		return 0;
	error = export__made_header_begin(made, reading->status, reading->description);
	if (reading->headers.len > 0) {
		wire_json_init(reading->json, reading->headers);
		wire_json_next(reading->json, &key);
		while (!error && wire_json_next(reading->json, &key) == WIRE_JSON_KEY) {
			wire_json_next(reading->json, &value);
			error = build_values(reading, export__made_text(made, key.text), &value);
		}
	}
	return error ? bad_headers(reading, error) : 0;
}

/* An object without "kind" is another tool's: a message. */
static void complete(struct export__reading *reading)
{
	struct export__made_event *made = reading->made;
	struct wire_event *event = &made->event;

	event->conn = export__reading_conn(event->conn, made->input);
	made->is_foreign = !made->has_kind;
	if (!made->has_kind && event->conn == 0 && made->client_name.len == 0)
		event->flags |= WIRE_EVENT_PUBLISHER_UNKNOWN;
}

int export__object_read(struct export__made_event *made, struct wire_json *json, struct wire_slice text,
			struct wire_fault *fault)
{
	struct export__reading reading = {.made = made, .json = json, .fault = fault};
	struct wire_json_token token;
	int error = export__made_begin(made, text.len);

	if (error)
		return wire_fault_set(fault, error, "out of memory");
	wire_json_init(json, text);
	if (wire_json_next(json, &token) != WIRE_JSON_OBJECT)
		return wire_fault_set(fault, WIRE_EJSON, "not a JSON object");
	while (!error && wire_json_next(json, &token) == WIRE_JSON_KEY)
		error = read_member(&reading, &token);
	if (error)
		return error;
	if (token.kind != WIRE_JSON_OBJECT_END || wire_json_next(json, &token) != WIRE_JSON_DONE)
		return wire_fault_set(fault, WIRE_EJSON, "not a valid JSON object");
	complete(&reading);
	if (made->log > WIRE_CONN_INPUTS_MAX)
		return wire_fault_set(fault, WIRE_EJSON, "\"log\" is more than %d", WIRE_CONN_INPUTS_MAX);
	error = build_headers(&reading);
	return error ? error : export__made_finish(made, fault);
}
