/* kept_segments.h - the segments of a stream that came before bytes which precede them: a sorted list, none overlapping
 * another. Internal to tap; the lower half of tap/stream/tcp_stream.h.
 *
 * Functions that emit return false when the handler is no longer interested. */
#ifndef TAP_STREAM_KEPT_SEGMENTS_H
#define TAP_STREAM_KEPT_SEGMENTS_H

#include "tap/stream/tcp_stream.h"

/* Keep a range before `after` (NULL: as the last). False when there is no memory for it. */
bool tap__kept_add(struct tap__stream_context *context, struct tap__tcp_stream *stream,
		   struct tap__kept_segment *after, const struct tap__range *range);

/* Keep those bytes of a range that are not kept yet, and remove from the range what was handled. False when there is no
 * memory for what is left in it. */
bool tap__kept_add_new(struct tap__stream_context *context, struct tap__tcp_stream *stream,
		       struct tap__range *range);

/* Count a conflict when a range differs from bytes that are kept, from `kept` on. */
void tap__kept_count_conflict(struct tap__stream_context *context, const struct tap__range *range,
			      const struct tap__kept_segment *kept);

/* Emit the kept segments that begin at `next`. */
bool tap__kept_emit(struct tap__stream_context *context, struct tap__tcp_stream *stream);

/* Restart the waiting time of a stream that waits: it moves to the end of its list. */
void tap__kept_wait_again(struct tap__stream_context *context, struct tap__tcp_stream *stream,
			  int64_t time_ns);

/* The beginning of the stream is settled: its segments wait in the other list from now on. */
void tap__kept_end_settling(struct tap__stream_context *context, struct tap__tcp_stream *stream,
			    int64_t time_ns);

/* Emit the hole before the first kept segment, and what follows it up to the next hole; or emit everything. */
bool tap__kept_give_up(struct tap__stream_context *context, struct tap__tcp_stream *stream,
		       enum tap_hole why);
bool tap__kept_give_up_all(struct tap__stream_context *context, struct tap__tcp_stream *stream,
			   enum tap_hole why);

/* Give up the holes whose time is over, and holes while more is kept than the options allow. */
bool tap__kept_give_up_hopeless(struct tap__stream_context *context, struct tap__tcp_stream *stream,
				int64_t time_ns);

/* Drop segments and count them as strays: those that the stream went on before, or all. */
void tap__kept_drop_doubtful(struct tap__stream_context *context, struct tap__tcp_stream *stream);
void tap__kept_drop_all(struct tap__stream_context *context, struct tap__tcp_stream *stream);

/* Free the segments. Counts nothing. */
void tap__kept_fini(struct tap__stream_context *context, struct tap__tcp_stream *stream);

#endif
