#include "tap/streams.h"

#include <assert.h>
#include <stdlib.h>

#include "tap/handshakes.h"
#include "tap/side.h"
#include "tap/table.h"

/* Stragglers of a connection that has ended are known by its tombstone for so long, as TIME_WAIT lasts on Linux: data
 * that comes later is a new connection's whose SYN was not seen. */
#define TOMBSTONE_AGE_NS INT64_C(60000000000)

/* A SYN this little before the first byte seen of its side is that side's own, and the capture out of order. */
enum { LATE_SYN_BYTES = 1 << 20 };

struct tap__flow {
	struct tap__entry entry;           /* first: found by it */
	bool is_tombstone;                 /* nothing more is told of it */
	bool has_ended;                    /* as a tombstone: rather than of no interest */
	int64_t ended_ns;                  /* when has_ended */
	unsigned originator;               /* which end of the key it is */
	void *handle;                      /* what the handler calls it */
	struct tap__side sides[TAP_SIDES]; /* of a tombstone: only where they began */
};

struct tap_streams {
	struct tap__assembly assembly;
	struct tap__handshakes handshakes;
	struct tap__table flows;
	struct tap__order live, tombstones;
};

void tap_streams_options_init(struct tap_streams_options *options)
{
	*options = (struct tap_streams_options){.flows_max = 65536,
						.half_open_max = 16384,
						.side_bytes_max = 8 << 20,
						.side_pieces_max = 4096,
						.patience_ns = 5000000000,
						.acked_patience_ns = 100000000,
						.acked_patience_segments = 64};
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

static struct tap__order *order_of(struct tap_streams *streams, const struct tap__flow *flow)
{
	return flow->is_tombstone ? &streams->tombstones : &streams->live;
}

static void drop_pieces(struct tap_streams *streams, struct tap__flow *flow)
{
	tap__side_fini(&streams->assembly, &flow->sides[TAP_ORIGINATOR]);
	tap__side_fini(&streams->assembly, &flow->sides[TAP_RESPONDER]);
}

static void remove_flow(struct tap_streams *streams, struct tap__flow *flow)
{
	drop_pieces(streams, flow);
	tap__table_remove(&streams->flows, &flow->entry);
	tap__order_remove(order_of(streams, flow), &flow->entry);
	tap_budget_give(streams->assembly.budget, sizeof *flow);
	free(flow);
}

static void remove_all(struct tap_streams *streams, struct tap__order *order)
{
	while (order->oldest)
		remove_flow(streams, (struct tap__flow *)order->oldest);
}

void tap_streams_close(struct tap_streams *streams)
{
	if (!streams)
		return;
	remove_all(streams, &streams->live);
	remove_all(streams, &streams->tombstones);
	tap_budget_give(streams->assembly.budget, table_bytes(streams));
	fini_tables(streams);
	free(streams);
}

const struct tap_streams_stats *tap_streams_stats(const struct tap_streams *streams)
{
	return &streams->assembly.stats;
}

/* ---- the end of a connection ---- */

static void make_tombstone(struct tap_streams *streams, struct tap__flow *flow)
{
	drop_pieces(streams, flow);
	tap__order_remove(&streams->live, &flow->entry);
	tap__order_add(&streams->tombstones, &flow->entry);
	flow->is_tombstone = true;
}

/* The handler does not want it. */
static void lose_interest(struct tap_streams *streams, struct tap__flow *flow)
{
	streams->assembly.stats.uninteresting++;
	make_tombstone(streams, flow);
}

/* Tell what is left and the end. What is given up to make room for others is given up for want of memory. */
static void tell_end(struct tap_streams *streams, struct tap__flow *flow, int64_t time_ns, enum tap_end why)
{
	struct tap__assembly *assembly = &streams->assembly;
	enum tap_hole hole = why == TAP_END_EVICTED ? TAP_HOLE_LIMIT : TAP_HOLE_LOST;
	assembly->stats.ends[why]++;
	if (!tap__side_finish(assembly, &flow->sides[TAP_ORIGINATOR], time_ns, hole) ||
	    !tap__side_finish(assembly, &flow->sides[TAP_RESPONDER], time_ns, hole)) {
		assembly->stats.uninteresting++;
		return;
	}
	assembly->handler->close(assembly->handler, flow->handle, time_ns, why);
}

static void end_flow(struct tap_streams *streams, struct tap__flow *flow, int64_t time_ns, enum tap_end why)
{
	tell_end(streams, flow, time_ns, why);
	make_tombstone(streams, flow);
	flow->has_ended = true;
	flow->ended_ns = time_ns;
}

/* It gives its place to another. */
static void forget_flow(struct tap_streams *streams, struct tap__flow *flow, int64_t time_ns,
			enum tap_end why)
{
	if (!flow->is_tombstone)
		tell_end(streams, flow, time_ns, why);
	remove_flow(streams, flow);
}

void tap_streams_finish(struct tap_streams *streams, int64_t time_ns)
{
	while (streams->live.oldest)
		forget_flow(streams, (struct tap__flow *)streams->live.oldest, time_ns, TAP_END_CAPTURE);
	remove_all(streams, &streams->tombstones);
}

/* ---- the beginning of a connection ---- */

/* Make room by what was not used for longest, tombstones first. False when nothing is left. */
static bool evict(struct tap_streams *streams, int64_t time_ns)
{
	struct tap__entry *oldest = streams->tombstones.oldest;
	if (oldest)
		streams->assembly.stats.tombstones_evicted++;
	else
		oldest = streams->live.oldest;
	if (!oldest)
		return false;
	forget_flow(streams, (struct tap__flow *)oldest, time_ns, TAP_END_EVICTED);
	return true;
}

static struct tap__flow *add_flow(struct tap_streams *streams, const struct tap__key *key, uint64_t hash,
				  int64_t time_ns)
{
	while (streams->flows.count >= streams->assembly.options.flows_max)
		if (!evict(streams, time_ns))
			return NULL;
	while (!tap_budget_take(streams->assembly.budget, sizeof(struct tap__flow)))
		if (!evict(streams, time_ns))
			return NULL;
	struct tap__flow *flow = calloc(1, sizeof *flow);
	if (!flow) {
		tap_budget_give(streams->assembly.budget, sizeof *flow);
		return NULL;
	}
	tap__table_add(&streams->flows, &flow->entry, key, hash);
	tap__order_add(&streams->live, &flow->entry);
	return flow;
}

static void begin_by_syn(struct tap__flow *flow, const struct tap__handshake *handshake)
{
	flow->originator = handshake->originator;
	for (unsigned end = 0; end < 2; end++) {
		struct tap__side *side =
		    &flow->sides[end == flow->originator ? TAP_ORIGINATOR : TAP_RESPONDER];
		if (!handshake->is_known[end])
			continue;
		tap__side_begin(side, handshake->first[end]);
		side->saw_syn = true;
	}
}

static void init_sides(struct tap__flow *flow)
{
	for (unsigned which = 0; which < TAP_SIDES; which++) {
		flow->sides[which].flow = flow;
		flow->sides[which].handle = flow->handle;
		flow->sides[which].which = (enum tap_side)which;
	}
}

/* Who accepts is a guess where no SYN was seen: the lower port, or the one that does not speak first. */
static unsigned guess_originator(const struct tap__key *key, unsigned from)
{
	if (key->ends[0].port == key->ends[1].port)
		return from;
	return key->ends[1].port > key->ends[0].port;
}

/* A connection's first data. NULL when there is no room. */
static struct tap__flow *open_flow(struct tap_streams *streams, const struct tap__key *key, uint64_t hash,
				   unsigned from, int64_t time_ns)
{
	struct tap_flow_handler *handler = streams->assembly.handler;
	struct tap__handshake handshake;
	struct tap__flow *flow = add_flow(streams, key, hash, time_ns);
	if (!flow)
		return NULL;
	bool is_midstream = !tap__handshakes_remove(&streams->handshakes, key, &handshake);
	if (is_midstream)
		flow->originator = guess_originator(key, from);
	else
		begin_by_syn(flow, &handshake);
	struct tap_flow_info info = {.is_midstream = is_midstream};
	info.ends[TAP_ORIGINATOR] = key->ends[flow->originator];
	info.ends[TAP_RESPONDER] = key->ends[!flow->originator];
	streams->assembly.stats.opened++;
	flow->handle = handler->open(handler, &info, time_ns);
	init_sides(flow);
	if (!flow->handle)
		lose_interest(streams, flow);
	return flow;
}

/* ---- segments ---- */

static uint32_t payload_bytes(const struct tap_segment *segment)
{
	return (uint32_t)segment->payload.len + segment->missing_bytes;
}

static struct tap__side *side_from(struct tap__flow *flow, unsigned from)
{
	return &flow->sides[from == flow->originator ? TAP_ORIGINATOR : TAP_RESPONDER];
}

/* Is a SYN that says where a side begins the connection's own, or a new one's on the same ports? */
static bool is_own_syn(const struct tap__flow *flow, const struct tap__side *side, uint32_t first)
{
	if (!side->is_known)
		return !flow->is_tombstone;
	return first == side->first || (!side->saw_syn && side->first - first < LATE_SYN_BYTES);
}

/* Returns the connection that the SYN belongs to, when that has data already. */
static struct tap__flow *take_syn(struct tap_streams *streams, struct tap__flow *flow,
				  const struct tap__key *key, unsigned from,
				  const struct tap_segment *segment, int64_t time_ns)
{
	if (flow && is_own_syn(flow, side_from(flow, from), segment->seq + 1)) {
		side_from(flow, from)->saw_syn = true;
		return flow;
	}
	if (flow)
		forget_flow(streams, flow, time_ns, TAP_END_REPLACED);
	tap__handshakes_take(&streams->handshakes, key, from, segment);
	streams->assembly.stats.half_open_evicted = streams->handshakes.evicted;
	return NULL;
}

/* A segment of a connection of which nothing is told. Returns false when it is a new connection's. */
static bool take_tombstone(struct tap_streams *streams, struct tap__flow *flow,
			   const struct tap_segment *segment, int64_t time_ns)
{
	struct tap_streams_stats *stats = &streams->assembly.stats;
	if (flow->has_ended && time_ns - flow->ended_ns >= TOMBSTONE_AGE_NS && payload_bytes(segment) > 0) {
		remove_flow(streams, flow);
		return false;
	}
	tap__order_touch(&streams->tombstones, &flow->entry);
	*(flow->has_ended ? &stats->ended_bytes : &stats->unwatched_bytes) += payload_bytes(segment);
	return true;
}

/* Bytes, and what the segment says of the other side's. False when the handler has had enough. */
static bool take_bytes(struct tap_streams *streams, struct tap__side *side, struct tap__side *other,
		       const struct tap_segment *segment, int64_t time_ns)
{
	struct tap__run run = {.seq = segment->seq + (segment->flags & TAP_TCP_SYN ? 1 : 0),
			       .data = segment->payload,
			       .missing = segment->missing_bytes,
			       .has_fin = (segment->flags & TAP_TCP_FIN) != 0,
			       .is_pushed = (segment->flags & TAP_TCP_PSH) != 0,
			       .time_ns = time_ns};
	if (!side->is_known)
		tap__side_begin(side, run.seq);
	if (segment->flags & TAP_TCP_ACK && other->is_known &&
	    !tap__side_acknowledge(&streams->assembly, other, segment->ack, time_ns))
		return false;
	return tap__side_take(&streams->assembly, side, run);
}

/* This side has ended, and the other has too, or is in another capture: not even its answer to the SYN was seen. */
static bool is_last_end(const struct tap__side *side, const struct tap__side *other)
{
	return tap__side_is_done(side) && (tap__side_is_done(other) || (side->saw_syn && !other->is_known));
}

static bool is_over(const struct tap__flow *flow)
{
	const struct tap__side *sides = flow->sides;
	return is_last_end(&sides[TAP_ORIGINATOR], &sides[TAP_RESPONDER]) ||
	       is_last_end(&sides[TAP_RESPONDER], &sides[TAP_ORIGINATOR]);
}

static void take_live(struct tap_streams *streams, struct tap__flow *flow, unsigned from,
		      const struct tap_segment *segment, int64_t time_ns)
{
	struct tap__side *side = side_from(flow, from), *other = side_from(flow, !from);
	tap__order_touch(&streams->live, &flow->entry);
	if (segment->flags & TAP_TCP_RST) {
		streams->assembly.stats.ended_bytes += payload_bytes(segment); /* some say why, in words */
		end_flow(streams, flow, time_ns, TAP_END_RESET);
		return;
	}
	if (!take_bytes(streams, side, other, segment, time_ns))
		lose_interest(streams, flow);
	else if (is_over(flow))
		end_flow(streams, flow, time_ns, TAP_END_CLOSED);
}

void tap_streams_expire(struct tap_streams *streams, int64_t time_ns)
{
	struct tap__assembly *assembly = &streams->assembly;
	struct tap__side *side;
	while ((side = assembly->longest_waiting) != NULL &&
	       time_ns - side->waiting_since_ns >= assembly->options.patience_ns) {
		struct tap__flow *flow = side->flow;
		if (!tap__side_expire(assembly, side, time_ns))
			lose_interest(streams, flow);
		else if (is_over(flow))
			end_flow(streams, flow, time_ns, TAP_END_CLOSED);
	}
}

/* A segment of no connection with data: a new one's, if it has some. */
static void take_unknown(struct tap_streams *streams, const struct tap__key *key, uint64_t hash,
			 unsigned from, const struct tap_segment *segment, int64_t time_ns)
{
	if (segment->flags & TAP_TCP_RST) {
		struct tap__handshake refused;
		tap__handshakes_remove(&streams->handshakes, key, &refused);
		return;
	}
	if (payload_bytes(segment) == 0)
		return;
	struct tap__flow *flow = open_flow(streams, key, hash, from, time_ns);
	if (!flow)
		streams->assembly.stats.refused_bytes += payload_bytes(segment);
	else if (flow->is_tombstone)
		streams->assembly.stats.unwatched_bytes += payload_bytes(segment);
	else
		take_live(streams, flow, from, segment, time_ns);
}

void tap_streams_take(struct tap_streams *streams, const struct tap_segment *segment, int64_t time_ns)
{
	struct tap__key key;
	unsigned from = tap__key_of(&key, segment);
	uint64_t hash = tap__table_hash(&streams->flows, &key);
	streams->assembly.stats.segments++;
	tap_streams_expire(streams, time_ns);
	struct tap__flow *flow = (struct tap__flow *)tap__table_find(&streams->flows, &key, hash);
	if (segment->flags & TAP_TCP_SYN)
		flow = take_syn(streams, flow, &key, from, segment, time_ns);
	if (flow && !flow->is_tombstone)
		take_live(streams, flow, from, segment, time_ns);
	else if (!flow || !take_tombstone(streams, flow, segment, time_ns))
		take_unknown(streams, &key, hash, from, segment, time_ns);
}
