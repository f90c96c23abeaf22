#include "tap/stream/flow_syn.h"

/* A SYN this little before the first byte seen of its stream is that stream's own; the capture is out of order. */
enum { LATE_SYN_BYTES = 1 << 16 };

/* Does the SYN belong to this connection, rather than to a new one between the same ends? */
static bool is_own_syn(struct tap__flow *flow, const struct tap__place *place,
		       const struct tap_segment *segment)
{
	const struct tap__tcp_stream *stream = tap__flow_stream(flow, place->from),
				     *other = tap__flow_stream(flow, !place->from);
	const struct tap__range acked = {.seq = segment->ack};
	uint32_t first = segment->seq + 1;
	if (segment->flags & TAP_TCP_ACK && other->saw_syn && segment->ack - other->first > UINT16_MAX)
		return false; /* it answers another SYN */
	if (!stream->is_known)
		return flow->life != TAP__TOMBSTONE && segment->flags & TAP_TCP_ACK &&
		       !tap__tcp_stream_is_far(other, &acked);
	return first == stream->first || (!stream->saw_syn && stream->first - first < LATE_SYN_BYTES);
}

/* A SYN for another connection between the ends of a known one. It may be forged, so it has no effect until its
 * connection shows (RFC 5961, 4.2). True when the known connection stays. */
static bool take_other_syn(struct tap_reassembly *reassembly, struct tap__flow *flow,
			   const struct tap__place *place, const struct tap_segment *segment, int64_t time_ns)
{
	bool is_answer = tap__handshakes_take(&reassembly->handshakes, &place->key, place->from, segment);
	reassembly->context.stats.half_open_evicted = reassembly->handshakes.evicted;
	flow->has_rival = true;
	flow->rival_fits = 0;
	if (is_answer || (flow->life == TAP__TOMBSTONE && tap__segment_bytes(segment) > 0)) {
		tap__flow_forget(reassembly, flow, time_ns, TAP_END_REPLACED);
		return false;
	}
	if (flow->life != TAP__TOMBSTONE)
		reassembly->context.stats.ignored_controls++;
	reassembly->context.stats.strays += tap__segment_bytes(segment) > 0;
	reassembly->context.stats.stray_bytes += tap__segment_bytes(segment);
	return true;
}

/* The connection's own SYN, repeated or late. */
static void take_own_syn(struct tap_reassembly *reassembly, struct tap__flow *flow,
			 struct tap__tcp_stream *stream, const struct tap_segment *segment, int64_t time_ns)
{
	if (stream->is_known &&
	    !tap__tcp_stream_note_syn(&reassembly->context, stream, segment->seq + 1, time_ns))
		tap__flow_lose_interest(reassembly, flow);
}

bool tap__flow_take_syn(struct tap_reassembly *reassembly, struct tap__flow **flow,
			const struct tap__place *place, const struct tap_segment *segment, int64_t time_ns)
{
	if (*flow && is_own_syn(*flow, place, segment)) {
		if ((*flow)->life != TAP__TOMBSTONE)
			take_own_syn(reassembly, *flow, tap__flow_stream(*flow, place->from), segment,
				     time_ns);
		return false;
	}
	if (*flow && take_other_syn(reassembly, *flow, place, segment, time_ns))
		return true;
	if (!*flow)
		tap__handshakes_take(&reassembly->handshakes, &place->key, place->from, segment);
	reassembly->context.stats.half_open_evicted = reassembly->handshakes.evicted;
	*flow = NULL;
	return false;
}
