#include "tap/stream/tombstone.h"

/* A tombstone recognises late segments for this long, as TIME_WAIT lasts on Linux. Later data belongs to a new
 * connection whose SYN was not seen. */
#define TOMBSTONE_AGE_NS INT64_C(60000000000)

/* Data that continues exactly where a connection ended, this long after its end, shows that it did not end. */
#define ALIVE_AGE_NS INT64_C(1000000000)

/* Count bytes after the end that do not repeat what was emitted. */
static void take_after_end(struct tap_reassembly *reassembly, struct tap__flow *flow,
			   struct tap__tcp_stream *stream, const struct tap__range *range)
{
	uint32_t end = range->seq + tap__range_bytes(range), bytes = end - stream->next;
	reassembly->context.stats.ended_bytes += tap__range_bytes(range);
	if (!stream->is_known || (int32_t)bytes <= 0)
		return;
	if (bytes > tap__range_bytes(range))
		bytes = tap__range_bytes(range);
	tap__leftover_add(&flow->left, bytes, range->time_ns);
	stream->next = end;
}

/* Is the connection alive after all? It is when its data continues some time after the end, or when bytes after
 * the end are acknowledged. */
static bool is_alive(const struct tap__flow *flow, const struct tap__tcp_stream *stream,
		     const struct tap__tcp_stream *other, const struct tap_segment *segment, int64_t time_ns)
{
	if (flow->left.bytes > 0 && segment->flags & TAP_TCP_ACK && other->is_known &&
	    segment->ack == other->next && segment->seq == stream->next)
		return true;
	return tap__segment_bytes(segment) > 0 && stream->is_known && segment->seq == stream->next &&
	       time_ns - flow->ended_ns >= ALIVE_AGE_NS;
}

/* Does the segment show that another connection uses the ports? */
static bool is_of_another(struct tap_reassembly *reassembly, struct tap__flow *flow,
			  const struct tap__place *place, const struct tap_segment *segment, int64_t time_ns)
{
	struct tap__opening opening;
	bool is_sure;
	if (tap__segment_bytes(segment) > 0 && flow->has_rival &&
	    tap__handshakes_find(&reassembly->handshakes, &place->key, place->from, segment, &opening,
				 &is_sure))
		return true;
	if (!flow->has_ended)
		return false;
	return (tap__segment_bytes(segment) > 0 && time_ns - flow->ended_ns >= TOMBSTONE_AGE_NS) ||
	       is_alive(flow, tap__flow_stream(flow, place->from), tap__flow_stream(flow, !place->from),
			segment, time_ns);
}

bool tap__tombstone_take(struct tap_reassembly *reassembly, struct tap__flow *flow,
			 const struct tap__place *place, const struct tap_segment *segment, int64_t time_ns)
{
	const struct tap__range range = tap__range_of(segment, time_ns);
	if (!(segment->flags & TAP_TCP_RST) && is_of_another(reassembly, flow, place, segment, time_ns)) {
		tap__flow_remove(reassembly, flow);
		return false;
	}
	tap__lru_touch(&reassembly->lrus[TAP__TOMBSTONE], &flow->entry);
	if (!flow->has_ended)
		reassembly->context.stats.unwatched_bytes += tap__segment_bytes(segment);
	else if (segment->flags & TAP_TCP_RST)
		reassembly->context.stats.ended_bytes += tap__segment_bytes(segment);
	else
		take_after_end(reassembly, flow, tap__flow_stream(flow, place->from), &range);
	return true;
}
