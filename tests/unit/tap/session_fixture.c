#include "tests/unit/tap/session_fixture.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/fail.h"

void session_open(struct session_fixture *fixture, uint64_t memory_bytes, const uint16_t *ports,
		  size_t ports_count)
{
	const struct tap_sessions_options options = {
	    .ports = ports, .ports_count = ports_count, .first_conn = 1};
	*fixture =
	    (struct session_fixture){.budget = {.max_bytes = memory_bytes}, .now_ns = SESSION_START_NS};
	fixture->join = tap_join_open(TAP_JOIN_WINDOW_NS, &fixture->budget);
	fixture->sessions = tap_sessions_open(&options, fixture->join, &fixture->budget);
	fixture->handler = tap_sessions_handler(fixture->sessions);
}

void session_close(struct session_fixture *fixture)
{
	tap_sessions_close(fixture->sessions);
	tap_join_close(fixture->join);
	if (fixture->budget.used_bytes != 0)
		support_fail("%" PRIu64 " bytes were not given back", fixture->budget.used_bytes);
}

void *session_connect(struct session_fixture *fixture, uint16_t client_port, uint16_t server_port,
		      bool is_midstream)
{
	const struct tap_flow_info info = {.ends = {{.address = {10, 0, 0, 1}, .port = client_port},
						    {.address = {10, 0, 0, 9}, .port = server_port}},
					   .is_midstream = is_midstream};
	return fixture->handler->open(fixture->handler, &info, fixture->now_ns);
}

void session_bytes(struct session_fixture *fixture, void **flow, enum tap_peer from, const char *bytes,
		   size_t len)
{
	fixture->now_ns += 1000;
	char *copy = malloc(len); /* so that a sanitizer sees use after the call and beyond the end */
	memcpy(copy, bytes, len);
	if (*flow &&
	    !fixture->handler->data(fixture->handler, *flow, from, fixture->now_ns, wire_slice(copy, len)))
		*flow = NULL;
	free(copy);
}

void session_push(struct session_fixture *fixture, void **flow, enum tap_peer from, const char *text)
{
	session_bytes(fixture, flow, from, text, strlen(text));
	if (*flow)
		fixture->handler->pushed(fixture->handler, *flow, from, fixture->now_ns);
}

void session_hole(struct session_fixture *fixture, void **flow, enum tap_peer from, uint64_t bytes)
{
	fixture->now_ns += 1000;
	if (*flow &&
	    !fixture->handler->hole(fixture->handler, *flow, from, fixture->now_ns, bytes, TAP_HOLE_LOST))
		*flow = NULL;
}

void session_end(struct session_fixture *fixture, void **flow, enum tap_end why)
{
	fixture->now_ns += 1000;
	if (*flow)
		fixture->handler->close(fixture->handler, *flow, fixture->now_ns, why);
	*flow = NULL;
}

void session_handshake(struct session_fixture *fixture, void **flow, const char *name)
{
	char connect[200];
	int len = snprintf(connect, sizeof connect, "CONNECT {\"name\":\"%s\",\"lang\":\"C\"}\r\n", name);
	session_server(fixture, flow, "INFO {\"server_id\":\"S\",\"max_payload\":1048576} \r\n");
	session_bytes(fixture, flow, TAP_ORIGINATOR, connect, (size_t)len);
}

void session_say_eight(struct session_fixture *fixture, void **flow, enum tap_peer from)
{
	for (int i = 0; i < 8; i++)
		session_push(fixture, flow, from,
			     from == TAP_ORIGINATOR ? "PUB filler 1\r\n.\r\n" : "MSG filler 7 1\r\n.\r\n");
}

/* ---- as text ---- */

static char *put(char *at, const char *end, const char *format, ...) __attribute__((format(printf, 3, 4)));

static char *put(char *at, const char *end, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int len = vsnprintf(at, (size_t)(end - at), format, arguments);
	va_end(arguments);
	if (len < 0 || len >= end - at)
		support_fail("the text of the events is too long");
	return at + len;
}

static char *put_known(char *at, const char *end, const char *name, struct wire_slice text)
{
	return text.len > 0 ? put(at, end, " %s=%.*s", name, (int)text.len, text.data) : at;
}

static char *put_content(char *at, const char *end, const struct wire_event *event)
{
	at = put(at, end, " %.*s", (int)event->subject.len, event->subject.data);
	at = put_known(at, end, "reply", event->reply);
	if (event->headers.len > 0)
		at = put(at, end, " headers=%zu", event->headers.len);
	at = put(at, end, " [%.*s]", (int)event->payload.len, event->payload.data ? event->payload.data : "");
	if (event->size != event->payload.len)
		at = put(at, end, " of %" PRIu64, event->size);
	if (event->flags & WIRE_EVENT_PARTIAL)
		at = put(at, end, " partial");
	return at;
}

static char *put_receivers(char *at, const char *end, const struct wire_event *event)
{
	for (uint32_t i = 0; i < event->receivers_len; i++) {
		const struct wire_receiver *receiver = &event->receivers[i];
		at = put(at, end, "%s%" PRIu64 "/%.*s", i == 0 ? " -> " : " ", receiver->conn,
			 (int)receiver->sid.len, receiver->sid.data);
		if (receiver->queue.len > 0)
			at = put(at, end, "(%.*s)", (int)receiver->queue.len, receiver->queue.data);
	}
	return at;
}

char *session_print(char *text, size_t size, const struct wire_event *event)
{
	const char *end = text + size;
	char *at = put(text, end, "%s %" PRIu64, wire_event_kind_name(event->kind), event->conn);
	if (event->kind == WIRE_EVENT_DELIVERY)
		at = put(at, end, "/%.*s", (int)event->sid.len, event->sid.data);
	if (event->kind <= WIRE_EVENT_DELIVERY)
		at = put_content(at, end, event);
	at = put_receivers(at, end, event);
	if (event->client) {
		at = put(at, end, " %.*s", (int)event->client->address.len, event->client->address.data);
		at = put_known(at, end, "name", event->client->name);
		at = put_known(at, end, "user", event->client->user);
		at = put_known(at, end, "account", event->client->account);
	}
	if (event->kind == WIRE_EVENT_SUBSCRIBE || event->kind == WIRE_EVENT_UNSUBSCRIBE) {
		at = put_known(at, end, "subject", event->subject);
		at = put_known(at, end, "sid", event->sid);
		at = put_known(at, end, "queue", event->queue);
	}
	if (event->kind == WIRE_EVENT_GAP)
		at = put(at, end, " bytes=%" PRIu64, event->lost_bytes);
	if (event->text.len > 0)
		at = put(at, end, ": %.*s", (int)event->text.len, event->text.data);
	return put(at, end, "\n");
}

char *session_take(struct session_fixture *fixture, bool all)
{
	size_t size = 1 << 20;
	char *text = calloc(1, size), *at = text;
	struct wire_event event;
	int64_t last_ns = INT64_MIN;
	if (all)
		tap_join_finish(fixture->join);
	while (tap_join_next(fixture->join, &event)) {
		if (event.time_ns < last_ns)
			support_fail("an event went back in time: %s", text);
		last_ns = event.time_ns;
		at = session_print(at, size - (size_t)(at - text), &event);
	}
	return text;
}
