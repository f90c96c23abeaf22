#include "tap/stream/reassembly.h"

#include <assert.h>
#include <stdlib.h>

#include "tap/stream/flow_syn.h"
#include "tap/stream/flows.h"
#include "tap/stream/live_flow.h"
#include "tap/stream/tombstone.h"

void tap_reassembly_options_init(struct tap_reassembly_options *options)
{
	*options = (struct tap_reassembly_options){.flows_max = 65536,
						   .half_open_max = 16384,
						   .stream_bytes_max = 8 << 20,
						   .stream_segments_max = 4096,
						   .patience_ns = 5000000000,
						   .acked_patience_ns = 100000000,
						   .acked_patience_segments = 64,
						   .silence_ns = 60000000000,
						   .settling_ns = 100000000};
}

/* ---- opening and closing ---- */

static uint64_t table_bytes(const struct tap_reassembly *reassembly)
{
	return tap__flow_table_bytes(&reassembly->flows) + tap__handshakes_bytes(&reassembly->handshakes);
}

static bool init_tables(struct tap_reassembly *reassembly, const struct tap_reassembly_options *options)
{
	if (tap__flow_table_init(&reassembly->flows, options->flows_max) ||
	    tap__handshakes_init(&reassembly->handshakes, options->half_open_max))
		return false;
	return tap_budget_take(reassembly->context.budget, table_bytes(reassembly));
}

static void fini_tables(struct tap_reassembly *reassembly)
{
	tap__handshakes_fini(&reassembly->handshakes);
	tap__flow_table_fini(&reassembly->flows);
}

struct tap_reassembly *tap_reassembly_open(struct tap_flow_handler *handler,
					   const struct tap_reassembly_options *options,
					   struct tap_budget *budget)
{
	assert(options->flows_max > 0 && options->half_open_max > 0 && options->patience_ns > 0);
	struct tap_reassembly *reassembly = calloc(1, sizeof *reassembly);
	if (!reassembly)
		return NULL;
	reassembly->context =
	    (struct tap__stream_context){.handler = handler, .budget = budget, .options = *options};
	if (init_tables(reassembly, options))
		return reassembly;
	fini_tables(reassembly);
	free(reassembly);
	return NULL;
}

void tap_reassembly_close(struct tap_reassembly *reassembly)
{
	if (!reassembly)
		return;
	reassembly->context.handler = NULL;
	for (unsigned life = 0; life < TAP__LIVES; life++)
		tap__flows_remove_all(reassembly, (enum tap__life)life);
	tap_budget_give(reassembly->context.budget, table_bytes(reassembly));
	fini_tables(reassembly);
	free(reassembly);
}

const struct tap_reassembly_stats *tap_reassembly_stats(const struct tap_reassembly *reassembly)
{
	return &reassembly->context.stats;
}

/* An end that is doubtful is none unless the other stream is not in the capture. */
static enum tap_end end_by_capture(const struct tap__flow *flow)
{
	return flow->life == TAP__DOUBTFUL && flow->end == TAP_END_CLOSED ? TAP_END_CLOSED : TAP_END_CAPTURE;
}

void tap_reassembly_finish(struct tap_reassembly *reassembly, int64_t time_ns)
{
	struct tap__flow *flow;
	reassembly->time_ns = time_ns;
	for (unsigned life = 0; life < TAP__TOMBSTONE; life++)
		while ((flow = (struct tap__flow *)reassembly->lrus[life].oldest) != NULL)
			tap__flow_forget(reassembly, flow, time_ns, end_by_capture(flow));
	tap__flows_remove_all(reassembly, TAP__TOMBSTONE);
	tap__flows_report_refused(reassembly);
}

/* ---- time ---- */

static void expire_settling(struct tap_reassembly *reassembly, int64_t time_ns)
{
	struct tap__stream_context *context = &reassembly->context;
	struct tap__tcp_stream *stream;
	while ((stream = context->settling.longest) != NULL &&
	       time_ns - stream->waiting_since_ns >= context->options.settling_ns)
		if (!tap__tcp_stream_settle(context, stream, time_ns))
			tap__flow_lose_interest(reassembly, stream->flow);
}

static void expire_waiting(struct tap_reassembly *reassembly, int64_t time_ns)
{
	struct tap__stream_context *context = &reassembly->context;
	struct tap__tcp_stream *stream;
	while ((stream = context->waiting.longest) != NULL &&
	       time_ns - stream->waiting_since_ns >= context->options.patience_ns) {
		struct tap__flow *flow = stream->flow;
		if (!tap__tcp_stream_expire(context, stream, time_ns))
			tap__flow_lose_interest(reassembly, flow);
		else if (tap__flow_is_over(flow))
			tap__flow_end(reassembly, flow, time_ns, TAP_END_CLOSED);
	}
}

static void expire_doubtful(struct tap_reassembly *reassembly, int64_t time_ns)
{
	struct tap__flow *flow;
	while ((flow = (struct tap__flow *)reassembly->lrus[TAP__DOUBTFUL].oldest) != NULL &&
	       time_ns - flow->ended_ns >= reassembly->context.options.silence_ns)
		tap__flow_end(reassembly, flow, time_ns, flow->end);
}

void tap_reassembly_expire(struct tap_reassembly *reassembly, int64_t time_ns)
{
	reassembly->time_ns = time_ns;
	expire_settling(reassembly, time_ns);
	expire_waiting(reassembly, time_ns);
	expire_doubtful(reassembly, time_ns);
}

/* ---- segments ---- */

/* A segment of no connection with data: a new one's, if it has some. */
static void take_unknown(struct tap_reassembly *reassembly, const struct tap__place *place,
			 const struct tap_segment *segment, int64_t time_ns)
{
	if (segment->flags & TAP_TCP_RST) {
		tap__handshakes_reset(&reassembly->handshakes, &place->key, place->from, segment);
		return;
	}
	if (tap__segment_bytes(segment) == 0)
		return;
	struct tap__flow *flow = tap__flow_open(reassembly, place, segment, time_ns);
	if (!flow) {
		reassembly->context.stats.refused_bytes += tap__segment_bytes(segment);
		tap__leftover_add(&reassembly->refused, tap__segment_bytes(segment), time_ns);
	} else if (flow->life == TAP__TOMBSTONE) {
		reassembly->context.stats.unwatched_bytes += tap__segment_bytes(segment);
	} else {
		tap__live_flow_take(reassembly, flow, place, segment, time_ns);
	}
}

void tap_reassembly_take(struct tap_reassembly *reassembly, const struct tap_segment *segment,
			 int64_t time_ns)
{
	struct tap__place place;
	place.from = tap__flow_key_of(&place.key, segment);
	place.hash = tap__flow_table_hash(&reassembly->flows, &place.key);
	reassembly->context.stats.segments++;
	tap_reassembly_expire(reassembly, time_ns);
	struct tap__flow *flow =
	    (struct tap__flow *)tap__flow_table_find(&reassembly->flows, &place.key, place.hash);
	if ((segment->flags & (TAP_TCP_SYN | TAP_TCP_RST)) == TAP_TCP_SYN &&
	    tap__flow_take_syn(reassembly, &flow, &place, segment, time_ns))
		return;
	bool is_taken = false;
	if (flow && flow->life != TAP__TOMBSTONE)
		is_taken = tap__live_flow_take(reassembly, flow, &place, segment, time_ns);
	else if (flow)
		is_taken = tap__tombstone_take(reassembly, flow, &place, segment, time_ns);
	if (!is_taken)
		take_unknown(reassembly, &place, segment, time_ns);
}
