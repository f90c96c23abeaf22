#include "tap/stream/flows.h"

#include <stdlib.h>

/* ---- bytes that belong to no open connection ---- */

static void report(struct tap_reassembly *reassembly, const struct tap_flow_info *info,
		   struct tap_leftover *left)
{
	struct tap_flow_handler *handler = reassembly->context.handler;
	if (left->bytes > 0 && handler && handler->leftover)
		handler->leftover(handler, info, reassembly->time_ns, left);
	left->bytes = 0;
}

static struct tap_flow_info info_of(const struct tap__flow *flow)
{
	struct tap_flow_info info = {0};
	info.ends[TAP_ORIGINATOR] = flow->entry.key.ends[flow->originator];
	info.ends[TAP_RESPONDER] = flow->entry.key.ends[!flow->originator];
	return info;
}

static void report_early(struct tap_reassembly *reassembly, struct tap__flow *flow)
{
	struct tap_flow_info info = info_of(flow);
	for (unsigned which = 0; which < TAP_PEERS; which++) {
		flow->streams[which].early.why = TAP_LEFT_EARLY;
		report(reassembly, &info, &flow->streams[which].early);
	}
}

void tap__flows_report_refused(struct tap_reassembly *reassembly)
{
	reassembly->refused.why = TAP_LEFT_REFUSED;
	report(reassembly, NULL, &reassembly->refused);
}

/* ---- the end of a connection ---- */

static void drop_pieces(struct tap_reassembly *reassembly, struct tap__flow *flow)
{
	tap__tcp_stream_fini(&reassembly->context, &flow->streams[TAP_ORIGINATOR]);
	tap__tcp_stream_fini(&reassembly->context, &flow->streams[TAP_RESPONDER]);
}

static void set_life(struct tap_reassembly *reassembly, struct tap__flow *flow, enum tap__life life)
{
	tap__lru_remove(&reassembly->lrus[flow->life], &flow->entry);
	flow->life = life;
	tap__lru_add(&reassembly->lrus[life], &flow->entry);
}

void tap__flow_remove(struct tap_reassembly *reassembly, struct tap__flow *flow)
{
	struct tap_flow_info info = info_of(flow);
	flow->left.why = TAP_LEFT_ENDED;
	report(reassembly, &info, &flow->left);
	drop_pieces(reassembly, flow);
	tap__flow_table_remove(&reassembly->flows, &flow->entry);
	tap__lru_remove(&reassembly->lrus[flow->life], &flow->entry);
	tap_budget_give(reassembly->context.budget, sizeof *flow);
	free(flow);
}

void tap__flows_remove_all(struct tap_reassembly *reassembly, enum tap__life life)
{
	while (reassembly->lrus[life].oldest)
		tap__flow_remove(reassembly, (struct tap__flow *)reassembly->lrus[life].oldest);
}

static void make_tombstone(struct tap_reassembly *reassembly, struct tap__flow *flow)
{
	drop_pieces(reassembly, flow);
	set_life(reassembly, flow, TAP__TOMBSTONE);
}

void tap__flow_lose_interest(struct tap_reassembly *reassembly, struct tap__flow *flow)
{
	reassembly->context.stats.uninteresting++;
	make_tombstone(reassembly, flow);
}

void tap__flow_doubt(struct tap_reassembly *reassembly, struct tap__flow *flow, enum tap_peer by,
		     int64_t time_ns, enum tap_end why)
{
	if (flow->life != TAP__LIVE)
		return;
	flow->end = why;
	flow->ended = by;
	flow->ended_ns = time_ns;
	set_life(reassembly, flow, TAP__DOUBTFUL);
}

void tap__flow_trust(struct tap_reassembly *reassembly, struct tap__flow *flow)
{
	set_life(reassembly, flow, TAP__LIVE);
	if (flow->end == TAP_END_RESET)
		reassembly->context.stats.ignored_controls++;
}

/* Emit what is kept, then the end. What is given up to make room for others is reported as lost for lack of
 * memory. */
static void emit_end(struct tap_reassembly *reassembly, struct tap__flow *flow, int64_t time_ns,
		     enum tap_end why)
{
	struct tap__stream_context *context = &reassembly->context;
	enum tap_hole hole = why == TAP_END_EVICTED ? TAP_HOLE_LIMIT : TAP_HOLE_LOST;
	context->stats.ends[why]++;
	report_early(reassembly, flow);
	if (!tap__tcp_stream_finish(context, &flow->streams[TAP_ORIGINATOR], time_ns, hole) ||
	    !tap__tcp_stream_finish(context, &flow->streams[TAP_RESPONDER], time_ns, hole)) {
		context->stats.uninteresting++;
		return;
	}
	context->handler->close(context->handler, flow->handle, time_ns, why);
}

void tap__flow_end(struct tap_reassembly *reassembly, struct tap__flow *flow, int64_t time_ns,
		   enum tap_end why)
{
	emit_end(reassembly, flow, time_ns, why);
	make_tombstone(reassembly, flow);
	flow->has_ended = true;
	flow->ended_ns = time_ns;
}

void tap__flow_forget(struct tap_reassembly *reassembly, struct tap__flow *flow, int64_t time_ns,
		      enum tap_end why)
{
	if (flow->life != TAP__TOMBSTONE)
		emit_end(reassembly, flow, time_ns, why);
	tap__flow_remove(reassembly, flow);
}

/* ---- the beginning of a connection ---- */

/* Make room: remove the least recently used connection, tombstones first. False when nothing is left. */
static bool evict(struct tap_reassembly *reassembly, int64_t time_ns)
{
	static const enum tap__life lives[] = {TAP__TOMBSTONE, TAP__DOUBTFUL, TAP__LIVE};
	struct tap__flow_entry *oldest = NULL;
	for (unsigned i = 0; i < TAP__LIVES && !oldest; i++)
		oldest = reassembly->lrus[lives[i]].oldest;
	if (!oldest)
		return false;
	reassembly->context.stats.tombstones_evicted += ((struct tap__flow *)oldest)->life == TAP__TOMBSTONE;
	tap__flow_forget(reassembly, (struct tap__flow *)oldest, time_ns, TAP_END_EVICTED);
	return true;
}

/* Get memory back: emit a beginning that is still settling. False when there is none. */
static bool hurry_beginning(struct tap_reassembly *reassembly, int64_t time_ns)
{
	struct tap__tcp_stream *stream = reassembly->context.settling.longest;
	if (!stream)
		return false;
	if (!tap__tcp_stream_settle(&reassembly->context, stream, time_ns))
		tap__flow_lose_interest(reassembly, stream->flow);
	return true;
}

static struct tap__flow *add_flow(struct tap_reassembly *reassembly, const struct tap__place *place,
				  int64_t time_ns)
{
	while (reassembly->flows.count >= reassembly->context.options.flows_max)
		if (!evict(reassembly, time_ns))
			return NULL;
	while (!tap_budget_take(reassembly->context.budget, sizeof(struct tap__flow)))
		if (!hurry_beginning(reassembly, time_ns) && !evict(reassembly, time_ns))
			return NULL;
	struct tap__flow *flow = calloc(1, sizeof *flow);
	if (!flow) {
		tap_budget_give(reassembly->context.budget, sizeof *flow);
		return NULL;
	}
	tap__flow_table_add(&reassembly->flows, &flow->entry, &place->key, place->hash);
	tap__lru_add(&reassembly->lrus[TAP__LIVE], &flow->entry);
	return flow;
}

static void begin_by_syn(struct tap__flow *flow, const struct tap__opening *opening)
{
	for (unsigned end = 0; end < 2; end++) {
		struct tap__tcp_stream *stream = tap__flow_stream(flow, end);
		stream->shift = opening->shift[end];
		if (!opening->is_known[end])
			continue;
		tap__tcp_stream_begin(stream, opening->first[end]);
		stream->saw_syn = true;
	}
}

static void init_sides(struct tap__flow *flow)
{
	for (unsigned which = 0; which < TAP_PEERS; which++) {
		flow->streams[which].flow = flow;
		flow->streams[which].handle = flow->handle;
		flow->streams[which].which = (enum tap_peer)which;
		flow->streams[which].shift = TAP_NO_WINDOW_SHIFT;
	}
}

/* Guess who accepted where no SYN was seen: the end with the lower port, or the one that does not send first. */
static unsigned guess_originator(const struct tap__flow_key *key, unsigned from)
{
	if (key->ends[0].port == key->ends[1].port)
		return from;
	return key->ends[1].port > key->ends[0].port;
}

struct tap__flow *tap__flow_open(struct tap_reassembly *reassembly, const struct tap__place *place,
				 const struct tap_segment *segment, int64_t time_ns)
{
	struct tap_flow_handler *handler = reassembly->context.handler;
	struct tap__opening opening;
	bool is_sure;
	struct tap__flow *flow = add_flow(reassembly, place, time_ns);
	if (!flow)
		return NULL;
	tap__flows_report_refused(reassembly);
	bool has_opening = tap__handshakes_find(&reassembly->handshakes, &place->key, place->from, segment,
						&opening, &is_sure);
	flow->originator = has_opening ? opening.originator : guess_originator(&place->key, place->from);
	tap__handshakes_remove(&reassembly->handshakes, &place->key);
	struct tap_flow_info info = info_of(flow);
	info.is_midstream = !has_opening;
	reassembly->context.stats.opened++;
	flow->handle = handler->open(handler, &info, time_ns);
	init_sides(flow);
	if (has_opening)
		begin_by_syn(flow, &opening);
	if (!flow->handle)
		tap__flow_lose_interest(reassembly, flow);
	return flow;
}
