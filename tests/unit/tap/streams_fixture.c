#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/fail.h"
#include "tests/unit/tap/streams_fixture.h"

/* ---- the listener ---- */

static void *open_flow(struct tap_flow_handler *handler, const struct tap_flow_info *info, int64_t time_ns)
{
	struct streams_fixture *fixture = (struct streams_fixture *)handler;
	(void)time_ns;
	if (fixture->refuses)
		return NULL;
	struct told_flow *flow = support_grow(NULL, sizeof *flow);
	*flow = (struct told_flow){.info = *info};
	fixture->flows = support_grow(fixture->flows, (fixture->flows_len + 1) * sizeof(struct told_flow *));
	fixture->flows[fixture->flows_len++] = flow;
	return flow;
}

static void add_span(struct told_side *side, struct told_span span)
{
	struct told_span *last = side->spans_len ? &side->spans[side->spans_len - 1] : NULL;
	assert_true(span.len > 0);
	assert_true(!last || span.time_ns >= last->time_ns);
	side->total += span.len;
	if (last && !last->is_hole && !span.is_hole) {
		last->len += span.len;
		last->time_ns = span.time_ns;
		return;
	}
	if (side->spans_len == side->spans_cap) {
		side->spans_cap = side->spans_cap ? side->spans_cap * 2 : 16;
		side->spans = support_grow(side->spans, side->spans_cap * sizeof *side->spans);
	}
	side->spans[side->spans_len++] = span;
}

static bool is_welcome(struct streams_fixture *fixture, const struct told_flow *flow)
{
	assert_false(flow->is_closed);
	return ++fixture->calls < fixture->refuses_data || fixture->refuses_data == 0;
}

static bool take_data(struct tap_flow_handler *handler, void *context, enum tap_side from, int64_t time_ns,
		      struct wire_slice bytes)
{
	struct told_flow *flow = context;
	struct told_side *side = &flow->sides[from];
	add_span(side, (struct told_span){.len = bytes.len, .time_ns = time_ns});
	support_bytes_put(&side->data, bytes.data, bytes.len);
	return is_welcome((struct streams_fixture *)handler, flow);
}

static bool take_hole(struct tap_flow_handler *handler, void *context, enum tap_side from, int64_t time_ns,
		      uint64_t bytes, enum tap_hole why)
{
	struct told_flow *flow = context;
	add_span(&flow->sides[from],
		 (struct told_span){.len = bytes, .is_hole = true, .why = why, .time_ns = time_ns});
	return is_welcome((struct streams_fixture *)handler, flow);
}

static void close_flow(struct tap_flow_handler *handler, void *context, int64_t time_ns, enum tap_end why)
{
	struct told_flow *flow = context;
	(void)handler;
	(void)time_ns;
	assert_false(flow->is_closed);
	flow->is_closed = true;
	flow->end = why;
}

static void take_leftover(struct tap_flow_handler *handler, const struct tap_flow_info *info, int64_t time_ns,
			  const struct tap_leftover *left)
{
	struct streams_fixture *fixture = (struct streams_fixture *)handler;
	assert_true(left->bytes > 0 && left->to_ns >= left->from_ns && time_ns >= left->to_ns);
	assert_int_equal(info == NULL, left->why == TAP_LEFT_REFUSED);
	fixture->left_bytes[left->why] += left->bytes;
}

/* ---- the fixture ---- */

void streams_fixture_init(struct streams_fixture *fixture)
{
	*fixture = (struct streams_fixture){.handler = {.open = open_flow,
							.data = take_data,
							.hole = take_hole,
							.close = close_flow,
							.leftover = take_leftover},
					    .budget = {.max_bytes = 64 << 20},
					    .time_ns = INT64_C(1700000000000000000)};
	tap_streams_options_init(&fixture->options);
	streams_fixture_open(fixture);
}

static void forget_flows(struct streams_fixture *fixture)
{
	for (size_t i = 0; i < fixture->flows_len; i++) {
		for (unsigned side = 0; side < TAP_SIDES; side++) {
			support_bytes_fini(&fixture->flows[i]->sides[side].data);
			free(fixture->flows[i]->sides[side].spans);
		}
		free(fixture->flows[i]);
	}
	free(fixture->flows);
	fixture->flows = NULL;
	fixture->flows_len = 0;
}

void streams_fixture_fini(struct streams_fixture *fixture)
{
	tap_streams_close(fixture->streams);
	fixture->streams = NULL;
	assert_int_equal(fixture->budget.used_bytes, 0);
	forget_flows(fixture);
}

void streams_fixture_open(struct streams_fixture *fixture)
{
	streams_fixture_fini(fixture);
	fixture->streams = tap_streams_open(&fixture->handler, &fixture->options, &fixture->budget);
	if (!fixture->streams)
		support_fail("no memory for streams");
}

static struct tap_endpoint endpoint_of(struct support_end end)
{
	return (struct tap_endpoint){.address = {10, 0, 0, end.host}, .port = end.port};
}

void streams_fixture_take_cut(struct streams_fixture *fixture, const struct support_packet *packet,
			      size_t kept)
{
	const struct tap_segment segment = {.from = endpoint_of(packet->from),
					    .to = endpoint_of(packet->to),
					    .seq = packet->seq,
					    .ack = packet->ack,
					    .flags = packet->flags,
					    .window_shift = TAP_NO_WINDOW_SHIFT,
					    .window = UINT16_MAX,
					    .has_timestamp = fixture->timestamp > 0,
					    .timestamp = fixture->timestamp,
					    .payload = wire_slice(packet->payload.data, kept),
					    .missing_bytes = (uint32_t)(packet->payload.len - kept)};
	tap_streams_take(fixture->streams, &segment, fixture->time_ns);
	fixture->time_ns += 1000;
}

void streams_fixture_take(struct streams_fixture *fixture, const struct support_packet *packet)
{
	streams_fixture_take_cut(fixture, packet, packet->payload.len);
}

void streams_fixture_send(struct streams_fixture *fixture, struct support_connection *connection,
			  enum support_who who, unsigned flags, const char *text)
{
	struct support_packet packet = support_connection_send(connection, who, flags, wire_slice_str(text));
	streams_fixture_take(fixture, &packet);
}

void streams_fixture_shake_hands(struct streams_fixture *fixture, struct support_connection *connection)
{
	streams_fixture_send(fixture, connection, SUPPORT_CLIENT, SUPPORT_SYN, "");
	streams_fixture_send(fixture, connection, SUPPORT_SERVER, SUPPORT_SYN, "");
	streams_fixture_send(fixture, connection, SUPPORT_CLIENT, 0, "");
}

void streams_fixture_finish(struct streams_fixture *fixture)
{
	tap_streams_finish(fixture->streams, fixture->time_ns);
}

const struct tap_streams_stats *streams_fixture_stats(const struct streams_fixture *fixture)
{
	return tap_streams_stats(fixture->streams);
}

const char *told_text(const struct told_side *side)
{
	static char text[1000];
	static const char *const whys[TAP_HOLES] = {"", " cut", " limit"};
	size_t len = 0, at = 0;
	text[0] = '\0';
	for (size_t i = 0; i < side->spans_len && len < sizeof text; i++) {
		const struct told_span *span = &side->spans[i];
		if (span->is_hole) {
			len += (size_t)snprintf(text + len, sizeof text - len, "<%llu%s>",
						(unsigned long long)span->len, whys[span->why]);
			continue;
		}
		len += (size_t)snprintf(text + len, sizeof text - len, "%.*s", (int)span->len,
					(const char *)side->data.data + at);
		at += span->len;
	}
	return text;
}
