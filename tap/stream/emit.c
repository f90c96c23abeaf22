#include "tap/stream/emit.h"

/* The time to emit with: it does not go back within a stream. */
static int64_t stamp(struct tap__tcp_stream *stream, int64_t time_ns)
{
	if (time_ns > stream->time_ns)
		stream->time_ns = time_ns;
	return stream->time_ns;
}

static void advance(struct tap__tcp_stream *stream, uint32_t bytes)
{
	stream->next += bytes;
	if ((int32_t)(stream->acked - stream->next) < 0)
		stream->acked = stream->next;
}

bool tap__emit_hole(struct tap__stream_context *context, struct tap__tcp_stream *stream, int64_t time_ns,
		    uint32_t bytes, enum tap_hole why)
{
	if (bytes == 0)
		return true;
	advance(stream, bytes);
	context->stats.holes[why]++;
	context->stats.hole_bytes[why] += bytes;
	return context->handler->hole(context->handler, stream->handle, stream->which, stamp(stream, time_ns),
				      bytes, why);
}

bool tap__emit(struct tap__stream_context *context, struct tap__tcp_stream *stream,
	       const struct tap__range *range)
{
	struct tap_flow_handler *handler = context->handler;
	if (range->data.len > 0) {
		advance(stream, (uint32_t)range->data.len);
		context->stats.data_bytes += range->data.len;
		if (!handler->data(handler, stream->handle, stream->which, stamp(stream, range->time_ns),
				   range->data))
			return false;
		if (range->is_pushed && range->missing == 0 && handler->pushed)
			handler->pushed(handler, stream->handle, stream->which, stream->time_ns);
	}
	return tap__emit_hole(context, stream, range->time_ns, range->missing, TAP_HOLE_CUT);
}
