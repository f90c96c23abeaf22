#include "tap/stream/flows.h"

#include <stdlib.h>

/* ---- bytes that belong to no open connection ---- */

static void report(struct tap_streams *streams, const struct tap_flow_info *info, struct tap_leftover *left)
{
	struct tap_flow_handler *handler = streams->assembly.handler;
	if (left->bytes > 0 && handler && handler->leftover)
		handler->leftover(handler, info, streams->time_ns, left);
	left->bytes = 0;
}

static struct tap_flow_info info_of(const struct tap__flow *flow)
{
	struct tap_flow_info info = {0};
	info.ends[TAP_ORIGINATOR] = flow->entry.key.ends[flow->originator];
	info.ends[TAP_RESPONDER] = flow->entry.key.ends[!flow->originator];
	return info;
}

static void report_early(struct tap_streams *streams, struct tap__flow *flow)
{
	struct tap_flow_info info = info_of(flow);
	for (unsigned which = 0; which < TAP_SIDES; which++) {
		flow->sides[which].early.why = TAP_LEFT_EARLY;
		report(streams, &info, &flow->sides[which].early);
	}
}

void tap__flows_report_refused(struct tap_streams *streams)
{
	streams->refused.why = TAP_LEFT_REFUSED;
	report(streams, NULL, &streams->refused);
}

/* ---- the end of a connection ---- */

static void drop_pieces(struct tap_streams *streams, struct tap__flow *flow)
{
	tap__side_fini(&streams->assembly, &flow->sides[TAP_ORIGINATOR]);
	tap__side_fini(&streams->assembly, &flow->sides[TAP_RESPONDER]);
}

static void set_life(struct tap_streams *streams, struct tap__flow *flow, enum tap__life life)
{
	tap__order_remove(&streams->orders[flow->life], &flow->entry);
	flow->life = life;
	tap__order_add(&streams->orders[life], &flow->entry);
}

void tap__flow_remove(struct tap_streams *streams, struct tap__flow *flow)
{
	struct tap_flow_info info = info_of(flow);
	flow->left.why = TAP_LEFT_ENDED;
	report(streams, &info, &flow->left);
	drop_pieces(streams, flow);
	tap__table_remove(&streams->flows, &flow->entry);
	tap__order_remove(&streams->orders[flow->life], &flow->entry);
	tap_budget_give(streams->assembly.budget, sizeof *flow);
	free(flow);
}

void tap__flows_remove_all(struct tap_streams *streams, enum tap__life life)
{
	while (streams->orders[life].oldest)
		tap__flow_remove(streams, (struct tap__flow *)streams->orders[life].oldest);
}

static void make_tombstone(struct tap_streams *streams, struct tap__flow *flow)
{
	drop_pieces(streams, flow);
	set_life(streams, flow, TAP__TOMBSTONE);
}

void tap__flow_lose_interest(struct tap_streams *streams, struct tap__flow *flow)
{
	streams->assembly.stats.uninteresting++;
	make_tombstone(streams, flow);
}

void tap__flow_doubt(struct tap_streams *streams, struct tap__flow *flow, enum tap_side by, int64_t time_ns,
		     enum tap_end why)
{
	if (flow->life != TAP__LIVE)
		return;
	flow->end = why;
	flow->ended = by;
	flow->ended_ns = time_ns;
	set_life(streams, flow, TAP__DOUBTFUL);
}

void tap__flow_trust(struct tap_streams *streams, struct tap__flow *flow)
{
	set_life(streams, flow, TAP__LIVE);
	if (flow->end == TAP_END_RESET)
		streams->assembly.stats.ignored_controls++;
}

/* Tell what is left and the end. What is given up to make room for others is given up for want of memory. */
static void tell_end(struct tap_streams *streams, struct tap__flow *flow, int64_t time_ns, enum tap_end why)
{
	struct tap__assembly *assembly = &streams->assembly;
	enum tap_hole hole = why == TAP_END_EVICTED ? TAP_HOLE_LIMIT : TAP_HOLE_LOST;
	assembly->stats.ends[why]++;
	report_early(streams, flow);
	if (!tap__side_finish(assembly, &flow->sides[TAP_ORIGINATOR], time_ns, hole) ||
	    !tap__side_finish(assembly, &flow->sides[TAP_RESPONDER], time_ns, hole)) {
		assembly->stats.uninteresting++;
		return;
	}
	assembly->handler->close(assembly->handler, flow->handle, time_ns, why);
}

void tap__flow_end(struct tap_streams *streams, struct tap__flow *flow, int64_t time_ns, enum tap_end why)
{
	tell_end(streams, flow, time_ns, why);
	make_tombstone(streams, flow);
	flow->has_ended = true;
	flow->ended_ns = time_ns;
}

void tap__flow_forget(struct tap_streams *streams, struct tap__flow *flow, int64_t time_ns, enum tap_end why)
{
	if (flow->life != TAP__TOMBSTONE)
		tell_end(streams, flow, time_ns, why);
	tap__flow_remove(streams, flow);
}

/* ---- the beginning of a connection ---- */

/* Make room by what was not used for longest, tombstones first. False when nothing is left. */
static bool evict(struct tap_streams *streams, int64_t time_ns)
{
	static const enum tap__life lives[] = {TAP__TOMBSTONE, TAP__DOUBTFUL, TAP__LIVE};
	struct tap__entry *oldest = NULL;
	for (unsigned i = 0; i < TAP__LIVES && !oldest; i++)
		oldest = streams->orders[lives[i]].oldest;
	if (!oldest)
		return false;
	streams->assembly.stats.tombstones_evicted += ((struct tap__flow *)oldest)->life == TAP__TOMBSTONE;
	tap__flow_forget(streams, (struct tap__flow *)oldest, time_ns, TAP_END_EVICTED);
	return true;
}

/* Get memory back from a beginning that is kept. False when there is none. */
static bool hurry_beginning(struct tap_streams *streams, int64_t time_ns)
{
	struct tap__side *side = streams->assembly.settling.longest;
	if (!side)
		return false;
	if (!tap__side_settle(&streams->assembly, side, time_ns))
		tap__flow_lose_interest(streams, side->flow);
	return true;
}

static struct tap__flow *add_flow(struct tap_streams *streams, const struct tap__place *place,
				  int64_t time_ns)
{
	while (streams->flows.count >= streams->assembly.options.flows_max)
		if (!evict(streams, time_ns))
			return NULL;
	while (!tap_budget_take(streams->assembly.budget, sizeof(struct tap__flow)))
		if (!hurry_beginning(streams, time_ns) && !evict(streams, time_ns))
			return NULL;
	struct tap__flow *flow = calloc(1, sizeof *flow);
	if (!flow) {
		tap_budget_give(streams->assembly.budget, sizeof *flow);
		return NULL;
	}
	tap__table_add(&streams->flows, &flow->entry, &place->key, place->hash);
	tap__order_add(&streams->orders[TAP__LIVE], &flow->entry);
	return flow;
}

static void begin_by_syn(struct tap__flow *flow, const struct tap__opening *opening)
{
	for (unsigned end = 0; end < 2; end++) {
		struct tap__side *side = tap__flow_side(flow, end);
		side->shift = opening->shift[end];
		if (!opening->is_known[end])
			continue;
		tap__side_begin(side, opening->first[end]);
		side->saw_syn = true;
	}
}

static void init_sides(struct tap__flow *flow)
{
	for (unsigned which = 0; which < TAP_SIDES; which++) {
		flow->sides[which].flow = flow;
		flow->sides[which].handle = flow->handle;
		flow->sides[which].which = (enum tap_side)which;
		flow->sides[which].shift = TAP_NO_WINDOW_SHIFT;
	}
}

/* Who accepts is a guess where no SYN was seen: the lower port, or the one that does not speak first. */
static unsigned guess_originator(const struct tap__key *key, unsigned from)
{
	if (key->ends[0].port == key->ends[1].port)
		return from;
	return key->ends[1].port > key->ends[0].port;
}

struct tap__flow *tap__flow_open(struct tap_streams *streams, const struct tap__place *place,
				 const struct tap_segment *segment, int64_t time_ns)
{
	struct tap_flow_handler *handler = streams->assembly.handler;
	struct tap__opening opening;
	bool is_sure;
	struct tap__flow *flow = add_flow(streams, place, time_ns);
	if (!flow)
		return NULL;
	tap__flows_report_refused(streams);
	bool has_opening =
	    tap__handshakes_find(&streams->handshakes, &place->key, place->from, segment, &opening, &is_sure);
	flow->originator = has_opening ? opening.originator : guess_originator(&place->key, place->from);
	tap__handshakes_remove(&streams->handshakes, &place->key);
	struct tap_flow_info info = info_of(flow);
	info.is_midstream = !has_opening;
	streams->assembly.stats.opened++;
	flow->handle = handler->open(handler, &info, time_ns);
	init_sides(flow);
	if (has_opening)
		begin_by_syn(flow, &opening);
	if (!flow->handle)
		tap__flow_lose_interest(streams, flow);
	return flow;
}
