#include "tap/stream/kept_segments.h"

#include <string.h>

#include "tap/stream/emit.h"

/* A kept segment is doubtful after so many segments in order before it. */
enum { DOUBTFUL_IN_ORDER = 8 };

/* ---- the lists of waiting streams ---- */

static struct tap__wait_list *waiting_of(struct tap__stream_context *context,
					 const struct tap__tcp_stream *stream)
{
	return stream->is_settling ? &context->settling : &context->waiting;
}

static void stop_waiting(struct tap__stream_context *context, struct tap__tcp_stream *stream)
{
	struct tap__wait_list *waiting = waiting_of(context, stream);
	*(stream->waiting_before ? &stream->waiting_before->waiting_after : &waiting->longest) =
	    stream->waiting_after;
	*(stream->waiting_after ? &stream->waiting_after->waiting_before : &waiting->last) =
	    stream->waiting_before;
}

static void start_waiting(struct tap__stream_context *context, struct tap__tcp_stream *stream,
			  int64_t time_ns)
{
	struct tap__wait_list *waiting = waiting_of(context, stream);
	stream->waiting_since_ns = time_ns;
	stream->waiting_after = NULL;
	stream->waiting_before = waiting->last;
	*(waiting->last ? &waiting->last->waiting_after : &waiting->longest) = stream;
	waiting->last = stream;
}

/* ---- keeping ---- */

bool tap__kept_add(struct tap__stream_context *context, struct tap__tcp_stream *stream,
		   struct tap__kept_segment *after, const struct tap__range *range)
{
	struct tap__kept_segment *kept = tap__range_keep(range, context->budget);
	if (!kept)
		return false;
	kept->previous = after ? after->previous : stream->last_kept;
	kept->next = after;
	kept->number = stream->out_of_order;
	kept->in_order = stream->in_order;
	*(kept->previous ? &kept->previous->next : &stream->first_kept) = kept;
	*(after ? &after->previous : &stream->last_kept) = kept;
	stream->kept_bytes += tap__kept_segment_memory(kept);
	if (stream->kept_count++ == 0)
		start_waiting(context, stream, range->time_ns);
	return true;
}

static void free_first(struct tap__stream_context *context, struct tap__tcp_stream *stream)
{
	struct tap__kept_segment *kept = stream->first_kept;
	stream->first_kept = kept->next;
	*(kept->next ? &kept->next->previous : &stream->last_kept) = NULL;
	stream->kept_bytes -= tap__kept_segment_memory(kept);
	tap__kept_segment_free(kept, context->budget);
	if (--stream->kept_count == 0)
		stop_waiting(context, stream);
}

/* Do the range and the kept segment have different versions of a byte? */
static bool differs(const struct tap__range *range, const struct tap__kept_segment *kept)
{
	uint32_t in_range = 0, in_kept = 0;
	if ((int32_t)(kept->seq - range->seq) > 0)
		in_range = kept->seq - range->seq;
	else
		in_kept = range->seq - kept->seq;
	if (in_range >= range->data.len || in_kept >= kept->len)
		return false;
	size_t len = range->data.len - in_range;
	if (len > kept->len - in_kept)
		len = kept->len - in_kept;
	return memcmp(range->data.data + in_range, kept->data + in_kept, len) != 0;
}

/* The first kept segment that does not end before `seq`. Searched from the end, where most ranges belong. */
static struct tap__kept_segment *find_kept(const struct tap__tcp_stream *stream, uint32_t seq)
{
	struct tap__kept_segment *found = NULL;
	for (struct tap__kept_segment *kept = stream->last_kept; kept; kept = kept->previous) {
		if (tap__ahead(stream, kept->seq) + tap__kept_segment_bytes(kept) <= tap__ahead(stream, seq))
			break;
		found = kept;
	}
	return found;
}

void tap__kept_count_conflict(struct tap__stream_context *context, const struct tap__range *range,
			      const struct tap__kept_segment *kept)
{
	for (; kept && (int32_t)(kept->seq - range->seq - (uint32_t)range->data.len) < 0; kept = kept->next) {
		if (!differs(range, kept))
			continue;
		context->stats.conflicts++;
		return;
	}
}

bool tap__kept_add_new(struct tap__stream_context *context, struct tap__tcp_stream *stream,
		       struct tap__range *range)
{
	struct tap__kept_segment *kept = find_kept(stream, range->seq);
	tap__kept_count_conflict(context, range, kept);
	while (tap__range_bytes(range) > 0) {
		uint32_t room = UINT32_MAX; /* bytes before the kept segment */
		if (kept)
			room = tap__ahead(stream, kept->seq) > tap__ahead(stream, range->seq)
				   ? kept->seq - range->seq
				   : 0;
		struct tap__range own = tap__range_first(*range, room);
		if (tap__range_bytes(&own) > 0 && !tap__kept_add(context, stream, kept, &own))
			return false;
		tap__range_trim_front(range, tap__range_bytes(&own));
		if (tap__range_bytes(range) == 0)
			break;
		uint32_t seen = kept->seq + tap__kept_segment_bytes(kept) - range->seq;
		if (seen > tap__range_bytes(range))
			seen = tap__range_bytes(range);
		context->stats.retransmitted_bytes += seen;
		tap__range_trim_front(range, seen);
		kept = kept->next;
	}
	return true;
}

bool tap__kept_emit(struct tap__stream_context *context, struct tap__tcp_stream *stream)
{
	bool is_of_interest = true;
	while (stream->first_kept && stream->first_kept->seq == stream->next && is_of_interest) {
		const struct tap__range range = tap__kept_segment_range(stream->first_kept);
		is_of_interest = tap__emit(context, stream, &range);
		free_first(context, stream);
	}
	return is_of_interest;
}

void tap__kept_wait_again(struct tap__stream_context *context, struct tap__tcp_stream *stream,
			  int64_t time_ns)
{
	if (!stream->first_kept)
		return;
	stop_waiting(context, stream);
	start_waiting(context, stream, time_ns);
}

void tap__kept_end_settling(struct tap__stream_context *context, struct tap__tcp_stream *stream,
			    int64_t time_ns)
{
	if (stream->first_kept)
		stop_waiting(context, stream);
	stream->is_settling = false;
	if (stream->first_kept)
		start_waiting(context, stream, time_ns);
}

bool tap__kept_give_up(struct tap__stream_context *context, struct tap__tcp_stream *stream, enum tap_hole why)
{
	const struct tap__kept_segment *kept = stream->first_kept;
	return tap__emit_hole(context, stream, kept->time_ns, tap__ahead(stream, kept->seq), why) &&
	       tap__kept_emit(context, stream);
}

bool tap__kept_give_up_all(struct tap__stream_context *context, struct tap__tcp_stream *stream,
			   enum tap_hole why)
{
	while (stream->first_kept)
		if (!tap__kept_give_up(context, stream, why))
			return false;
	return true;
}

/* Has the other end, since the segment came, acknowledged bytes without those of the hole? Then they are still to come. */
static bool is_denied(const struct tap__tcp_stream *stream, const struct tap__kept_segment *kept)
{
	return stream->heard_ns > kept->time_ns;
}

/* Has the hole existed for too long? Not while bytes before it come in: then it is the segment that is doubtful. */
static bool is_hopeless(const struct tap__stream_context *context, const struct tap__tcp_stream *stream,
			int64_t time_ns)
{
	const struct tap_reassembly_options *options = &context->options;
	const struct tap__kept_segment *kept = stream->first_kept;
	int64_t waited_ns = time_ns - kept->time_ns;
	if (tap__ahead(stream, stream->acked) >= tap__ahead(stream, kept->seq))
		return waited_ns >= options->acked_patience_ns ||
		       stream->out_of_order - kept->number >= options->acked_patience_segments;
	if (stream->time_ns > kept->time_ns)
		waited_ns = time_ns - stream->time_ns;
	return waited_ns >= (is_denied(stream, kept) ? options->silence_ns : options->patience_ns);
}

static bool is_over_bounds(const struct tap__stream_context *context, const struct tap__tcp_stream *stream)
{
	return stream->kept_bytes > context->options.stream_bytes_max ||
	       stream->kept_count > context->options.stream_segments_max;
}

/* The stream continued before the segment for long, and the other end never acknowledged it: it is not of this stream. */
static bool is_doubtful(const struct tap__tcp_stream *stream, const struct tap__kept_segment *kept)
{
	return stream->in_order - kept->in_order >= DOUBTFUL_IN_ORDER &&
	       tap__ahead(stream, stream->acked) < tap__ahead(stream, kept->seq);
}

static void drop_first(struct tap__stream_context *context, struct tap__tcp_stream *stream)
{
	const struct tap__kept_segment *kept = stream->first_kept;
	context->stats.strays++;
	context->stats.stray_bytes += tap__kept_segment_bytes(kept);
	if (stream->has_fin && stream->fin == kept->seq + tap__kept_segment_bytes(kept))
		stream->has_fin = false;
	free_first(context, stream);
}

void tap__kept_drop_doubtful(struct tap__stream_context *context, struct tap__tcp_stream *stream)
{
	while (stream->first_kept && is_doubtful(stream, stream->first_kept))
		drop_first(context, stream);
}

void tap__kept_drop_all(struct tap__stream_context *context, struct tap__tcp_stream *stream)
{
	while (stream->first_kept)
		drop_first(context, stream);
}

bool tap__kept_give_up_hopeless(struct tap__stream_context *context, struct tap__tcp_stream *stream,
				int64_t time_ns)
{
	while (stream->first_kept && is_hopeless(context, stream, time_ns)) {
		if (is_doubtful(stream, stream->first_kept))
			drop_first(context, stream);
		else if (!tap__kept_give_up(context, stream, TAP_HOLE_LOST))
			return false;
	}
	while (stream->first_kept && is_over_bounds(context, stream))
		if (!tap__kept_give_up(context, stream, TAP_HOLE_LIMIT))
			return false;
	return true;
}

void tap__kept_fini(struct tap__stream_context *context, struct tap__tcp_stream *stream)
{
	while (stream->first_kept)
		free_first(context, stream);
}
