#include "store/where/evaluate.h"

#include <time.h>

#include "wire/headers.h"
#include "wire/json_text.h"
#include "wire/subject.h"

/* ---- values against the constant ---- */

static bool is_order(enum store__where_operator operator, int order)
{
	switch (operator) {
	case STORE__WHERE_EQUAL: return order == 0;
	case STORE__WHERE_NOT_EQUAL: return order != 0;
	case STORE__WHERE_LESS: return order < 0;
	case STORE__WHERE_LESS_EQUAL: return order <= 0;
	case STORE__WHERE_GREATER: return order > 0;
	case STORE__WHERE_GREATER_EQUAL: return order >= 0;
	default: return true; /* the value is there */
	}
}

bool store__where_test_number(const struct store__where_test *test, const struct store__number *number)
{
	return is_order(test->operator, store__number_compare(number, &test->constant.number));
}

static bool test_integer(const struct store__where_test *test, int64_t value)
{
	const struct store__number number = store__number_of(value);
	return store__where_test_number(test, &number);
}

static int compare_bytes(struct wire_slice a, const struct store__where_constant *b)
{
	size_t len = a.len < b->len ? a.len : b->len;
	int order = len > 0 ? memcmp(a.data, b->text, len) : 0;
	return order != 0 ? order : (a.len > b->len) - (a.len < b->len);
}

static bool matches(const struct store__where_test *test, struct wire_slice text)
{
	return wire_regex_finds(test->regex, text) == (test->operator== STORE__WHERE_MATCHES);
}

/* A text that is compared with a number counts as the number that it is written as. */
static bool test_text(const struct store__where_test *test, struct wire_slice text)
{
	struct store__number number;
	if (test->operator== STORE__WHERE_HOLDS)
		return true;
	if (test->regex)
		return matches(test, text);
	if (test->constant.kind == STORE__TEXT)
		return is_order(test->operator, compare_bytes(text, &test->constant));
	return store__number_read(text, &number) && store__where_test_number(test, &number);
}

/* ---- JSON ---- */

/* A JSON string without its escapes, the first STORE__WHERE_SCRATCH bytes of it. */
static struct wire_slice decoded(const struct store__where *where, struct wire_slice written)
{
	size_t len = 0, at = 0;
	if (written.len == 0 || !memchr(written.data, '\\', written.len))
		return written;
	while (at < written.len && len + 4 <= STORE__WHERE_SCRATCH) {
		uint32_t character = wire_json_character(written, &at);
		if (character >= WIRE_JSON_STRAY_BYTE)
			where->memory->text[len++] = (char)(character - WIRE_JSON_STRAY_BYTE);
		else
			len += wire_json_put(where->memory->text + len, character);
	}
	return wire_slice(where->memory->text, len);
}

static bool test_json_number(const struct store__where_test *test, struct wire_slice text)
{
	struct store__number number;
	return test->constant.kind == STORE__NUMBER && store__number_read(text, &number) &&
	       store__where_test_number(test, &number);
}

static bool test_json_flag(const struct store__where_test *test, int flag)
{
	const int constant = (int)test->constant.kind;
	if (constant != STORE__TRUE && constant != STORE__FALSE)
		return false;
	return (constant == flag) == (test->operator== STORE__WHERE_EQUAL);
}

static bool test_json(const struct store__where *where, const struct store__where_test *test,
		      const struct wire_json_token *value)
{
	const enum wire_json_kind kind = value->kind;
	if (test->operator== STORE__WHERE_HOLDS)
		return kind != WIRE_JSON_FALSE && kind != WIRE_JSON_NULL;
	if (test->constant.kind == STORE__NULL) /* compared with values of every type */
		return (kind == WIRE_JSON_NULL) == (test->operator== STORE__WHERE_EQUAL);
	if (test->regex && kind >= WIRE_JSON_NUMBER && kind <= WIRE_JSON_FALSE)
		return matches(test, value->text);
	switch (kind) {
	case WIRE_JSON_STRING:
		return test->constant.kind == STORE__TEXT && test_text(test, decoded(where, value->text));
	case WIRE_JSON_NUMBER: return test_json_number(test, value->text);
	case WIRE_JSON_TRUE: return test_json_flag(test, STORE__TRUE);
	case WIRE_JSON_FALSE: return test_json_flag(test, STORE__FALSE);
	default: return false;
	}
}

struct json_search {
	const struct store__where *where;
	const struct store__where_test *test;
	bool holds;
};

static bool look_at_json(void *context, const struct wire_json_token *value)
{
	struct json_search *search = context;
	search->holds = test_json(search->where, search->test, value);
	return !search->holds;
}

/* Of several values, one suffices. */
static bool test_payload_json(const struct store__where *where, const struct store__where_test *test,
			      struct wire_slice payload)
{
	struct json_search search = {where, test, false};
	wire_json_path_find(test->path, &where->memory->json, payload, look_at_json, &search);
	return search.holds;
}

/* ---- headers, subjects, receivers ---- */

static bool has_body(const struct wire_event *event)
{
	return event->kind == WIRE_EVENT_MESSAGE || event->kind == WIRE_EVENT_DELIVERY;
}

/* Of several values, one suffices. */
static bool test_header(const struct store__where_test *test, struct wire_slice block)
{
	struct wire_headers headers;
	struct wire_slice key, value;
	if (block.len == 0 || wire_headers_open(&headers, block) != 0)
		return false;
	while (wire_headers_next(&headers, &key, &value) == 1)
		if (wire_headers_key_is(key, test->name) && test_text(test, value))
			return true;
	return false;
}

static bool test_token(const struct store__where_test *test, struct wire_slice subject)
{
	struct wire_slice token = {0};
	uint32_t number = 0;
	while (number < test->token && wire_subject_next_token(&subject, &token))
		number++;
	return number == test->token && test_text(test, token);
}

static bool test_present(const struct store__where_test *test, struct wire_slice text)
{
	return text.len > 0 && test_text(test, text);
}

/* A client's name, or its address when it has none. */
static bool test_client(const struct store__where_test *test, const struct store__facts *facts)
{
	const struct wire_client *client = store__facts_client(facts);
	return client && test_present(test, client->name.len > 0 ? client->name : client->address);
}

static bool test_queue(const struct store__where_test *test, const struct wire_event *event)
{
	for (uint32_t i = 0; i < event->receivers_len; i++)
		if (event->receivers[i].outcome == WIRE_SENT && test_present(test, event->receivers[i].queue))
			return true;
	return test_present(test, event->queue);
}

static bool test_receivers(const struct store__where_test *test, const struct wire_event *event)
{
	return event->kind == WIRE_EVENT_MESSAGE && !(event->flags & WIRE_EVENT_RECEIVERS_UNKNOWN) &&
	       test_integer(test, event->receiver_count);
}

/* How many should have received the message and did not. */
static bool test_dropped(const struct store__where_test *test, const struct wire_event *event)
{
	int64_t dropped = event->kind == WIRE_EVENT_DELIVERY && event->outcome != WIRE_SENT;
	for (uint32_t i = 0; i < event->receivers_len; i++)
		dropped += event->receivers[i].outcome != WIRE_SENT;
	return has_body(event) && test_integer(test, dropped);
}

/* ---- times ---- */

/* The offset of local time from UTC. */
static int64_t offset_ns(struct store__where_memory *memory, int64_t time_ns)
{
	const int64_t quarter_ns = INT64_C(900000000000);
	const int64_t quarter = time_ns / quarter_ns - (time_ns % quarter_ns < 0);
	if (memory->utc || (memory->is_known && memory->quarter == quarter))
		return memory->offset_ns;
	const time_t second = (time_t)(quarter * 900);
	struct tm local;
	memory->is_known = true;
	memory->quarter = quarter;
	memory->offset_ns = localtime_r(&second, &local) ? (int64_t)local.tm_gmtoff * 1000000000 : 0;
	return memory->offset_ns;
}

/* Nanoseconds since midnight. */
static int64_t clock_of(const struct store__where *where, int64_t time_ns)
{
	const int64_t day_ns = INT64_C(86400000000000);
	int64_t clock = (time_ns % day_ns + offset_ns(where->memory, time_ns)) % day_ns;
	return clock < 0 ? clock + day_ns : clock;
}

/* ---- all operands ---- */

static bool holds(const struct store__where *where, const struct store__where_test *test,
		  const struct store__facts *facts)
{
	const struct wire_event *event = facts->event;
	switch (test->operand) {
	case STORE__WHERE_JSON: return test_payload_json(where, test, event->payload);
	case STORE__WHERE_HEADER: return test_header(test, event->headers);
	case STORE__WHERE_SUBJECT: return test_present(test, event->subject);
	case STORE__WHERE_TOKEN: return test_token(test, event->subject);
	case STORE__WHERE_REPLY: return test_present(test, event->reply);
	case STORE__WHERE_PAYLOAD: return has_body(event) && test_text(test, event->payload);
	case STORE__WHERE_SIZE: return has_body(event) && test_integer(test, (int64_t)event->size);
	case STORE__WHERE_TIME: return test_integer(test, event->time_ns);
	case STORE__WHERE_CLOCK: return test_integer(test, clock_of(where, event->time_ns));
	case STORE__WHERE_SEQ: return test_integer(test, (int64_t)event->seq);
	case STORE__WHERE_KIND: return test_text(test, wire_slice_str(wire_event_kind_name(event->kind)));
	case STORE__WHERE_CLIENT: return test_client(test, facts);
	case STORE__WHERE_CONN: return event->conn > 0 && test_integer(test, (int64_t)event->conn);
	case STORE__WHERE_DROPPED: return test_dropped(test, event);
	case STORE__WHERE_RECEIVERS: return test_receivers(test, event);
	case STORE__WHERE_QUEUE: return test_queue(test, event);
	case STORE__WHERE_EVENT_TEXT: return test_present(test, event->text);
	case STORE__WHERE_OPERANDS: break;
	}
	return false;
}

/* The headers or the payload that the test needs are known to be empty. */
static bool has_nothing(const struct store__where_test *test, const struct store__facts *facts)
{
	if (!(facts->have & STORE__NEEDS_NUMBERS))
		return false;
	return (test->operand == STORE__WHERE_JSON && facts->event->payload.len == 0) ||
	       (test->operand == STORE__WHERE_HEADER && facts->event->headers.len == 0);
}

enum store__verdict store__where_test(const struct store__where *where, const struct store__where_test *test,
				      const struct store__facts *facts)
{
	if ((test->needs & ~facts->have) == 0)
		return store__verdict_of(holds(where, test, facts));
	return has_nothing(test, facts) ? STORE__NO : STORE__MAYBE;
}
