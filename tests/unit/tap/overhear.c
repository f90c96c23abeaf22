#include "tests/unit/tap/overhear.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/fail.h"

void overhear_open(struct overhear *overhear, uint64_t memory_bytes, const uint16_t *ports,
		   size_t ports_count)
{
	const struct tap_dialogue_options options = {
	    .ports = ports, .ports_count = ports_count, .first_conn = 1};
	*overhear = (struct overhear){.budget = {.max_bytes = memory_bytes}, .now_ns = OVERHEAR_START_NS};
	overhear->join = tap_join_open(TAP_JOIN_WINDOW_NS, &overhear->budget);
	overhear->dialogue = tap_dialogue_open(&options, overhear->join, &overhear->budget);
	overhear->handler = tap_dialogue_handler(overhear->dialogue);
}

void overhear_close(struct overhear *overhear)
{
	tap_dialogue_close(overhear->dialogue);
	tap_join_close(overhear->join);
	if (overhear->budget.used_bytes != 0)
		support_fail("%" PRIu64 " bytes were not given back", overhear->budget.used_bytes);
}

void *overhear_connect(struct overhear *overhear, uint16_t client_port, uint16_t server_port,
		       bool is_midstream)
{
	const struct tap_flow_info info = {.ends = {{.address = {10, 0, 0, 1}, .port = client_port},
						    {.address = {10, 0, 0, 9}, .port = server_port}},
					   .is_midstream = is_midstream};
	return overhear->handler->open(overhear->handler, &info, overhear->now_ns);
}

void overhear_bytes(struct overhear *overhear, void **flow, enum tap_side from, const char *bytes, size_t len)
{
	overhear->now_ns += 1000;
	char *copy =
	    malloc(len); /* so that a sanitizer sees what is used after the call, or behind the end */
	memcpy(copy, bytes, len);
	if (*flow &&
	    !overhear->handler->data(overhear->handler, *flow, from, overhear->now_ns, wire_slice(copy, len)))
		*flow = NULL;
	free(copy);
}

void overhear_push(struct overhear *overhear, void **flow, enum tap_side from, const char *text)
{
	overhear_bytes(overhear, flow, from, text, strlen(text));
	if (*flow)
		overhear->handler->pushed(overhear->handler, *flow, from, overhear->now_ns);
}

void overhear_hole(struct overhear *overhear, void **flow, enum tap_side from, uint64_t bytes)
{
	overhear->now_ns += 1000;
	if (*flow &&
	    !overhear->handler->hole(overhear->handler, *flow, from, overhear->now_ns, bytes, TAP_HOLE_LOST))
		*flow = NULL;
}

void overhear_end(struct overhear *overhear, void **flow, enum tap_end why)
{
	overhear->now_ns += 1000;
	if (*flow)
		overhear->handler->close(overhear->handler, *flow, overhear->now_ns, why);
	*flow = NULL;
}

void overhear_handshake(struct overhear *overhear, void **flow, const char *name)
{
	char connect[200];
	int len = snprintf(connect, sizeof connect, "CONNECT {\"name\":\"%s\",\"lang\":\"C\"}\r\n", name);
	overhear_server(overhear, flow, "INFO {\"server_id\":\"S\",\"max_payload\":1048576} \r\n");
	overhear_bytes(overhear, flow, TAP_ORIGINATOR, connect, (size_t)len);
}

void overhear_say_eight(struct overhear *overhear, void **flow, enum tap_side from)
{
	for (int i = 0; i < 8; i++)
		overhear_push(overhear, flow, from,
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

char *overhear_print(char *text, size_t size, const struct wire_event *event)
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

char *overhear_take(struct overhear *overhear, bool all)
{
	size_t size = 1 << 20;
	char *text = calloc(1, size), *at = text;
	struct wire_event event;
	int64_t last_ns = INT64_MIN;
	if (all)
		tap_join_finish(overhear->join);
	while (tap_join_next(overhear->join, &event)) {
		if (event.time_ns < last_ns)
			support_fail("an event went back in time: %s", text);
		last_ns = event.time_ns;
		at = overhear_print(at, size - (size_t)(at - text), &event);
	}
	return text;
}
