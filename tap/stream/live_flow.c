#include "tap/stream/live_flow.h"

/* Segments that fit a SYN which no one answered are believed when there are so many. */
enum { RIVAL_FITS_MIN = 3 };

static struct tap__ack ack_of(const struct tap_segment *segment, const struct tap__tcp_stream *stream,
			      int64_t time_ns)
{
	bool is_syn = (segment->flags & TAP_TCP_SYN) != 0; /* whose window is never scaled (RFC 7323, 2.2) */
	return (struct tap__ack){.seq = segment->ack,
				 .by = segment->seq,
				 .window = segment->window,
				 .shift = is_syn ? 0 : stream->shift,
				 .time_ns = time_ns};
}

/* This stream has ended, and the other is not in the capture: not even its answer to the SYN was seen. */
static bool is_half_over(const struct tap__tcp_stream *stream, const struct tap__tcp_stream *other)
{
	return tap__tcp_stream_is_done(stream) && stream->saw_syn && !other->is_known;
}

/* Update the state of the connection after a segment of `stream`. */
static void settle_flow(struct tap_reassembly *reassembly, struct tap__flow *flow,
			struct tap__tcp_stream *stream, const struct tap__tcp_stream *other,
			bool is_of_interest, int64_t time_ns)
{
	if (!is_of_interest)
		tap__flow_lose_interest(reassembly, flow);
	else if (tap__flow_is_over(flow))
		tap__flow_end(reassembly, flow, time_ns, TAP_END_CLOSED);
	else if (is_half_over(stream, other))
		tap__flow_doubt(reassembly, flow, stream->which, time_ns, TAP_END_CLOSED);
	else if (flow->life == TAP__DOUBTFUL && flow->ended == stream->which)
		tap__flow_trust(reassembly, flow);
}

/* ---- a connection that continues far from where it was ---- */

/* A capture that misses bytes misses at most this many of both streams. */
#define LOST_BYTES_MAX (UINT32_C(256) << 20)

/* Hosts choose the first numbers of both streams by one clock (RFC 6528, 3). Distances that differ by no more
 * than this come from that clock. */
#define ALIKE_BYTES (UINT32_C(1) << 20)

static bool is_alike(uint32_t a, uint32_t b)
{
	uint32_t difference = a > b ? a - b : b - a;
	return difference <= ALIKE_BYTES + a / 10;
}

/* Has the capture missed a long stretch, or is this another connection on the same ports? A stream never goes
 * back, and another connection has new numbers in both streams. */
static bool is_lost_stretch(const struct tap__tcp_stream *stream, const struct tap__tcp_stream *other)
{
	uint32_t ahead = tap__tcp_stream_distance(stream), other_ahead = tap__tcp_stream_distance(other);
	if (ahead >= TAP__HALF)
		return false;
	if (!other->is_known || !other->strays.is_used)
		return true;
	return ahead <= LOST_BYTES_MAX && other_ahead <= LOST_BYTES_MAX && !is_alike(ahead, other_ahead);
}

/* Another connection whose SYNs were not seen uses the ports: it begins with the strays. */
static void follow_new_connection(struct tap_reassembly *reassembly, struct tap__flow *flow,
				  const struct tap__place *place, const struct tap_segment *segment,
				  int64_t time_ns)
{
	struct tap__strays strays[2];
	for (unsigned end = 0; end < 2; end++) {
		strays[end] = tap__flow_stream(flow, end)->strays;
		tap__flow_stream(flow, end)->strays = (struct tap__strays){0};
	}
	tap__flow_forget(reassembly, flow, time_ns, TAP_END_REPLACED);
	tap__handshakes_remove(&reassembly->handshakes, &place->key);
	struct tap__flow *opened = tap__flow_open(reassembly, place, segment, time_ns);
	bool is_of_interest = opened && opened->life != TAP__TOMBSTONE;
	for (unsigned end = 0; end < 2; end++) {
		if (is_of_interest && strays[end].count > 0) {
			tap__tcp_stream_begin(tap__flow_stream(opened, end), strays[end].first);
			is_of_interest = tap__tcp_stream_adopt(&reassembly->context,
							       tap__flow_stream(opened, end), &strays[end]);
			if (!is_of_interest)
				tap__flow_lose_interest(reassembly, opened);
		}
		tap__strays_fini(&reassembly->context, &strays[end]);
	}
}

/* Follow a stream that has moved. False when the connection is gone. */
static bool follow(struct tap_reassembly *reassembly, struct tap__flow *flow, struct tap__tcp_stream *stream,
		   struct tap__tcp_stream *other, const struct tap__place *place,
		   const struct tap_segment *segment, int64_t time_ns)
{
	if (!tap__tcp_stream_has_moved(stream))
		return true;
	if (!is_lost_stretch(stream, other)) {
		follow_new_connection(reassembly, flow, place, segment, time_ns);
		return false;
	}
	bool is_of_interest = tap__tcp_stream_jump(&reassembly->context, stream, time_ns);
	settle_flow(reassembly, flow, stream, other, is_of_interest, time_ns);
	return flow->life != TAP__TOMBSTONE;
}

/* Does the segment belong to another connection whose SYN was seen? A SYN that no one has answered may be
 * forged: one segment that fits it is not enough then, unless the capture has only one direction. */
static bool is_of_rival(struct tap_reassembly *reassembly, struct tap__flow *flow,
			const struct tap__place *place, const struct tap_segment *segment)
{
	struct tap__opening opening;
	bool is_sure;
	if (!flow->has_rival || !tap__handshakes_find(&reassembly->handshakes, &place->key, place->from,
						      segment, &opening, &is_sure))
		return false;
	return is_sure || !tap__flow_stream(flow, !place->from)->is_known ||
	       ++flow->rival_fits >= RIVAL_FITS_MIN;
}

/* Take a segment that TCP would not take. False when it is a rival's. */
static bool take_far(struct tap_reassembly *reassembly, struct tap__flow *flow,
		     const struct tap__place *place, const struct tap_segment *segment,
		     const struct tap__range *range)
{
	struct tap__tcp_stream *stream = tap__flow_stream(flow, place->from),
			       *other = tap__flow_stream(flow, !place->from);
	struct tap__ack ack = ack_of(segment, stream, range->time_ns);
	if (is_of_rival(reassembly, flow, place, segment)) {
		tap__flow_forget(reassembly, flow, range->time_ns, TAP_END_REPLACED);
		return false;
	}
	tap__strays_add(&reassembly->context, &stream->strays, range);
	if (segment->flags & TAP_TCP_ACK)
		tap__tcp_stream_claim(other, &ack);
	if (follow(reassembly, flow, stream, other, place, segment, range->time_ns) && other->is_known)
		follow(reassembly, flow, other, stream, place, segment, range->time_ns);
	return true;
}

/* ---- any segment ---- */

/* TCP obeys a reset with exactly the next number (RFC 5961, 3.2). It may obey another one in the window later,
 * when it is repeated, and ignores one outside. */
static void take_reset(struct tap_reassembly *reassembly, struct tap__flow *flow,
		       struct tap__tcp_stream *stream, const struct tap_segment *segment, int64_t time_ns)
{
	const struct tap__range range = {.seq = segment->seq};
	reassembly->context.stats.ended_bytes +=
	    tap__segment_bytes(segment); /* some explain the reset in text */
	if (tap__tcp_stream_expects(stream, segment->seq))
		tap__flow_end(reassembly, flow, time_ns, TAP_END_RESET);
	else if (tap__tcp_stream_is_far(stream, &range))
		reassembly->context.stats.ignored_controls++;
	else
		tap__flow_doubt(reassembly, flow, stream->which, time_ns, TAP_END_RESET);
}

/* Take the acknowledgement of the other stream, then the bytes. False when the handler is no longer interested. */
static bool take_bytes(struct tap_reassembly *reassembly, struct tap__tcp_stream *stream,
		       struct tap__tcp_stream *other, const struct tap_segment *segment,
		       const struct tap__range *range)
{
	if (!stream->is_known && segment->flags & TAP_TCP_SYN)
		tap__tcp_stream_begin(stream, range->seq);
	else if (!stream->is_known)
		tap__tcp_stream_begin_midstream(stream, range->seq);
	if (segment->flags & TAP_TCP_ACK) {
		struct tap__ack ack = ack_of(segment, stream, range->time_ns);
		if (!tap__tcp_stream_acknowledge(&reassembly->context, other, &ack))
			return false;
	}
	return tap__tcp_stream_take(&reassembly->context, stream, *range);
}

bool tap__live_flow_take(struct tap_reassembly *reassembly, struct tap__flow *flow,
			 const struct tap__place *place, const struct tap_segment *segment, int64_t time_ns)
{
	struct tap__tcp_stream *stream = tap__flow_stream(flow, place->from),
			       *other = tap__flow_stream(flow, !place->from);
	if (flow->life == TAP__LIVE)
		tap__lru_touch(&reassembly->lrus[TAP__LIVE], &flow->entry);
	if (segment->flags & TAP_TCP_RST) {
		take_reset(reassembly, flow, stream, segment, time_ns);
		return true;
	}
	struct tap__range range = tap__range_of(segment, time_ns);
	if (tap__tcp_stream_is_far(stream, &range))
		return take_far(reassembly, flow, place, segment, &range);
	bool is_of_interest = take_bytes(reassembly, stream, other, segment, &range);
	settle_flow(reassembly, flow, stream, other, is_of_interest, time_ns);
	if (other->strays.count > 0)
		follow(reassembly, flow, other, stream, place, segment, time_ns);
	return true;
}
