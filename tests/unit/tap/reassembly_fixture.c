#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/fail.h"
#include "tests/unit/tap/reassembly_fixture.h"

/* ---- the listener ---- */

static void *open_flow(struct tap_flow_handler *handler, const struct tap_flow_info *info, int64_t time_ns)
{
	struct reassembly_fixture *fixture = (struct reassembly_fixture *)handler;
	(void)time_ns;
	if (fixture->refuses)
		return NULL;
	struct emitted_flow *flow = support_grow(NULL, sizeof *flow);
	*flow = (struct emitted_flow){.info = *info};
	fixture->flows =
	    support_grow(fixture->flows, (fixture->flows_len + 1) * sizeof(struct emitted_flow *));
	fixture->flows[fixture->flows_len++] = flow;
	return flow;
}

static void add_span(struct emitted_stream *stream, struct emitted_span span)
{
	struct emitted_span *last = stream->spans_len ? &stream->spans[stream->spans_len - 1] : NULL;
	assert_true(span.len > 0);
	assert_true(!last || span.time_ns >= last->time_ns);
	stream->total += span.len;
	if (last && !last->is_hole && !span.is_hole) {
		last->len += span.len;
		last->time_ns = span.time_ns;
		return;
	}
	if (stream->spans_len == stream->spans_cap) {
		stream->spans_cap = stream->spans_cap ? stream->spans_cap * 2 : 16;
		stream->spans = support_grow(stream->spans, stream->spans_cap * sizeof *stream->spans);
	}
	stream->spans[stream->spans_len++] = span;
}

static bool is_welcome(struct reassembly_fixture *fixture, const struct emitted_flow *flow)
{
	assert_false(flow->is_closed);
	return ++fixture->calls < fixture->refuses_data || fixture->refuses_data == 0;
}

static bool take_data(struct tap_flow_handler *handler, void *context, enum tap_peer from, int64_t time_ns,
		      struct wire_slice bytes)
{
	struct emitted_flow *flow = context;
	struct emitted_stream *stream = &flow->streams[from];
	add_span(stream, (struct emitted_span){.len = bytes.len, .time_ns = time_ns});
	support_bytes_put(&stream->data, bytes.data, bytes.len);
	return is_welcome((struct reassembly_fixture *)handler, flow);
}

static bool take_hole(struct tap_flow_handler *handler, void *context, enum tap_peer from, int64_t time_ns,
		      uint64_t bytes, enum tap_hole why)
{
	struct emitted_flow *flow = context;
	add_span(&flow->streams[from],
		 (struct emitted_span){.len = bytes, .is_hole = true, .why = why, .time_ns = time_ns});
	return is_welcome((struct reassembly_fixture *)handler, flow);
}

static void close_flow(struct tap_flow_handler *handler, void *context, int64_t time_ns, enum tap_end why)
{
	struct emitted_flow *flow = context;
	(void)handler;
	(void)time_ns;
	assert_false(flow->is_closed);
	flow->is_closed = true;
	flow->end = why;
}

static void take_leftover(struct tap_flow_handler *handler, const struct tap_flow_info *info, int64_t time_ns,
			  const struct tap_leftover *left)
{
	struct reassembly_fixture *fixture = (struct reassembly_fixture *)handler;
	assert_true(left->bytes > 0 && left->to_ns >= left->from_ns && time_ns >= left->to_ns);
	assert_int_equal(info == NULL, left->why == TAP_LEFT_REFUSED);
	fixture->left_bytes[left->why] += left->bytes;
}

/* ---- the fixture ---- */

void reassembly_fixture_init(struct reassembly_fixture *fixture)
{
	*fixture = (struct reassembly_fixture){.handler = {.open = open_flow,
							   .data = take_data,
							   .hole = take_hole,
							   .close = close_flow,
							   .leftover = take_leftover},
					       .budget = {.max_bytes = 64 << 20},
					       .time_ns = INT64_C(1700000000000000000)};
	tap_reassembly_options_init(&fixture->options);
	reassembly_fixture_open(fixture);
}

static void forget_flows(struct reassembly_fixture *fixture)
{
	for (size_t i = 0; i < fixture->flows_len; i++) {
		for (unsigned stream = 0; stream < TAP_PEERS; stream++) {
			support_bytes_fini(&fixture->flows[i]->streams[stream].data);
			free(fixture->flows[i]->streams[stream].spans);
		}
		free(fixture->flows[i]);
	}
	free(fixture->flows);
	fixture->flows = NULL;
	fixture->flows_len = 0;
}

void reassembly_fixture_fini(struct reassembly_fixture *fixture)
{
	tap_reassembly_close(fixture->reassembly);
	fixture->reassembly = NULL;
	assert_int_equal(fixture->budget.used_bytes, 0);
	forget_flows(fixture);
}

void reassembly_fixture_open(struct reassembly_fixture *fixture)
{
	reassembly_fixture_fini(fixture);
	fixture->reassembly = tap_reassembly_open(&fixture->handler, &fixture->options, &fixture->budget);
	if (!fixture->reassembly)
		support_fail("no memory for reassembly");
}

static struct tap_endpoint endpoint_of(struct support_end end)
{
	return (struct tap_endpoint){.address = {10, 0, 0, end.host}, .port = end.port};
}

void reassembly_fixture_take_cut(struct reassembly_fixture *fixture, const struct support_packet *packet,
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
	tap_reassembly_take(fixture->reassembly, &segment, fixture->time_ns);
	fixture->time_ns += 1000;
}

void reassembly_fixture_take(struct reassembly_fixture *fixture, const struct support_packet *packet)
{
	reassembly_fixture_take_cut(fixture, packet, packet->payload.len);
}

void reassembly_fixture_send(struct reassembly_fixture *fixture, struct support_connection *connection,
			     enum support_who who, unsigned flags, const char *text)
{
	struct support_packet packet = support_connection_send(connection, who, flags, wire_slice_str(text));
	reassembly_fixture_take(fixture, &packet);
}

void reassembly_fixture_shake_hands(struct reassembly_fixture *fixture, struct support_connection *connection)
{
	reassembly_fixture_send(fixture, connection, SUPPORT_CLIENT, SUPPORT_SYN, "");
	reassembly_fixture_send(fixture, connection, SUPPORT_SERVER, SUPPORT_SYN, "");
	reassembly_fixture_send(fixture, connection, SUPPORT_CLIENT, 0, "");
}

void reassembly_fixture_finish(struct reassembly_fixture *fixture)
{
	tap_reassembly_finish(fixture->reassembly, fixture->time_ns);
}

const struct tap_reassembly_stats *reassembly_fixture_stats(const struct reassembly_fixture *fixture)
{
	return tap_reassembly_stats(fixture->reassembly);
}

const char *emitted_text(const struct emitted_stream *stream)
{
	static char text[1000];
	static const char *const whys[TAP_HOLES] = {"", " cut", " limit"};
	size_t len = 0, at = 0;
	text[0] = '\0';
	for (size_t i = 0; i < stream->spans_len && len < sizeof text; i++) {
		const struct emitted_span *span = &stream->spans[i];
		if (span->is_hole) {
			len += (size_t)snprintf(text + len, sizeof text - len, "<%llu%s>",
						(unsigned long long)span->len, whys[span->why]);
			continue;
		}
		len += (size_t)snprintf(text + len, sizeof text - len, "%.*s", (int)span->len,
					(const char *)stream->data.data + at);
		at += span->len;
	}
	return text;
}
