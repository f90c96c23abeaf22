/* Fuzz target: reassembly of segments of a few connections, with little memory.
 *
 * The value of a byte depends on its sequence number only, so that emitted data can be checked: successive bytes have
 * successive values, and so have the bytes before and after a hole.
 *
 * Input: 12 bytes per segment, numbers big-endian: connection and sender, the top bit being the unit of the sequence
 * number; TCP flags, and among them a window of 1, a window scale of 2, a timestamp; sequence number (u16, in units of
 * 16 or 65536), acknowledgement (u16, in units of 16), payload length (u16), bytes cut off (u16), log2 of the
 * milliseconds since the previous segment, calls until the handler is no longer interested in a connection that is
 * opened now (0: always interested, 1: never). */
#include <stdint.h>
#include <stdlib.h>

#include "tap/stream/reassembly.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SEGMENT_BYTES = 12, PAYLOAD_MAX = 4096, MEMORY_BYTES = 40000, PERIOD = 256 };

/* The bytes and holes emitted of a stream. */
struct stream {
	bool has_told;
	uint32_t next; /* the value of the next byte */
	int64_t time_ns;
};

struct flow {
	struct stream streams[TAP_PEERS];
	unsigned calls_left; /* until the handler is no longer interested */
};

struct listener {
	struct tap_flow_handler handler; /* first: the handler is its listener */
	unsigned calls;                  /* per connection, of those opened from now on */
	uint64_t told_bytes, hole_bytes;
	unsigned open;
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void *open_flow(struct tap_flow_handler *handler, const struct tap_flow_info *info, int64_t time_ns)
{
	struct listener *listener = (struct listener *)handler;
	(void)info;
	(void)time_ns;
	if (listener->calls == 1)
		return NULL;
	struct flow *flow = calloc(1, sizeof *flow);
	require(flow != NULL);
	flow->calls_left = listener->calls;
	listener->open++;
	return flow;
}

/* Count a call. The call that ends the interest ends the flow. */
static bool count_call(struct listener *listener, struct flow *flow)
{
	if (flow->calls_left == 0 || --flow->calls_left > 0)
		return true;
	listener->open--;
	free(flow);
	return false;
}

static struct stream *side_at(struct flow *flow, enum tap_peer from, int64_t time_ns)
{
	struct stream *stream = &flow->streams[from];
	require(from < TAP_PEERS && time_ns >= stream->time_ns);
	stream->time_ns = time_ns;
	return stream;
}

static bool take_data(struct tap_flow_handler *handler, void *context, enum tap_peer from, int64_t time_ns,
		      struct wire_slice bytes)
{
	struct listener *listener = (struct listener *)handler;
	struct stream *stream = side_at(context, from, time_ns);
	require(bytes.len > 0);
	for (size_t i = 0; i < bytes.len; i++) {
		uint32_t value = (unsigned char)bytes.data[i];
		require(!stream->has_told || value == stream->next);
		stream->has_told = true;
		stream->next = (value + 1) % PERIOD;
	}
	listener->told_bytes += bytes.len;
	return count_call(listener, context);
}

static bool take_hole(struct tap_flow_handler *handler, void *context, enum tap_peer from, int64_t time_ns,
		      uint64_t bytes, enum tap_hole why)
{
	struct listener *listener = (struct listener *)handler;
	struct stream *stream = side_at(context, from, time_ns);
	require(bytes > 0 && bytes <= UINT32_MAX && why < TAP_HOLES);
	stream->next = (uint32_t)((stream->next + bytes) % PERIOD);
	listener->hole_bytes += bytes;
	return count_call(listener, context);
}

static void close_flow(struct tap_flow_handler *handler, void *context, int64_t time_ns, enum tap_end why)
{
	struct listener *listener = (struct listener *)handler;
	(void)time_ns;
	require(why < TAP_ENDS);
	listener->open--;
	free(context);
}

static uint32_t get_u16(const uint8_t *in)
{
	return (uint32_t)in[0] << 8 | in[1];
}

static uint32_t sequence_of(const uint8_t *in)
{
	return in[0] & 0x80 ? get_u16(in + 2) << 16 : get_u16(in + 2) * 16;
}

static struct tap_segment segment_of(const uint8_t *in, char *payload)
{
	unsigned from = in[0] & 1, connection = in[0] >> 1 & 3;
	struct tap_segment segment = {.seq = sequence_of(in),
				      .ack = get_u16(in + 4) * 16,
				      .flags = in[1] & 0x17,
				      .window = (uint16_t)(in[1] & 0x20 ? 1 : UINT16_MAX),
				      .window_shift = in[1] & 0x40 ? 2 : TAP_NO_WINDOW_SHIFT,
				      .has_timestamp = (in[1] & 0x80) != 0,
				      .timestamp = (uint32_t)in[10] << 12,
				      .missing_bytes = get_u16(in + 8) % PAYLOAD_MAX,
				      .payload = wire_slice(payload, get_u16(in + 6) % PAYLOAD_MAX)};
	struct tap_endpoint ends[2] = {{.address = {10, 1}, .port = (uint16_t)(50000 + connection)},
				       {.address = {10, 2}, .port = 4222}};
	segment.from = ends[from];
	segment.to = ends[!from];
	uint32_t first = segment.seq + (segment.flags & TAP_TCP_SYN ? 1 : 0);
	for (size_t i = 0; i < segment.payload.len; i++)
		payload[i] = (char)((first + i) % PERIOD);
	return segment;
}

static void take_all(struct tap_reassembly *reassembly, struct listener *listener,
		     const struct tap_budget *budget, const uint8_t *data, size_t size)
{
	char payload[PAYLOAD_MAX];
	int64_t time_ns = INT64_C(1700000000000000000);
	for (; size >= SEGMENT_BYTES; data += SEGMENT_BYTES, size -= SEGMENT_BYTES) {
		struct tap_segment segment = segment_of(data, payload);
		time_ns += (INT64_C(1) << data[10] % 18) * 1000000;
		listener->calls = data[11] % 32;
		tap_reassembly_take(reassembly, &segment, time_ns);
		require(budget->used_bytes <= budget->max_bytes);
	}
	tap_reassembly_finish(reassembly, time_ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct listener listener = {
	    .handler = {.open = open_flow, .data = take_data, .hole = take_hole, .close = close_flow}};
	struct tap_budget budget = {.max_bytes = MEMORY_BYTES};
	struct tap_reassembly_options options;
	tap_reassembly_options_init(&options);
	options.flows_max = 3;
	options.half_open_max = 2;
	options.stream_bytes_max = 10000;
	options.stream_segments_max = 8;
	options.acked_patience_segments = 3;
	struct tap_reassembly *reassembly = tap_reassembly_open(&listener.handler, &options, &budget);
	require(reassembly != NULL);
	take_all(reassembly, &listener, &budget, data, size);
	const struct tap_reassembly_stats *stats = tap_reassembly_stats(reassembly);
	uint64_t hole_bytes = 0;
	for (unsigned i = 0; i < TAP_HOLES; i++)
		hole_bytes += stats->hole_bytes[i];
	require(stats->data_bytes == listener.told_bytes && hole_bytes == listener.hole_bytes);
	require(listener.open == 0);
	tap_reassembly_close(reassembly);
	require(budget.used_bytes == 0);
	return 0;
}
