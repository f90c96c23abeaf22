#include "tap/stream/streams.h"

#include <assert.h>
#include <stdlib.h>

#include "tap/stream/flows.h"

/* Stragglers of a connection that has ended are known by its tombstone for so long, as TIME_WAIT lasts on Linux: data
 * that comes later is a new connection's whose SYN was not seen. */
#define TOMBSTONE_AGE_NS INT64_C(60000000000)

/* Data that goes on exactly where a connection ended, this long after its end, shows that it did not end. */
#define ALIVE_AGE_NS INT64_C(1000000000)

/* A SYN this little before the first byte seen of its side is that side's own, and the capture out of order. */
enum { LATE_SYN_BYTES = 1 << 16 };

/* Segments that fit a SYN which nobody answered, until they are believed. */
enum { RIVAL_FITS_MIN = 3 };

void tap_streams_options_init(struct tap_streams_options *options)
{
	*options = (struct tap_streams_options){.flows_max = 65536,
						.half_open_max = 16384,
						.side_bytes_max = 8 << 20,
						.side_pieces_max = 4096,
						.patience_ns = 5000000000,
						.acked_patience_ns = 100000000,
						.acked_patience_segments = 64,
						.silence_ns = 60000000000,
						.settling_ns = 100000000};
}

/* ---- opening and closing ---- */

static uint64_t table_bytes(const struct tap_streams *streams)
{
	return tap__table_bytes(&streams->flows) + tap__handshakes_bytes(&streams->handshakes);
}

static bool init_tables(struct tap_streams *streams, const struct tap_streams_options *options)
{
	if (tap__table_init(&streams->flows, options->flows_max) ||
	    tap__handshakes_init(&streams->handshakes, options->half_open_max))
		return false;
	return tap_budget_take(streams->assembly.budget, table_bytes(streams));
}

static void fini_tables(struct tap_streams *streams)
{
	tap__handshakes_fini(&streams->handshakes);
	tap__table_fini(&streams->flows);
}

struct tap_streams *tap_streams_open(struct tap_flow_handler *handler,
				     const struct tap_streams_options *options, struct tap_budget *budget)
{
	assert(options->flows_max > 0 && options->half_open_max > 0 && options->patience_ns > 0);
	struct tap_streams *streams = calloc(1, sizeof *streams);
	if (!streams)
		return NULL;
	streams->assembly = (struct tap__assembly){.handler = handler, .budget = budget, .options = *options};
	if (init_tables(streams, options))
		return streams;
	fini_tables(streams);
	free(streams);
	return NULL;
}

void tap_streams_close(struct tap_streams *streams)
{
	if (!streams)
		return;
	streams->assembly.handler = NULL;
	for (unsigned life = 0; life < TAP__LIVES; life++)
		tap__flows_remove_all(streams, (enum tap__life)life);
	tap_budget_give(streams->assembly.budget, table_bytes(streams));
	fini_tables(streams);
	free(streams);
}

const struct tap_streams_stats *tap_streams_stats(const struct tap_streams *streams)
{
	return &streams->assembly.stats;
}

/* An end that is doubtful is none unless the other side is not in the capture. */
static enum tap_end end_by_capture(const struct tap__flow *flow)
{
	return flow->life == TAP__DOUBTFUL && flow->end == TAP_END_CLOSED ? TAP_END_CLOSED : TAP_END_CAPTURE;
}

void tap_streams_finish(struct tap_streams *streams, int64_t time_ns)
{
	struct tap__flow *flow;
	streams->time_ns = time_ns;
	for (unsigned life = 0; life < TAP__TOMBSTONE; life++)
		while ((flow = (struct tap__flow *)streams->orders[life].oldest) != NULL)
			tap__flow_forget(streams, flow, time_ns, end_by_capture(flow));
	tap__flows_remove_all(streams, TAP__TOMBSTONE);
	tap__flows_report_refused(streams);
}

static void take_unknown(struct tap_streams *streams, const struct tap__place *place,
			 const struct tap_segment *segment, int64_t time_ns);

/* ---- segments ---- */

static uint32_t payload_bytes(const struct tap_segment *segment)
{
	return (uint32_t)segment->payload.len + segment->missing_bytes;
}

static struct tap__run run_of(const struct tap_segment *segment, int64_t time_ns)
{
	return (struct tap__run){.seq = segment->seq + (segment->flags & TAP_TCP_SYN ? 1 : 0),
				 .data = segment->payload,
				 .missing = segment->missing_bytes,
				 .has_fin = (segment->flags & TAP_TCP_FIN) != 0,
				 .is_pushed = (segment->flags & TAP_TCP_PSH) != 0,
				 .has_timestamp = segment->has_timestamp,
				 .timestamp = segment->timestamp,
				 .time_ns = time_ns};
}

static struct tap__ack ack_of(const struct tap_segment *segment, const struct tap__side *side,
			      int64_t time_ns)
{
	bool is_syn = (segment->flags & TAP_TCP_SYN) != 0; /* whose window is never scaled (RFC 7323, 2.2) */
	return (struct tap__ack){.seq = segment->ack,
				 .by = segment->seq,
				 .window = segment->window,
				 .shift = is_syn ? 0 : side->shift,
				 .time_ns = time_ns};
}

/* This side has ended, and the other has too. */
static bool is_over(const struct tap__flow *flow)
{
	return tap__side_is_done(&flow->sides[TAP_ORIGINATOR]) &&
	       tap__side_is_done(&flow->sides[TAP_RESPONDER]);
}

/* This side has ended, and the other is in another capture: not even its answer to the SYN was seen. */
static bool is_half_over(const struct tap__side *side, const struct tap__side *other)
{
	return tap__side_is_done(side) && side->saw_syn && !other->is_known;
}

/* What a segment has changed: interest, the end, doubts. */
static void settle_flow(struct tap_streams *streams, struct tap__flow *flow, struct tap__side *side,
			const struct tap__side *other, bool is_of_interest, int64_t time_ns)
{
	if (!is_of_interest)
		tap__flow_lose_interest(streams, flow);
	else if (is_over(flow))
		tap__flow_end(streams, flow, time_ns, TAP_END_CLOSED);
	else if (is_half_over(side, other))
		tap__flow_doubt(streams, flow, side->which, time_ns, TAP_END_CLOSED);
	else if (flow->life == TAP__DOUBTFUL && flow->ended == side->which)
		tap__flow_trust(streams, flow);
}

/* ---- where a connection goes on far from where it was ---- */

/* Both sides this much ahead at most: the capture has missed so much of both. */
#define LOST_BYTES_MAX (UINT32_C(256) << 20)

/* Hosts choose the first numbers of both sides by one clock [RFC 6528, 3]: distances as alike as this are of that. */
#define ALIKE_BYTES (UINT32_C(1) << 20)

static bool is_alike(uint32_t a, uint32_t b)
{
	uint32_t difference = a > b ? a - b : b - a;
	return difference <= ALIKE_BYTES + a / 10;
}

/* Has the capture missed a long stretch of a connection, or is this another connection on the same ports? A side never
 * goes back, and the numbers of another connection's sides have both changed. */
static bool is_lost_stretch(const struct tap__side *side, const struct tap__side *other)
{
	uint32_t ahead = tap__side_distance(side), other_ahead = tap__side_distance(other);
	if (ahead >= UINT32_C(1) << 31)
		return false;
	if (!other->is_known || !other->aside.is_used)
		return true;
	return ahead <= LOST_BYTES_MAX && other_ahead <= LOST_BYTES_MAX && !is_alike(ahead, other_ahead);
}

/* Another connection uses the ports, and its SYNs were not seen: it begins with what is set aside. */
static void follow_new_connection(struct tap_streams *streams, struct tap__flow *flow,
				  const struct tap__place *place, const struct tap_segment *segment,
				  int64_t time_ns)
{
	struct tap__aside asides[2];
	for (unsigned end = 0; end < 2; end++) {
		asides[end] = tap__flow_side(flow, end)->aside;
		tap__flow_side(flow, end)->aside = (struct tap__aside){0};
	}
	tap__flow_forget(streams, flow, time_ns, TAP_END_REPLACED);
	tap__handshakes_remove(&streams->handshakes, &place->key);
	struct tap__flow *opened = tap__flow_open(streams, place, segment, time_ns);
	bool is_of_interest = opened && opened->life != TAP__TOMBSTONE;
	for (unsigned end = 0; end < 2; end++) {
		if (is_of_interest && asides[end].pieces > 0) {
			tap__side_begin(tap__flow_side(opened, end), asides[end].first);
			is_of_interest =
			    tap__side_adopt(&streams->assembly, tap__flow_side(opened, end), &asides[end]);
			if (!is_of_interest)
				tap__flow_lose_interest(streams, opened);
		}
		tap__aside_fini(&streams->assembly, &asides[end]);
	}
}

/* Follow a side that has moved. False when the connection is gone. */
static bool follow(struct tap_streams *streams, struct tap__flow *flow, struct tap__side *side,
		   struct tap__side *other, const struct tap__place *place, const struct tap_segment *segment,
		   int64_t time_ns)
{
	if (!tap__side_has_moved(side))
		return true;
	if (!is_lost_stretch(side, other)) {
		follow_new_connection(streams, flow, place, segment, time_ns);
		return false;
	}
	bool is_of_interest = tap__side_jump(&streams->assembly, side, time_ns);
	settle_flow(streams, flow, side, other, is_of_interest, time_ns);
	return flow->life != TAP__TOMBSTONE;
}

/* Does the segment belong to a connection whose SYN was seen, and which is there by now? A SYN that nobody has answered
 * may be forged: then one segment that fits is not enough, unless its side is all that the capture has. */
static bool is_of_rival(struct tap_streams *streams, struct tap__flow *flow, const struct tap__place *place,
			const struct tap_segment *segment)
{
	struct tap__opening opening;
	bool is_sure;
	if (!flow->has_rival || !tap__handshakes_find(&streams->handshakes, &place->key, place->from, segment,
						      &opening, &is_sure))
		return false;
	return is_sure || !tap__flow_side(flow, !place->from)->is_known ||
	       ++flow->rival_fits >= RIVAL_FITS_MIN;
}

/* A segment that TCP would not take. */
static void take_far(struct tap_streams *streams, struct tap__flow *flow, const struct tap__place *place,
		     const struct tap_segment *segment, const struct tap__run *run)
{
	struct tap__side *side = tap__flow_side(flow, place->from),
			 *other = tap__flow_side(flow, !place->from);
	struct tap__ack ack = ack_of(segment, side, run->time_ns);
	if (is_of_rival(streams, flow, place, segment)) {
		tap__flow_forget(streams, flow, run->time_ns, TAP_END_REPLACED);
		take_unknown(streams, place, segment, run->time_ns);
		return;
	}
	tap__side_set_aside(&streams->assembly, side, run);
	if (segment->flags & TAP_TCP_ACK)
		tap__side_claim(other, &ack);
	if (follow(streams, flow, side, other, place, segment, run->time_ns) && other->is_known)
		follow(streams, flow, other, side, place, segment, run->time_ns);
}

/* ---- connections with data ---- */

/* TCP obeys a reset with exactly the number that comes next (RFC 5961, 3.2); another one in the window may be obeyed
 * later, when it is repeated; and one outside is nothing. */
static void take_reset(struct tap_streams *streams, struct tap__flow *flow, struct tap__side *side,
		       const struct tap_segment *segment, int64_t time_ns)
{
	const struct tap__run run = {.seq = segment->seq};
	streams->assembly.stats.ended_bytes += payload_bytes(segment); /* some say why, in words */
	if (tap__side_expects(side, segment->seq))
		tap__flow_end(streams, flow, time_ns, TAP_END_RESET);
	else if (tap__side_is_far(side, &run))
		streams->assembly.stats.ignored_controls++;
	else
		tap__flow_doubt(streams, flow, side->which, time_ns, TAP_END_RESET);
}

/* What the segment says of the other side's bytes, then its own. False when the handler has had enough. */
static bool take_bytes(struct tap_streams *streams, struct tap__side *side, struct tap__side *other,
		       const struct tap_segment *segment, const struct tap__run *run)
{
	if (!side->is_known && segment->flags & TAP_TCP_SYN)
		tap__side_begin(side, run->seq);
	else if (!side->is_known)
		tap__side_begin_midstream(side, run->seq);
	if (segment->flags & TAP_TCP_ACK) {
		struct tap__ack ack = ack_of(segment, side, run->time_ns);
		if (!tap__side_acknowledge(&streams->assembly, other, &ack))
			return false;
	}
	return tap__side_take(&streams->assembly, side, *run);
}

static void take_live(struct tap_streams *streams, struct tap__flow *flow, const struct tap__place *place,
		      const struct tap_segment *segment, int64_t time_ns)
{
	struct tap__side *side = tap__flow_side(flow, place->from),
			 *other = tap__flow_side(flow, !place->from);
	if (flow->life == TAP__LIVE)
		tap__order_touch(&streams->orders[TAP__LIVE], &flow->entry);
	if (segment->flags & TAP_TCP_RST) {
		take_reset(streams, flow, side, segment, time_ns);
		return;
	}
	struct tap__run run = run_of(segment, time_ns);
	if (tap__side_is_far(side, &run)) {
		take_far(streams, flow, place, segment, &run);
		return;
	}
	bool is_of_interest = take_bytes(streams, side, other, segment, &run);
	settle_flow(streams, flow, side, other, is_of_interest, time_ns);
	if (other->aside.pieces > 0)
		follow(streams, flow, other, side, place, segment, time_ns);
}

/* ---- connections that have ended ---- */

/* Bytes of a connection that has ended. Those that repeat what was told are nothing; others were not told. */
static void take_after_end(struct tap_streams *streams, struct tap__flow *flow, struct tap__side *side,
			   const struct tap__run *run)
{
	uint32_t end = run->seq + tap__run_bytes(run), bytes = end - side->next;
	streams->assembly.stats.ended_bytes += tap__run_bytes(run);
	if (!side->is_known || (int32_t)bytes <= 0)
		return;
	if (bytes > tap__run_bytes(run))
		bytes = tap__run_bytes(run);
	tap__leftover_add(&flow->left, bytes, run->time_ns);
	side->next = end;
}

/* A connection that ended is alive: its data goes on in its place, a while after the end, or what came after the end is
 * acknowledged. */
static bool is_alive(const struct tap__flow *flow, const struct tap__side *side,
		     const struct tap__side *other, const struct tap_segment *segment, int64_t time_ns)
{
	if (flow->left.bytes > 0 && segment->flags & TAP_TCP_ACK && other->is_known &&
	    segment->ack == other->next && segment->seq == side->next)
		return true;
	return payload_bytes(segment) > 0 && side->is_known && segment->seq == side->next &&
	       time_ns - flow->ended_ns >= ALIVE_AGE_NS;
}

/* Does the segment show that another connection uses the ports of one that has ended? */
static bool is_of_another(struct tap_streams *streams, struct tap__flow *flow, const struct tap__place *place,
			  const struct tap_segment *segment, int64_t time_ns)
{
	struct tap__opening opening;
	bool is_sure;
	if (payload_bytes(segment) > 0 && flow->has_rival &&
	    tap__handshakes_find(&streams->handshakes, &place->key, place->from, segment, &opening, &is_sure))
		return true;
	if (!flow->has_ended)
		return false;
	return (payload_bytes(segment) > 0 && time_ns - flow->ended_ns >= TOMBSTONE_AGE_NS) ||
	       is_alive(flow, tap__flow_side(flow, place->from), tap__flow_side(flow, !place->from), segment,
			time_ns);
}

/* A segment of a connection of which nothing is told. Returns false when it is a new connection's. */
static bool take_tombstone(struct tap_streams *streams, struct tap__flow *flow,
			   const struct tap__place *place, const struct tap_segment *segment, int64_t time_ns)
{
	const struct tap__run run = run_of(segment, time_ns);
	if (!(segment->flags & TAP_TCP_RST) && is_of_another(streams, flow, place, segment, time_ns)) {
		tap__flow_remove(streams, flow);
		return false;
	}
	tap__order_touch(&streams->orders[TAP__TOMBSTONE], &flow->entry);
	if (!flow->has_ended)
		streams->assembly.stats.unwatched_bytes += payload_bytes(segment);
	else if (segment->flags & TAP_TCP_RST)
		streams->assembly.stats.ended_bytes += payload_bytes(segment);
	else
		take_after_end(streams, flow, tap__flow_side(flow, place->from), &run);
	return true;
}

/* ---- SYNs ---- */

/* Is a SYN that says where a side begins the connection's own, or a new one's on the same ports? */
static bool is_own_syn(struct tap__flow *flow, const struct tap__place *place,
		       const struct tap_segment *segment)
{
	const struct tap__side *side = tap__flow_side(flow, place->from),
			       *other = tap__flow_side(flow, !place->from);
	const struct tap__run acked = {.seq = segment->ack};
	uint32_t first = segment->seq + 1;
	if (segment->flags & TAP_TCP_ACK && other->saw_syn && segment->ack - other->first > UINT16_MAX)
		return false; /* it answers another SYN */
	if (!side->is_known)
		return flow->life != TAP__TOMBSTONE && segment->flags & TAP_TCP_ACK &&
		       !tap__side_is_far(other, &acked);
	return first == side->first || (!side->saw_syn && side->first - first < LATE_SYN_BYTES);
}

/* A SYN of another connection between the ends of one that is there. It may be forged, and does nothing until its connection shows (RFC 5961, 4.2). True when the connection stays. */
static bool take_other_syn(struct tap_streams *streams, struct tap__flow *flow,
			   const struct tap__place *place, const struct tap_segment *segment, int64_t time_ns)
{
	bool is_answer = tap__handshakes_take(&streams->handshakes, &place->key, place->from, segment);
	streams->assembly.stats.half_open_evicted = streams->handshakes.evicted;
	flow->has_rival = true;
	flow->rival_fits = 0;
	if (is_answer || (flow->life == TAP__TOMBSTONE && payload_bytes(segment) > 0)) {
		tap__flow_forget(streams, flow, time_ns, TAP_END_REPLACED);
		return false;
	}
	if (flow->life != TAP__TOMBSTONE)
		streams->assembly.stats.ignored_controls++;
	streams->assembly.stats.strays += payload_bytes(segment) > 0;
	streams->assembly.stats.stray_bytes += payload_bytes(segment);
	return true;
}

/* It is repeated, or late. */
static void take_own_syn(struct tap_streams *streams, struct tap__flow *flow, struct tap__side *side,
			 const struct tap_segment *segment, int64_t time_ns)
{
	if (side->is_known && !tap__side_note_syn(&streams->assembly, side, segment->seq + 1, time_ns))
		tap__flow_lose_interest(streams, flow);
}

/* Take a SYN. True when there is nothing more to do with the segment; *flow: what the rest of it belongs to. */
static bool take_syn(struct tap_streams *streams, struct tap__flow **flow, const struct tap__place *place,
		     const struct tap_segment *segment, int64_t time_ns)
{
	if (*flow && is_own_syn(*flow, place, segment)) {
		if ((*flow)->life != TAP__TOMBSTONE)
			take_own_syn(streams, *flow, tap__flow_side(*flow, place->from), segment, time_ns);
		return false;
	}
	if (*flow && take_other_syn(streams, *flow, place, segment, time_ns))
		return true;
	if (!*flow)
		tap__handshakes_take(&streams->handshakes, &place->key, place->from, segment);
	streams->assembly.stats.half_open_evicted = streams->handshakes.evicted;
	*flow = NULL;
	return false;
}

/* ---- the way in ---- */

/* A segment of no connection with data: a new one's, if it has some. */
static void take_unknown(struct tap_streams *streams, const struct tap__place *place,
			 const struct tap_segment *segment, int64_t time_ns)
{
	if (segment->flags & TAP_TCP_RST) {
		tap__handshakes_reset(&streams->handshakes, &place->key, place->from, segment);
		return;
	}
	if (payload_bytes(segment) == 0)
		return;
	struct tap__flow *flow = tap__flow_open(streams, place, segment, time_ns);
	if (!flow) {
		streams->assembly.stats.refused_bytes += payload_bytes(segment);
		tap__leftover_add(&streams->refused, payload_bytes(segment), time_ns);
	} else if (flow->life == TAP__TOMBSTONE) {
		streams->assembly.stats.unwatched_bytes += payload_bytes(segment);
	} else {
		take_live(streams, flow, place, segment, time_ns);
	}
}

static void expire_settling(struct tap_streams *streams, int64_t time_ns)
{
	struct tap__assembly *assembly = &streams->assembly;
	struct tap__side *side;
	while ((side = assembly->settling.longest) != NULL &&
	       time_ns - side->waiting_since_ns >= assembly->options.settling_ns)
		if (!tap__side_settle(assembly, side, time_ns))
			tap__flow_lose_interest(streams, side->flow);
}

static void expire_waiting(struct tap_streams *streams, int64_t time_ns)
{
	struct tap__assembly *assembly = &streams->assembly;
	struct tap__side *side;
	while ((side = assembly->waiting.longest) != NULL &&
	       time_ns - side->waiting_since_ns >= assembly->options.patience_ns) {
		struct tap__flow *flow = side->flow;
		if (!tap__side_expire(assembly, side, time_ns))
			tap__flow_lose_interest(streams, flow);
		else if (is_over(flow))
			tap__flow_end(streams, flow, time_ns, TAP_END_CLOSED);
	}
}

static void expire_doubtful(struct tap_streams *streams, int64_t time_ns)
{
	struct tap__flow *flow;
	while ((flow = (struct tap__flow *)streams->orders[TAP__DOUBTFUL].oldest) != NULL &&
	       time_ns - flow->ended_ns >= streams->assembly.options.silence_ns)
		tap__flow_end(streams, flow, time_ns, flow->end);
}

void tap_streams_expire(struct tap_streams *streams, int64_t time_ns)
{
	streams->time_ns = time_ns;
	expire_settling(streams, time_ns);
	expire_waiting(streams, time_ns);
	expire_doubtful(streams, time_ns);
}

void tap_streams_take(struct tap_streams *streams, const struct tap_segment *segment, int64_t time_ns)
{
	struct tap__place place;
	place.from = tap__key_of(&place.key, segment);
	place.hash = tap__table_hash(&streams->flows, &place.key);
	streams->assembly.stats.segments++;
	tap_streams_expire(streams, time_ns);
	struct tap__flow *flow = (struct tap__flow *)tap__table_find(&streams->flows, &place.key, place.hash);
	if ((segment->flags & (TAP_TCP_SYN | TAP_TCP_RST)) == TAP_TCP_SYN &&
	    take_syn(streams, &flow, &place, segment, time_ns))
		return;
	if (flow && flow->life != TAP__TOMBSTONE)
		take_live(streams, flow, &place, segment, time_ns);
	else if (!flow || !take_tombstone(streams, flow, &place, segment, time_ns))
		take_unknown(streams, &place, segment, time_ns);
}
