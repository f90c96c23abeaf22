/* emit.h - hand the bytes of a stream, and the holes in it, to the handler. Internal to tap.
 *
 * Both functions advance `next` of the stream and return false when the handler is no longer interested. */
#ifndef TAP_STREAM_EMIT_H
#define TAP_STREAM_EMIT_H

#include "tap/stream/tcp_stream.h"

/* Report that the next bytes are missing. Nothing is reported when bytes is 0. */
bool tap__emit_hole(struct tap__stream_context *context, struct tap__tcp_stream *stream, int64_t time_ns,
		    uint32_t bytes, enum tap_hole why);

/* Emit the data of a range that begins at `next`, then a hole for the bytes that the capture cut off. Hot. */
bool tap__emit(struct tap__stream_context *context, struct tap__tcp_stream *stream,
	       const struct tap__range *range);

#endif
